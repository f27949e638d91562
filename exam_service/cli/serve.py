"""`exam-service serve`: the service, until it is told to stop."""

import asyncio
import contextlib
import gc
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import click
import uvicorn

from exam_service import settings as setting
from exam_service.bootstrap import opened, prove_hsm, prove_master_key
from exam_service.cli import logs
from exam_service.cli.connections import connections
from exam_service.cli.stopping import DrainingServer
from exam_service.core.errors import Refusal
from exam_service.core.text import Text
from exam_service.services import keys
from exam_service.services.context import Context
from exam_service.settings import Settings
from exam_service.web.app import create_app
from exam_service.web.auth import Limits

KEPT_SECONDS = 5
"""A connection on which nothing comes is closed after so long;"""
KEPT_FOR_PROXY_SECONDS = 75
"""with a proxy in front, after longer than nginx keeps one (60)."""


@click.command()
@click.option("--host", help="Address to listen on, instead of EXAM_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of EXAM_PORT.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the API and the pages.

    The database is brought up to date first. Stop with SIGTERM: /readyz says no at once, and what was accepted is
    finished (EXAM_DRAIN_SECONDS, EXAM_DRAIN_LIMIT_SECONDS). Ctrl-C stops without waiting for balancers.
    """
    environ = dict(os.environ)
    environ |= {"EXAM_HOST": host} if host else {}
    environ |= {"EXAM_PORT": str(port)} if port else {}
    loaded = setting.load(environ)
    until_stopped(_serve(loaded))


def until_stopped(serving: Coroutine[None, None, None]) -> None:
    """Run until it is told to stop; Ctrl-C is the ordinary way to do so, and no error."""
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvicorn_loop()) as runner:
        runner.run(serving)


def uvicorn_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop where there is one, which is everywhere but Windows."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


class PortTaken(Refusal):
    code = "port-taken"
    sentence = Text(
        en="Port {port} of {host} cannot be listened on ({why}); choose another one with EXAM_PORT.",
        th="ใช้พอร์ต {port} ของ {host} ไม่ได้ ({why}) โปรดเลือกพอร์ตอื่นด้วย EXAM_PORT",
    )


def _require_port(loaded: Settings) -> None:
    """Find out before everything else is started, so that it can be said in one sentence."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(loaded.host, loaded.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise PortTaken(host=loaded.host, port=loaded.port, why=error.strerror or error) from error


async def _serve(loaded: Settings) -> None:
    async with opened(loaded) as ctx:
        await run(ctx, loaded)


async def run(ctx: Context, loaded: Settings) -> None:
    """Serve over an open context until the process is told to stop. Raises PortTaken."""
    _require_port(loaded)
    logs.configure(loaded)
    allow_many_connections()
    tune_interpreter()
    await keys.ensure(ctx, keys.SERVICE, "receipts")
    # Once more: of several processes that find an empty database at one moment only one has made that key.
    await prove_master_key(ctx, loaded)
    await prove_hsm(ctx)
    app = create_app(
        ctx,
        limits=Limits(
            public=loaded.rate_limit_public_per_minute,
            candidate=loaded.rate_limit_candidate_per_minute,
            lms=loaded.rate_limit_lms_per_minute,
        ),
        max_body=loaded.max_body_bytes,
        max_bank=loaded.max_bank_bytes,
        body_seconds=loaded.body_seconds,
        metrics_token=loaded.metrics_token,
        starts_waiting=loaded.starts_waiting,
        memory=resident_bytes,
    )
    config = uvicorn.Config(
        app,
        host=loaded.host,
        port=loaded.port,
        http=connections(app.state.shortcuts, loaded.body_seconds),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=bool(loaded.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in loaded.trusted_proxies] or None,
        server_header=False,
        # A proxy keeps some connections for all, and must be the one that closes them: what it had just sent on one
        # that is closed here would get no answer. Without a proxy each candidate has one.
        timeout_keep_alive=KEPT_FOR_PROXY_SECONDS if loaded.trusted_proxies else KEPT_SECONDS,
        timeout_graceful_shutdown=loaded.drain_limit_seconds,
    )
    await DrainingServer(config, ctx.load, app.state.gate, loaded.drain_seconds).serve()


def allow_many_connections() -> None:
    """Take as many open files as the system lets this process have: each candidate's connection is one."""
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def tune_interpreter() -> None:
    """Set the interpreter for one busy event loop with a thread that writes beside it.

    The thread gives up the interpreter's lock with every statement, and by default may wait 5 ms to win it back from a
    loop that never rests, where the disk takes a fraction of that. What a request allocates is gone with it, so looking
    for cycles every 700 objects finds nothing; what was loaded at the start is never garbage. Of 0.5, 0.1 and 0.02 ms,
    0.1 let the most saves through (some 5 % more than 0.5), as far as a noisy machine tells.
    """
    sys.setswitchinterval(0.0001)
    gc.set_threshold(20_000, 20, 50)
    gc.freeze()


def resident_bytes() -> float | None:
    """The memory that this process holds, where the system tells it."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
