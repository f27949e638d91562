"""The live view of an exam: who has started, saves, lost contact, is done. Made of the database and of who was heard.

However many watch an exam in one process, it is looked at once every two seconds; when nobody watches, never. A look at
a very large exam takes longer, so the next one waits, for fifteen seconds at most.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

from exam_service.core.errors import Busy, Unavailable
from exam_service.core.exams.live import LiveState
from exam_service.core.records import Enrolled, LiveAttempt
from exam_service.services import audit, grading
from exam_service.services.context import Context
from exam_service.services.enrolments import enrolment_of
from exam_service.services.live_view import LiveView, Snapshot, Standing, same, standing
from exam_service.services.ports import Tx
from exam_service.services.standing import exam_of

EVERY_SECONDS = 2.0
SHARE = 20
"""Looking takes at most one part in so many of the time, and yet"""
SLOWEST_SECONDS = 15.0
"""it is looked at least so often, however large the exam is."""
REST = 3
"""After a look nothing wakes another one for so many times as long as it took: staff who act one by one ring often."""
QUICK_SECONDS = 0.05
"""What took no longer may be done again at once: whoever acts wants to see it."""
PEOPLE_EVERY_SECONDS = 30.0
"""Who is enrolled, and how they are called, is read anew so often; who starts and is not yet known, at once."""
TOGETHER = 500
"""Rows of one query, and people counted without a pause: saves go on in between."""
SEAT_WAIT_SECONDS = 10.0
"""After so long, or up to twice that, who found no seat may ask again."""
TOPIC = "live"
"""Rung with `organisation/course/exam` when staff changed something, so that the next look begins at once."""

_ENDED = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for the last save of an attempt that has ended: it is counted once more and then never again."""
_UNKNOWN = (datetime(1970, 1, 1, tzinfo=UTC), 0)


class Watch:
    """One exam of one organisation, looked at for everybody in this process who wants to see it."""

    def __init__(self, ctx: Context, org: str, course: str, exam: str) -> None:
        self._ctx, self._org, self._course, self._exam = ctx, org, course, exam
        self._looking = asyncio.Lock()
        self._last: Snapshot | None = None
        self._good_until = 0.0
        self._people: dict[str, Enrolled] = {}
        self._people_until = 0.0
        self._saves: dict[str, tuple[datetime, int]] = {}
        self._woken = False
        self._rested_at = 0.0
        self._wake = asyncio.Event()
        self.used = 0.0

    def wake(self) -> None:
        """Something has changed: look as soon as may be."""
        self._woken = True
        self._wake.set()
        self._wake = asyncio.Event()

    @property
    def _due(self) -> float:
        return min(self._good_until, self._rested_at) if self._woken else self._good_until

    async def now(self) -> Snapshot:
        """The exam as it was two seconds ago at most; a very large one, fifteen. Raises NotFound, NotPublished."""
        loop = asyncio.get_running_loop()
        self.used = loop.time()
        async with self._looking:
            if self._last is None or loop.time() >= self._due:
                begun = loop.time()
                # Set before looking: what wakes meanwhile must lead to another look, and so must one that fails.
                self._woken, self._good_until = False, begun + EVERY_SECONDS
                self._last = await self._look()
                took = loop.time() - begun
                self._good_until = begun + max(EVERY_SECONDS, min(SLOWEST_SECONDS, SHARE * took))
                self._rested_at = begun + ((1 + REST) * took if took > QUICK_SECONDS else 0.0)
            return self._last

    async def pause(self) -> None:
        """Until the next look is due, or something has changed; two seconds at most."""
        wait = self._due - asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), min(EVERY_SECONDS, max(0.05, wait)))

    async def _look(self) -> Snapshot:
        ctx, loop = self._ctx, asyncio.get_running_loop()
        async with ctx.store.read(self._org) as tx:
            version, exam = await exam_of(tx, self._course, self._exam)
            newest: dict[str, LiveAttempt] = {}
            after: str | None = None
            while some := await tx.live.attempts(self._course, self._exam, after, TOGETHER):
                for one in some:
                    known = newest.get(one.enrolment)
                    if known is None or known.number < one.number:
                        newest[one.enrolment] = one
                after = some[-1].id
                if len(some) < TOGETHER:
                    break
            if loop.time() >= self._people_until or not newest.keys() <= self._people.keys():
                people: dict[str, Enrolled] = {}
                after = None
                while found := await tx.live.enrolled(self._course, after, TOGETHER):
                    people |= {one.enrolment: one for one in found}
                    after = found[-1].enrolment
                    if len(found) < TOGETHER:
                        break
                self._people = dict(sorted(people.items(), key=lambda pair: (pair[1].order, pair[0])))
                self._people_until = loop.time() + PEOPLE_EVERY_SECONDS
            await self._count_saves(tx, newest.values())
            undecided = await tx.live.undecided(self._course, self._exam)
            deeds = await tx.live.deeds(self._course, self._exam, audit.FOR_ALL)
        at = ctx.now()
        runs = [one.id for one in newest.values() if one.running is not None]
        heard = await ctx.presence.last_heard(self._org, runs)
        seen: dict[str, Standing] = {}
        for number, enrolment in enumerate(self._people):
            seen[enrolment] = standing(newest.get(enrolment), heard, at)
            if number % TOGETHER == TOGETHER - 1:
                await asyncio.sleep(0)
        return Snapshot(version, exam, at, self._people, seen, self._saves, undecided, deeds)

    async def _count_saves(self, tx: Tx, newest: Iterable[LiveAttempt]) -> None:
        """Only of whom has saved since the last look, or has ended since."""
        marks = {one.id: one.running.last_save if one.running else _ENDED for one in newest}
        changed = {name: mark for name, mark in marks.items() if mark and self._saves.get(name, _UNKNOWN)[0] != mark}
        if changed:
            found = await tx.live.saves(list(changed))
            self._saves |= {name: (mark, found.get(name, 0)) for name, mark in changed.items()}


