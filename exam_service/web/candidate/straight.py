"""The way of a start and of a submit past the router: thousands of them come at one moment.

They are answered as the handlers in api.py do, which take what is out of the ordinary here (a body in chunks, say); a
test holds the two side by side. Unlike a save, each waits for its turn at the gate.
"""

import msgspec

from exam_service.services import starting, submitting
from exam_service.services.sessions import CandidateSession
from exam_service.web.body import parse
from exam_service.web.candidate.api import SubmitRequest
from exam_service.web.candidate.shortcut import Answer, Asked, Body, Claim, Headers, Shortcut, name_in, read
from exam_service.web.kinds import START, SUBMIT

_encode = msgspec.json.Encoder().encode


class Starts(Shortcut):
    """The short way of starts."""

    def claim(self, path: str, headers: Headers) -> Claim | None:
        """Starts, whose body nobody reads: it may be missing, and then none has to be announced."""
        exam = name_in(path, "/v1/candidate/exams/", "/attempts")
        if exam is None:
            return None
        asked = Asked(headers)
        if asked.length > self._max_body:
            return None
        if asked.length < 0 and any(name in (b"transfer-encoding", b"content-length") for name, _ in headers):
            return None
        return Claim(max(0, asked.length), lambda _: self._answer(exam, asked))

    async def _answer(self, exam: str, asked: Asked) -> Answer:
        async def work(session: CandidateSession) -> tuple[int, bytes]:
            return 201, _encode(await starting.start(self._ctx, session.org, session.enrolment, exam))

        return await self.answer(START, asked, work)


class Submits(Shortcut):
    """The short way of submits."""

    def claim(self, path: str, headers: Headers) -> Claim | None:
        """Submits whose length is told."""
        attempt = name_in(path, "/v1/candidate/attempts/", "/submit")
        if attempt is None:
            return None
        asked = Asked(headers)
        if not 0 <= asked.length <= self._max_body:
            return None
        return Claim(asked.length, lambda body: self._answer(attempt, asked, body))

    async def _answer(self, attempt: str, asked: Asked, body: Body) -> Answer:
        async def work(session: CandidateSession) -> tuple[int, bytes]:
            asks = parse(await read(body), SubmitRequest)
            view = await submitting.submit(self._ctx, session.org, session.enrolment, attempt, asks.epoch)
            return 200, _encode(view)

        return await self.answer(SUBMIT, asked, work)
