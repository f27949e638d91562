"""The way of a save past the router: it is most of what an exam day asks, so it pays for nothing it does not use.

It answers as the handler in api.py does, which takes what is out of the ordinary here (a body in chunks, say): the same
session, limits, use case and problem documents; a test holds the two side by side.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from exam_service.core.errors import NotAuthenticated, Refusal
from exam_service.services import saving, sessions
from exam_service.services.context import Context
from exam_service.web import problems
from exam_service.web.admission import Gate
from exam_service.web.auth import COOKIE, Limits, same_site, take
from exam_service.web.body import invalid, too_deep
from exam_service.web.kinds import SAVE
from exam_service.web.security import DATA_PAIRS

BEFORE, AFTER = "/v1/candidate/attempts/", "/responses"
"""What stands around the attempt in the address of a save."""
_COOKIE = COOKIE.encode()
_JSON = (b"content-type", b"application/json")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(saving.SaveRequest).decode

Headers = list[tuple[bytes, bytes]]


class Saves:
    """An ASGI application in front of the framework's: it answers saves, and passes on everything else."""

    def __init__(self, app: ASGIApp, gate: Gate, ctx: Context, limits: Limits, max_body: int) -> None:
        self._app = app
        self._gate = gate
        self._ctx = ctx
        self._per_minute = limits.candidate
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
        status, headers, content = await self.answer(attempt, asked, lambda: body_of(receive))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": False})

    async def answer(
        self, attempt: str, asked: "Asked", body: Callable[[], Awaitable[bytes]] | bytes
    ) -> tuple[int, Headers, bytes]:
        """(status, headers, body) of the answer to a save. Its body is asked for when it has been admitted."""
        gate, started = self._gate, time.monotonic()
        request_id = gate.request_id(asked.request_id)
        status, code = 500, None
        busy = gate.admit(SAVE)
        if busy is not None:
            status, headers, content = problems.raw(self._ctx, busy, request_id)
            gate.refused(SAVE, status, started, code=busy.code, request_id=request_id)
        else:
            try:
                status, headers, content, code = await self._save(attempt, asked, body, request_id)
            finally:
                gate.done(SAVE, status, started, code=code, request_id=request_id)
        headers.append((b"x-request-id", request_id.encode()))
        if self._ctx.load.draining.is_set():
            headers.append((b"connection", b"close"))
        return status, headers, content

    async def _save(
        self, attempt: str, asked: "Asked", body: Callable[[], Awaitable[bytes]] | bytes, request_id: str
    ) -> tuple[int, Headers, bytes, str | None]:
        """(status, headers, body, code of the refusal)."""
        ctx = self._ctx
        try:
            session = sessions.decode(ctx, asked.token())
            await take(ctx, f"candidate/{session.enrolment}", self._per_minute)
            asks = read(body if isinstance(body, bytes) else await body())
            view = await saving.save(
                ctx, session.org, session.enrolment, attempt, asks.epoch, asks.seq, bytes(asks.responses), asks.offline
            )
        except Refusal as refusal:
            return *problems.raw(ctx, refusal, request_id), refusal.code
        except Exception as error:  # noqa: BLE001 - a fault of ours: logged, and answered like any other.
            return *problems.raw_crash(ctx, error, request_id), problems.CRASH
        content = _encode(view)
        return (
            saving.status_of(view),
            [_JSON, (b"content-length", b"%d" % len(content)), *DATA_PAIRS],
            content,
            None,
        )


class Asked:
    """What the headers of a request say, read once."""

    __slots__ = ("_authorization", "_cookies", "_site", "length", "request_id")

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._authorization = b""
        self._cookies = b""
        self._site = b"same-origin"
        self.length = -1
        """Of the body; negative when it is not told, or is packed."""
        self.request_id: bytes | None = None
        for name, value in headers:
            if name == b"content-length":
                self.length = int(value) if value.isdigit() else -1
            elif name == b"authorization":
                self._authorization = value
            elif name == b"cookie":
                self._cookies = self._cookies + b"; " + value if self._cookies else value
            elif name == b"sec-fetch-site":
                self._site = value
            elif name == b"x-request-id":
                self.request_id = value

    def token(self) -> str:
        """The session token, from the bearer or the cookie. Raises NotAuthenticated for a foreign site's cookie."""
        scheme, _, value = self._authorization.partition(b" ")
        if scheme.lower() == b"bearer":
            return value.strip().decode("latin-1")
        if not same_site(self._site.decode("latin-1")):
            raise NotAuthenticated
        for pair in self._cookies.split(b";"):
            name, _, cookie = pair.strip().partition(b"=")
            if name == _COOKIE:
                return cookie.decode("latin-1").strip('"')
        return ""


def read(content: bytes) -> saving.SaveRequest:
    """The body of a save. Raises Invalid."""
    try:
        return _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid("wrong-value", str(error), f"ค่าไม่ถูกต้อง: {error}") from error
    except RecursionError as error:
        raise too_deep() from error


async def body_of(receive: Receive) -> bytes:
    """The whole body, whose length the headers gave; the server sees to it that no more comes."""
    message = await receive()
    content: bytes = message.get("body", b"")  # type: ignore[assignment]
    if not message.get("more_body"):
        return content
    parts = [content]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))  # type: ignore[arg-type]
    return b"".join(parts)
