"""The way of a save past the router: it is most of what an exam day asks, so it pays for nothing it does not use.

It answers as the handler in api.py does, which takes what is out of the ordinary here (a body in chunks, say): the same
session, limits, use case and problem documents; a test holds the two side by side.
"""

import msgspec

from exam_service.services import saving
from exam_service.services.sessions import CandidateSession
from exam_service.web.body import invalid, too_deep
from exam_service.web.candidate.shortcut import Shortcut
from exam_service.web.kinds import SAVE

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(saving.SaveRequest).decode


class Saves(Shortcut):
    """The short way of saves."""

    kind = SAVE
    before, after = "/v1/candidate/attempts/", "/responses"

    async def work(self, session: CandidateSession, name: str, body: bytes) -> tuple[int, bytes]:
        """Save to the attempt of that name."""
        asks = asks_of(body)
        view = await saving.save(
            self._ctx,
            session.org,
            session.enrolment,
            name,
            asks.epoch,
            asks.seq,
            bytes(asks.responses),
            asks.offline,
        )
        return saving.status_of(view), _encode(view)


def asks_of(content: bytes) -> saving.SaveRequest:
    """The body of a save. Raises Invalid."""
    try:
        return _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid("wrong-value", str(error), f"ค่าไม่ถูกต้อง: {error}") from error
    except RecursionError as error:
        raise too_deep() from error
