"""The figures, for Prometheus: with the token of the settings, or without one from this machine only."""

import hmac
from typing import Any

from litestar import Request, Response, Router, get

from exam_service.core.errors import NotAuthenticated
from exam_service.web.given import Ctx

_PASSED_ON = ("x-forwarded-for", "forwarded", "x-real-ip")
_HERE = ("127.0.0.1", "::1", "testclient")


@get("/metrics", summary="Figures for Prometheus")
async def metrics(request: Request[Any, Any, Any], ctx: Ctx) -> Response[bytes]:
    """In the text format of Prometheus. With EXAM_METRICS_TOKEN set: as a bearer token; without it, only for a request
    that was made on this machine and came through no proxy."""
    _require_operator(request)
    await request.app.state.figures.refresh()
    media_type, text = ctx.meter.exposition()
    return Response(text, media_type=media_type)


def _require_operator(request: Request[Any, Any, Any]) -> None:
    token: str | None = request.app.state.metrics_token
    if token is None:
        host = request.client.host if request.client else None
        if host not in _HERE or any(name in request.headers for name in _PASSED_ON):
            raise NotAuthenticated()
        return
    given = request.headers.get("authorization", "").partition(" ")
    if given[0].lower() != "bearer" or not hmac.compare_digest(given[2].strip().encode(), token.encode()):
        raise NotAuthenticated()


router = Router("/", route_handlers=[metrics], tags=["Operations"])
