"""The journal's writer on SQLite: a connection and a thread of its own, in turn with everything else that writes."""

import asyncio
import sqlite3
import sys
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache

import msgspec

from exam_service.adapters.storage.engine import SQLITE_BUSY_SECONDS, Database
from exam_service.adapters.storage.journal_groups import in_group, new_group_id
from exam_service.adapters.storage.journal_known import Ahead, Known
from exam_service.adapters.storage.refusals import Clock, said_clearly
from exam_service.core.exams.attempt import State, Writable
from exam_service.core.exams.journal import Attest, Attested, Group, Key, Owned, Repeated, Save, Saved

# With every row that is read and every statement the interpreter's lock is given up, and under load it takes a while to
# win it back from the event loop. So the attempts are read as one row, and the saves are written by one statement: when
# their attempts are known, the only one. It is a transaction of its own, decides by what each row of an attempt says
# while nothing else writes, and writes all or nothing.
_COLUMNS = (
    "attempt", "epoch", "seq", "org", "digest", "body", "received_at", "seconds_left", "in_grace", "receipt_group",
    "receipt_place",
)  # fmt: skip
_STRAIGHT = (*_COLUMNS, "head", "leaves", "enrolment", "deadline", "grace_seconds")
"""A save, the receipts of its group, which only the first brings, and by what it was decided."""
_JOURNAL = f"journal ({', '.join(_COLUMNS)})"
_VIEW = f"CREATE TEMP VIEW straight AS SELECT {', '.join(f'NULL AS {name}' for name in _STRAIGHT)}"
_TRIGGER = (
    "CREATE TEMP TRIGGER straight_to_the_journal INSTEAD OF INSERT ON straight BEGIN "  # noqa: S608
    f"INSERT INTO {_JOURNAL} SELECT {', '.join(f'NEW.{name}' for name in _COLUMNS)} "
    "FROM attempt a WHERE a.id = NEW.attempt AND a.org = NEW.org AND a.enrolment = NEW.enrolment "
    "AND a.epoch = NEW.epoch AND a.deadline = NEW.deadline AND a.grace_seconds = NEW.grace_seconds "
    "AND a.state = 'in_progress' AND a.news = 0 ON CONFLICT DO NOTHING; "
    "SELECT RAISE(ABORT, 'changed') WHERE changes() <> 1; "
    "INSERT INTO receipt_group (id, head, leaves) "
    "SELECT NEW.receipt_group, NEW.head, NEW.leaves WHERE NEW.head IS NOT NULL; END"
)
_ATTEMPTS = (
    "SELECT json_group_array(json_array(id, org, enrolment, state, deadline, grace_seconds, epoch, news)) FROM attempt "
    "WHERE id IN (SELECT value FROM json_each(?))"
)
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
        self._closed = False

    async def write(self, saves: Sequence[Save], attest: Attest) -> list[Saved | Exception]:
        """Write the saves that count, in one transaction or two, and say for each what became of it."""
        ahead = Ahead(saves, self._known, attest)
        rows = None if ahead.attested is None else _rows(ahead, ahead.attested, new_group_id(self._clock()))
        with said_clearly(self._clock):
            async with self._database.turn():
                loop = asyncio.get_running_loop()
                work = loop.run_in_executor(self._thread, self._write, saves, attest, ahead, rows)
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

    def _write(
        self, saves: Sequence[Save], attest: Attest, ahead: Ahead, rows: list[object] | None
    ) -> list[Saved | Exception]:
        told = ahead.told(written=rows is not None and self._straight(rows))
        left = [save for save, outcome in zip(saves, told, strict=True) if outcome is None]
        again = iter(self._under_lock(left, attest) if left else ())
        return [next(again) if outcome is None else outcome for outcome in told]

    def _straight(self, rows: list[object]) -> bool:
        """Write all of them, if their attempts are still as they were known; else nothing."""
        connection = self._opened()
        if connection.in_transaction:
            raise sqlite3.ProgrammingError("a transaction was left open: what is written now would not be durable")
        try:
            if len(rows) <= _AT_ONCE * len(_STRAIGHT):
                _insert_into(connection, "straight", _STRAIGHT, rows)
                return True
            connection.execute("BEGIN IMMEDIATE")
            try:
                _insert_into(connection, "straight", _STRAIGHT, rows)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
        except sqlite3.IntegrityError:
            # One of them is repeated, or of an attempt that has changed; or the number of the group was taken.
            return False
        return True

    def _under_lock(self, saves: Sequence[Save], attest: Attest) -> list[Saved | Exception]:
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
        connection = self._opened()
        connection.execute("BEGIN IMMEDIATE")
        try:
            # To read is to lock: nothing else writes during this transaction.
            asked = {save.attempt for save in saves}
            attempts = _attempts(connection, asked)
            group = Group(saves, attempts, there)
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
        self._known.keep(saves, attempts)
        return group.outcomes(stored)

    def _opened(self) -> sqlite3.Connection:
        self._connection = self._connection or _connect(self._database.file)
        return self._connection

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
    for statement in ("PRAGMA temp_store = MEMORY", _VIEW, _TRIGGER):
        connection.execute(statement)
    return connection


