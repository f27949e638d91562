"""Where a candidate stands while an exam runs, as staff watch it: the attempt's state, and what is heard of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from exam_service.core.exams.attempt import State
from exam_service.core.exams.timing import seconds_left

SAVING = timedelta(seconds=60)
"""Who saved so recently is at work."""
LOST = timedelta(seconds=120)
"""Of whom nothing was heard for so long, contact is lost: a page that answers nothing still asks every 45 seconds."""


class LiveState(StrEnum):
    """Exactly one of these for everybody who is enrolled."""

    not_started = "not_started"
    started = "started"
    """In progress and in contact; nothing saved yet."""
    saving = "saving"
    """In progress; saved within the last minute."""
    idle = "idle"
    """In progress and in contact; saved something, but not within the last minute."""
    lost_contact = "lost_contact"
    """In progress; nothing heard for two minutes."""
    submitted = "submitted"
    expired = "expired"
    graded = "graded"
    voided = "voided"


RUNNING = (LiveState.started, LiveState.saving, LiveState.idle, LiveState.lost_contact)


class Running(msgspec.Struct, frozen=True):
    """What is known of an attempt that is in progress as stored."""

    started_at: datetime
    deadline: datetime
    last_save: datetime | None = None
    heard_at: datetime | None = None
    """By any process, at a save or when the page asked; missing when that was lost."""

    @property
    def last_contact(self) -> datetime:
        """The newest sign of life; starting is one."""
        return max(at for at in (self.started_at, self.last_save, self.heard_at) if at is not None)


def live_state(state: State, running: Running | None, now: datetime) -> LiveState:
    """The state at `now`. `running` is needed for attempts in progress and looked at for no other."""
    if state is not State.in_progress:
        return LiveState(state.value)
    if running is None:
        raise ValueError("of an attempt in progress it must be said when it ends")
    if now >= running.deadline:
        return LiveState.expired
    if running.last_save is not None and now - running.last_save < SAVING:
        return LiveState.saving
    if now - running.last_contact >= LOST:
        return LiveState.lost_contact
    return LiveState.started if running.last_save is None else LiveState.idle


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many are where. All but the two sums add up to `enrolled`."""

    enrolled: int = 0
    not_started: int = 0
    started: int = 0
    saving: int = 0
    idle: int = 0
    lost_contact: int = 0
    submitted: int = 0
    expired: int = 0
    graded: int = 0
    voided: int = 0
    running: int = 0
    """started + saving + idle + lost_contact."""


def count(states: Iterable[LiveState]) -> Counts:
    """Everybody, counted by state."""
    found = dict.fromkeys((state.value for state in LiveState), 0)
    for state in states:
        found[state.value] += 1
    return Counts(**found, enrolled=sum(found.values()), running=sum(found[state.value] for state in RUNNING))


def time_left(running: Running, now: datetime) -> int:
    """Whole seconds until the deadline."""
    return seconds_left(running.deadline, now)
