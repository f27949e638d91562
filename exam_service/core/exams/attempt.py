"""The life of an attempt, as one pure function over stored facts and *now*.

    in_progress -> submitted -> graded      handed in by the candidate
    in_progress -> expired   -> graded      ran out: finished at its deadline, graded as submitted
    any         -> voided                   by staff, with a reason
    ended       -> in_progress              by staff: reopened, or given time after it had run out

What is stored stays `in_progress` until somebody hands in or looks after the deadline; what anyone *reads* is
`seen(attempt, now)`. So a sweeper that runs late, twice or never changes nothing that is visible.
"""

import math
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

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
    """By how much staff has moved its deadline, on top of the accommodations of the enrolment."""
    late_responses: LatePolicy = "refuse"
    """What becomes of responses that were given in time and arrive after the grace."""
    late_seconds: int = 0
    """With `accept`: how long after the deadline such responses still count."""
    news: int = 0
    """Goes up with every message and every change by staff; each save tells it, so that a page knows to ask."""

    @property
    def grace_ends_at(self) -> datetime:
        """Until then a response in flight still counts."""
        return self.deadline + timedelta(seconds=self.grace_seconds)

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
    """The accommodations of the enrolment have changed: so it ends then, earlier or later."""

    deadline: datetime


class GiveTime(msgspec.Struct, frozen=True):
    """Staff gives extra time: after the deadline, or from now on when it has run out. The window's end does not cut it.

    Work of an attempt that has ended by itself is opened again, so that nobody is given time and stays locked out.
    """

    seconds: int


class Reopen(msgspec.Struct, frozen=True):
    """Staff lets an attempt that has ended, or was voided, go on for at least so long; time it had left is not lost.

    It begins a new device session: a device that was open all the while does not go on unawares.
    """

    seconds: int


class Void(msgspec.Struct, frozen=True):
    reason: str


class Graded(msgspec.Struct, frozen=True):
    """The result has been stored."""


Event = Open | Submit | Look | MoveDeadline | GiveTime | Reopen | Void | Graded


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
            return _told(now_seen, state=State.voided, void_reason=reason), ()
        case Graded():
            return _graded(attempt, now_seen, now), ()
        case MoveDeadline(deadline):
            # Time given in the grace still counts: the stored state says in_progress until the attempt has closed.
            if attempt.state is not State.in_progress or now >= attempt.closes_at:
                raise _ended(now_seen)
            # Time taken back ends the attempt now, not in the past: what was acknowledged in time stays in time.
            kept = max(deadline, min(now, attempt.deadline))
            return (attempt if kept == attempt.deadline else _told(attempt, deadline=kept)), ()
        case GiveTime(seconds):
            return _given(attempt, now_seen, seconds, now), ()
        case Reopen(seconds):
            if now_seen.state is State.in_progress:
                raise errors.AttemptRunning
            return _reopened(now_seen, now + timedelta(seconds=seconds)), ()
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


def _given(attempt: Attempt, now_seen: Attempt, seconds: int, now: datetime) -> Attempt:
    ran_out = now_seen.ended_by is State.expired
    if now_seen.state is State.voided or not (now_seen.state is State.in_progress or ran_out):
        raise _ended(now_seen)
    # Time given after the end counts from now: an end that is moved but still in the past would help nobody.
    until = max(attempt.deadline, now) + timedelta(seconds=seconds)
    if attempt.state is State.in_progress and now < attempt.closes_at:
        return _told(attempt, **_until(attempt, until))
    return _reopened(now_seen, until)


def _reopened(ended: Attempt, until: datetime) -> Attempt:
    return _told(
        ended,
        state=State.in_progress,
        epoch=ended.epoch + 1,
        ended_at=None,
        ended_by=None,
        void_reason=None,
        **_until(ended, until),
    )


def _until(attempt: Attempt, until: datetime) -> dict[str, Any]:
    """Deadline and extra seconds of an attempt that lasts at least until then: both move by the same whole seconds."""
    more = max(0, math.ceil((until - attempt.deadline).total_seconds()))
    return {
        "deadline": attempt.deadline + timedelta(seconds=more),
        "extra_seconds": attempt.extra_seconds + more,
    }


def _told(attempt: Attempt, **changes: Any) -> Attempt:
    """The attempt changed by staff, which is news to the page that shows it."""
    return msgspec.structs.replace(attempt, news=attempt.news + 1, **changes)


def _graded(attempt: Attempt, now_seen: Attempt, now: datetime) -> Attempt:
    if attempt.state is State.voided:
        # Voided while it was being graded: that was the last word.
        return attempt
    if attempt.state is State.in_progress and now < attempt.closes_at:
        raise errors.AttemptRunning
    return msgspec.structs.replace(now_seen, state=State.graded)


def _grade_if_due(attempt: Attempt) -> tuple[Effect, ...]:
    return (Grade(attempt.id),) if attempt.state in (State.submitted, State.expired) else ()


class Writable(msgspec.Struct, frozen=True, gc=False):
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
    # The grace is asked for only by what needs it: nearly every save comes before the deadline.
    in_grace = received_at >= attempt.deadline
    if in_grace and received_at >= attempt.deadline + timedelta(seconds=attempt.grace_seconds):
        raise errors.DeadlinePassed(deadline=attempt.deadline)
    if attempt.state is not State.in_progress:
        raise errors.AttemptEnded
    return Admitted(seconds_left(attempt.deadline, received_at), in_grace)


def _ended(attempt: Attempt) -> errors.Refusal:
    if attempt.state is State.voided:
        return errors.AttemptVoided()
    if attempt.ended_by is State.expired:
        return errors.DeadlinePassed(deadline=attempt.deadline)
    return errors.AttemptEnded()
