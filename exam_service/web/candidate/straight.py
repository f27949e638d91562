"""The way of a start and of a submit past the router: thousands of them come at one moment.

They are answered as the handlers in api.py do, which take what is out of the ordinary here (a body in chunks, say); a
test holds the two side by side. Unlike a save, each waits for its turn at the gate.
"""

from typing import Any, NamedTuple, cast

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from exam_service.services import starting, submitting
from exam_service.services.attempts import AttemptView
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession
from exam_service.web.admission import Gate
from exam_service.web.auth import Limits
from exam_service.web.body import parse
from exam_service.web.candidate.api import SubmitRequest
from exam_service.web.candidate.shortcut import Asked, Shortcut, body_of, respond
from exam_service.web.kinds import START, SUBMIT

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
        self._ctx = ctx
        self._shortcut = Shortcut(gate, ctx, limits)
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a start or a submit; what is none, or not an ordinary one, goes on."""
        facts = cast("dict[str, Any]", scope)
        way = _way(facts)
        asked = None if way is None else Asked(facts["headers"])
        if way is None or asked is None or not self._ordinary(way, asked, facts["headers"]):
            await self._app(scope, receive, send)
            return

        async def work(session: CandidateSession) -> tuple[int, bytes]:
            return _STATUS[way.kind], _encode(await self._work(way, session, receive))

        await respond(await self._shortcut.answer(way.kind, asked, work), send)

    def _ordinary(self, way: _Way, asked: Asked, headers: list[tuple[bytes, bytes]]) -> bool:
        if asked.length < 0:
            # A start needs no body, and then none has to be announced.
            return way.kind == START and not any(n in (b"transfer-encoding", b"content-length") for n, _ in headers)
        return asked.length <= self._max_body

    async def _work(self, way: _Way, session: CandidateSession, receive: Receive) -> AttemptView:
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
