"""The table of an attempt: every stored state x event x moment."""

import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from exam_service.core import errors
from exam_service.core.errors import Refusal
from exam_service.core.exams.attempt import (
    Admitted,
    Attempt,
    Event,
    GiveTime,
    Grade,
    Graded,
    Look,
    MoveDeadline,
    Open,
    Reopen,
    State,
    Submit,
    Void,
    Writable,
    admit,
    seen,
    step,
)

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
DEADLINE = START + timedelta(minutes=60)
MS = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
CLOSES = DEADLINE + timedelta(seconds=30)
MOMENTS = {
    "before": DEADLINE - timedelta(minutes=5),
    "1 ms before": DEADLINE - MS,
    "at the deadline": DEADLINE,
    "in the grace": DEADLINE + timedelta(seconds=10),
    "1 ms before it closes": CLOSES - MS,
    "at the close": CLOSES,
    "after": CLOSES + timedelta(hours=1),
}
BEFORE, GRACE, CLOSED = list(MOMENTS)[:2], list(MOMENTS)[2:5], list(MOMENTS)[5:]

RUNNING = Attempt(
    id="att_1",
    enrolment="enr_1",
    course_version="crs_1",
    exam="post",
    number=1,
    state=State.in_progress,
    started_at=START,
    deadline=DEADLINE,
    grace_seconds=30,
    epoch=2,
)
HANDED_IN = msgspec.structs.replace(
    RUNNING, state=State.submitted, ended_by=State.submitted, ended_at=START + timedelta(minutes=20)
)
EXPIRED = msgspec.structs.replace(RUNNING, state=State.expired, ended_by=State.expired, ended_at=DEADLINE)
GRADED_IN = msgspec.structs.replace(HANDED_IN, state=State.graded)
GRADED_OUT = msgspec.structs.replace(EXPIRED, state=State.graded)
VOIDED = msgspec.structs.replace(RUNNING, state=State.voided, void_reason="wrong room")
STATES = {
    "running": RUNNING,
    "handed in": HANDED_IN,
    "expired": EXPIRED,
    "graded, handed in": GRADED_IN,
    "graded, expired": GRADED_OUT,
    "voided": VOIDED,
}

LATER = DEADLINE + timedelta(minutes=15)
EVENTS: dict[str, Event] = {
    "open": Open(),
    "submit": Submit(2),
    "submit from the device before": Submit(1),
    "look": Look(),
    "more time": MoveDeadline(LATER),
    "extra time": GiveTime(900),
    "reopen": Reopen(900),
    "void": Void("copied"),
    "graded": Graded(),
}

Wanted = tuple[Attempt, bool] | type[Refusal]
"""The attempt after, and whether it is to be graded; or the refusal."""


def opened_again(since: datetime, seconds: int) -> Attempt:
    """The running attempt in its next device session, with so much time from then on, in whole seconds."""
    extra = max(0, math.ceil((since + seconds * SECOND - DEADLINE).total_seconds()))
    return msgspec.structs.replace(
        RUNNING, epoch=3, news=1, extra_seconds=extra, deadline=DEADLINE + extra * SECOND, void_reason=None
    )


