"""The entrance: every request passes here before the router, except what has a way of its own (candidate/shortcut.py).

It gives the request its id, asks the gate, waits for its body and for its turn, and tells the gate how it ended.
"""

import asyncio
import contextlib
import time
from typing import Any, cast

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from exam_service.core.errors import Refusal, RequestTimeout, TooLarge
from exam_service.services.context import Context
from exam_service.web import problems
from exam_service.web.admission import Gate
from exam_service.web.arriving import BEGINNING, Arriving
from exam_service.web.kinds import EVIDENCE, LIVE, LMS, LONG_SAVE, LONGEST_SAVE, MANY, SAVE, SMALL, kind_of
from exam_service.web.ndjson import is_ndjson
from exam_service.web.pages import wants_page

CLOSE = (b"connection", b"close")
GONE = 499
"""The status in figures and logs of who went away before there was an answer."""


class Entrance:
    """An ASGI application around the framework's."""

    def __init__(
        self, app: ASGIApp, gate: Gate, ctx: Context, body_seconds: float, max_body: int, max_any: int
    ) -> None:
        """`max_body` bytes are the most that most addresses take, `max_any` the most that any does."""
        self._app = app
        self._most = dict.fromkeys(SMALL, min(BEGINNING, max_body)) | {
            LMS: max_any,
            LONG_SAVE: min(LONGEST_SAVE, max_body),
        }
        self._most_else = max_body
        self._gate = gate
        self._ctx = ctx
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before it takes a place."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        gate, started = self._gate, time.monotonic()
        facts = cast("dict[str, Any]", scope)
        kind = kind_of(facts["method"], facts["path"])
        if kind == EVIDENCE and is_ndjson((_header(scope, b"content-type") or b"").decode("latin-1")):
            kind = MANY
        if kind == SAVE:
            # An ordinary one has gone the short way.
            kind = LONG_SAVE
        request_id = gate.request_id(_header(scope, b"x-request-id"))
        facts["exam_request_id"] = request_id
        answer = _Answer(send, request_id, closing=self._ctx.load.draining)
        body = Arriving(receive, self._body_seconds)
        length = _header(scope, b"content-length") or b""
        refusal = await self._before_its_turn(kind, body, int(length) if length.isdigit() else 0)
        if body.gone:
            gate.refused(kind, GONE, started, code=None, request_id=request_id)
            return
        if refusal is not None:
            await self._refuse(refusal, scope, receive, answer)
            gate.refused(kind, answer.status, started, code=refusal.code, request_id=request_id)
            return
        await gate.turn(kind)
        try:
            if kind == LIVE:
                await self._until_drained(scope, body.receive, answer)
            else:
                await self._app(scope, body.receive, answer.send)
        finally:
            # Without a beginning there was no answer: whoever asked has gone, or the work was cut off.
            gate.done(
                kind,
                answer.status or GONE,
                started,
                code=facts.get("exam_code"),
                request_id=request_id,
                route=facts.get("path_template"),
            )

    async def _before_its_turn(self, kind: str, body: Arriving, length: int) -> Refusal | None:
        """Wait for its body, as far as that may be; `length` of it was announced."""
        busy = self._gate.refuse(kind)
        if busy is not None:
            return busy
        most = self._most.get(kind, self._most_else)
        if length > most:
            # Told at once; of the others the router knows what their address takes.
            return TooLarge(limit=most) if kind in SMALL or kind == LONG_SAVE else None
        try:
            await body.begin()
        except RequestTimeout as slow:
            return slow
        if kind in SMALL and (body.size > most or not body.whole):
            return TooLarge(limit=most)
        # While it arrived others may have come.
        return self._gate.refuse(kind)

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        request: Request[Any, Any, Any] = Request(scope, receive, answer.send)
        if wants_page(request):
            response = problems.refused(request, refusal)
            await response.to_asgi_response(app=None, request=request)(scope, receive, answer.send)
            return
        # Under a flood this is the work that is done most, so it goes past the framework.
        status, headers, body = problems.raw(self._ctx, refusal, answer.request_id)
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
        if not cut or answer.over:
            return
        if answer.status:
            await answer.send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        stopping = self._gate.stopping()
        cast("dict[str, Any]", scope)["exam_code"] = stopping.code
        await self._refuse(stopping, scope, receive, answer)


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for given, value in scope["headers"] if given == name), None)


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
            if self._closing.is_set() and CLOSE not in headers:
                headers.append(CLOSE)
            message["headers"] = headers
        elif message["type"] == "http.response.body":
            self.over = not message.get("more_body", False)
        await self._send(message)
