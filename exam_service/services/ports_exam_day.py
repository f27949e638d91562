"""More of what an organisation's transaction holds: what staff does while an exam runs, and the log of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from exam_service.core.exams.attempt import Attempt
from exam_service.core.exams.journal import Key
from exam_service.core.exams.late import Anchor, LateCounts
from exam_service.core.records import AuditEvent, LateSave, Replay, StaffMessage


class Running(Protocol):
    """The attempts at one exam that have not closed yet; what was over before costs nothing."""

    async def ids(self, course: str, exam: str, now: datetime) -> Sequence[str]: ...
    async def lock(self, attempt_ids: Sequence[str]) -> Sequence[Attempt]:
        """Nobody else changes them until this transaction ends; saves go on."""

    async def tell(self, course: str, exam: str, now: datetime) -> int:
        """One more piece of news for each, in one statement; how many there are."""

    async def closes_at(self, course: str, exam: str, now: datetime) -> datetime | None:
        """When the last of them closes; None when there is none."""


class LateSaves(Protocol):
    """Saves that came too late to count by themselves. Who writes one has its attempt under lock."""

    async def add(self, save: LateSave) -> None: ...
    async def put(self, save: LateSave) -> None: ...
    async def get(self, key: Key) -> LateSave | None: ...
    async def of(self, attempt_id: str) -> Sequence[LateSave]: ...
    async def at(
        self, course: str, exam: str, *, undecided: bool, after: Key | None, limit: int
    ) -> Sequence[LateSave]: ...
    async def count(self, attempt_ids: Sequence[str]) -> Mapping[str, LateCounts]:
        """Of each attempt that has any."""

    async def anchor(self, key: Key, receipt: int, deadline: datetime) -> Anchor:
        """What is known of the device session besides this save: when the save with that receipt was received, when the
        newest was, when the first one after the deadline was, and what can have waited since by its own account."""

    async def enter(self, save: LateSave, *, late: bool, seconds_left: int = 0, in_grace: bool = False) -> None:
        """Write it to the journal, where it counts."""


class Messages(Protocol):
    """What staff told candidates."""

    async def add(self, message: StaffMessage) -> None: ...
    async def to(self, attempt_ids: Sequence[str]) -> Mapping[str, Sequence[StaffMessage]]:
        """To each attempt, and to everybody at its exam while it ran, oldest first; those without any are missing."""

    async def at(self, course: str, exam: str, after: str | None, limit: int) -> Sequence[StaffMessage]: ...
    async def sent(
        self, course: str, exam: str, attempt: str | None, since: datetime, limit: int
    ) -> Sequence[datetime]:
        """When the newest were sent to one attempt, or to everybody at the exam, newest first."""


class Log(Protocol):
    """Writes that were done: for staff to read (audit), and to answer again (replays)."""

    async def audit(self, event: AuditEvent) -> None: ...
    async def audit_all(self, events: Sequence[AuditEvent]) -> None:
        """The same for many, in one statement."""

    async def audited(self, subject: str) -> Sequence[AuditEvent]: ...
    async def audited_at(
        self, course: str, exam: str, without: str, after: str | None, limit: int
    ) -> Sequence[AuditEvent]:
        """What was done to an exam and to each of its attempts, oldest first, without one action."""

    async def claim(self, replay: Replay) -> Replay | None:
        """Take the key for this transaction, or return what was done under it. Who comes second waits for the first."""

    async def claimed(self, key: str) -> bool:
        """Whether the key was taken before."""

    async def fill(self, key: str, answer: bytes) -> None: ...
