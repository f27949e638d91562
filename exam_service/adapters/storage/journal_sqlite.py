"""The journal's writer on SQLite: a connection and a thread of its own, in turn with everything else that writes."""

import asyncio
import sqlite3
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache

import msgspec

from exam_service.adapters.storage.engine import SQLITE_BUSY_SECONDS, Database
from exam_service.adapters.storage.journal_groups import in_group, new_group_id
from exam_service.adapters.storage.journal_known import Known
from exam_service.adapters.storage.refusals import Clock, said_clearly
from exam_service.core.exams.attempt import State, Writable
from exam_service.core.exams.journal import Attest, Attested, Group, Key, Owned, Repeated, Save, Saved

# With every row that is read and every statement the interpreter's lock is given up, and under load it takes a while to
# win it back from the event loop. So the attempts are read as one row, and the saves are written by one statement.
_ATTEMPTS = (
    "SELECT json_group_array(json_array(id, org, enrolment, state, deadline, grace_seconds, epoch, news)) FROM attempt "
    "WHERE id IN (SELECT value FROM json_each(?))"
)
_COLUMNS = "attempt, epoch, seq, org, digest, body, received_at, seconds_left, in_grace, receipt_group, receipt_place"
_WIDTH = _COLUMNS.count(",") + 1
_ROW = f"({', '.join('?' * _WIDTH)})"
_AT_ONCE = 64
"""Rows in one statement at most: the driver keeps one for each number of rows, which is compiled once."""
_STORED = (
    "SELECT j.attempt, j.epoch, j.seq, j.digest, j.received_at, j.seconds_left, j.in_grace, j.late, j.receipt, "
    "g.head, g.leaves, j.receipt_place "
    "FROM json_each(?) k JOIN journal j ON j.attempt = json_extract(k.value, '$[0]') "
    "AND j.epoch = json_extract(k.value, '$[1]') AND j.seq = json_extract(k.value, '$[2]') "
    "LEFT JOIN receipt_group g ON g.id = j.receipt_group"
)
_THERE = (
    "SELECT j.attempt, j.epoch, j.seq FROM json_each(?) k JOIN journal j ON j.attempt = json_extract(k.value, '$[0]') "
    "AND j.epoch = json_extract(k.value, '$[1]') AND j.seq = json_extract(k.value, '$[2]') "
    "WHERE j.receipt_group IS NOT ?"
)
_GROUP = "INSERT INTO receipt_group (id, head, leaves) VALUES (?, ?, ?)"
_LATE = (
    "SELECT l.attempt, l.epoch, l.seq FROM json_each(?) k JOIN late_save l "
    "ON l.attempt = json_extract(k.value, '$[0]') "
    "AND l.epoch = json_extract(k.value, '$[1]') AND l.seq = json_extract(k.value, '$[2]')"
)


