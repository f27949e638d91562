"""Figures that are asked of the parts when an operator looks, rather than counted while the service works."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from exam_service import __version__
from exam_service.core import errors
from exam_service.core.exams.attempt import State
from exam_service.services.context import Context

KEPT_SECONDS = 15.0
SHARE = 100
"""Counting every attempt ever taken may use one part in so many of the time: the more there are, the rarer it is."""

OVERDUE = "overdue"
"""Over, and not graded yet: what a sweeper that stands still would let grow."""


class Figures:
    """One application's; `refresh` before the meter is asked."""

    def __init__(
        self,
        ctx: Context,
        in_flight: Callable[[], Mapping[str, int]],
        memory: Callable[[], float | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`in_flight` tells the requests of each kind, `memory` the bytes that the process holds."""
        self._ctx = ctx
        self._in_flight = in_flight
        self._memory = memory
        self._monotonic = monotonic
        self._attempts: dict[str, float] = {}
        self._counted_at = self._all_after = float("-inf")
        self._queues: set[str] = set()
        self._registered = False

    async def refresh(self) -> None:
        """Bring what must be asked for up to date."""
        if not self._registered:
            self._registered = True
            self._register()
        for name, _ in self._ctx.load.queues:
            # Some are one for each organisation, as `starts/org_…`; together they are `starts`.
            kind = name.partition("/")[0]
            if kind not in self._queues:
                self._queues.add(kind)
                self._ctx.meter.gauge("queue_waiting", partial(self._waiting, kind), queue=kind)
                self._ctx.meter.gauge("queue_oldest_seconds", partial(self._waited, kind), queue=kind)
        await self._count_attempts()

    def _waiting(self, kind: str) -> float:
        return sum(queue.waiting for name, queue in self._ctx.load.queues if name.partition("/")[0] == kind)

    def _waited(self, kind: str) -> float:
        return max(queue.waited for name, queue in self._ctx.load.queues if name.partition("/")[0] == kind)

    def _register(self) -> None:
        ctx, meter = self._ctx, self._ctx.meter
        meter.gauge("build_info", lambda: 1.0, version=__version__, database=ctx.policy.database)
        meter.gauge("resident_memory_bytes", self._memory)
        for kind in self._in_flight():
            meter.gauge("requests_in_flight", lambda k=kind: self._in_flight()[k], kind=kind)  # type: ignore[misc]
        meter.gauge("loop_lag_seconds", lambda: ctx.load.worst_lag)
        meter.gauge("pressure", lambda: ctx.load.pressure)
        meter.gauge("draining", lambda: float(ctx.load.draining.is_set()))
        meter.gauge("rate_limiter_shared", lambda: None if ctx.limiter.shared is None else float(ctx.limiter.shared))
        hsm = {"none": None, "ready": 1.0, "away": 0.0}
        meter.gauge("hsm_ready", lambda: hsm[ctx.signer.hsm])
        for state in (*(one.value for one in State), OVERDUE):
            meter.gauge("attempts", lambda state=state: self._attempts.get(state), state=state)  # type: ignore[misc]

    async def _count_attempts(self) -> None:
        """Count again what is due. While the database is away, nothing is said rather than what was true before."""
        now = self._monotonic()
        if now - self._counted_at < KEPT_SECONDS:
            return
        self._counted_at = now
        try:
            async with self._ctx.store.directory() as directory:
                running, overdue = await directory.count_running(self._ctx.now())
                if now >= self._all_after:
                    found = await directory.count_attempts()
                    took = self._monotonic() - now
                    self._all_after = now + max(KEPT_SECONDS, SHARE * took)
                    self._attempts = {state.value: found.get(state.value, 0) for state in State}
        except errors.Unavailable:
            self._attempts = {}
            self._all_after = float("-inf")
            return
        self._attempts |= {State.in_progress.value: running, OVERDUE: overdue}
