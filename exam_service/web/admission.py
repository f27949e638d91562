"""Admission: decided per class of request before any work is done, so that too much of one thing never stops another.

Past what the process can hold, starts are turned away first (503 and a Retry-After that is spread, so that they do not
all come back at one moment), then what an LMS and the public ask, then other reads; saves and submits of running
attempts only when their own queue is full. Every line is bounded, and so is what one process keeps in memory.
"""

import asyncio
import itertools
import re
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from exam_service.core.errors import Busy
from exam_service.services.context import Context
from exam_service.web.kinds import BOUNDS, LIVE, NEVER, OPERATIONS, START, Bounds
from exam_service.web.request_log import RequestLog

SHORTEST, LONGEST = 5.0, 30.0
"""Bounds of Retry-After, in seconds. The latter grows with the pressure."""
PATIENCE_SECONDS = 10.0
"""Nobody is put at the end of a line that will take longer."""
WINDOW_SECONDS = 1.0
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_ONLY_DIGITS = re.compile(rb"[0-9.-]+")


class Line:
    """Requests of one kind: some are worked on, some wait for their turn, in the order they came."""

    __slots__ = ("_done", "_since", "bounds", "rate", "running", "waiting")

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.running = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.rate: float | None = None
        """How many a second were done while others waited, over the last second or so; None: not known."""
        self._since: float | None = None
        self._done = 0

    @property
    def in_flight(self) -> int:
        return self.running + len(self.waiting)

    def full(self) -> bool:
        """Whether whoever comes now would find no room, or wait for longer than anybody does."""
        if self.running < self.bounds.together:
            return False
        ahead = len(self.waiting) + 1
        return ahead > self.bounds.waiting or (self.rate is not None and ahead > PATIENCE_SECONDS * self.rate)

    def enter(self) -> "asyncio.Future[None] | None":
        """Take a place: None when it is one's turn already."""
        if self.running < self.bounds.together:
            self.running += 1
            return None
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        return turn

    def leave(self, now: float) -> None:
        """One is done; the next has its turn."""
        self._measure(now)
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1

    def _measure(self, now: float) -> None:
        if not self.waiting:
            # Whoever comes is served at once: how fast they come says nothing about how fast they could be served.
            self._since, self.rate = None, None
        elif self._since is None:
            self._since, self._done = now, 0
        else:
            self._done += 1
            if now - self._since >= WINDOW_SECONDS:
                self.rate = self._done / (now - self._since)
                self._since, self._done = now, 0


class Gate:
    """One application's admission, its figures of requests, and its lines of log."""

    def __init__(self, ctx: Context, bounds: dict[str, Bounds] | None = None) -> None:
        self._ctx = ctx
        self._lines = {kind: Line(bound) for kind, bound in (bounds or BOUNDS).items()}
        self._log = RequestLog()
        self._numbers = itertools.count(1)
        self._prefix = ""
        self._answered: dict[tuple[str, int], tuple[Callable[[int], None], Callable[[float], None]]] = {}
        """kind and status -> what counts such answers, and what takes their seconds"""
        self.last_answer = float("-inf")
        """When anybody but an operator was answered last (time.monotonic): a drain waits for silence."""

    def in_flight_of(self) -> dict[str, int]:
        """How many of each kind are worked on or wait for their turn."""
        return {kind: line.in_flight for kind, line in self._lines.items()}

    @property
    def in_flight(self) -> int:
        return sum(line.in_flight for line in self._lines.values())

    def refuse(self, kind: str) -> Busy | None:
        """What one of this kind is told when it cannot be taken on now."""
        line = self._lines[kind]
        if line.full():
            return self._busy(max(2.5, self._ctx.load.pressure))
        load = self._ctx.load
        if kind in (START, LIVE) and load.draining.is_set():
            return self.stopping()
        if line.bounds.pressure == NEVER:
            return None
        pressure = load.pressure
        return self._busy(pressure) if pressure >= line.bounds.pressure else None

    def stopping(self) -> Busy:
        """What is told to who asks for something long while the process stops: another one has room."""
        return self._busy(0.0)

    async def turn(self, kind: str) -> None:
        """Wait until it is one's turn."""
        turn = self.enter(kind)
        if turn is not None:
            await self.wait(kind, turn)

    def enter(self, kind: str) -> asyncio.Future[None] | None:
        """Take a place in the line: None when it is one's turn already, else what to `wait` for."""
        return self._lines[kind].enter()

    async def wait(self, kind: str, turn: asyncio.Future[None]) -> None:
        """Until it is one's turn. Who goes meanwhile leaves no gap."""
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._lines[kind].leave(time.monotonic())
            raise

    def done(
        self,
        kind: str,
        status: int,
        since: float,
        *,
        code: str | None = None,
        request_id: str | None = None,
        route: str | None = None,
    ) -> None:
        """It was answered. It came at `since` (time.monotonic); `code` is of the refusal, when it was one."""
        now = time.monotonic()
        self._lines[kind].leave(now)
        self._tell(kind, status, now, now - since, code, request_id, route)

    def refused(self, kind: str, status: int, since: float, *, code: str | None, request_id: str) -> None:
        """It came at `since` (time.monotonic) and was not taken on, or has gone while it waited for its body."""
        now = time.monotonic()
        self._tell(kind, status, now, now - since, code, request_id, None)

    def _tell(
        self,
        kind: str,
        status: int,
        now: float,
        seconds: float,
        code: str | None,
        request_id: str | None,
        route: str | None,
    ) -> None:
        """Count an answer, and log it when there is something to read."""
        if kind != OPERATIONS:
            # Also who was turned away: a balancer that still sends somebody has not noticed yet.
            self.last_answer = now
        counters = self._answered.get((kind, status))
        if counters is None:
            meter = self._ctx.meter
            counters = self._answered[kind, status] = (
                meter.counter("requests", kind=kind, status=str(status)),
                meter.histogram("request_seconds", kind=kind),
            )
        count, observe = counters
        count(1)
        observe(seconds)
        if code is not None:
            self._ctx.meter.count("refusals", code=code)
        self._log.answered(kind, status, seconds, code=code, request_id=request_id, route=route)

    def request_id(self, given: bytes | None = None) -> str:
        """The name of a request in answers and logs: the proxy's when that is sane, else one of ours.

        One of nothing but digits is not sane: it could be somebody's number.
        """
        if given is not None and _SANE_ID.fullmatch(given) and not _ONLY_DIGITS.fullmatch(given):
            return given.decode("ascii")
        if not self._prefix:
            self._prefix = self._ctx.entropy(5).hex()
        return f"{self._prefix}-{next(self._numbers):06x}"

    def _busy(self, pressure: float) -> Busy:
        """Come again at a moment of one's own, the later the greater the pressure."""
        dice = int.from_bytes(self._ctx.entropy(2), "big") / 65_536
        latest = min(LONGEST, 2 * SHORTEST + 2 * SHORTEST * max(0.0, pressure - 1))
        seconds = SHORTEST + dice * (latest - SHORTEST)
        return Busy(retry_at=self._ctx.now() + timedelta(seconds=seconds))
