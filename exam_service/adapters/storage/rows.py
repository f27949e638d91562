"""What every repository does the same way. Each statement names the organisation, so none can be forgotten (P13)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from exam_service.core import errors

R = TypeVar("R", bound=msgspec.Struct)


class Rows:
    """One organisation's rows, over one connection in a transaction."""

    def __init__(self, connection: AsyncConnection, org: str) -> None:
        self._connection = connection
        self._org = org

    async def _one(
        self, kind: type[R], table: sa.Table, *where: sa.ColumnElement[bool], lock: bool = False
    ) -> R | None:
        query = sa.select(*columns(kind, table)).where(table.c.org == self._org, *where)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).one_or_none()
        return None if row is None else struct_of(kind, row)

    async def _all(
        self,
        kind: type[R],
        table: sa.Table,
        *where: sa.ColumnElement[bool],
        order: Sequence[sa.ColumnElement[Any]],
        limit: int | None = None,
    ) -> Sequence[R]:
        query = sa.select(*columns(kind, table)).where(table.c.org == self._org, *where).order_by(*order).limit(limit)
        return [struct_of(kind, row) for row in await self._connection.execute(query)]

    async def _value(self, column: sa.ColumnElement[Any], table: sa.Table, *where: sa.ColumnElement[bool]) -> Any:
        return await self._connection.scalar(sa.select(column).where(table.c.org == self._org, *where))

    async def _insert(self, table: sa.Table, values: Mapping[str, object]) -> bool:
        """Whether the row was written. False when its key, or anything else that is unique, is taken, by whomever.

        ON CONFLICT DO NOTHING waits for a transaction that is writing the same, and leaves this one usable, where
        PostgreSQL would refuse every further statement after an error.
        """
        done = await self._connection.execute(_insert(self._connection, table, {**values, "org": self._org}))
        return done.rowcount == 1

    async def _update(self, table: sa.Table, values: Mapping[str, object], *where: sa.ColumnElement[bool]) -> bool:
        """Whether a row of this organisation was there to be changed. After an IntegrityError the rest can go on."""
        statement = table.update().where(table.c.org == self._org, *where).values(**values)
        async with self._connection.begin_nested():
            done = await self._connection.execute(statement)
        return done.rowcount == 1

    async def _put(self, table: sa.Table, values: Mapping[str, object]) -> bool:
        """Insert, or replace the row with the same id. False when another row has what must be unique."""
        if await self._insert(table, values):
            return True
        try:
            return await self._update(table, values, table.c.id == values["id"])
        except exc.IntegrityError:
            return False


def columns(kind: type[msgspec.Struct], table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """The columns that make up a Struct, and no others."""
    return [table.c[name] for name in kind.__struct_fields__ if name in table.c]


def struct_of(kind: type[R], row: sa.Row[*tuple[Any, ...]]) -> R:
    """The Struct of a row."""
    return msgspec.convert(dict(row._mapping), kind)


def values_of(record: msgspec.Struct, table: sa.Table) -> dict[str, object]:
    """A Struct as the values of its columns; what the table has no column for is left out."""
    return {name: plain(getattr(record, name)) for name in record.__struct_fields__ if name in table.c}


def plain(value: object) -> object:
    """A value as a column takes it: nested Structs as dicts, enums as their values."""
    return msgspec.to_builtins(value, builtin_types=(bytes, datetime))


def taken(what: str, name: str) -> NoReturn:
    """Say that something with this name, or this id, is already there."""
    raise errors.AlreadyExists(what=what, id=name)


def missing(what: str, name: str) -> NoReturn:
    """Say that this organisation has no such thing."""
    raise errors.NotFound(what=what, id=name)


def chunks(names: Iterable[str], size: int) -> Iterable[list[str]]:
    """The names in parts that a database takes as parameters of one statement."""
    listed = list(names)
    return (listed[start : start + size] for start in range(0, len(listed), size))


def _insert(connection: AsyncConnection, table: sa.Table, values: Mapping[str, object]) -> sa.Executable:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).values(**values).on_conflict_do_nothing()
    return postgresql.insert(table).values(**values).on_conflict_do_nothing()