def _attempts(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, Owned]:
    ((rows,),) = connection.execute(_ATTEMPTS, (msgspec.json.encode(ids).decode(),))
    return {
        row[0]: Owned(sys.intern(row[1]), row[2], Writable(State(row[3]), _time(row[4]), row[5], row[6]), row[7])
        for row in msgspec.json.decode(rows)
    }


def _rows(ahead: Ahead, attested: Attested, group_id: int) -> list[object]:
    """What `straight` takes: the values of each row, one row after the other."""
    values: list[object] = []
    receipts: tuple[str | None, bytes | None] = (attested.head, attested.leaves)
    for place, (saved, save) in enumerate(zip(ahead.group.fresh.values(), ahead.group.sent.values(), strict=True)):
        owned = ahead.known[saved.attempt]
        values += _row(saved, save, group_id, place)
        values += (*receipts, owned.enrolment, _text(saved.deadline), owned.writable.grace_seconds)
        receipts = (None, None)
    return values


def _insert(connection: sqlite3.Connection, group: Group, attested: Attested, group_id: int) -> None:
    """Write all of them, under lock. Raises Repeated when some were there."""
    values: list[object] = []
    for place, (saved, save) in enumerate(zip(group.fresh.values(), group.sent.values(), strict=True)):
        values += _row(saved, save, group_id, place)
    written = _insert_into(connection, _JOURNAL, _COLUMNS, values)
    connection.execute(_GROUP, (group_id, attested.head, attested.leaves))
    if written < len(group.fresh):
        raise Repeated(set(connection.execute(_THERE, (_json(group.fresh), group_id))))


def _row(saved: Saved, save: Save, group_id: int, place: int) -> tuple[object, ...]:
    """The values of `_COLUMNS`."""
    return (
        saved.attempt, saved.epoch, saved.seq, save.org, saved.digest, save.body, _text(saved.received_at),
        saved.seconds_left, saved.in_grace, group_id, place,
    )  # fmt: skip


def _insert_into(connection: sqlite3.Connection, table: str, columns: Sequence[str], values: list[object]) -> int:
    """Insert rows whose values stand one after the other; how many were not there yet. A view counts none."""
    width, written = len(columns), 0
    for begin in range(0, len(values), _AT_ONCE * width):
        some = values[begin : begin + _AT_ONCE * width]
        written += connection.execute(_insert_of(table, width, len(some) // width), some).rowcount
    return written


@cache
def _insert_of(table: str, width: int, rows: int) -> str:
    row = f"({', '.join('?' * width)})"
    # A view takes no ON CONFLICT; its trigger has one.
    otherwise = "" if table == "straight" else " ON CONFLICT DO NOTHING"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)}{otherwise}"  # noqa: S608


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
