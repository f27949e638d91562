"""Who starts or hands in at the same moment is decided about together, and nobody pays for another."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, tables
from exam_service.core import errors
from exam_service.core.exams.attempt import State
from exam_service.services import attempts, grading, home, papers, saving, starting, submitting, sweeper
from exam_service.services.attempts import AttemptView
from exam_service.services.sessions import CandidateSession
from tests.support.service import World, open_course

Transactions = Callable[[], int]


@pytest.fixture
def transactions(first: World, monkeypatch: pytest.MonkeyPatch) -> Transactions:
    """How many transactions that write have begun since it was asked last."""
    begun = [0]
    begin = SqlStore.begin

    def counted(self: SqlStore, org: str) -> Any:
        begun[0] += 1
        return begin(self, org)

    monkeypatch.setattr(SqlStore, "begin", counted)

    def since() -> int:
        now, begun[0] = begun[0], 0
        return now

    return since


async def enrolled(w: World, count: int) -> list[str]:
    return [await w.enrol(f"person-{n}") for n in range(count)]


async def start_all(w: World, people: list[str], exam: str = "post") -> list[AttemptView | BaseException]:
    jobs = (starting.start(w.ctx, w.org, one, exam) for one in people)
    return await asyncio.gather(*jobs, return_exceptions=True)


async def begun(w: World, people: list[str]) -> list[AttemptView]:
    found = await start_all(w, people)
    assert all(isinstance(view, AttemptView) for view in found), found
    return [view for view in found if isinstance(view, AttemptView)]


async def lose_paper(w: World, attempt_id: str) -> None:
    """What no use case does: break one attempt for good."""
    store = w.ctx.store
    assert isinstance(store, SqlStore)
    async with store.database.write() as connection:
        await connection.execute(tables.paper.delete().where(tables.paper.c.attempt == attempt_id))


async def state_of(w: World, attempt_id: str) -> State:
    async with w.ctx.store.read(w.org) as tx:
        return (await grading.attempt_of(tx, attempt_id)).state


async def test_thirty_starts_are_one_transaction_and_a_refusal_is_ones_own(
    first: World, transactions: Transactions
) -> None:
    people = await enrolled(first, 28)
    exhausted = await first.enrol("exhausted")
    for _ in range(3):
        view = await starting.start(first.ctx, first.org, exhausted, "post")
        await submitting.submit(first.ctx, first.org, exhausted, view.attempt, view.epoch)
        first.clock.pass_(hours=2)
    transactions()
    found = await start_all(first, [*people, exhausted, "enr_nobody"])
    assert transactions() == 1
    assert len({view.attempt for view in found[:28] if isinstance(view, AttemptView)}) == 28
    assert isinstance(found[28], errors.AttemptsExhausted)
    assert isinstance(found[29], errors.NotFound)
    for new, one in zip(found, people, strict=False):
        assert isinstance(new, AttemptView)
        assert (new.number, new.epoch, new.state, new.seconds_left) == (1, 1, State.in_progress, 30 * 60)
        assert await attempts.paper(first.ctx, first.org, one, new.attempt)


async def test_one_whose_start_fails_harms_nobody(first: World) -> None:
    people = await enrolled(first, 3)
    broken = await starting.start(first.ctx, first.org, people[0], "pre")
    await submitting.submit(first.ctx, first.org, people[0], broken.attempt, 1)
    await lose_paper(first, broken.attempt)
    found = await start_all(first, people)
    assert isinstance(found[0], LookupError), "what was seen cannot be avoided without knowing it"
    assert all(isinstance(view, AttemptView) for view in found[1:])


async def test_who_comes_back_in_the_crowd_goes_on_where_they_were(first: World) -> None:
    people = await enrolled(first, 4)
    before = await starting.start(first.ctx, first.org, people[0], "post")
    await saving.save(first.ctx, first.org, people[0], before.attempt, 1, 1, b'{"i1":null}')
    await saving.save(first.ctx, first.org, people[0], before.attempt, 1, 2, b'{"i1":null}')
    again, *_ = await begun(first, people)
    assert (again.attempt, again.epoch, again.saved_seq) == (before.attempt, 2, 0)
    await saving.save(first.ctx, first.org, people[0], before.attempt, 2, 1, b'{"i1":null}')
    with pytest.raises(errors.MovedToOtherDevice):
        await saving.save(first.ctx, first.org, people[0], before.attempt, 1, 3, b'{"i1":null}')


async def test_what_ran_out_is_graded_before_the_next_one_begins(first: World) -> None:
    people = await enrolled(first, 2)
    old = await begun(first, people)
    first.clock.pass_(hours=3)
    new = await begun(first, people)
    assert [view.number for view in new] == [2, 2]
    assert [await state_of(first, view.attempt) for view in old] == [State.graded, State.graded]


async def test_thirty_hand_in_together_and_each_has_the_right_result(first: World, transactions: Transactions) -> None:
    people = await enrolled(first, 30)
    views = await begun(first, people)
    for n, (one, view) in enumerate(zip(people, views, strict=True)):
        key = list((await first.key_of(view)).items())[: n % 11]
        await saving.save(first.ctx, first.org, one, view.attempt, 1, 1, msgspec.json.encode(dict(key)))
    transactions()
    jobs = [submitting.submit(first.ctx, first.org, o, v.attempt, 1) for o, v in zip(people, views, strict=True)]
    twice = submitting.submit(first.ctx, first.org, people[0], views[0].attempt, 1)
    moved = submitting.submit(first.ctx, first.org, people[1], views[1].attempt, 9)
    foreign = submitting.submit(first.ctx, first.org, people[2], views[3].attempt, 1)
    told = await asyncio.gather(*jobs[2:], moved, foreign, jobs[0], twice, jobs[1], return_exceptions=True)
    assert transactions() <= 2
    assert isinstance(told[28], errors.MovedToOtherDevice)
    assert isinstance(told[29], errors.NotFound)
    assert told[30] == told[31], "handing in twice is the same as once"
    async with first.ctx.store.read(first.org) as tx:
        stored = await tx.results.current([view.attempt for view in views])
        for n, view in enumerate(views):
            attempt = await grading.attempt_of(tx, view.attempt)
            assert attempt.state is State.graded
            assert stored[view.attempt].percent == (await grading.compute(first.ctx, tx, attempt)).percent
            assert stored[view.attempt].percent == 10 * (n % 11)
    for answer in (told[0], told[30], told[32]):
        assert isinstance(answer, AttemptView)
        assert answer.receipt


async def test_a_hand_in_counts_from_when_it_arrived(first: World) -> None:
    """Many at the deadline wait for each other; that must not make them late."""
    view = await first.start()
    arrived = view.deadline - timedelta(seconds=1)
    first.clock.at = view.deadline + timedelta(seconds=5)
    (told,) = await submitting._submit_all(
        first.ctx, first.org, [submitting.HandIn(first.enrolment, view.attempt, view.epoch, arrived)]
    )
    assert isinstance(told, submitting.HandedIn)
    assert (told.attempt.ended_by, told.attempt.ended_at) == (State.submitted, arrived)


async def test_a_save_that_races_the_hand_in_is_graded_or_refused(first: World) -> None:
    people = await enrolled(first, 12)
    views = await begun(first, people)

    async def save(one: str, view: AttemptView) -> bool:
        try:
            await saving.save(first.ctx, first.org, one, view.attempt, 1, 1, b'{"i1":null}')
        except errors.AttemptEnded:
            return False
        return True

    pairs = list(zip(people, views, strict=True))
    told = await asyncio.gather(
        *(save(*pair) for pair in pairs),
        *(submitting.submit(first.ctx, first.org, one, view.attempt, 1) for one, view in pairs),
    )
    async with first.ctx.store.read(first.org) as tx:
        journals = await tx.results.journals([view.attempt for view in views])
    assert [view.attempt in journals for view in views] == list(told[:12])


async def test_a_crash_between_grading_and_certificate_costs_nobody_the_certificate(
    first: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = open_course()
    course["certificate"]["issue"] = "at_once"
    await first.publish(course)
    view = await first.start()
    await first.save(view, 1, await first.key_of(view))

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    async def issued() -> int:
        async with first.ctx.store.read(first.org) as tx:
            return len(await tx.certificates.of(first.enrolment))

    with monkeypatch.context() as dying:
        dying.setattr("exam_service.services.certificates.issue_at_once", killed)
        with pytest.raises(asyncio.CancelledError):
            await first.submit(view)
    assert await state_of(first, view.attempt) is State.graded
    assert await issued() == 0
    session = CandidateSession(first.org, first.enrolment, "lch_none", 0, None)
    await home.me(first.ctx, session)
    assert await issued() == 1
    assert (await first.submit(view)).receipt, "and the answer can still be had"
    assert await issued() == 1


async def test_what_ran_out_at_one_deadline_is_swept_in_groups(first: World, transactions: Transactions) -> None:
    people = await enrolled(first, 40)
    views = await begun(first, people)
    await lose_paper(first, views[7].attempt)
    first.clock.pass_(hours=1)
    transactions()
    assert await sweeper.sweep(first.ctx) == 39, "one that cannot be graded keeps nobody waiting"
    assert transactions() <= 2 + 32
    assert [await state_of(first, view.attempt) for view in views].count(State.graded) == 39
    store = first.ctx.store
    assert isinstance(store, SqlStore)
    async with store.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(tables.result)) == 39


async def test_the_attempts_come_in_the_order_in_which_they_began_also_with_prepared_papers(first: World) -> None:
    """An LMS that goes on from the last one it has seen misses none."""
    people = await enrolled(first, 3)
    await papers.prepare(first.ctx, first.org, "course", "post")
    order = [people[2], people[0], people[1]]
    for one in order:
        first.clock.pass_(seconds=1)
        await starting.start(first.ctx, first.org, one, "post")
    async with first.ctx.store.read(first.org) as tx:
        assert [attempt.enrolment for attempt in await tx.attempts.page("course", None, 9)] == order
