"""Whether the process lives, and whether it can do its work."""

from typing import Any

import msgspec
from litestar import Request, Response, Router, get


class Alive(msgspec.Struct, frozen=True):
    status: str = "ok"


@get("/healthz", summary="Is the process alive?")
async def healthz() -> Alive:
    return Alive()


@get("/readyz", summary="Can it take work?")
async def readyz(request: Request[Any, Any, Any]) -> Response[Any]:
    """Database reachable with a schema that suits, a throwaway message signed with the key of receipts, and not about
    to stop; 503 with what fails. Redis, the hardware security module and the load are told and decide nothing: without
    Redis the service goes on, without the module exams do, and under load another process would not be better off with
    this one's candidates. It looks once a second at most."""
    found = await request.app.state.checks.now()
    return Response(found, status_code=200 if found.ready else 503)


router = Router("/", route_handlers=[healthz, readyz], tags=["Operations"])
