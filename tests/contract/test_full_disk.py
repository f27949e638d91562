"""A disk that is full, or fails: everybody is told to come again, and an operator reads one line of it."""

import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from exam_service.adapters.storage import SqlStore, refusals
from exam_service.adapters.storage.journal_sqlite import SqliteJournal
from exam_service.adapters.storage.refusals import passes_by_itself
from exam_service.core import errors
from tests.support.stored import House, Journal, T, store_at

A = House("a")


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
async def store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqlStore]:
    monkeypatch.setattr(refusals, "_trouble", refusals._Trouble())
    made = store_at(sqlite_url)
    await A.settle(made)
    yield made
    await made.close()


async def test_saves_that_find_no_room_are_to_come_again_and_then_count(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(store)
    await journal.append(A.save(1))
    writer = journal.writer
    assert isinstance(writer, SqliteJournal)
    assert writer._connection is not None
    (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    large = b'{"i1":"' + b"x" * 100_000 + b'"}'
    with caplog.at_level(logging.WARNING):
        for seq in range(2, 12):
            with pytest.raises(errors.Unavailable) as refusal:
                await journal.append(A.save(seq, body=large))
            assert refusal.value.retry_at == T + timedelta(seconds=3)
    (said,) = caplog.records
    assert "database or disk is full" in said.getMessage()
    assert said.exc_info is None
    writer._connection.execute("PRAGMA max_page_count = 1000000")
    assert (await journal.append(A.save(2, body=large))).seq == 2
    await journal.close()


async def test_whatever_else_is_written_says_the_same(store: SqlStore) -> None:
    async def grow() -> None:
        async with store.begin(A.org) as tx:
            connection = tx.log._connection
            pages = await connection.scalar(sa.text("PRAGMA page_count"))
            await connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
            await connection.execute(sa.text("CREATE TABLE more AS SELECT zeroblob(1000000) AS zeros"))

    with pytest.raises(errors.Unavailable):
        await grow()


@pytest.mark.parametrize("words", ["database or disk is full", "disk I/O error", "unable to open database file"])
def test_what_sqlite_says_of_its_disk_passes(words: str) -> None:
    raised = sqlite3.OperationalError(words)
    assert passes_by_itself(raised)
    assert passes_by_itself(exc.OperationalError("INSERT", {}, raised))
    assert not passes_by_itself(sqlite3.OperationalError("no such table: attempt"))


@pytest.mark.parametrize("error", [asyncpg.DiskFullError, asyncpg.OutOfMemoryError, asyncpg.PostgresIOError])
def test_what_postgresql_says_of_its_machine_passes(error: type[asyncpg.PostgresError]) -> None:
    assert passes_by_itself(error("could not extend file"))


async def test_the_store_is_not_ready_when_its_disk_has_no_room(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await store.ready() == "ready"
    asked = []

    def full(path: Path) -> _Usage:
        asked.append(path)
        return _Usage(10**9, 10**9, 4096)

    monkeypatch.setattr(shutil, "disk_usage", full)
    assert await store.ready() == "full"
    assert asked == [Path(store.database.file).parent]
