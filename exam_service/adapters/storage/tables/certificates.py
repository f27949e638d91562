"""Certificates with their faces, the keys that signed them, and the published status lists."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exam_service.adapters.storage.tables.base import Stored, table_of, within_org
from exam_service.adapters.storage.types import document, instant, key, number_key

UNLOGGED = sa.text("log_proof IS NULL AND credential IS NOT NULL")


class CertificateRow(Stored, table=True):
    __tablename__ = "certificate"
    __table_args__ = (
        sa.UniqueConstraint("org", "status_list", "status_index"),
        sa.Index(None, "org", "enrolment"),
        # Unique, so that what refers to a certificate refers to one of the same organisation.
        sa.Index(None, "org", "id", unique=True),
        # Signed before there was an issuance log, or by a process that knew none. Nearly always empty.
        sa.Index(
            "ix_certificate_unlogged",
            "org",
            "id",
            postgresql_where=UNLOGGED,
            sqlite_where=UNLOGGED,
        ),
        within_org("enrolment", "enrolment"),
        within_org("course_version", "course_version"),
    )

    id: str = key(primary=True)
    org: str = key()
    enrolment: str = key()
    course_version: str = key()
    issuance: Any = document()
    status_list: int
    """These two are in `issuance` too; here they are unique."""
    status_index: int
    kid: str = key()
    unsigned: bytes
    qr_claims: bytes
    state: str
    credential: bytes | None = None
    qr_token: bytes | None = None
    log_proof: bytes | None = None
    reason: str | None = None
    note: str | None = None
    state_changed_at: datetime = instant()
    state_changed_by: str | None = None
    superseded_by: str | None = key(nullable=True)
    design: str | None = key(nullable=True)


class DesignRow(Stored, table=True):
    __tablename__ = "design"

    org: str = key(primary=True)
    digest: str = key(primary=True)
    name: str
    files: Any = document()


class ArtworkRow(Stored, table=True):
    __tablename__ = "artwork"

    org: str = key(primary=True)
    kind: str = key(primary=True)
    digest: str = key(primary=True)
    width: int
    height: int
    size: int
    png: bytes
    created_at: datetime = instant()


class SigningKeyRow(Stored, table=True):
    __tablename__ = "signing_key"
    __table_args__ = (sa.Index(None, "org", "kid"),)

    kid: str = key(primary=True)
    org: str = key()
    """Empty for the service's own."""
    did: str
    purpose: str
    public: bytes
    state: str
    created_at: datetime = instant()
    retired_at: datetime | None = instant(nullable=True)
    compromised_at: datetime | None = instant(nullable=True)
    sealed: bytes
    """The private half; only the vault can open it."""


class StatusListRow(Stored, table=True):
    __tablename__ = "status_list"

    org: str = key(primary=True)
    number: int = number_key()
    content: bytes
    valid_until: datetime = instant()


artwork = table_of(ArtworkRow)
certificate = table_of(CertificateRow)
design = table_of(DesignRow)
signing_key = table_of(SigningKeyRow)
status_list = table_of(StatusListRow)
