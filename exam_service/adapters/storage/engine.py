"""Connections: how a transaction that writes and one that reads begin on SQLite and on PostgreSQL.

SQLite has one writer: transactions that write queue up on one lock and one connection, and take the file's write lock
at once (BEGIN IMMEDIATE), so none of them can fail half way because another one wrote. Readers have connections of
their own and see a snapshot.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Literal

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from exam_service.adapters.storage.types import from_json, to_json
from exam_service.core import errors
from exam_service.core.text import Text

Kind = Literal["sqlite", "postgresql"]

CONNECT_SECONDS = 5
POOL_SECONDS = 10
STATEMENT_SECONDS = 30
LOCK_SECONDS = 10
SQLITE_BUSY_SECONDS = 10


_LIMITS: dict[str, Any] = {
    "timeout": CONNECT_SECONDS,
    "command_timeout": STATEMENT_SECONDS + CONNECT_SECONDS,
    "server_settings": {
        "application_name": "exam-service",
        "timezone": "UTC",
        "statement_timeout": str(STATEMENT_SECONDS * 1000),
        "lock_timeout": str(LOCK_SECONDS * 1000),
        "idle_in_transaction_session_timeout": str(STATEMENT_SECONDS * 1000),
        # A statement keeps the plan of its first minutes. Planned while a table was empty, it would read the whole of
        # it on the morning when everybody is in there, until the database looks at the table's size again.
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "jit": "off",
    },
}
"""Of every connection to PostgreSQL: nothing waits for ever, and what has an index uses it."""


_LZ4 = (
    "SELECT set_config(name, 'lz4', false) FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)


class NoConnection(Exception):
    """The database could not be reached; nothing was done."""


class Database:
    """One database and its pools. Opening it connects to nothing yet."""

    def __init__(self, url: str, pool_size: int) -> None:
        parsed = make_url(url)
        self.kind: Kind = "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql"
        if self.kind == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise ValueError("SQLite needs a file: sqlite:///FILE")
            parsed = parsed.set(drivername="sqlite+aiosqlite")
            self._writer = _sqlite(parsed, 1, writes=True)
            self._reader = _sqlite(parsed, pool_size, writes=False)
            self._snapshot: dict[str, Any] = {}
        else:
            parsed = parsed.set(drivername="postgresql+asyncpg")
            self._writer = self._reader = _postgresql(parsed, pool_size)
            self._snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._url = parsed
        self._one_writer = asyncio.Lock() if self.kind == "sqlite" else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed when the block ends, and rolled back when it raises."""
        async with self.turn(), _connected(self._writer) as connection, connection.begin():
            yield connection

    def turn(self) -> AbstractAsyncContextManager[None]:
        """The right to write: SQLite has one writer at a time, and whoever waits here waits in line."""
        return self._one_writer or nullcontext()

    @property
    def file(self) -> str:
        """The file of a SQLite database."""
        return self._url.database or ""

    def driver_arguments(self) -> dict[str, Any]:
        """What asyncpg's own `connect` takes for this database, with the limits that every connection has."""
        _, found = self._writer.dialect.create_connect_args(self._url)
        return {**found, **_LIMITS}

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, from one snapshot."""
        async with _connected(self._reader) as connection:
            if self._snapshot:
                await connection.execution_options(**self._snapshot)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        """Close every connection."""
        for engine in {self._writer, self._reader}:
            await engine.dispose()


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    connection = engine.connect()
    try:
        await connection.start()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # What the driver raises while it connects reaches us as it is.
        raise NoConnection(str(error)) from error
    except sa.exc.InvalidRequestError as error:
        # The pool's word when new connections are closed as soon as they are made: the database is going down.
        raise NoConnection(str(error)) from error
    try:
        yield connection
    finally:
        await connection.close()


def _unstorable(context: sa.ExceptionContext) -> errors.Refusal | None:
    return unstorable(context.original_exception)


def unstorable(cause: BaseException) -> errors.Refusal | None:
    """A refusal for values that no column can hold: an id with a NUL or half a character in it, a number past 2**63."""
    state = getattr(cause, "sqlstate", None)
    if state in ("22000", "22003", "22021") or isinstance(cause, UnicodeEncodeError | OverflowError):
        text = Text(en="a text or a number cannot be stored", th="มีข้อความหรือตัวเลขที่จัดเก็บไม่ได้")
        return errors.Invalid(faults=[errors.Fault(code="not-storable", message=text)], count=1)
    return None


def _postgresql(url: sa.URL, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_recycle=1800,
        json_serializer=to_json,
        json_deserializer=from_json,
        connect_args=_LIMITS,
        # What is in a statement may be somebody's data, and errors end up in logs (P14).
        hide_parameters=True,
    )
    sa.event.listen(engine.sync_engine, "handle_error", _unstorable)

    # A restarted PostgreSQL has closed its connections, which is known without asking it as `pool_pre_ping` would each
    # time, in three round trips.
    @sa.event.listens_for(engine.sync_engine, "checkout")
    def still_open(connection: Any, _record: object, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise sa.exc.DisconnectionError("the database has closed this connection")

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # Results are large enough to be compressed, and its own method is slow. Where the server was built without this
        # one there is nothing to set.
        connection.run_async(lambda driver: driver.execute(_LZ4))

    return engine


def _sqlite(url: sa.URL, pool_size: int, *, writes: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        # Nearly always there is nothing to roll back; else `reset` below does it.
        pool_reset_on_return=None,
        json_serializer=to_json,
        json_deserializer=from_json,
        # As many as bulk.py has for the numbers of rows, and those of SQLAlchemy.
        connect_args={"timeout": SQLITE_BUSY_SECONDS, "cached_statements": 512},
        hide_parameters=True,
    )
    sa.event.listen(engine.sync_engine, "handle_error", _unstorable)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own transaction handling begins too late and too weakly; BEGIN is written out below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_SECONDS * 1000}")
        if writes:
            use_wal(cursor)
            cursor.execute("PRAGMA synchronous = FULL")
        else:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    # The driver lives in a thread, and each of its calls is a trip there; SQLAlchemy's way to run a statement is three.
    words = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        adapted: Any = connection.connection.dbapi_connection
        try:
            adapted.run_async(lambda driver: driver.execute_fetchall(words))
        except sqlite3.Error as error:
            # As SQLAlchemy tells of it.
            kind = sa.exc.OperationalError if isinstance(error, sqlite3.OperationalError) else sa.exc.DatabaseError
            raise kind(words, {}, error) from error
        except asyncio.CancelledError:
            # It may yet begin, in its thread; what is sent after it comes after it.
            adapted.rollback()
            raise

    @sa.event.listens_for(engine.sync_engine, "reset")
    def reset(connection: Any, _record: object, state: sa.PoolResetState) -> None:
        if state.asyncio_safe and connection.driver_connection.in_transaction:
            connection.rollback()

    return engine


def use_wal(cursor: Any) -> None:
    """Keep the log beside the file; it stays so, once it is.

    SQLite does not wait for another process that is doing the same to a new file, but says at once that it is locked.
    """
    for _ in range(100):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.05)
        else:
            return
    cursor.execute("PRAGMA journal_mode = WAL")
