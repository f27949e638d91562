"""Many rows in one statement, whose text never changes, so that it is prepared once and costs the same for any batch.

A Struct's columns are listed once, when the module is imported. PostgreSQL takes an array for each column; SQLite takes
a JSON list of ids, or as many values as there are. Each statement names the organisation (P13).

Where many ids are given the organisation is compared as `org || ''`, for which no index can be used. An id is in one
organisation only, so its own index finds the row; but PostgreSQL keeps a statement's plan, and one that was made while
a table was small may read all rows of the organisation for a list of ids: on the morning of an exam that is everybody.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

import aiosqlite
import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from exam_service.adapters.storage.engine import NoConnection, unstorable
from exam_service.adapters.storage.types import UtcDateTime, to_json

R = TypeVar("R", bound=msgspec.Struct)

_ARRAYS: tuple[tuple[type[Any], str], ...] = (
    (UtcDateTime, "timestamptz[]"),
    (sa.BigInteger, "bigint[]"),
    (sa.Integer, "int[]"),
    (sa.Boolean, "bool[]"),
    (sa.Float, "float8[]"),
    (sa.LargeBinary, "bytea[]"),
    (sa.JSON, "json[]"),
)
"""Everything else is text."""
_AT_ONCE = 16
"""Rows in one statement of SQLite's at most: each number has one of its own, and compiling a long one is slow."""


class Text(NamedTuple):
    """One question in the words of both databases; `$1` and `?1` is the organisation."""

    postgresql: str
    sqlite: str
    whole: bool = False
    """SQLite gives all rows as one JSON document."""


def both(sql: str, columns: Text | None = None) -> Text:
    """A statement written once, in PostgreSQL's words: `= ANY($2)` is a list of ids, and `COLUMNS` are a Struct's.

    Rows that SQLite gives as one document are in no order.
    """
    of_postgresql, of_sqlite, whole = columns or Text("", "")
    asked = re.sub(r"= ANY\(\$(\d)\)", r"IN (SELECT value FROM json_each($\1))", sql)
    # SQLite has one writer, so to read in a transaction that writes is to lock.
    asked = asked.replace("$", "?").replace(" FOR UPDATE", "").replace("COLUMNS", of_sqlite)
    return Text(
        re.sub(r"ANY\((\$\d)\)", r"ANY(\1::text[])", sql).replace("COLUMNS", of_postgresql),
        asked.partition(" ORDER BY")[0] if whole else asked,
        whole,
    )


