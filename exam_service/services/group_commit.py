"""Group commit: the writes of many callers become durable in one transaction, while the next ones gather.

A write that waits costs nothing but its place in a queue. The queue is bounded: past that, who comes is told at once.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar, cast

from exam_service.core import errors

T = TypeVar("T")
R = TypeVar("R")

Write = Callable[[Sequence[T]], Awaitable[Sequence[R | Exception | asyncio.Future[R]]]]
"""Does the writes of a batch in one transaction, and says of each what became of it, in their order.

A future stands for one that could not be done with the others and is being done alone.
"""


class _Waiting(Generic[T, R]):
    __slots__ = ("answer", "item", "since")

    def __init__(self, item: T, answer: "asyncio.Future[R]") -> None:
        self.item = item
        self.answer = answer
        self.since = time.monotonic()

    def settle(self, outcome: "R | Exception | asyncio.Future[R]") -> None:
        """Answer whoever waits. What was asked by someone who has gone is done all the same."""
        if isinstance(outcome, asyncio.Future):
            outcome.add_done_callback(self._settle_with)
        elif self.answer.done():
            return
        elif isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)

    def _settle_with(self, done: "asyncio.Future[R]") -> None:
        if done.cancelled():
            self.answer.cancel()
            return
        failed = done.exception()
        if failed is None:
            self.settle(done.result())
        else:
            self.settle(failed if isinstance(failed, Exception) else RuntimeError(str(failed)))


class Apart(NamedTuple):
    """How far batches lie apart while few come: each costs something whatever its size, most of all of other threads.

    A batch begins so many seconds after the one before; or as soon as there are `enough`. Nobody alone waits.
    """

    seconds: float
    enough: int


class GroupCommit(Generic[T, R]):
    """One queue, and as many writers as may usefully work on it side by side.

    `write` is given a batch; when it raises something that only one of them can have caused, each is tried alone, so
    that nobody pays for another. Unavailable is told to all of them, because it will pass.
    """

    def __init__(
        self,
        write: Write[T, R],
        *,
        refuse: Callable[[], Exception],
        most_waiting: int = 10_000,
        most_together: int = 256,
        lanes: int = 1,
        halves: bool = False,
        apart: Apart | None = None,
        wrote: Callable[[int, float], None] | None = None,
    ) -> None:
        """`refuse` makes what is told to who finds no room. `wrote` hears of each batch: its size, and its seconds.

        `halves`: a batch is half of those who are about. For much work on the way to the queue and little in a batch.
        `apart`: how long a batch waits for more; nothing when there is none.
        """
        self._write = write
        self._refuse = refuse
        self._most_waiting = most_waiting
        self._most_together = most_together
        self._lanes = lanes
        self._halves = halves
        self._apart = apart
        self._began = -math.inf
        self._gathering: asyncio.Future[None] | None = None
        """What the next batch waits for, while it does."""
        self._wrote = wrote
        self._queue: deque[_Waiting[T, R]] = deque()
        self._writers: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many wait for a writer."""
        return len(self._queue)

    @property
    def waited(self) -> float:
        """Since how many seconds the one in front has been waiting."""
        return time.monotonic() - self._queue[0].since if self._queue else 0.0

    def put(self, item: T) -> "asyncio.Future[R]":
        """What becomes of the item, once that is durable. Raises what `refuse` makes when there is no room."""
        if self._closed or len(self._queue) >= self._most_waiting:
            raise self._refuse()
        loop = asyncio.get_running_loop()
        waiting: _Waiting[T, R] = _Waiting(item, loop.create_future())
        self._queue.append(waiting)
        if self._gathering is not None:
            if self._apart is not None and len(self._queue) >= self._apart.enough:
                _go_on(self._gathering)
        elif len(self._writers) < self._lanes:
            self._writers.add(loop.create_task(self._run(), name="group commit"))
        return waiting.answer

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._closed = True
        if self._gathering is not None:
            _go_on(self._gathering)
        while self._writers:
            writers = tuple(self._writers)
            await asyncio.gather(*writers, return_exceptions=True)
            # One that was cancelled before its first step never took itself off the list.
            self._writers.difference_update(writers)
        self._let_go()

    def _let_go(self) -> None:
        """Tell whoever still waits to come again: there is no writer any more, and nobody must wait for ever."""
        while self._queue:
            self._queue.popleft().settle(self._refuse())

    async def _run(self) -> None:
        batch: list[_Waiting[T, R]] = []
        before = 0
        try:
            # Whoever gathers takes what there is.
            while self._queue and self._gathering is None:
                if self._apart is not None:
                    await self._gather(self._apart)
                # Half of those who are about, and who were in the batch before are: they come back while this one is
                # written. Were all of the queue taken, nearly everybody would be in every other batch, and while they
                # wait for the database there would be nothing to do here.
                half = (len(self._queue) + before + 1) // 2 if before and self._halves else len(self._queue)
                before = min(len(self._queue), self._most_together, half)
                batch = [self._queue.popleft() for _ in range(before)]
                await self._settle(batch)
                batch = []
        finally:
            # In the same step in which the queue was found empty: who comes next starts a writer.
            self._writers.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            # Only when the task was cancelled is anything left.
            for waiting in batch:
                waiting.settle(self._refuse())
            if not self._writers:
                self._let_go()

    async def _gather(self, apart: Apart) -> None:
        """Wait until the next batch may begin."""
        rest = self._began + apart.seconds - time.monotonic()
        if rest > 0 and len(self._queue) < apart.enough and not self._closed:
            loop = asyncio.get_running_loop()
            self._gathering = loop.create_future()
            timer = loop.call_later(rest, _go_on, self._gathering)
            try:
                await self._gathering
            finally:
                timer.cancel()
                self._gathering = None
        self._began = time.monotonic()

    async def _settle(self, batch: list[_Waiting[T, R]]) -> None:
        started = time.monotonic()
        try:
            outcomes = await self._write([waiting.item for waiting in batch])
        except errors.Unavailable as away:
            for waiting in batch:
                told = errors.Unavailable(retry_at=away.retry_at)
                told.__cause__ = away
                waiting.settle(told)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, each who waits must hear of it.
            if len(batch) == 1:
                batch[0].settle(error)
                return
            for waiting in batch:
                await self._settle([waiting])
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.settle(outcome)
            if self._wrote is not None:
                self._wrote(len(batch), time.monotonic() - started)


def _go_on(gathering: "asyncio.Future[None]") -> None:
    if not gathering.done():
        gathering.set_result(None)
