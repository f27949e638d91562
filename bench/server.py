"""The server under measurement, in a process of its own: a bare Litestar echo, or the whole service."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar, post

from exam_service.bootstrap import now
from exam_service.cli.serve import uvicorn_loop
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.service import service


@post("/echo", status_code=200)
async def echo(data: dict[str, Any]) -> dict[str, Any]:
    """What the framework alone costs: JSON in, JSON out."""
    return data


async def main(what: str, port: int, folder: str) -> None:
    """Serve `echo`, or the service over the database URL that `what` is."""
    config: dict[str, Any] = {"host": "127.0.0.1", "port": port, "log_config": None, "access_log": False}
    if what == "echo":
        app = Litestar([echo], openapi_config=None, logging_config=None)
        await uvicorn.Server(uvicorn.Config(app, **config)).serve()
        return
    async with service(what, Path(folder), now) as ctx:
        most = 1_000_000_000
        app = create_app(ctx, limits=Limits(public=most, candidate=most, lms=most))
        await uvicorn.Server(uvicorn.Config(app, **config)).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn_loop()) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
