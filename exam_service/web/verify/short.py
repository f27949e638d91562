"""The way of a verify page that is kept past the router: a certificate that a whole country looks at.

It is admitted at the same gate, by the same limit, and answered with the same bytes; what is out of the ordinary, and
every refusal, is left to the long way. A test holds the two side by side.
"""

import time
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from exam_service.core.certificates.qr_token import capitals
from exam_service.core.errors import TooManyRequests
from exam_service.services.context import Context
from exam_service.web import auth
from exam_service.web.admission import Gate
from exam_service.web.encodings import accepts_gzip
from exam_service.web.entrance import CLOSE, GONE
from exam_service.web.kinds import PUBLIC
from exam_service.web.pages import first_of_ours
from exam_service.web.verify.kept import KeptPages, Ready, variant

_PREFIX = "/v/"
_OUT_OF_THE_ORDINARY = frozenset((b"cookie", b"content-length", b"transfer-encoding", b"expect"))


class KeptShown:
    """An ASGI application in front of another one: it answers who looks at a page that is kept."""

    def __init__(self, app: ASGIApp, gate: Gate, ctx: Context, limits: auth.Limits, pages: KeptPages[Ready]) -> None:
        self._app = app
        self._gate = gate
        self._ctx = ctx
        self._per_minute = limits.public
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts = cast("dict[str, Any]", scope)
        page = None
        if facts["type"] == "http" and facts["path"].startswith(_PREFIX):
            page = self._kept(facts)
        if page is None or self._gate.refuse(PUBLIC) is not None or not await self._within_limit(facts):
            await self._app(scope, receive, send)
        else:
            await self._show(page, facts, send)

    def _kept(self, facts: dict[str, Any]) -> Ready | None:
        if facts["method"] != "GET" or facts["query_string"]:
            return None
        gzip, languages, accepts = [], b"", b""
        for name, value in facts["headers"]:
            if name == b"accept-encoding":
                gzip.append(value)
            elif name == b"accept-language":
                languages = languages or value
            elif name == b"accept":
                accepts = accepts or value
            elif name in _OUT_OF_THE_ORDINARY:
                return None
        if b"json" in accepts:
            return None
        packed = accepts_gzip(b",".join(gzip).decode("latin-1"))
        reads = first_of_ours(languages.decode("latin-1"))
        return self._pages.get(capitals(facts["path"][len(_PREFIX) :]), variant(reads, chosen=False, packed=packed))

    async def _within_limit(self, facts: dict[str, Any]) -> bool:
        """Counted here; one that is too many is counted and refused the long way."""
        client = facts.get("client")
        try:
            await auth.take(self._ctx, auth.public_name(client[0] if client else "unknown"), self._per_minute)
        except TooManyRequests:
            return False
        return True

    async def _show(self, page: Ready, facts: dict[str, Any], send: Send) -> None:
        gate, started, status = self._gate, time.monotonic(), GONE
        given = next((value for name, value in facts["headers"] if name == b"x-request-id"), None)
        request_id = gate.request_id(given)
        turn = gate.enter(PUBLIC)
        if turn is not None:
            await gate.wait(PUBLIC, turn)
        try:
            headers = [*page.pairs, (b"x-request-id", request_id.encode())]
            if self._ctx.load.draining.is_set():
                headers.append(CLOSE)
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": page.body, "more_body": False})
            status = 200
        finally:
            gate.done(PUBLIC, status, started, request_id=request_id, route="/v/{certificate}")
