"""The issuance log of each organisation: its entries, the roots of full tiles, and its newest checkpoint."""

from datetime import datetime

import sqlalchemy as sa

from exam_service.adapters.storage.tables.base import Stored, table_of, within_org
from exam_service.adapters.storage.types import instant, key, large_number, number_key


class LogEntryRow(Stored, table=True):
    __tablename__ = "log_entry"
    __table_args__ = (sa.UniqueConstraint("certificate"), within_org("certificate", "certificate"))

    org: str = key(primary=True)
    number: int = number_key()
    digest: bytes
    certificate: str = key()


class LogSubtreeRow(Stored, table=True):
    __tablename__ = "log_subtree"

    org: str = key(primary=True)
    level: int = number_key()
    """Of the tile that it is in: it is over 256 ** level entries."""
    number: int = number_key()
    digest: bytes


class LogHeadRow(Stored, table=True):
    __tablename__ = "log_head"

    org: str = key(primary=True)
    size: int = large_number()
    peaks: bytes
    note: bytes
    signed_at: datetime = instant()


log_entry = table_of(LogEntryRow)
log_subtree = table_of(LogSubtreeRow)
log_head = table_of(LogHeadRow)
