"""Whether the process lives, and whether it can do its work."""

from typing import Any

import msgspec
from litestar import Response, Router, get

from exam_service.services.health import Readiness, check
from exam_service.web.given import Ctx


class Alive(msgspec.Struct, frozen=True):
    status: str = "ok"


@get("/healthz", summary="Is the process alive?")
async def healthz() -> Alive:
    return Alive()


@get("/readyz", summary="Can it take work?")
async def readyz(ctx: Ctx) -> Response[Any]:
    """Database reachable with a schema that suits, a throwaway message signed with the key of receipts, and not about
    to stop; 503 with what fails. Redis and the load are told and decide nothing: without Redis the service goes on, and
    under load another process would not be better off with this one's candidates."""
    found: Readiness = await check(ctx)
    return Response(found, status_code=200 if found.ready else 503)


router = Router("/", route_handlers=[healthz, readyz], tags=["Operations"])