def changed(ctx: Context, org: str, course: str, exam: str) -> None:
    """Everybody who watches the exam, in whatever process, has it looked at anew at once. For after the transaction."""
    ctx.bell.publish(TOPIC, f"{org}/{course}/{exam}")


async def changed_by(ctx: Context, org: str, attempt_id: str) -> None:
    """The same, of the exam that the attempt is at. Raises NotFound."""
    async with ctx.store.read(org) as tx:
        attempt = await grading.attempt_of(tx, attempt_id)
        enrolment = await enrolment_of(tx, attempt.enrolment)
    changed(ctx, org, enrolment.course, attempt.exam)


def _watch(ctx: Context, org: str, course: str, exam: str) -> Watch:
    ctx.watches.listen(ctx.bell, TOPIC)
    return ctx.watches.of(f"{org}/{course}/{exam}", lambda: Watch(ctx, org, course, exam))


async def view(
    ctx: Context, org: str, course: str, exam: str, state: LiveState | None, after: str | None, limit: int
) -> LiveView:
    """The exam as it was two seconds ago at most; a very large one, fifteen. Raises NotFound."""
    return (await _watch(ctx, org, course, exam).now()).page(state, after, limit)


async def names(ctx: Context, org: str, course: str, exam: str) -> dict[str, str]:
    """Who sits at which attempt, of everybody's newest. Raises NotFound."""
    return (await _watch(ctx, org, course, exam).now()).names()


async def follow(
    ctx: Context, org: str, course: str, exam: str, state: LiveState | None, after: str | None, limit: int
) -> AsyncIterator[LiveView | None]:
    """The view each time something in it has changed, and None about every two seconds when nothing has.

    It ends when the process is told to stop. Raises NotFound when the exam is gone.
    """
    watch = _watch(ctx, org, course, exam)
    last: LiveView | None = None
    while not ctx.load.draining.is_set():
        found: LiveView | None = None
        # While the database is away there is nothing new to say; whoever watches is told that by the silence.
        with contextlib.suppress(Unavailable):
            found = (await watch.now()).page(state, after, limit)
        if found is not None and (last is None or not same(last, found)):
            last = found
            yield found
        else:
            yield None
        await watch.pause()


def require_seat(ctx: Context, org: str, who: str) -> None:
    """Raises Busy when that key or staff link, or its organisation, has as many streams open as it may here."""
    if not ctx.watches.seats.free(org, who):
        # Spread, so that those who were turned away do not all come back at one moment.
        wait = SEAT_WAIT_SECONDS * (1 + int.from_bytes(ctx.entropy(2)) / 65_536)
        raise Busy(retry_at=ctx.now() + timedelta(seconds=wait))


async def seated(
    ctx: Context, org: str, who: str, views: AsyncIterator[LiveView | None]
) -> AsyncIterator[LiveView | None]:
    """The same views, in a seat of theirs; nothing when others took the last one since it was asked for."""
    seats = ctx.watches.seats
    if seats.free(org, who):
        with seats.taken(org, who):
            async for view in views:
                yield view
