"""The way of a start and of a submit past the router: thousands of them come at one moment.

They are answered as the handlers in api.py do, which take what is out of the ordinary here (a body in chunks, say); a
test holds the two side by side. Unlike a save, each waits for its turn at the gate.
"""

import msgspec

from exam_service.services import starting, submitting
from exam_service.services.sessions import CandidateSession
from exam_service.web.body import parse
from exam_service.web.candidate.api import SubmitRequest
from exam_service.web.candidate.shortcut import Asked, Headers, Shortcut
from exam_service.web.kinds import START, SUBMIT

_encode = msgspec.json.Encoder().encode


class Starts(Shortcut):
    """The short way of starts."""

    kind = START
    before, after = "/v1/candidate/exams/", "/attempts"

    def ordinary(self, asked: Asked, headers: Headers) -> bool:
        """Nobody reads its body: it may be missing, and then none has to be announced."""
        if asked.length < 0:
            return not any(name in (b"transfer-encoding", b"content-length") for name, _ in headers)
        return super().ordinary(asked, headers)

    async def work(self, session: CandidateSession, name: str, body: bytes) -> tuple[int, bytes]:
        """Start the exam of that name."""
        return 201, _encode(await starting.start(self._ctx, session.org, session.enrolment, name))


class Submits(Shortcut):
    """The short way of submits."""

    kind = SUBMIT
    before, after = "/v1/candidate/attempts/", "/submit"

    async def work(self, session: CandidateSession, name: str, body: bytes) -> tuple[int, bytes]:
        """Hand in the attempt of that name."""
        asks = parse(body, SubmitRequest)
        return 200, _encode(await submitting.submit(self._ctx, session.org, session.enrolment, name, asks.epoch))
