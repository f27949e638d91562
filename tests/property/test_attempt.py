"""P2 and P4 over whole histories: a sweeper that comes late, twice or never changes nothing that anyone can tell."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.core.errors import Refusal
from exam_service.core.exams.attempt import (
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
    admit,
    seen,
    step,
)

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LAWS = settings(max_examples=400, deadline=None)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


EVENT = st.one_of(
    st.just(Open()),
    st.integers(1, 3).map(Submit),
    st.integers(0, 200).map(lambda s: MoveDeadline(at(s))),
    st.integers(1, 60).map(GiveTime),
    st.integers(1, 60).map(Reopen),
    st.just(Void("reason")),
    st.just("save"),
)
TIMES = st.lists(st.integers(0, 200), max_size=8).map(sorted)
HISTORY = st.tuples(st.lists(EVENT, max_size=8), TIMES).map(lambda p: [*zip(p[1], p[0], strict=False)])


def new(grace: int) -> Attempt:
    return Attempt(
        id="a", enrolment="e", course_version="c", exam="x", number=1, state=State.in_progress, started_at=START,
        deadline=at(100), grace_seconds=grace, epoch=1,
    )  # fmt: skip


def settle(attempt: Attempt, now: datetime) -> Attempt:
    """What the sweeper does: look, and grade what is over."""
    after, effects = step(attempt, Look(), now)
    return step(after, Graded(), now)[0] if Grade(attempt.id) in effects else after


def do(attempt: Attempt, event: Event | str, now: datetime) -> tuple[Attempt, str]:
    """The attempt after, and the answer that the caller gets. Who hands in has it graded."""
    try:
        if isinstance(event, str):
            admitted = admit(attempt, attempt.epoch, now)
            return attempt, f"saved {admitted}"
        after, effects = step(attempt, event, now)
    except Refusal as refusal:
        return attempt, refusal.code
    if effects:
        after, _ = step(after, Graded(), now)
    return after, "done"


def facts(attempt: Attempt) -> tuple[object, ...]:
    """What is visible but for the state itself: graded is what expired becomes when somebody looks."""
    return (
        attempt.deadline, attempt.extra_seconds, attempt.news, attempt.epoch, attempt.ended_at, attempt.ended_by,
        attempt.void_reason,
        attempt.state in (State.in_progress, State.voided) and attempt.state,
    )  # fmt: skip


@LAWS
@given(HISTORY, st.lists(st.integers(0, 260), max_size=8), st.integers(0, 40), st.integers(0, 300))
def test_a_sweeper_changes_nothing_that_anyone_can_tell(
    history: list[tuple[int, Event | str]], sweeps: list[int], grace: int, end: int
) -> None:
    alone = swept = new(grace)
    waiting = sorted(sweeps)
    for when, event in history:
        now = at(when)
        for sweep in [s for s in waiting if s <= when]:
            swept = settle(settle(swept, at(sweep)), at(sweep))
            waiting.remove(sweep)
        assert facts(seen(alone, now)) == facts(seen(swept, now))
        alone, answer = do(alone, event, now)
        swept, other = do(swept, event, now)
        assert answer == other
    for sweep in waiting:
        swept = settle(swept, at(max(sweep, history[-1][0] if history else 0)))
    last = at(max([end, 200, *sweeps]))
    assert facts(seen(alone, last)) == facts(seen(swept, last))
    assert settle(alone, last) == settle(swept, last)


@LAWS
@given(HISTORY, st.integers(0, 40))
def test_what_is_true_at_every_moment(history: list[tuple[int, Event | str]], grace: int) -> None:
    attempt = new(grace)
    for when, event in history:
        now = at(when)
        before, (attempt, answer) = attempt, do(attempt, event, now)
        shown = seen(attempt, now)
        assert seen(shown, now) == shown
        assert attempt.epoch - before.epoch in (0, 1)
        assert (shown.ended_at is not None) or shown.state in (State.in_progress, State.voided)
        if shown.ended_by is State.expired:
            assert shown.ended_at == shown.deadline <= now
        if shown.ended_by is State.submitted:
            assert shown.ended_at is not None
            assert shown.ended_at < shown.deadline
        if shown.ended_at is not None:
            assert START <= shown.ended_at <= now
        if before.state is State.voided and not isinstance(event, Reopen):
            assert attempt == before
        if isinstance(event, GiveTime | Reopen) and answer == "done":
            assert shown.state is State.in_progress
            assert attempt.deadline >= now + timedelta(seconds=event.seconds)
            assert attempt.deadline - before.deadline == timedelta(seconds=attempt.extra_seconds - before.extra_seconds)
        if attempt.news == before.news:
            # Whatever staff does, the page is told.
            assert (attempt.deadline, attempt.extra_seconds) == (before.deadline, before.extra_seconds)
        if answer.startswith("saved"):
            assert now < attempt.closes_at
            assert attempt.state is State.in_progress
        if answer != "done":
            assert attempt == before


@LAWS
@given(HISTORY, st.integers(0, 40), st.integers(0, 250))
def test_what_was_acknowledged_is_graded(history: list[tuple[int, Event | str]], grace: int, end: int) -> None:
    """P1 in the core: no save is admitted once the attempt has been graded, so none can miss the grading."""
    attempt, graded_at = new(grace), None
    for when, event in history:
        now = at(when)
        attempt = settle(attempt, now)
        if attempt.state is State.graded and graded_at is None:
            graded_at = now
        attempt, answer = do(attempt, event, now)
        if attempt.state is State.in_progress:
            # Reopened: it will be graded anew, with all that is saved from now on.
            graded_at = None
        if attempt.state is State.graded and graded_at is None:
            graded_at = now
        if answer.startswith("saved"):
            assert graded_at is None
