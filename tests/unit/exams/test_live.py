from datetime import UTC, datetime, timedelta

import pytest

from exam_service.core.exams.attempt import State
from exam_service.core.exams.live import Counts, LiveState, Running, count, live_state, time_left

T = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RUNS = Running(started_at=T, deadline=T + timedelta(minutes=30))


def after(**by: float) -> datetime:
    return T + timedelta(**by)


def test_who_started_and_saved_nothing_has_started_until_contact_is_lost() -> None:
    assert live_state(State.in_progress, RUNS, T) is LiveState.started
    assert live_state(State.in_progress, RUNS, after(seconds=119)) is LiveState.started
    assert live_state(State.in_progress, RUNS, after(seconds=120)) is LiveState.lost_contact


@pytest.mark.parametrize(
    "since,state",
    [
        (0, LiveState.saving),
        (59.9, LiveState.saving),
        (60, LiveState.idle),
        (119.9, LiveState.idle),
        (120, LiveState.lost_contact),
        (1000, LiveState.lost_contact),
    ],
)
def test_a_save_is_a_sign_of_work_for_a_minute_and_of_life_for_two(since: float, state: LiveState) -> None:
    saved = Running(T, after(minutes=30), last_save=after(minutes=5))
    assert live_state(State.in_progress, saved, after(minutes=5, seconds=since)) is state


def test_a_page_that_asks_is_in_contact_though_it_saves_nothing() -> None:
    heard = Running(T, after(minutes=30), last_save=after(minutes=5), heard_at=after(minutes=9))
    assert live_state(State.in_progress, heard, after(minutes=10)) is LiveState.idle
    assert live_state(State.in_progress, heard, after(minutes=11)) is LiveState.lost_contact
    assert heard.last_contact == after(minutes=9)


def test_what_presence_lost_the_journal_knows() -> None:
    saved = Running(T, after(minutes=30), last_save=after(minutes=9), heard_at=None)
    assert saved.last_contact == after(minutes=9)
    assert live_state(State.in_progress, saved, after(minutes=10, seconds=30)) is LiveState.idle


def test_who_ran_out_has_expired_at_the_deadline_whether_or_not_anybody_swept() -> None:
    saved = Running(T, after(minutes=30), last_save=after(minutes=29, seconds=59))
    assert live_state(State.in_progress, saved, after(minutes=30)) is LiveState.expired
    assert time_left(saved, after(minutes=29, seconds=58.5)) == 1


@pytest.mark.parametrize("state", [State.submitted, State.expired, State.graded, State.voided])
def test_what_has_ended_is_what_it_is(state: State) -> None:
    assert live_state(state, None, T) is LiveState(state.value)


def test_of_an_attempt_in_progress_its_times_must_be_given() -> None:
    with pytest.raises(ValueError, match="in progress"):
        live_state(State.in_progress, None, T)


def test_everybody_is_counted_once() -> None:
    states = [state for n, state in enumerate(LiveState) for _ in range(n + 1)]
    counts = count(states)
    assert counts == Counts(
        enrolled=45, not_started=1, started=2, saving=3, idle=4, lost_contact=5, submitted=6, expired=7, graded=8,
        voided=9, running=14,
    )  # fmt: skip
    assert count([]) == Counts()
