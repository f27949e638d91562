"""P2: what anyone reads of an attempt is a function of its stored facts and now."""

from datetime import timedelta

import msgspec
import pytest

from exam_service.core.errors import DeadlinePassed
from exam_service.core.exams.attempt import State
from exam_service.core.exams.model import Accommodation
from exam_service.services import attempts, enrolments, results, sweeper
from tests.support.service import World

MILLISECOND = timedelta(milliseconds=1)


async def test_submit_a_millisecond_before_the_deadline_is_a_submission(first: World) -> None:
    view = await first.start()
    first.clock.at = view.deadline - MILLISECOND
    done = await first.submit(view)
    assert (done.state, done.ended_by, done.ended_at) == (State.graded, State.submitted, view.deadline - MILLISECOND)


@pytest.mark.parametrize("late", [timedelta(), MILLISECOND, timedelta(seconds=29)])
async def test_submit_at_or_after_the_deadline_finds_it_ended_at_its_deadline(first: World, late: timedelta) -> None:
    view = await first.start()
    key = await first.key_of(view)
    await first.save(view, 1, key)
    first.clock.at = view.deadline + late
    done = await first.submit(view)
    assert (done.state, done.ended_by, done.ended_at) == (State.graded, State.expired, view.deadline)
    result = await results.result(first.ctx, first.org, first.enrolment, view.attempt)
    assert result.percent == 100.0


async def test_a_save_counts_until_the_grace_is_over_and_its_receipt_says_so(first: World) -> None:
    view = await first.start()
    key = await first.key_of(view)
    first.clock.at = view.deadline - MILLISECOND
    assert not (await first.save(view, 1, {"i1": key["i1"]})).in_grace
    first.clock.at = view.deadline + timedelta(seconds=30) - MILLISECOND
    saved = await first.save(view, 2, {"i2": key["i2"]})
    assert (saved.in_grace, saved.seconds_left) == (True, 0)
    first.clock.at = view.deadline + timedelta(seconds=30)
    with pytest.raises(DeadlinePassed):
        await first.save(view, 3, {"i3": key["i3"]})
    result = await results.result(first.ctx, first.org, first.enrolment, view.attempt)
    assert (result.answered, result.ended_at) == (2, view.deadline)


async def test_in_the_grace_it_reads_as_expired_and_nothing_more_can_be_opened(first: World) -> None:
    view = await first.start()
    first.clock.at = view.deadline
    seen = await attempts.look(first.ctx, first.org, first.enrolment, view.attempt)
    assert (seen.state, seen.ended_at, seen.seconds_left) == (State.expired, view.deadline, 0)
    with pytest.raises(DeadlinePassed):
        await attempts.open_here(first.ctx, first.org, first.enrolment, view.attempt)


@pytest.mark.parametrize("sweeps", [0, 1, 2])
async def test_a_sweeper_that_runs_never_once_or_twice_changes_nothing_visible(first: World, sweeps: int) -> None:
    view = await first.start()
    await first.save(view, 1, await first.key_of(view))
    first.clock.at = view.deadline + timedelta(hours=5)
    for _ in range(sweeps):
        await sweeper.sweep(first.ctx)
    result = await results.result(first.ctx, first.org, first.enrolment, view.attempt)
    looked = await attempts.look(first.ctx, first.org, first.enrolment, view.attempt)
    assert (result.state, result.ended_at, result.ended_by, result.percent, result.passed) == (
        State.graded, view.deadline, State.expired, 100.0, True,
    )  # fmt: skip
    assert looked.ended_at == view.deadline
    async with first.ctx.store.read(first.org) as tx:
        stored = (await tx.results.current([view.attempt]))[view.attempt]
    assert stored.graded_at == view.deadline


async def test_time_given_while_it_runs_holds_at_the_next_request(first: World) -> None:
    view = await first.start()
    first.clock.at = view.deadline + timedelta(seconds=10)
    changes = enrolments.EnrolmentChanges(accommodations=(Accommodation(extra_percent=50, extra_minutes=5),))
    async with first.ctx.store.begin(first.org) as tx:
        await enrolments.change(first.ctx, tx, first.enrolment, changes, "test")
    moved = await attempts.look(first.ctx, first.org, first.enrolment, view.attempt)
    assert (moved.state, moved.deadline) == (State.in_progress, view.deadline + timedelta(minutes=20))
    saved = await first.save(view, 1, {"i1": None})
    assert saved.deadline == moved.deadline
    assert not saved.in_grace


async def test_extra_time_is_in_the_deadline_from_the_start(first: World) -> None:
    changes = enrolments.EnrolmentChanges(accommodations=(Accommodation(exam="post", extra_percent=25),))
    async with first.ctx.store.begin(first.org) as tx:
        await enrolments.change(first.ctx, tx, first.enrolment, changes, "test")
    post, pre = await first.start("post"), await first.start("pre")
    assert post.deadline - post.started_at == timedelta(minutes=37, seconds=30)
    assert pre.deadline - pre.started_at == timedelta(minutes=10)


async def test_the_candidates_clock_is_not_even_asked(first: World) -> None:
    fields = {field.name for field in msgspec.structs.fields(attempts.AttemptView)}
    assert {"seconds_left", "deadline"} <= fields
    view = await first.start()
    first.clock.pass_(seconds=90.5)
    assert (await attempts.look(first.ctx, first.org, first.enrolment, view.attempt)).seconds_left == 30 * 60 - 91
