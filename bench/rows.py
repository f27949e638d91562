"""Stored rows by the million: copies of real ones, made by the database itself.

The columns come from the table definitions, so a column that is added later is copied like the others.
"""

import asyncio
import sqlite3
from contextlib import closing

import asyncpg
import sqlalchemy as sa

from bench.figures import Place
from exam_service.adapters.storage import tables

TOGETHER = 16
"""Saves that became durable together, under one signature."""
FINISHED, RUNNING = "00000", "01zzz"
"""How ids begin: those of long ago sort before the ones that the service makes now, those of running attempts after."""


def identifier(prefix: str, age: str, number: int) -> str:
    """The id of a copy."""
    return f"{prefix}_{age}{number:021d}"


def enrolments(place: Place, template: str, first: int, last: int, age: str = RUNNING) -> None:
    """Candidates and enrolments first..last, like that of the template."""
    candidate = f"(SELECT candidate FROM enrolment WHERE id = '{template}')"
    run(
        place,
        _copies(
            place,
            tables.candidate,
            f"id = {candidate}",
            first,
            last,
            id=_id(place, "cnd", age),
            external_id=f"'{age}' || i",
        ),
        _copies(
            place,
            tables.enrolment,
            f"id = '{template}'",
            first,
            last,
            id=_id(place, "enr", age),
            candidate=_id(place, "cnd", age),
        ),
    )


def attempts(
    place: Place, template: str, first: int, last: int, age: str = RUNNING, *, cut: bool = False, **changed: str
) -> None:
    """Attempts first..last of the enrolments with those numbers, with paper, result and journal like the template's.

    `cut`: only the beginning of each paper, for those that nobody will read. `changed`: what replaces columns of the
    attempt, in SQL.
    """
    short = {"form": "substr(t.form, 1, 500)", "view": "substr(t.view, 1, 500)"} if cut else {}
    attempt = _id(place, "att", age)
    of_template = f"attempt = '{template}'"
    its_paper = f"attempt = (SELECT coalesce(paper, id) FROM attempt WHERE id = '{template}')"
    run(
        place,
        _copies(
            place,
            tables.attempt,
            f"id = '{template}'",
            first,
            last,
            id=attempt,
            enrolment=_id(place, "enr", age),
            # Each has a paper of its own, also when the template was given a prepared one.
            **{"paper": "NULL", **changed},
        ),
        _copies(place, tables.paper, its_paper, first, last, attempt=attempt, **short),
        _copies(place, tables.result, of_template, first, last, attempt=attempt),
        _copies(place, tables.journal, of_template, first, last, attempt=attempt),
    )


def journal(place: Place, template: str, count: int, each: int) -> None:
    """`count` rows of the journal, `each` of them of one attempt of long ago, like the template's first."""
    step = 500_000
    for begun in range(0, count, step):
        attempt = f"'att_{FINISHED}' || {_padded(place, f'((i - 1) / {each} + 1)')}"
        run(
            place,
            _copies(
                place,
                tables.journal,
                f"attempt = '{template}' AND seq = 1",
                begun + 1,
                min(count, begun + step),
                attempt=attempt,
                seq=f"(i - 1) % {each} + 1",
                receipt_group=f"(i - 1) / {TOGETHER}",
                receipt_place=f"(i - 1) % {TOGETHER}",
            ),
            _copies(
                place,
                tables.receipt_group,
                f"id = (SELECT receipt_group FROM journal WHERE attempt = '{template}' AND seq = 1)",
                begun // TOGETHER,
                (min(count, begun + step) - 1) // TOGETHER,
                id="i",
                leaves=("x'{}'" if place.kind == "sqlite" else "decode('{}', 'hex')").format("5a" * 32 * TOGETHER),
            ),
        )


def tidy(place: Place) -> None:
    """Let the database finish what it puts off: statistics, clean-up, its log written back."""
    if place.kind == "sqlite":
        run(place, "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        run(place, "VACUUM ANALYZE", "CHECKPOINT")


def run(place: Place, *statements: str) -> None:
    """Statements, each in a transaction of its own."""
    if place.kind == "sqlite":
        file = place.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA cache_size = -500000")
            for statement in statements:
                connection.execute(statement).fetchall()
    else:
        asyncio.run(_postgresql(place.url, statements))


def ask(place: Place, statement: str) -> list[tuple[object, ...]]:
    """The rows of a query."""
    if place.kind == "sqlite":
        with closing(sqlite3.connect(place.url.removeprefix("sqlite:///"), timeout=60)) as connection:
            return [tuple(row) for row in connection.execute(statement)]
    return asyncio.run(_asked(place.url, statement))


async def _postgresql(url: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET synchronous_commit = off")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _asked(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def _copies(place: Place, table: sa.Table, where: str, first: int, last: int, **changed: str) -> str:
    """One statement that copies the rows once for each number `i` from first to last."""
    names = [column.name for column in table.columns]
    shown = ", ".join(changed.get(name, f't."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    rows = f"(SELECT * FROM {table.name} WHERE {where}) t"
    if place.kind == "sqlite":
        return (
            f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
            f"INSERT INTO {table.name} ({columns}) SELECT {shown} FROM n, {rows}"
        )
    return f"INSERT INTO {table.name} ({columns}) SELECT {shown} FROM generate_series({first}, {last}) AS n(i), {rows}"


def _id(place: Place, prefix: str, age: str) -> str:
    return f"'{prefix}_{age}' || {_padded(place, 'i')}"


def _padded(place: Place, number: str) -> str:
    return f"printf('%021d', {number})" if place.kind == "sqlite" else f"lpad(({number})::text, 21, '0')"
