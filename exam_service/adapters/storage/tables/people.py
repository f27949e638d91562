"""Candidates, their enrolments, what was reported of them, and their ways in."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exam_service.adapters.storage.tables.base import Stored, table_of, within_org
from exam_service.adapters.storage.types import document, instant, key, numbered


class CandidateRow(Stored, table=True):
    """Personal data under the PDPA, in every column but the ids and times."""

    __tablename__ = "candidate"
    __table_args__ = (
        sa.UniqueConstraint("org", "id"),
        sa.UniqueConstraint("org", "external_id"),
        sa.UniqueConstraint("org", "national_id_index"),
    )

    id: str = key(primary=True)
    org: str = key()
    external_id: str = key()
    name: Any = document()
    national_id: bytes | None = None
    """Sealed; never readable here."""
    national_id_index: bytes | None = None
    position: str | None = None
    standing: str | None = None
    school: str | None = None
    affiliation: str | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()


class EnrolmentRow(Stored, table=True):
    __tablename__ = "enrolment"
    __table_args__ = (
        sa.UniqueConstraint("org", "id"),
        sa.UniqueConstraint("org", "candidate", "course"),
        sa.Index(None, "org", "course", "id"),
        within_org("candidate", "candidate"),
    )

    id: str = key(primary=True)
    org: str = key()
    candidate: str = key()
    course: str = key()
    target_standing: str | None = None
    accommodations: Any = document()
    created_at: datetime = instant()


class ReportedFactRow(Stored, table=True):
    __tablename__ = "reported_fact"
    __table_args__ = (sa.Index(None, "org", "enrolment", "id"), within_org("enrolment", "enrolment"))

    id: int | None = numbered()
    org: str = key()
    enrolment: str = key()
    name: str = key()
    value: Any = document()
    """`{"value": …}`, or `{"instant": …}` for a time, which JSON cannot tell from a text."""
    reported_at: datetime = instant()
    reported_by: str


class LaunchRow(Stored, table=True):
    __tablename__ = "launch"
    __table_args__ = (within_org("enrolment", "enrolment"),)

    id: str = key(primary=True)
    org: str = key()
    enrolment: str = key()
    token_hash: bytes
    language: str | None = None
    return_url: str | None = None
    expires_at: datetime = instant()
    used_at: datetime | None = instant(nullable=True)


candidate = table_of(CandidateRow)
enrolment = table_of(EnrolmentRow)
reported_fact = table_of(ReportedFactRow)
launch = table_of(LaunchRow)
