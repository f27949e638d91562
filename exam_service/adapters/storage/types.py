"""Column types that give back exactly what was put in, on SQLite and PostgreSQL alike."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, aware and in UTC, to the microsecond. A time without a zone is refused: it names no instant."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a stored time needs a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite knows no zones and gives back what `process_bind_param` wrote, which is UTC.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Ids and codes: compared byte by byte on both databases, whatever the locale of PostgreSQL is."""

DOCUMENT = sa.JSON(none_as_null=True)
"""A small Struct as JSON text."""

NUMBERED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that the database counts up. SQLite counts only columns declared INTEGER."""


def key(*, primary: bool = False, nullable: bool = False) -> Any:
    """A column for an id or a code."""
    return Field(primary_key=primary, sa_type=_any(KEY), nullable=nullable, default=None if nullable else ...)


def document(*, nullable: bool = False) -> Any:
    """A column for a Struct that is read and written whole."""
    return Field(sa_type=_any(DOCUMENT), nullable=nullable, default=None if nullable else ...)


def instant(*, nullable: bool = False) -> Any:
    """A column for a time."""
    return Field(sa_type=UtcDateTime, nullable=nullable, default=None if nullable else ...)


def large_number(*, nullable: bool = False) -> Any:
    """A whole number up to 2**63 - 1."""
    return Field(sa_type=sa.BigInteger, nullable=nullable, default=None if nullable else ...)


def number_key(*, alone: bool = False) -> Any:
    """A whole number, up to 2**63 - 1, that is given, not counted: a part of the primary key, or `alone` all of it."""
    # SQLite needs no index beside the table for a key that is declared INTEGER.
    kind = _any(NUMBERED) if alone else sa.BigInteger
    return Field(primary_key=True, sa_type=kind, sa_column_kwargs={"autoincrement": False})


def counted() -> Any:
    """A number that begins at 0, also in rows that were there before the column."""
    return Field(default=0, sa_column_kwargs={"server_default": "0"})


def numbered() -> Any:
    """The primary key of rows that have no id of their own, in the order of their writing."""
    return Field(default=None, primary_key=True, sa_type=_any(NUMBERED), sa_column_kwargs={"autoincrement": True})


def to_json(value: object) -> str:
    """How the drivers write a JSON column."""
    return msgspec.json.encode(value).decode()


def from_json(text: str | bytes) -> Any:
    """How the drivers read a JSON column."""
    return msgspec.json.decode(text)


def _any(kind: object) -> Any:
    # SQLModel's signature asks for a class, and takes an instance.
    return kind
