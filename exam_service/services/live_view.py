"""What the live view shows of an exam at one moment, and a page of its people."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from exam_service.core.exams.live import RUNNING, Counts, LiveState, Running, count, live_state, time_left
from exam_service.core.exams.model import CourseVersion, Exam
from exam_service.core.records import Enrolled, LiveAttempt
from exam_service.core.text import Text

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class LivePerson(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate. The times of the server's clock; nothing of the paper, no score, no national ID."""

    enrolment: str
    candidate: str
    """The learning system's id for the person."""
    name: str
    state: LiveState
    attempt: str | None = None
    """The newest of the person's attempts at this exam."""
    number: int | None = None
    last_contact: datetime | None = None
    """The last sign of life while it runs."""
    saves: int = 0
    seconds_left: int | None = None
    deadline: datetime | None = None
    extra_seconds: int = 0
    """Given by staff while it ran."""


class LiveView(msgspec.Struct, frozen=True, kw_only=True):
    """An exam at a moment: how many are where, and a page of its people by name."""

    course: str
    exam: str
    title: Text
    at: datetime
    closes_at: datetime | None
    """When the exam's window closes, if it does."""
    counts: Counts
    undecided: int
    """How many late saves wait for staff to decide them."""
    deeds: int
    """How much staff and the learning system have done so far: the length of the exam's audit trail."""
    people: Sequence[LivePerson]
    total: int
    """How many people the list has in all, in the state asked for."""
    next: str | None
    """What to give as `after` for the next page; null at the end."""


class Standing(NamedTuple):
    """A person as the last look found them."""

    state: LiveState
    attempt: LiveAttempt | None
    running: Running | None


class Snapshot:
    """Everybody at one moment."""

    def __init__(
        self,
        version: CourseVersion,
        exam: Exam,
        at: datetime,
        people: Mapping[str, Enrolled],
        seen: Mapping[str, Standing],
        saves: Mapping[str, tuple[datetime, int]],
        undecided: int,
        deeds: int,
    ) -> None:
        self.at, self.undecided, self.deeds = at, undecided, deeds
        self.counts = count(one.state for one in seen.values())
        self._version, self._exam, self._people, self._seen, self._saves = version, exam, people, seen, saves

    def page(self, state: LiveState | None, after: str | None, limit: int) -> LiveView:
        """People by name, in one state or in any, after the one that `after` names."""
        names = [name for name, one in self._seen.items() if state is None or one.state is state]
        start = 0
        if after is not None and after in self._seen:
            # Whoever was the last one may have left the state meanwhile; their place in the order stays.
            places = {name: place for place, name in enumerate(self._seen)}
            start = next((n for n, name in enumerate(names) if places[name] > places[after]), len(names))
        shown = names[start : start + limit]
        return LiveView(
            course=self._version.course.code,
            exam=self._exam.code,
            title=self._exam.title,
            at=self.at,
            closes_at=self._exam.window.closes_at,
            counts=self.counts,
            undecided=self.undecided,
            deeds=self.deeds,
            people=[self._person(name) for name in shown],
            total=len(names),
            next=shown[-1] if start + limit < len(names) else None,
        )

    def names(self) -> dict[str, str]:
        """Who sits at which attempt, of everybody's newest."""
        return {one.attempt.id: self._people[name].name for name, one in self._seen.items() if one.attempt is not None}

    def _person(self, enrolment: str) -> LivePerson:
        who, (state, attempt, running) = self._people[enrolment], self._seen[enrolment]
        if attempt is None:
            return LivePerson(enrolment=enrolment, candidate=who.external_id, name=who.name, state=state)
        return LivePerson(
            enrolment=enrolment,
            candidate=who.external_id,
            name=who.name,
            state=state,
            attempt=attempt.id,
            number=attempt.number,
            last_contact=running.last_contact if running else None,
            saves=self._saves.get(attempt.id, (None, 0))[1],
            seconds_left=time_left(running, self.at) if running else None,
            deadline=running.deadline if running else None,
            extra_seconds=attempt.extra_seconds,
        )


def standing(attempt: LiveAttempt | None, heard: Mapping[str, datetime], at: datetime) -> Standing:
    """Where somebody stands, by their newest attempt and by when it was heard."""
    if attempt is None:
        return Standing(LiveState.not_started, None, None)
    running = attempt.running
    if running is not None:
        running = msgspec.structs.replace(running, heard_at=heard.get(attempt.id))
    state = live_state(attempt.state, running, at)
    return Standing(state, attempt, running if state in RUNNING else None)


def same(one: LiveView, other: LiveView) -> bool:
    """Whether nothing but the time has gone on: seconds left are counted down by whoever watches."""
    return _without_time(one) == _without_time(other)


def _without_time(view: LiveView) -> LiveView:
    people = [msgspec.structs.replace(one, seconds_left=None) for one in view.people]
    return msgspec.structs.replace(view, at=_NO_TIME, people=people)
