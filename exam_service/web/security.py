"""What every response says to the browser. A middleware: response headers of the app don't reach static files."""

from collections.abc import Iterable, Mapping

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "worker-src 'self'; require-trusted-types-for 'script'; trusted-types exam-worker"
)


HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""For every response that does not say otherwise: a strict policy, and no copy of anything personal in any cache."""

DATA_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""For JSON, which opens no windows and asks for no camera: half a kilobyte less on every save over a bad link."""


def _pairs(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


DATA_PAIRS = _pairs(DATA_HEADERS)
_PAGE_PAIRS = _pairs(HEADERS)
_STATIC = b"public, max-age=600"


def _is_data(content_type: bytes) -> bool:
    return content_type.startswith(b"application/") and content_type.partition(b";")[0].endswith(b"json")


def with_security(pairs: Iterable[tuple[bytes, bytes]], *, static: bool = False) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, with those of `HEADERS` that it has not itself."""
    # By hand on the raw pairs: the framework's mapping is slow.
    headers = list(pairs)
    there = {name.lower(): value for name, value in headers}
    if static and b"cache-control" not in there:
        headers.append((b"cache-control", _STATIC))
        there[b"cache-control"] = _STATIC
    data = _is_data(there.get(b"content-type", b""))
    headers += (pair for pair in (DATA_PAIRS if data else _PAGE_PAIRS) if pair[0] not in there)
    return headers


class SecurityHeaders(ASGIMiddleware):
    """Puts `HEADERS` on every response of a route; addresses without a route get them with their problem document."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        static = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_security(message["headers"], static=static)
            await send(message)

        await next_app(scope, receive, with_headers)