class Many(Generic[R]):
    """The rows of one kind of Struct, read and written many at a time."""

    def __init__(
        self, kind: type[R], table: sa.Table, *, named: Mapping[str, str] | None = None, more: Sequence[str] = (),
        only: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        """`named` are fields whose column has another name; `more` are columns that no field has; `only` these fields
        are written, and it is for nothing but `update`."""
        self._kind = kind
        self._fields = tuple(only) if only else kind.__struct_fields__
        names = [(named or {}).get(field, field) for field in self._fields]
        self._columns = [table.c[name] for name in names]
        self._written = [*self._columns, *(table.c[name] for name in more)]
        self._json = [n for n, column in enumerate(self._columns) if isinstance(column.type, sa.JSON)]
        self._table = table.name

    def columns(self, table: str | None = None) -> Text:
        """What to select."""
        dot = f"{table}." if table else ""
        names = [f"{dot}{column.name}" for column in self._columns]
        # SQLite keeps a time as text without its zone, which is UTC.
        zoned = ", ".join(
            f"{name} || 'Z'" if isinstance(column.type, UtcDateTime) else name
            for name, column in zip(names, self._columns, strict=True)
        )
        # With each row that is read from SQLite the interpreter's lock is given up, and has to be won back from the
        # event loop; as one document they are one. Bytes fit in no JSON, and of a float it would lose digits.
        whole = not any(isinstance(column.type, sa.LargeBinary | sa.Float) for column in self._columns)
        return Text(", ".join(names), f"json_group_array(json_array({zoned}))" if whole else zoned, whole)

    def of(self, row: Sequence[Any]) -> R:
        """The Struct of a row of `columns`."""
        given = dict(zip(self._fields, row, strict=True))
        for n in self._json:
            given[self._fields[n]] = from_json_column(row[n])
        return msgspec.convert(given, self._kind, strict=False)

    def insert(self, *, only: str = "true", **looked_up: str) -> Text:
        """Insert the rows; what cannot be inserted because something unique is taken is left out.

        Left out is also what is not as `only` says. `looked_up` are columns that come from a query. In both `u` is what
        is given, and `$1` the organisation.
        """
        names = [column.name for column in self._written]
        every = ", ".join(["org", *names, *looked_up])
        chosen = ", ".join(["$1", *(f"u.{name}" for name in names), *looked_up.values()])
        return self._over_given(
            f"INSERT INTO {self._table} ({every}) SELECT {chosen} FROM GIVEN WHERE {only} ON CONFLICT DO NOTHING"  # noqa: S608
        )

    def update(self) -> Text:
        """Write every column of rows that are there, found by `id`."""
        given = ", ".join(f"{column.name} = u.{column.name}" for column in self._written if column.name != "id")
        return self._over_given(
            f"UPDATE {self._table} AS t SET {given} FROM GIVEN WHERE t.org || '' = $1 AND t.id = u.id"  # noqa: S608
        )

    async def write(
        self, connection: AsyncConnection, org: str, statement: Text, records: Sequence[R], *more: Sequence[Any]
    ) -> int:
        """Run `insert` or `update` with the records and the values of the `more` columns; how many were written."""
        if not records:
            return 0
        columns = [[getattr(record, field) for record in records] for field in self._fields] + [*map(list, more)]
        for n in self._json:
            columns[n] = [None if value is None else to_json(value) for value in columns[n]]
        if connection.dialect.name == "postgresql":
            return await run(connection, statement, org, *columns)
        for n, column in enumerate(self._written):
            if isinstance(column.type, UtcDateTime):
                # Those who begin together have one time.
                texts = {value: as_text(value) for value in set(columns[n]) if value is not None}
                columns[n] = [texts.get(value) for value in columns[n]]
        rows = list(zip(*columns, strict=True))
        written = 0
        for some in (rows[begin : begin + _AT_ONCE] for begin in range(0, len(rows), _AT_ONCE)):
            values = (org, *itertools.chain.from_iterable(some))
            written += await _written(connection, _for_rows(statement.sqlite, len(some), len(columns)), [values])
        return written

    def _over_given(self, sql: str) -> Text:
        """The statement over the given rows, `u`."""
        names = ", ".join(column.name for column in self._written)
        arrays = ", ".join(f"${n}::{_array(column)}" for n, column in enumerate(self._written, 2))
        rows = f"(WITH u ({names}) AS (VALUES ROWS) SELECT * FROM u) AS u"  # noqa: S608
        return Text(
            sql.replace("$1", "$1::text").replace("GIVEN", f"unnest({arrays}) AS u ({names})"),
            sql.replace("$1", "?1").replace("GIVEN", rows),
        )


@cache
def _for_rows(statement: str, rows: int, width: int) -> str:
    """The statement for so many rows."""
    marks = (f"({', '.join(f'?{2 + row * width + n}' for n in range(width))})" for row in range(rows))
    return statement.replace("ROWS", ", ".join(marks))


async def fetch(connection: AsyncConnection, statement: Text, org: str, *given: Any) -> Sequence[Sequence[Any]]:
    """The rows. What is given is plain: texts and numbers, or a list of them, or on SQLite of lists of them."""
    if connection.dialect.name == "postgresql":
        with _answered():
            driver = _postgresql(connection)
            if not driver.is_in_transaction():
                return (await connection.exec_driver_sql(statement.postgresql, (org, *given))).all()
            rows: Sequence[Sequence[Any]] = await driver.fetch(statement.postgresql, org, *given)
            return rows
    with _storable():
        found = list(await _sqlite(connection).execute_fetchall(statement.sqlite, _texts(org, given)))
    return msgspec.json.decode(found[0][0]) if statement.whole else found


async def run(connection: AsyncConnection, statement: Text, org: str, *given: Any) -> int:
    """How many rows were touched."""
    if connection.dialect.name == "postgresql":
        with _answered():
            driver = _postgresql(connection)
            if not driver.is_in_transaction():
                return int((await connection.exec_driver_sql(statement.postgresql, (org, *given))).rowcount)
            # As in `INSERT 0 16`.
            return int((await driver.execute(statement.postgresql, org, *given)).rpartition(" ")[2])
    with _storable():
        texts = _texts(org, given)
    return await _written(connection, statement.sqlite, [texts])


async def run_many(connection: AsyncConnection, statement: Text, org: str, rows: Sequence[Sequence[Any]]) -> int:
    """Run one statement for many rows of plain values: PostgreSQL takes a list of each column. How many it touched."""
    if not rows:
        return 0
    if connection.dialect.name == "postgresql":
        return await run(connection, statement, org, *map(list, zip(*rows, strict=True)))
    return await _written(connection, statement.sqlite, [(org, *row) for row in rows])


def _sqlite(connection: AsyncConnection) -> aiosqlite.Connection:
    """The driver's own connection.

    It lives in a thread: through SQLAlchemy each of cursor, execute, fetch and close is a trip there, and the trips
    cost more than most questions.
    """
    found: aiosqlite.Connection = _driver(connection)
    return found


def _postgresql(connection: AsyncConnection) -> "asyncpg.Connection[asyncpg.Record]":
    """The driver's own connection: through SQLAlchemy a question costs as much again as the question.

    SQLAlchemy begins its transaction with its own first statement, so that has to be one of its own.
    """
    found: asyncpg.Connection[asyncpg.Record] = _driver(connection)
    return found


def _driver(connection: AsyncConnection) -> Any:
    if connection.sync_connection is None:
        raise RuntimeError("the connection is not open")
    return connection.sync_connection.connection.driver_connection


@contextmanager
def _answered() -> Iterator[None]:
    """Raise NoConnection where the driver tells of its socket or waited too long: neither is about the database."""
    try:
        yield
    except OSError as error:
        raise NoConnection(str(error)) from error


async def _written(connection: AsyncConnection, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    with _storable():
        async with _sqlite(connection).executemany(sql, rows) as cursor:
            return cursor.rowcount


@contextmanager
def _storable() -> Iterator[None]:
    """Raise Invalid for what no column can hold, as SQLAlchemy's connections do (engine.py)."""
    try:
        yield
    except (UnicodeEncodeError, OverflowError) as error:
        raise unstorable(error) or error from error


def _texts(org: str, given: Iterable[Any]) -> tuple[Any, ...]:
    return org, *(msgspec.json.encode(one).decode() if isinstance(one, list) else one for one in given)


def grouped(rows: Iterable[R], by: str) -> dict[str, list[R]]:
    """The records under what they have in one field, in their order."""
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(getattr(row, by), []).append(row)
    return found


def from_json_column(value: Any) -> Any:
    """What a JSON column holds: a list or an object, which PostgreSQL's driver has read already."""
    return msgspec.json.decode(value) if isinstance(value, str) else value


def as_text(moment: datetime) -> str:
    """A time as SQLite's columns hold it (types.UtcDateTime)."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _array(column: sa.Column[Any]) -> str:
    return next((name for kind, name in _ARRAYS if isinstance(column.type, kind)), "text[]")


ADD_PAPERS = Text(
    "INSERT INTO paper (org, attempt, form, view) "
    "SELECT $1::text, u.* FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS u",
    "INSERT INTO paper (org, attempt, form, view) VALUES (?1, ?2, ?3, ?4)",
)
