"""Question banks and courses: immutable versions as documents, beside the few columns that are queried."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exam_service.adapters.storage.tables.base import Stored, table_of, within_org
from exam_service.adapters.storage.types import document, instant, key


class BankVersionRow(Stored, table=True):
    __tablename__ = "bank_version"
    __table_args__ = (sa.UniqueConstraint("org", "code", "number"),)

    id: str = key(primary=True)
    org: str = key()
    code: str = key()
    number: int
    digest: bytes
    title: Any = document()
    size: int
    created_at: datetime = instant()
    content: bytes
    """The bank as JSON, as it was stored; its SHA-256 is `digest`."""


class CourseRow(Stored, table=True):
    __tablename__ = "course"

    org: str = key(primary=True)
    code: str = key(primary=True)
    draft: bytes
    updated_at: datetime = instant()
    published: int | None = None


class CourseVersionRow(Stored, table=True):
    __tablename__ = "course_version"
    __table_args__ = (
        sa.UniqueConstraint("org", "code", "number"),
        sa.UniqueConstraint("org", "id"),
        within_org("code", "course", "code"),
    )

    id: str = key(primary=True)
    org: str = key()
    code: str = key()
    number: int
    content: bytes
    """core.exams.model.CourseVersion as JSON."""
    published_at: datetime = instant()


bank_version = table_of(BankVersionRow)
course = table_of(CourseRow)
course_version = table_of(CourseVersionRow)
