"""Attempts, their frozen papers, the journal of responses, and the results."""

from datetime import datetime

import sqlalchemy as sa

from exam_service.adapters.storage.tables.base import Stored, table_of, within_org
from exam_service.adapters.storage.types import instant, key, number_key

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


class PaperRow(Stored, table=True):
    __tablename__ = "paper"
    __table_args__ = (within_org("attempt", "attempt"),)

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
result = table_of(ResultRow)
