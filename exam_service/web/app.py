"""The application: routes, dependencies and what starts and stops with the process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from exam_service.services import issuance_log, papers, sweeper
from exam_service.services.context import Context
from exam_service.services.figures import Figures
from exam_service.services.health import Checks
from exam_service.web import auth, body, health, metrics, staff, vc_api
from exam_service.web.admission import Gate
from exam_service.web.auth import Limits
from exam_service.web.candidate import api as candidate_api
from exam_service.web.candidate import certificates as candidate_certificates
from exam_service.web.candidate import contact as candidate_contact
from exam_service.web.candidate import pages as candidate_pages
from exam_service.web.candidate.saves import Saves
from exam_service.web.candidate.shortcut import Shortcuts
from exam_service.web.candidate.starts_and_submits import Starts, Submits
from exam_service.web.entrance import Entrance
from exam_service.web.head import Heads
from exam_service.web.kinds import BOUNDS, START
from exam_service.web.lms import routers as lms_routers
from exam_service.web.openapi import documentation
from exam_service.web.problem_pages import problem_page
from exam_service.web.problems import HANDLERS
from exam_service.web.reference import reference
from exam_service.web.security import SecurityHeaders
from exam_service.web.verify import routers as verify_routers
from exam_service.web.verify.kept import KeptPages
from exam_service.web.verify.short import KeptShown

_STATIC = Path(__file__).resolve().parent / "static"


def create_app(
    ctx: Context,
    *,
    limits: Limits | None = None,
    max_body: int = 2_000_000,
    max_bank: int = 20_000_000,
    body_seconds: float = 20,
    sweeps: bool = True,
    metrics_token: str | None = None,
    starts_waiting: int = BOUNDS[START].waiting,
    memory: Callable[[], float | None] = lambda: None,
) -> Litestar:
    """The application over a context, which it does not close.

    Bodies over `max_body` bytes are refused before they are read; a bank may have `max_bank`. One that does
    not arrive within `body_seconds`, and longer for a large one, is refused. `memory` tells the bytes that the process
    holds, for the figures.
    """
    app = Litestar(
        route_handlers=[
            health.router,
            metrics.router,
            candidate_api.router,
            candidate_api.redeem_router,
            candidate_contact.router,
            candidate_pages.router,
            candidate_certificates.router,
            staff.router(),
            *lms_routers(max_bank),
            *verify_routers(),
            vc_api.router,
            documentation,
            reference,
            problem_page,
            create_static_files_router(path="/static", directories=[_STATIC], include_in_schema=False),
        ],
        dependencies={
            "ctx": Provide(_context, sync_to_thread=False),
            "caller": Provide(auth.caller),
            "repeat": Provide(body.repeat_key_of_caller),
        },
        before_request=body.refuse_nul,
        exception_handlers=HANDLERS,
        middleware=[SecurityHeaders()],
        lifespan=[_background(ctx)] if sweeps else [],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=max_body,
        state=State({"ctx": ctx, "limits": limits or Limits(), "metrics_token": metrics_token}),
        # The handlers above say what a person may see; the framework's own pages would show the code.
        debug=False,
    )
    gate = app.state.gate = Gate(ctx, BOUNDS | {START: BOUNDS[START]._replace(waiting=starts_waiting)})
    app.state.checks = Checks(ctx)
    app.state.verify_pages = KeptPages()
    app.state.figures = Figures(ctx, gate.in_flight_of, memory)
    # Around the router, because what is turned away must not cost what the router costs.
    entrance = Entrance(app.asgi_handler, gate, ctx, body_seconds, max_body, max(max_body, max_bank))
    shown = KeptShown(entrance, gate, ctx, app.state.limits, app.state.verify_pages)
    shortcuts = [kind(gate, ctx, app.state.limits, max_body) for kind in (Saves, Starts, Submits)]
    app.state.shortcuts = Shortcuts(shown, shortcuts, body_seconds)
    app.asgi_handler = Heads(app.state.shortcuts)
    return app


def _context(state: State) -> Context:
    found: Context = state.ctx
    return found


def _background(ctx: Context) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(sweeper.run(ctx), name="sweeper"),
            asyncio.create_task(ctx.load.watch(), name="load"),
            asyncio.create_task(papers.Ahead(ctx).run(), name="papers"),
            asyncio.create_task(issuance_log.watch(ctx), name="issuance log"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    return running
