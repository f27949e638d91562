"""What candidates ask past the router, where thousands ask at one moment: what all of it has in common.

Each is answered as its handler in api.py answers: admitted at the same gate, by the same session and limits, with the
same problem documents; tests hold the two side by side.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from exam_service.core.errors import NotAuthenticated, Refusal, RequestTimeout
from exam_service.services import sessions
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession
from exam_service.web import problems
from exam_service.web.admission import Gate
from exam_service.web.arriving import BEGINNING, Arriving
from exam_service.web.auth import COOKIE, Limits, same_site, take
from exam_service.web.entrance import CLOSE, GONE
from exam_service.web.security import DATA_PAIRS

_COOKIE = COOKIE.encode()
_JSON = (b"content-type", b"application/json")

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]
"""(status, headers, body)"""
Body = bytes | RequestTimeout
"""The body of a request, or that it did not come."""
Claim = Callable[[Body], Awaitable[Answer]]
"""Answers a request that is ours."""


class Shortcut(ABC):
    """One kind of what is asked, by POST to an address with one name in it: from its headers to its answer."""

    kind: ClassVar[str]
    """For the gate."""
    before: ClassVar[str]
    after: ClassVar[str]
    """What stands around the name in the address."""

    def __init__(self, gate: Gate, ctx: Context, limits: Limits, max_body: int) -> None:
        self._gate = gate
        self._ctx = ctx
        self._most = min(max_body, BEGINNING)
        self._per_minute = limits.candidate

    def claim(self, path: str, headers: Headers) -> Claim | None:
        """A POST without a query; None when it is of another kind, or out of the ordinary."""
        name = _name_in(path, self.before, self.after)
        if name is None:
            return None
        asked = Asked(headers)
        if not self.ordinary(asked, headers):
            return None
        return lambda body: self.answer(name, asked, body)

    def ordinary(self, asked: "Asked", headers: Headers) -> bool:
        """Whether it can be answered here: as a rule when the length of its body is told, and not large."""
        return 0 <= asked.length <= self._most

    @abstractmethod
    async def work(self, session: CandidateSession, name: str, body: bytes) -> tuple[int, bytes]:
        """Do what is asked for, for somebody who may ask: (status, body). Raises Refusal."""

    async def answer(self, name: str, asked: "Asked", body: Body) -> Answer:
        """The answer to one request. Nothing is done before it was admitted."""
        kind, gate, started = self.kind, self._gate, time.monotonic()
        request_id = gate.request_id(asked.request_id)
        refusal = body if isinstance(body, RequestTimeout) else gate.refuse(kind)
        if refusal is not None:
            status, headers, content = problems.raw(self._ctx, refusal, request_id)
            gate.refused(kind, status, started, code=refusal.code, request_id=request_id)
        else:
            status, code = GONE, None
            turn = gate.enter(kind)
            if turn is not None:
                await gate.wait(kind, turn)
            try:
                status, headers, content, code = await self._worked(name, asked, cast("bytes", body), request_id)
            finally:
                gate.done(kind, status, started, code=code, request_id=request_id)
        headers.append((b"x-request-id", request_id.encode()))
        if self._ctx.load.draining.is_set() and CLOSE not in headers:
            headers.append(CLOSE)
        return status, headers, content

    async def _worked(
        self, name: str, asked: "Asked", body: bytes, request_id: str
    ) -> tuple[int, Headers, bytes, str | None]:
        """The answer, and the code of the refusal when it is one."""
        ctx = self._ctx
        try:
            session = sessions.decode(ctx, asked.token())
            await take(ctx, f"candidate/{session.enrolment}", self._per_minute)
            status, content = await self.work(session, name, body)
        except Refusal as refusal:
            return *problems.raw(ctx, refusal, request_id), refusal.code
        except Exception as error:  # noqa: BLE001 - a fault of ours: logged, and answered like any other.
            return *problems.raw_crash(ctx, error, self.kind, request_id), problems.CRASH
        return status, [_JSON, (b"content-length", b"%d" % len(content)), *DATA_PAIRS], content, None


class Shortcuts:
    """An ASGI application in front of the framework's: it answers what a shortcut claims, and passes on the rest."""

    def __init__(self, app: ASGIApp, shortcuts: Sequence[Shortcut], body_seconds: float) -> None:
        self._app = app
        self._shortcuts = shortcuts
        self._body_seconds = body_seconds

    def claim(self, path: str, headers: Headers) -> Claim | None:
        """The claim of a POST without a query; None when it is for the framework."""
        for shortcut in self._shortcuts:
            claim = shortcut.claim(path, headers)
            if claim is not None:
                return claim
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts = cast("dict[str, Any]", scope)
        claim = None
        if facts["type"] == "http" and facts["method"] == "POST" and not facts["query_string"]:
            claim = self.claim(facts["path"], facts["headers"])
        if claim is None:
            await self._app(scope, receive, send)
        else:
            arriving = Arriving(receive, self._body_seconds)
            try:
                body: Body = await arriving.read()
            except RequestTimeout as slow:
                body = slow
            if not arriving.gone:
                await _respond(await claim(body), send)


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
                # The first, as the handlers read it.
                self._authorization = self._authorization or value
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


def _name_in(path: str, before: str, after: str) -> str | None:
    """What stands between the two: one segment of a path, and nothing else."""
    if not (path.endswith(after) and path.startswith(before)):
        return None
    name = path[len(before) : -len(after)]
    return name if name and "/" not in name and "\0" not in name else None


async def _respond(answer: Answer, send: Send) -> None:
    """Send an answer as ASGI wants it."""
    status, headers, content = answer
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
