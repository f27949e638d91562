"""The service listening on a port of this machine, in this process, so that a test can move its clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from exam_service.services.context import Context
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.process import free_port
from tests.support.service import TestClock, service


class MovingClock(TestClock):
    """The real clock, put forward by as much as the test says."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@dataclass
class Live:
    ctx: Context
    clock: MovingClock
    url: str


@asynccontextmanager
async def live_service(database_url: str, folder: Path) -> AsyncIterator[Live]:
    """The whole application behind uvicorn on 127.0.0.1, until the block ends."""
    clock, port = MovingClock(), free_port()
    url = f"http://127.0.0.1:{port}"
    async with service(database_url, folder, clock, EXAM_PUBLIC_URL=url) as ctx:
        app = create_app(ctx, limits=Limits(public=10_000, candidate=10_000, lms=10_000))
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        # The test run keeps its own signal handlers.
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        serving = asyncio.create_task(server.serve())
        try:
            while not server.started:
                assert not serving.done(), "the server stopped before it had started"
                await asyncio.sleep(0.02)
            yield Live(ctx, clock, url)
        finally:
            server.should_exit = True
            await serving