def wanted(state: str, event: str, when: str) -> Wanted:
    """What DESIGN.md says, written out once more without the code's order of questions."""
    a, now = STATES[state], MOMENTS[when]
    change = msgspec.structs.replace
    running = state == "running"
    match event:
        case "void":
            whole = EXPIRED if running and when not in BEFORE else a
            return (a if state == "voided" else change(whole, state=State.voided, void_reason="copied", news=1)), False
        case "graded":
            if state == "voided":
                return a, False
            if running:
                return (GRADED_OUT, False) if when in CLOSED else errors.AttemptRunning
            return change(a, state=State.graded), False
        case "look":
            if running:
                return (EXPIRED, True) if when in CLOSED else (a, False)
            return a, state in ("handed in", "expired")
        case "submit" | "submit from the device before":
            if state == "voided":
                return errors.AttemptVoided
            if not running:
                return a, state in ("handed in", "expired")
            if event != "submit" and when not in CLOSED:
                return errors.MovedToOtherDevice
            if when in BEFORE:
                return change(a, state=State.submitted, ended_by=State.submitted, ended_at=now), True
            return EXPIRED, True
        case "reopen":
            return errors.AttemptRunning if running and when in BEFORE else (opened_again(now, 900), False)
    if state == "voided":
        return errors.AttemptVoided
    if event == "extra time":
        if state in ("handed in", "graded, handed in"):
            return errors.AttemptEnded
        if state != "running" or when in CLOSED:
            # What has ended is opened again, by somebody who may be sitting at another device by now.
            return (opened_again(max(now, DEADLINE), 900), False)
        late = 0 if when in BEFORE else math.ceil((now - DEADLINE).total_seconds())
        return change(a, deadline=LATER + late * SECOND, extra_seconds=900 + late, news=1), False
    if state in ("expired", "graded, expired"):
        return errors.DeadlinePassed
    if not running:
        return errors.AttemptEnded
    if event == "more time":
        return errors.DeadlinePassed if when in CLOSED else (change(a, deadline=LATER, news=1), False)
    return (change(a, epoch=3), False) if when in BEFORE else errors.DeadlinePassed


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_the_table(state: str, event: str, when: str) -> None:
    should = wanted(state, event, when)
    if isinstance(should, type):
        with pytest.raises(should):
            step(STATES[state], EVENTS[event], MOMENTS[when])
    else:
        after, effects = step(STATES[state], EVENTS[event], MOMENTS[when])
        assert after == should[0]
        assert effects == ((Grade("att_1"),) if should[1] else ())


@pytest.mark.parametrize("when", MOMENTS)
def test_what_anyone_sees(when: str) -> None:
    assert seen(RUNNING, MOMENTS[when]) == (RUNNING if when in BEFORE else EXPIRED)
    for other in list(STATES.values())[1:]:
        assert seen(other, MOMENTS[when]) == other


def test_an_attempt_that_ran_out_has_ended_at_its_deadline() -> None:
    after, _ = step(RUNNING, Look(), CLOSES + timedelta(days=400))
    assert (after.ended_at, after.ended_by) == (DEADLINE, State.expired)


ADMITTED = {"before": Admitted(300, False), "1 ms before": Admitted(0, False)} | dict.fromkeys(GRACE, Admitted(0, True))


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("stored_as", [Attempt, Writable])
def test_which_saves_count(state: str, when: str, stored_as: type[Attempt | Writable]) -> None:
    attempt = msgspec.convert(STATES[state], stored_as, from_attributes=True)
    if state == "voided":
        should: object = errors.AttemptVoided
    elif when in CLOSED:
        should = errors.DeadlinePassed
    elif state != "running":
        should = errors.AttemptEnded
    else:
        should = ADMITTED[when]
    if isinstance(should, type):
        with pytest.raises(should):
            admit(attempt, 2, MOMENTS[when])
    else:
        assert admit(attempt, 2, MOMENTS[when]) == should


@pytest.mark.parametrize("epoch", [0, 1, 3])
@pytest.mark.parametrize("state", list(STATES)[:-1])
def test_only_the_device_that_opened_it_last_may_write(state: str, epoch: int) -> None:
    """P4, also after it has ended: the first device learns that it was moved."""
    for moment in MOMENTS.values():
        with pytest.raises(errors.MovedToOtherDevice):
            admit(STATES[state], epoch, moment)


def test_opening_moves_the_attempt_there_at_once() -> None:
    now = MOMENTS["before"]
    second, _ = step(RUNNING, Open(), now)
    assert admit(second, 3, now) == Admitted(300, False)
    with pytest.raises(errors.MovedToOtherDevice):
        admit(second, 2, now)
    with pytest.raises(errors.MovedToOtherDevice):
        step(second, Submit(2), now)


