"""The entrance: every request passes here before the router, except saves, which have a way of their own to the gate.

It gives the request its id, asks the gate, waits for its turn, and tells the gate how it ended.
"""

import asyncio
import contextlib
import time
from typing import Any, cast

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from exam_service.core.errors import Busy
from exam_service.services.context import Context
from exam_service.web import problems
from exam_service.web.admission import Gate
from exam_service.web.kinds import LIVE, kind_of
from exam_service.web.pages import wants_page

CLOSE = (b"connection", b"close")


class Entrance:
    """An ASGI application around the framework's."""

    def __init__(self, app: ASGIApp, gate: Gate, ctx: Context) -> None:
        self._app = app
        self._gate = gate
        self._ctx = ctx

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before anything is read of it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        gate, started = self._gate, time.monotonic()
        facts = cast("dict[str, Any]", scope)
        kind = kind_of(facts["method"], facts["path"])
        request_id = gate.request_id(next((v for n, v in scope["headers"] if n == b"x-request-id"), None))
        facts["exam_request_id"] = request_id
        answer = _Answer(send, request_id, closing=self._ctx.load.draining)
        busy = gate.refuse(kind)
        if busy is not None:
            await self._refuse(busy, scope, receive, answer)
            gate.refused(kind, answer.status, started, code=busy.code, request_id=request_id)
            return
        await gate.turn(kind)
        try:
            if kind == LIVE:
                await self._until_drained(scope, receive, answer)
            else:
                await self._app(scope, receive, answer.send)
        finally:
            # Without a beginning there was no answer: whoever asked has gone, or the work was cut off.
            gate.done(
                kind,
                answer.status or 499,
                started,
                code=facts.get("exam_code"),
                request_id=request_id,
                route=facts.get("path_template"),
            )

    async def _refuse(self, busy: Busy, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        request: Request[Any, Any, Any] = Request(scope, receive, answer.send)
        if wants_page(request):
            response = problems.refused(request, busy)
            await response.to_asgi_response(app=None, request=request)(scope, receive, answer.send)
            return
        # Under a flood this is the work that is done most, so it goes past the framework.
        status, headers, body = problems.raw(self._ctx, busy, answer.request_id)
        await answer.send({"type": "http.response.start", "status": status, "headers": headers})
        await answer.send({"type": "http.response.body", "body": body, "more_body": False})

    async def _until_drained(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """A stream ends when its reader goes or when this process is about to: the reader finds another one."""
        work = asyncio.ensure_future(self._app(scope, receive, answer.send))
        ending = asyncio.ensure_future(self._ctx.load.draining.wait())
        try:
            await asyncio.wait((work, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            cut = not work.done()
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        if cut and answer.status and not answer.over:
            await answer.send({"type": "http.response.body", "body": b"", "more_body": False})


class _Answer:
    """What goes out: it is given the request's id, and while the process drains the connection is not kept."""

    __slots__ = ("_closing", "_send", "over", "request_id", "status")

    def __init__(self, send: Send, request_id: str, closing: asyncio.Event) -> None:
        self._send = send
        self._closing = closing
        self.request_id = request_id
        self.status = 0
        self.over = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self.request_id.encode())]
            if self._closing.is_set():
                headers.append(CLOSE)
            message["headers"] = headers
        elif message["type"] == "http.response.body":
            self.over = not message.get("more_body", False)
        await self._send(message)
