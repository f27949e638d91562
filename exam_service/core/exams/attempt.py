"""The life of an attempt, as one pure function over stored facts and *now*.

    in_progress -> submitted -> graded      handed in by the candidate
    in_progress -> expired   -> graded      ran out: finished at its deadline, graded as submitted
    any         -> voided                   by staff, with a reason

What is stored stays `in_progress` until somebody hands in or looks after the deadline; what anyone *reads* is
`seen(attempt, now)`. So a sweeper that runs late, twice or never changes nothing that is visible.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from exam_service.core import errors
from exam_service.core.exams.model import LatePolicy
from exam_service.core.exams.timing import seconds_left


class State(StrEnum):
    in_progress = "in_progress"
    submitted = "submitted"
    expired = "expired"
    graded = "graded"
    voided = "voided"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The stored facts of one attempt."""

    id: str
    enrolment: str
    course_version: str
    exam: str
    number: int
    state: State
    started_at: datetime
    deadline: datetime
    grace_seconds: int
    """Hidden: how long after the deadline a response in flight still counts."""
    epoch: int
    """The device session that may write: 1, 2, 3 … each time the attempt is opened anew."""
    ended_at: datetime | None = None
    ended_by: State | None = None
    """submitted or expired, kept when the state has moved on to graded."""
    void_reason: str | None = None
    extra_seconds: int = 0
    """Given by staff while it ran, on top of the accommodations of the enrolment."""
    late_responses: LatePolicy = "refuse"
    """What becomes of responses that were given in time and arrive after the grace."""
    late_seconds: int = 0
    """With `accept`: how long after the deadline such responses still count."""
    news: int = 0
    """Goes up with every message and every change by staff; each save tells it, so that a page knows to ask."""

    @property
    def closes_at(self) -> datetime:
        """From here on nothing more can arrive that counts by itself, so it can be graded for good."""
        return self.deadline + timedelta(seconds=max(self.grace_seconds, self.late_seconds))


class Open(msgspec.Struct, frozen=True):
    """The candidate opens the attempt on a device, which becomes the one that writes."""


class Submit(msgspec.Struct, frozen=True):
    epoch: int


class Look(msgspec.Struct, frozen=True):
    """Somebody reads the attempt, or the sweeper passes: only time acts."""


class MoveDeadline(msgspec.Struct, frozen=True):
    """Staff gives time, or takes it back."""

    deadline: datetime


class Void(msgspec.Struct, frozen=True):
    reason: str


class Graded(msgspec.Struct, frozen=True):
    """The result has been stored."""


Event = Open | Submit | Look | MoveDeadline | Void | Graded


class Grade(msgspec.Struct, frozen=True):
    """Effect: score the attempt and store the result, in the same transaction."""

    attempt: str


Effect = Grade


def seen(attempt: Attempt, now: datetime) -> Attempt:
    """The attempt as anyone sees it at `now`: one that ran out has ended at its deadline."""
    if attempt.state is State.in_progress and now >= attempt.deadline:
        return msgspec.structs.replace(attempt, state=State.expired, ended_by=State.expired, ended_at=attempt.deadline)
    return attempt


def step(attempt: Attempt, event: Event, now: datetime) -> tuple[Attempt, tuple[Effect, ...]]:
    """The attempt after the event, and what is to be done about it. Raises a Refusal, and then nothing has changed."""
    now_seen = seen(attempt, now)
    match event:
        case Void(reason):
            if attempt.state is State.voided:
                return attempt, ()
            return msgspec.structs.replace(now_seen, state=State.voided, void_reason=reason), ()
        case Graded():
            return _graded(attempt, now_seen, now), ()
        case MoveDeadline(deadline):
            # Time given in the grace still counts: the stored state says in_progress until the attempt has closed.
            if attempt.state is not State.in_progress or now >= attempt.closes_at:
                raise _ended(now_seen)
            # Time taken back ends the attempt now, not in the past: what was acknowledged in time stays in time.
            kept = max(deadline, min(now, attempt.deadline))
            return msgspec.structs.replace(attempt, deadline=kept), ()
        case Look():
            if attempt.state is State.in_progress and now >= attempt.closes_at:
                return now_seen, (Grade(attempt.id),)
            return attempt, _grade_if_due(attempt)
        case Open():
            if now_seen.state is not State.in_progress:
                raise _ended(now_seen)
            return msgspec.structs.replace(attempt, epoch=attempt.epoch + 1), ()
        case Submit(epoch):
            return _submit(attempt, now_seen, epoch, now)


def _submit(attempt: Attempt, now_seen: Attempt, epoch: int, now: datetime) -> tuple[Attempt, tuple[Effect, ...]]:
    if attempt.state is State.voided:
        raise errors.AttemptVoided
    if attempt.state is not State.in_progress:
        # Handing in twice is the same as once: the second answer may be the one that reaches the phone.
        return attempt, _grade_if_due(attempt)
    if epoch != attempt.epoch and now < attempt.closes_at:
        # Once it has closed every device gets the same answer, whether the sweeper has been there or not.
        raise errors.MovedToOtherDevice
    if now_seen.state is State.expired:
        # Its last responses have been sent before it, so the grace need not be waited for.
        return now_seen, (Grade(attempt.id),)
    ended = msgspec.structs.replace(attempt, state=State.submitted, ended_by=State.submitted, ended_at=now)
    return ended, (Grade(attempt.id),)


def _graded(attempt: Attempt, now_seen: Attempt, now: datetime) -> Attempt:
    if attempt.state is State.voided:
        # Voided while it was being graded: that was the last word.
        return attempt
    if attempt.state is State.in_progress and now < attempt.closes_at:
        raise errors.AttemptRunning
    return msgspec.structs.replace(now_seen, state=State.graded)


def _grade_if_due(attempt: Attempt) -> tuple[Effect, ...]:
    return (Grade(attempt.id),) if attempt.state in (State.submitted, State.expired) else ()


class Writable(msgspec.Struct, frozen=True):
    """What decides whether a save may be written; the journal reads it under the attempt's lock."""

    state: State
    deadline: datetime
    grace_seconds: int
    epoch: int


class Admitted(msgspec.Struct, frozen=True):
    """A save that counts."""

    seconds_left: int
    in_grace: bool


def admit(attempt: Writable | Attempt, epoch: int, received_at: datetime) -> Admitted:
    """Whether a save that was received then counts.

    Raises AttemptVoided, MovedToOtherDevice, DeadlinePassed or AttemptEnded. Time is asked before the state, so that
    the answer is the same whether or not a sweeper has already closed the attempt.
    """
    if attempt.state is State.voided:
        raise errors.AttemptVoided
    if epoch != attempt.epoch:
        raise errors.MovedToOtherDevice
    if received_at >= attempt.deadline + timedelta(seconds=attempt.grace_seconds):
        raise errors.DeadlinePassed(deadline=attempt.deadline)
    if attempt.state is not State.in_progress:
        raise errors.AttemptEnded
    return Admitted(seconds_left(attempt.deadline, received_at), received_at >= attempt.deadline)


def _ended(attempt: Attempt) -> errors.Refusal:
    if attempt.state is State.voided:
        return errors.AttemptVoided()
    if attempt.ended_by is State.expired:
        return errors.DeadlinePassed(deadline=attempt.deadline)
    return errors.AttemptEnded()