def test_handing_in_twice_is_handing_in_once() -> None:
    now = MOMENTS["before"]
    once, effects = step(RUNNING, Submit(2), now)
    again, _ = step(once, Submit(2), now + timedelta(minutes=1))
    graded, _ = step(once, Graded(), now)
    late, more = step(graded, Submit(2), CLOSES)
    assert again == once
    assert effects == (Grade("att_1"),)
    assert (late, more) == (graded, ())


def test_time_given_in_the_grace_brings_it_back() -> None:
    now = MOMENTS["in the grace"]
    after, _ = step(RUNNING, MoveDeadline(LATER), now)
    assert seen(after, now).state is State.in_progress
    assert admit(after, 2, now) == Admitted(890, False)


@pytest.mark.parametrize(
    "to, now, deadline",
    [
        (START + timedelta(minutes=30), START + timedelta(minutes=10), START + timedelta(minutes=30)),
        (START + timedelta(minutes=30), START + timedelta(minutes=40), START + timedelta(minutes=40)),
        (START - timedelta(days=1), START + timedelta(minutes=40), START + timedelta(minutes=40)),
        (START, DEADLINE + timedelta(seconds=5), DEADLINE),
        (DEADLINE, DEADLINE + timedelta(seconds=5), DEADLINE),
    ],
)
def test_time_taken_back_never_reaches_into_the_past(to: datetime, now: datetime, deadline: datetime) -> None:
    after, _ = step(RUNNING, MoveDeadline(to), now)
    assert after.deadline == deadline


def test_voiding_says_why_once() -> None:
    first, _ = step(RUNNING, Void("copied"), MOMENTS["before"])
    second, _ = step(first, Void("other"), MOMENTS["before"])
    assert second.void_reason == "copied"


@pytest.mark.parametrize("state", ["expired", "graded, expired", "running"])
def test_time_given_long_after_the_end_can_be_used(state: str) -> None:
    """Told by users of other systems: an extension after the end leaves the work locked."""
    now = CLOSES + timedelta(hours=1)
    after, effects = step(STATES[state], GiveTime(600), now)
    assert (after.state, effects) == (State.in_progress, ())
    assert seen(after, now).state is State.in_progress
    assert timedelta(seconds=600) <= after.deadline - now < timedelta(seconds=601)
    assert not admit(after, 3, now + timedelta(seconds=599)).in_grace
    with pytest.raises(errors.MovedToOtherDevice):
        admit(after, 2, now)


def test_while_late_responses_are_waited_for_time_is_given_from_now_on() -> None:
    waiting = msgspec.structs.replace(RUNNING, late_responses="accept", late_seconds=3600)
    now = DEADLINE + timedelta(minutes=30)
    after, _ = step(waiting, GiveTime(600), now)
    assert (after.deadline, after.epoch) == (now + timedelta(seconds=600), 2)


def test_time_is_given_on_top_of_time() -> None:
    once, _ = step(RUNNING, GiveTime(600), MOMENTS["before"])
    twice, _ = step(once, GiveTime(300), MOMENTS["before"])
    assert (twice.extra_seconds, twice.deadline, twice.news) == (900, LATER, 2)


def test_reopening_does_not_take_the_time_that_was_left() -> None:
    """Handed in by mistake, forty minutes before the end."""
    after, _ = step(GRADED_IN, Reopen(60), START + timedelta(minutes=21))
    assert (after.deadline, after.extra_seconds) == (DEADLINE, 0)


def test_a_hand_in_of_the_device_before_does_not_end_what_was_reopened() -> None:
    now = CLOSES + timedelta(minutes=5)
    reopened, _ = step(GRADED_OUT, Reopen(900), now)
    with pytest.raises(errors.MovedToOtherDevice):
        step(reopened, Submit(2), now)


def test_an_accommodation_that_changes_nothing_is_no_news() -> None:
    after, _ = step(RUNNING, MoveDeadline(DEADLINE), MOMENTS["before"])
    assert after == RUNNING
