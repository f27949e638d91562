"""The way of a save past the router: it is most of what an exam day asks, so it pays for nothing it does not use.

It answers as the handler in api.py does, which takes what is out of the ordinary here (a body in chunks, say): the same
session, limits, use case and problem documents; a test holds the two side by side.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from exam_service.services import saving
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession
from exam_service.web.admission import Gate
from exam_service.web.auth import Limits
from exam_service.web.body import invalid, too_deep
from exam_service.web.candidate.shortcut import Answer, Asked, Shortcut, body_of, respond
from exam_service.web.kinds import SAVE

BEFORE, AFTER = "/v1/candidate/attempts/", "/responses"
"""What stands around the attempt in the address of a save."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(saving.SaveRequest).decode


class Saves:
    """An ASGI application in front of the framework's: it answers saves, and passes on everything else."""

    def __init__(self, app: ASGIApp, gate: Gate, ctx: Context, limits: Limits, max_body: int) -> None:
        self._app = app
        self._ctx = ctx
        self._shortcut = Shortcut(gate, ctx, limits)
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a save; what is none, or not an ordinary one, goes on."""
        facts = cast("dict[str, Any]", scope)
        path = facts.get("path", "")
        if not (path.endswith(AFTER) and path.startswith(BEFORE) and facts.get("method") == "POST"):
            await self._app(scope, receive, send)
            return
        asked = Asked(facts["headers"])
        attempt = path[len(BEFORE) : -len(AFTER)]
        if "/" in attempt or "\0" in attempt or not 0 <= asked.length <= self.max_body:
            await self._app(scope, receive, send)
            return
        await respond(await self.answer(attempt, asked, lambda: body_of(receive)), send)

    async def answer(self, attempt: str, asked: Asked, body: Callable[[], Awaitable[bytes]] | bytes) -> Answer:
        """The answer to a save. Its body is asked for when it has been admitted."""

        async def work(session: CandidateSession) -> tuple[int, bytes]:
            asks = read(body if isinstance(body, bytes) else await body())
            view = await saving.save(
                self._ctx,
                session.org,
                session.enrolment,
                attempt,
                asks.epoch,
                asks.seq,
                bytes(asks.responses),
                asks.offline,
            )
            return saving.status_of(view), _encode(view)

        return await self._shortcut.answer(SAVE, asked, work)


def read(content: bytes) -> saving.SaveRequest:
    """The body of a save. Raises Invalid."""
    try:
        return _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid("wrong-value", str(error), f"ค่าไม่ถูกต้อง: {error}") from error
    except RecursionError as error:
        raise too_deep() from error
