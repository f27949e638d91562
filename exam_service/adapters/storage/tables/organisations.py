"""Tenants, their API keys, and what was done by whom."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exam_service.adapters.storage.tables.base import Stored, table_of
from exam_service.adapters.storage.types import document, instant, key


class OrganisationRow(Stored, table=True):
    __tablename__ = "organisation"
    __table_args__ = (sa.UniqueConstraint("slug"),)

    id: str = key(primary=True)
    slug: str = key()
    name: Any = document()
    created_at: datetime = instant()


class ApiKeyRow(Stored, table=True):
    __tablename__ = "api_key"
    __table_args__ = (sa.Index(None, "org", "id"),)

    id: str = key(primary=True)
    org: str = key()
    name: str
    scopes: Any = document()
    secret_hash: bytes
    created_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True)


class AuditEventRow(Stored, table=True):
    __tablename__ = "audit_event"
    __table_args__ = (sa.Index(None, "org", "subject", "id"),)

    id: str = key(primary=True)
    org: str = key()
    at: datetime = instant()
    actor: str
    action: str
    subject: str = key()
    reason: str | None = None


class ReplayRow(Stored, table=True):
    __tablename__ = "replay"

    org: str = key(primary=True)
    key: str = key(primary=True)
    request_digest: bytes
    answer: bytes | None = None
    created_at: datetime = instant()


class JobRow(Stored, table=True):
    __tablename__ = "job"

    id: str = key(primary=True)
    org: str = key()
    kind: str
    course: str = key()
    state: str
    total: int
    done: int
    failed: int
    errors: Any = document()
    counts: Any = document(nullable=True)
    created_at: datetime = instant()
    finished_at: datetime | None = instant(nullable=True)


organisation = table_of(OrganisationRow)
api_key = table_of(ApiKeyRow)
audit_event = table_of(AuditEventRow)
replay = table_of(ReplayRow)
job = table_of(JobRow)
