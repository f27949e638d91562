"""SQLite's connections: how a transaction begins, and what is left of one that did not end well."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore
from exam_service.adapters.storage.bulk import Text, fetch
from exam_service.core import errors
from tests.support.stored import House, store_at

A = House("a")


@pytest.fixture
async def store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqlStore]:
    monkeypatch.setattr("exam_service.adapters.storage.engine.SQLITE_BUSY_SECONDS", 1)
    store = store_at(sqlite_url)
    await A.settle(store)
    yield store
    await store.close()


@contextmanager
def held(store: SqlStore) -> Iterator[None]:
    """Another program has the file."""
    with closing(sqlite3.connect(store.database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def write(store: SqlStore, n: int) -> None:
    async with store.begin(A.org) as tx:
        await tx.candidates.put(A.candidate(n))


async def open_connections(store: SqlStore) -> list[bool]:
    """Of the writer's connection and a reader's, whether it is in a transaction while nobody has it."""
    found = []
    for engine in (store.database._writer, store.database._reader):
        async with engine.connect() as connection:
            raw: Any = await connection.get_raw_connection()
            found.append(raw.driver_connection.in_transaction)
    return found


async def test_who_waits_for_the_file_for_too_long_is_told_to_come_again(store: SqlStore) -> None:
    with held(store), pytest.raises(errors.Unavailable):
        await write(store, 2)
    await write(store, 2)
    assert await open_connections(store) == [False, False]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_who_gives_up_while_a_transaction_begins_leaves_none(store: SqlStore, times: int) -> None:
    with held(store):
        waiting = asyncio.create_task(write(store, 2))
        await asyncio.sleep(0.1)
        for _ in range(times):
            waiting.cancel()
            await asyncio.sleep(0)
        # The file is free before the waiting in the driver's thread is over: there it does begin.
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await write(store, 3)
    assert await open_connections(store) == [False, False]
    async with store.read(A.org) as tx:
        assert {one.id for one in await tx.candidates.page(None, 10)} == {A.id("cnd"), A.id("cnd", 3)}


async def test_a_transaction_that_was_left_open_ends_with_the_connection_s_return(store: SqlStore) -> None:
    engine = store.database._writer
    async with engine.connect() as connection:
        raw: Any = await connection.get_raw_connection()
        await raw.driver_connection.execute_fetchall("BEGIN")
        await raw.driver_connection.execute_fetchall("DELETE FROM launch")
    assert await open_connections(store) == [False, False]
    async with store.database.read() as connection:
        count = Text("", "SELECT count(*) FROM launch WHERE org = ?1")
        assert [tuple(row) for row in await fetch(connection, count, A.org)] == [(1,)]


async def test_a_file_that_is_no_database_is_away(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await store.ready() == "ready"

    def damaged(*_: object) -> None:
        raise sqlite3.DatabaseError("file is not a database")

    monkeypatch.setattr("aiosqlite.Connection.execute_fetchall", damaged)
    assert await store.ready() == "away"
    with pytest.raises(sa.exc.DatabaseError):
        await write(store, 2)
    monkeypatch.undo()
    assert await store.ready() == "ready"


async def test_a_connection_that_the_driver_has_closed_is_not_used_again(store: SqlStore) -> None:
    engine = store.database._writer
    async with engine.connect() as connection:
        raw: Any = await connection.get_raw_connection()
        await raw.driver_connection.close()
    await write(store, 2)


async def test_what_is_committed_is_on_the_disk(store: SqlStore) -> None:
    async with store.database.write() as connection:
        # 2 is FULL: each commit waits for the disk.
        assert await connection.scalar(sa.text("PRAGMA synchronous")) == 2
        assert await connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