class SqliteJournal:
    """The Journal port on SQLite."""

    lanes = 1

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._connection: sqlite3.Connection | None = None
        self._known = Known()
        self._known_as_of: int | None = None
        """The data_version under which everything that is known was read."""
        self._closed = False

    async def write(self, saves: Sequence[Save], attest: Attest) -> list[Saved | Exception]:
        """Write the saves that count, in one transaction, and say for each what became of it."""
        with said_clearly(self._clock):
            async with self._database.turn():
                work = asyncio.get_running_loop().run_in_executor(self._thread, self._write, saves, attest)
                try:
                    return await asyncio.shield(work)
                except asyncio.CancelledError:
                    # Whoever gives up waiting must not give the turn to another while the thread still writes.
                    await asyncio.wait((work,))
                    raise

    async def close(self) -> None:
        """Close the connection, when what is being written has been. Closed already, it stays so."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _write(self, saves: Sequence[Save], attest: Attest) -> list[Saved | Exception]:
        there: set[Key] = set()
        taken = False
        while True:
            try:
                return self._transaction(saves, attest, there)
            except Repeated as repeated:
                if repeated.there <= there:
                    raise
                there |= repeated.there
            except sqlite3.IntegrityError:
                # The number of the group, once in a million times that two processes write in one millisecond.
                if taken:
                    raise
                taken = True

    def _transaction(self, saves: Sequence[Save], attest: Attest, there: set[Key]) -> list[Saved | Exception]:
        connection = self._connection = self._connection or _connect(self._database.file)
        connection.execute("BEGIN IMMEDIATE")
        try:
            group = Group(saves, self._attempts(connection, {save.attempt for save in saves}), there)
            if group.doubtful:
                group.set_aside(connection.execute(_LATE, (_json(group.doubtful),)))
            attested = group.attest(attest)
            if attested:
                _insert(connection, group, attested, new_group_id(self._clock()))
            stored = _stored(connection, group.to_look_up)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        return group.outcomes(stored)

    def _attempts(self, connection: sqlite3.Connection, ids: set[str]) -> Mapping[str, Owned]:
        """The attempts as they are. To read is to lock: nothing else writes during this transaction.

        What was read before is still true while no other connection has written; this one writes no attempts.
        """
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._known_as_of:
            self._known.forget()
            self._known_as_of = version
        known = self._known.of(ids)
        unknown = ids - known.keys()
        if not unknown:
            return known
        read = _attempts(connection, unknown)
        self._known.keep(unknown, read)
        return {**known, **read}

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        file,
        timeout=SQLITE_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_AT_ONCE + 32,
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _attempts(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, Owned]:
    ((rows,),) = connection.execute(_ATTEMPTS, (msgspec.json.encode(ids).decode(),))
    return {
        row[0]: Owned(sys.intern(row[1]), row[2], Writable(State(row[3]), _time(row[4]), row[5], row[6]), row[7])
        for row in msgspec.json.decode(rows)
    }


def _insert(connection: sqlite3.Connection, group: Group, attested: Attested, group_id: int) -> None:
    """Write all of them. Raises Repeated when some were there."""
    values: list[object] = []
    for place, (saved, save) in enumerate(zip(group.fresh.values(), group.sent.values(), strict=True)):
        values += (
            saved.attempt, saved.epoch, saved.seq, save.org, saved.digest, save.body, _text(saved.received_at),
            saved.seconds_left, saved.in_grace, group_id, place,
        )  # fmt: skip
    written = 0
    for begin in range(0, len(values), _AT_ONCE * _WIDTH):
        some = values[begin : begin + _AT_ONCE * _WIDTH]
        written += connection.execute(_insert_of(len(some) // _WIDTH), some).rowcount
    connection.execute(_GROUP, (group_id, attested.head, attested.leaves))
    if written < len(group.fresh):
        raise Repeated(set(connection.execute(_THERE, (_json(group.fresh), group_id))))


@cache
def _insert_of(rows: int) -> str:
    return f"INSERT INTO journal ({_COLUMNS}) VALUES {', '.join([_ROW] * rows)} ON CONFLICT DO NOTHING"  # noqa: S608


def _stored(connection: sqlite3.Connection, keys: Collection[Key]) -> dict[Key, Saved]:
    if not keys:
        return {}
    rows = connection.execute(_STORED, (_json(keys),))
    return {
        row[:3]: Saved(
            attempt=row[0],
            epoch=row[1],
            seq=row[2],
            digest=row[3],
            received_at=_time(row[4]),
            seconds_left=row[5],
            in_grace=bool(row[6]),
            late=bool(row[7]),
            receipt=row[8],
            group=in_group(row[9], row[10], row[11]),
            deadline=datetime.max.replace(tzinfo=UTC),
        )
        for row in rows
    }


def _json(keys: Iterable[Key]) -> str:
    return msgspec.json.encode(list(keys)).decode()


def _text(moment: datetime) -> str:
    """A time as this database's columns hold it (types.UtcDateTime)."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:26]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
