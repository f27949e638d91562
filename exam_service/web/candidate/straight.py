"""The way of a start and of a submit past the router: thousands of them come at one moment.

They are answered as the handlers in api.py do, which take what is out of the ordinary here (a body in chunks, say); a
test holds the two side by side. Unlike a save, each waits for its turn at the gate.
"""

import time
from typing import Any, NamedTuple, cast

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from exam_service.core.errors import Refusal
from exam_service.services import sessions, starting, submitting
from exam_service.services.attempts import AttemptView
from exam_service.services.context import Context
from exam_service.web import problems
from exam_service.web.admission import Gate
from exam_service.web.auth import Limits, take
from exam_service.web.body import parse
from exam_service.web.candidate.api import SubmitRequest
from exam_service.web.candidate.saves import Asked, body_of
from exam_service.web.kinds import START, SUBMIT
from exam_service.web.security import DATA_PAIRS

_JSON = (b"content-type", b"application/json")
_STATUS = {START: 201, SUBMIT: 200}
_WAYS = (
    (START, "/v1/candidate/exams/", "/attempts"),
    (SUBMIT, "/v1/candidate/attempts/", "/submit"),
)
_encode = msgspec.json.Encoder().encode


class _Way(NamedTuple):
    """Which of the two it is, and the exam to start or the attempt to hand in."""

    kind: str
    name: str


class StartsAndSubmits:
    """An ASGI application in front of the framework's: it answers these two, and passes on everything else."""

    def __init__(self, app: ASGIApp, gate: Gate, ctx: Context, limits: Limits, max_body: int) -> None:
        self._app = app
        self._gate = gate
        self._ctx = ctx
        self._per_minute = limits.candidate
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a start or a submit; what is none, or not an ordinary one, goes on."""
        facts = cast("dict[str, Any]", scope)
        way = _way(facts)
        asked = None if way is None else Asked(facts["headers"])
        if way is None or asked is None or not self._ordinary(way, asked, facts["headers"]):
            await self._app(scope, receive, send)
            return
        gate, started, kind = self._gate, time.monotonic(), way.kind
        request_id = gate.request_id(asked.request_id)
        busy = gate.refuse(kind)
        if busy is not None:
            status, headers, content = problems.raw(self._ctx, busy, request_id)
            gate.refused(kind, status, started, code=busy.code, request_id=request_id)
        else:
            # 499: whoever asked has gone before there was an answer.
            status, code = 499, None
            await gate.turn(kind)
            try:
                status, headers, content, code = await self._answer(way, asked, receive, request_id)
            finally:
                gate.done(kind, status, started, code=code, request_id=request_id)
        headers.append((b"x-request-id", request_id.encode()))
        if self._ctx.load.draining.is_set():
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": False})

    def _ordinary(self, way: _Way, asked: Asked, headers: list[tuple[bytes, bytes]]) -> bool:
        if asked.length < 0:
            # A start needs no body, and then none has to be announced.
            return way.kind == START and not any(n in (b"transfer-encoding", b"content-length") for n, _ in headers)
        return asked.length <= self._max_body

    async def _answer(
        self, way: _Way, asked: Asked, receive: Receive, request_id: str
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes, str | None]:
        """(status, headers, body, code of the refusal)."""
        ctx = self._ctx
        try:
            session = sessions.decode(ctx, asked.token())
            await take(ctx, f"candidate/{session.enrolment}", self._per_minute)
            content = _encode(await self._work(way, session, receive))
        except Refusal as refusal:
            return *problems.raw(ctx, refusal, request_id), refusal.code
        except Exception as error:  # noqa: BLE001 - a fault of ours: logged, and answered like any other.
            return *problems.raw_crash(ctx, error, request_id), problems.CRASH
        return _STATUS[way.kind], [_JSON, (b"content-length", b"%d" % len(content)), *DATA_PAIRS], content, None

    async def _work(self, way: _Way, session: sessions.CandidateSession, receive: Receive) -> AttemptView:
        ctx, org, enrolment = self._ctx, session.org, session.enrolment
        if way.kind == START:
            return await starting.start(ctx, org, enrolment, way.name)
        asks = parse(await body_of(receive), SubmitRequest)
        return await submitting.submit(ctx, org, enrolment, way.name, asks.epoch)


def _way(facts: dict[str, Any]) -> _Way | None:
    if facts["type"] != "http" or facts["method"] != "POST" or facts["query_string"]:
        return None
    path: str = facts["path"]
    for kind, before, after in _WAYS:
        if path.endswith(after) and path.startswith(before):
            name = path[len(before) : -len(after)]
            return _Way(kind, name) if name and "/" not in name and "\0" not in name else None
    return None
