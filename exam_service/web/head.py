"""HEAD on what is public is answered as GET is, without the content (RFC 9110, section 9.3.2).

Caches, link checkers and monitors ask so. Elsewhere it is refused: nobody does there.
"""

from typing import Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_PUBLIC = ("/v/", "/verify", "/orgs/", "/.well-known/", "/static/", "/credentials/status/", "/healthz", "/readyz")


class Heads:
    """Around the application."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts = cast("dict[str, Any]", scope)
        if facts["type"] != "http" or facts["method"] != "HEAD" or not facts["path"].startswith(_PUBLIC):
            await self._inner(scope, receive, send)
            return

        async def without_content(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        facts["method"] = "GET"
        await self._inner(scope, receive, without_content)
