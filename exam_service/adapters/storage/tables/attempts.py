"""Attempts, their frozen papers, the journal of responses, and the results."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from exam_service.adapters.storage.tables.base import Stored, table_of, within_org
from exam_service.adapters.storage.types import counted, document, instant, key, large_number, number_key

_RUNNING = sa.text("state = 'in_progress'")


class AttemptRow(Stored, table=True):
    __tablename__ = "attempt"
    __table_args__ = (
        sa.UniqueConstraint("org", "id"),
        sa.UniqueConstraint("enrolment", "exam", "number"),
        sa.Index(None, "org", "enrolment"),
        sa.Index(None, "org", "course", "id"),
        # The sweeper's question. Only what still runs is in the index, so it stays small for ever.
        sa.Index("ix_attempt_due", "closes_at", "id", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        within_org("enrolment", "enrolment"),
        within_org("course_version", "course_version"),
    )

    id: str = key(primary=True)
    org: str = key()
    enrolment: str = key()
    course: str = key()
    """The enrolment's course, so that a page of one course needs no join."""
    course_version: str = key()
    exam: str = key()
    number: int
    state: str
    started_at: datetime = instant()
    deadline: datetime = instant()
    grace_seconds: int
    closes_at: datetime = instant()
    """deadline + grace, for the sweeper."""
    epoch: int
    ended_at: datetime | None = instant(nullable=True)
    ended_by: str | None = None
    void_reason: str | None = None
    extra_seconds: int = counted()
    late_responses: str = Field(default="refuse", sa_column_kwargs={"server_default": "refuse"})
    late_seconds: int = counted()
    news: int = counted()
    paper: str | None = key(nullable=True)
    """Under which id its paper is stored, when that was prepared; else it is its own."""


class PaperRow(Stored, table=True):
    """A frozen paper. There is no foreign key: a prepared one is stored before its attempt."""

    __tablename__ = "paper"

    attempt: str = key(primary=True)
    org: str = key()
    form: bytes
    view: bytes


class JournalRow(Stored, table=True):
    """One save of one device session, exactly as it was sent. Rows are only ever inserted.

    There is no foreign key: the writer has the attempt under lock when it inserts, and the journal may move to a
    database of its own.
    """

    __tablename__ = "journal"

    attempt: str = key(primary=True)
    epoch: int = number_key()
    seq: int = number_key()
    org: str = key()
    digest: bytes
    body: bytes
    received_at: datetime = instant()
    seconds_left: int
    in_grace: bool
    receipt: str | None = None
    """The receipt as it was given, of a save that was late, and of all from before they were kept in groups."""
    receipt_group: int | None = large_number(nullable=True)
    receipt_place: int | None = None
    """Its receipt's place in the group. With neither text nor group, from before receipts were kept, it is signed when
    it is asked for."""
    late: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """It arrived after the deadline and its grace, and counts by the exam's policy or by decision of staff."""
    evidence: bytes | None = None
    """core.exams.late.Evidence as JSON, of a save that was made offline."""


class ReceiptGroupRow(Stored, table=True):
    """What receipts of saves that became durable together share; the rest of each is the facts of its save.

    It belongs to no organisation and to no person: a signature and hashes. One of which no save is left does no harm.
    """

    __tablename__ = "receipt_group"

    id: int = number_key(alone=True)
    head: str
    leaves: bytes
    """core.exams.journal.InGroup.leaves"""


class LateSaveRow(Stored, table=True):
    """A save that came too late to be written to the journal at once: what came, and what was decided about it."""

    __tablename__ = "late_save"
    __table_args__ = (within_org("attempt", "attempt"),)

    attempt: str = key(primary=True)
    epoch: int = number_key()
    seq: int = number_key()
    org: str = key()
    digest: bytes
    body: bytes
    received_at: datetime = instant()
    evidence: bytes | None = None
    receipt: str | None = None
    decision: str | None = None
    """accepted or refused; missing while staff has to decide."""
    decided_at: datetime | None = instant(nullable=True)
    decided_by: str | None = None
    """An API key id, or `policy`."""
    reason: str | None = None


class PreparedRow(Stored, table=True):
    """A paper that was drawn before its attempt starts; the row goes when the attempt begins."""

    __tablename__ = "prepared_attempt"
    __table_args__ = (within_org("enrolment", "enrolment"), within_org("course_version", "course_version"))

    enrolment: str = key(primary=True)
    exam: str = key(primary=True)
    org: str = key()
    attempt: str = key()
    """Under which its paper is stored."""
    course_version: str = key()
    number: int
    """Which attempt it was drawn for: what has been seen until then is avoided."""
    prepared_at: datetime = instant()


class MessageRow(Stored, table=True):
    """A word from staff to one candidate, or to everybody who is taking an exam."""

    __tablename__ = "message"
    __table_args__ = (sa.Index(None, "org", "course", "exam", "id"), within_org("course", "course", "code"))

    id: str = key(primary=True)
    org: str = key()
    course: str = key()
    exam: str = key()
    attempt: str | None = key(nullable=True)
    """Missing: to everybody."""
    text: dict[str, Any] = document()
    sent_at: datetime = instant()
    sent_by: str = key()


class ResultRow(Stored, table=True):
    __tablename__ = "result"
    __table_args__ = (within_org("attempt", "attempt"),)

    attempt: str = key(primary=True)
    revision: int = number_key()
    org: str = key()
    content: bytes
    """core.exams.scoring.Result as JSON."""
    percent: float
    passed: bool | None = None
    graded_at: datetime = instant()
    graded_by: str | None = None
    reason: str | None = None


attempt = table_of(AttemptRow)
paper = table_of(PaperRow)
journal = table_of(JournalRow)
receipt_group = table_of(ReceiptGroupRow)
late_save = table_of(LateSaveRow)
prepared_attempt = table_of(PreparedRow)
message = table_of(MessageRow)
result = table_of(ResultRow)
