"""How near this process is to what it can hold, and whether it is on its way out.

Who measures nothing refuses too late, when everybody already waits. What is looked at is what a candidate would feel:
how late the event loop is, how long the oldest save has been waiting, and how full the queues are.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Protocol

LAG_SECONDS = 0.15
"""A save passes the loop some five times, so a loop that is late by this much makes a save wait most of a second."""
WAITED_SECONDS = 0.75
MOST_WAITING = 5_000
"""Half of what a queue holds."""
STARTS = "starts"
TICK_SECONDS = 0.1
_SMOOTHING = 0.2


class Waits(Protocol):
    """A queue of writes as it is now: how many wait, and since how many seconds the first of them."""

    @property
    def waiting(self) -> int: ...

    @property
    def waited(self) -> float: ...


class Load:
    """Measured while the service runs; `pressure` is 1 where starts must stop so that saves can go on."""

    def __init__(
        self, queues: Iterable[tuple[str, Waits]] = (), monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`queues` is looked through each time, because queues are made when they are first needed."""
        self.queues = queues
        self._monotonic = monotonic
        self._worst = [0.0] * round(1 / TICK_SECONDS)
        self.lag = 0.0
        """How late the event loop is, in seconds, smoothed over the last second: one hiccup is no overload."""
        self.draining = asyncio.Event()
        """Set when the process was told to stop. Streams end, starts are refused, what runs is finished."""

    @property
    def worst_lag(self) -> float:
        """The worst of the last second, in seconds."""
        return max(self._worst)

    @property
    def pressure(self) -> float:
        """0 at rest; 1 and more: new work must wait outside."""
        found = self.lag / LAG_SECONDS
        for name, queue in self.queues:
            if name.startswith(STARTS):
                # How long starts wait for each other says nothing about whether saves get through.
                continue
            found = max(found, queue.waited / WAITED_SECONDS, queue.waiting / MOST_WAITING)
        return found

    def heard(self, late: float) -> None:
        """One measurement: so many seconds after its time the loop came to us."""
        self.lag += _SMOOTHING * (late - self.lag)
        self._worst = [*self._worst[1:], late]

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            due = self._monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.heard(max(0.0, self._monotonic() - due))

    def drain(self) -> None:
        """The process was told to stop. A second time changes nothing."""
        self.draining.set()
