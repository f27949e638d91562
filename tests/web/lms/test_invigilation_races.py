"""Staff, candidates and the sweeper at the same moment on PostgreSQL: whoever is first, nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exam_service.core import errors
from exam_service.core.exams.attempt import State, seen
from exam_service.services import grading, starting, submitting, sweeper
from tests.support.service import open_course
from tests.web.lms.conftest import Lms, _lms
from tests.web.lms.test_late import HOLD, NO, YES, device, said

TEN = {"minutes": 10, "reason": "ไฟฟ้าดับ"}
ROUNDS = 6


@pytest.fixture
async def exam(postgresql_url: str, tmp_path: Path) -> AsyncIterator[Lms]:
    async with _lms(postgresql_url, tmp_path) as made:
        await made.world.publish(open_course(attempts={"cool_down_minutes": 0}))
        yield made


async def stored(lms: Lms, attempt: str) -> tuple[Any, list[int]]:
    async with lms.world.ctx.store.read(lms.world.org) as tx:
        history = await tx.results.history(attempt)
        return await grading.attempt_of(tx, attempt), [one.revision for one in history]


async def test_extend_and_expire(exam: Lms) -> None:
    """The sweeper and staff at the moment of the end: the work is open, and what it was until then is a revision."""
    world = exam.world
    for n in range(ROUNDS):
        enrolment = await world.enrol(f"racer-{n}")
        view = await world.start(enrolment=enrolment)
        world.clock.at = view.deadline + timedelta(seconds=30)
        answer, *_ = await asyncio.gather(
            exam.post(f"/v1/attempts/{view.attempt}/extra-time", json=TEN),
            sweeper.sweep(world.ctx),
            grading.settle(world.ctx, world.org, enrolment),
            sweeper.sweep(world.ctx),
        )
        assert answer.status_code == 200, answer.text
        attempt, revisions = await stored(exam, view.attempt)
        assert (attempt.state, attempt.epoch, revisions) == (State.in_progress, 2, [1])
        assert seen(attempt, world.clock()).state is State.in_progress
        assert attempt.extra_seconds == 630
        await submitting.submit(world.ctx, world.org, enrolment, view.attempt, 2)
        assert (await stored(exam, view.attempt))[1] == [1, 2]


async def test_extend_and_submit(exam: Lms) -> None:
    """Time is given to an attempt that runs, or refused because it was handed in; it is graded once either way."""
    world = exam.world
    for n in range(ROUNDS):
        enrolment = await world.enrol(f"racer-{n}")
        view = await world.start(enrolment=enrolment)
        answer, _ = await asyncio.gather(
            exam.post(f"/v1/attempts/{view.attempt}/extra-time", json=TEN),
            submitting.submit(world.ctx, world.org, enrolment, view.attempt, 1),
        )
        attempt, revisions = await stored(exam, view.attempt)
        assert (attempt.state, revisions) == (State.graded, [1])
        assert attempt.extra_seconds == (600 if answer.status_code == 200 else 0)
        assert answer.status_code in (200, 409)


async def test_time_for_everybody_while_they_save_and_hand_in(exam: Lms) -> None:
    world = exam.world
    people = [await world.enrol(f"racer-{n}") for n in range(12)]
    views = [await world.start(enrolment=one) for one in people]

    async def submit(n: int) -> None:
        await submitting.submit(world.ctx, world.org, people[n], views[n].attempt, 1)

    path = "/v1/courses/course/exams/post/extra-time"
    answers: list[Any] = await asyncio.gather(
        exam.post(path, json=TEN, headers={"Idempotency-Key": "once"}),
        exam.post(path, json=TEN, headers={"Idempotency-Key": "once"}),
        *(submit(n) for n in range(0, 12, 2)),
    )
    given, again = answers[:2]
    assert given.json() == again.json()
    found = [(await stored(exam, view.attempt))[0] for view in views]
    assert sum(one.extra_seconds == 600 for one in found) == given.json()["attempts"]
    assert all(one.extra_seconds in (0, 600) for one in found)
    assert [one.extra_seconds for one in found[1::2]] == [600] * 6, "who runs has it"
    assert all(one.state is State.graded for one in found[::2])


async def test_reopen_and_start(exam: Lms) -> None:
    """Staff opens the old attempt while the candidate starts the next one: one of them runs, never both."""
    world = exam.world
    for n in range(ROUNDS):
        enrolment = await world.enrol(f"racer-{n}")
        first = await world.start(enrolment=enrolment)
        await submitting.submit(world.ctx, world.org, enrolment, first.attempt, 1)
        answer, started = await asyncio.gather(
            exam.post(f"/v1/attempts/{first.attempt}/reopen", json=TEN),
            starting.start(world.ctx, world.org, enrolment, "post"),
        )
        async with world.ctx.store.read(world.org) as tx:
            running = [one for one in await tx.attempts.of(enrolment) if one.state is State.in_progress]
        assert len(running) == 1
        assert started.attempt == running[0].id
        assert answer.status_code == (200 if started.attempt == first.attempt else 409), answer.text


async def test_two_of_staff_decide_at_once(exam: Lms) -> None:
    phone = await device(exam, HOLD)
    for seq in range(2, 2 + ROUNDS):
        await phone.late(phone.some(seq, seq + 1), seq=seq, said=said())
    for seq in range(2, 2 + ROUNDS):
        yes, no, twin, _ = await asyncio.gather(
            phone.decide(YES, seq), phone.decide(NO, seq), phone.decide(YES, seq), sweeper.sweep(exam.world.ctx)
        )
        assert (yes.status_code, twin.status_code) == (200, 200)
        assert no.status_code in (200, 409)
        assert sorted([yes.json()["revision"] is None, twin.json()["revision"] is None]) == [False, True]
    attempt, revisions = await stored(exam, phone.view.attempt)
    assert attempt.state is State.graded
    assert revisions == list(range(1, 2 + ROUNDS))


async def test_what_was_held_is_told_so_again_after_time_was_given_and_the_attempt_was_handed_in(exam: Lms) -> None:
    phone = await device(exam, {"late_responses": {"policy": "accept", "minutes": 30}})
    counted, held = [await phone.late(phone.some(n, n + 1), seq=n, said=said(queued=8)) for n in (2, 3)]
    assert (counted.held, held.held) == (False, True)
    assert (await exam.post(f"{phone.path}/extra-time", json=TEN)).status_code == 200
    await exam.world.submit(phone.view)
    again = await exam.world.save(phone.view, 3, phone.some(3, 4))
    assert (again.held, again.receipt) == (True, held.receipt)
    with pytest.raises(errors.SequenceReused):
        await exam.world.save(phone.view, 3, {})
    with pytest.raises(errors.AttemptEnded):
        await exam.world.save(phone.view, 9, {})


async def test_late_responses_while_time_is_given(exam: Lms) -> None:
    """Either they are judged as late, or they are a save like any other; whatever was acknowledged as such counts."""
    phone = await device(exam, {"late_responses": {"policy": "accept", "minutes": 30}})
    answers: list[Any] = await asyncio.gather(
        exam.post(f"{phone.path}/extra-time", json=TEN),
        *(phone.late(phone.some(n, n + 1), seq=n, said=said(queued=8)) for n in range(2, 10)),
    )
    assert answers[0].status_code == 200
    assert all(one.receipt for one in answers[1:])
    await exam.world.submit(phone.view)
    shown = (await exam.get(phone.path)).json()
    # They came side by side, and no device sends so: those that found another one answered are held for staff.
    counted = sum(not one.held for one in answers[1:])
    assert counted >= 1
    assert shown["attempt"]["percent"] == 20.0 + 10.0 * counted
    with pytest.raises(errors.SequenceReused):
        await exam.world.save(phone.view, 3, {})
