"""What a database says no with, in the service's own words."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy import exc

from exam_service.adapters.storage.engine import NoConnection, unstorable
from exam_service.core import errors

RETRY_AFTER = timedelta(seconds=3)

Clock = Callable[[], datetime]

log = logging.getLogger(__name__)

# SQLSTATEs that pass by themselves: connection lost, rolled back by a conflict, out of resources, shut down, trouble of
# the machine, waited too long for a lock, stood idle for too long.
_PASSING = ("08", "40", "53", "57", "58", "55P03", "25P03")

_MACHINE = ("53100", "53200", "58")
"""SQLSTATEs of a full disk, no memory, and input or output that failed: somebody has to do something."""
_SQLITE_PASSING = ("locked", "busy")
_SQLITE_MACHINE = ("database or disk is full", "disk I/O error", "unable to open database file")

QUIET = timedelta(seconds=30)
"""A full disk refuses every save of every candidate; to be told of it this often is enough."""

_DRIVERS = (asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error)
"""What the drivers raise where they are used as they are."""


def passes_by_itself(error: BaseException) -> bool:
    """Whether the same may well succeed in a few seconds: the database is away, overloaded, or broke a deadlock."""
    if isinstance(error, exc.TimeoutError | NoConnection):
        return True
    if isinstance(error, _DRIVERS):
        return _driver_passes(error)
    if not isinstance(error, exc.DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or (isinstance(state, str) and state.startswith(_PASSING)):
        return True
    return isinstance(error, exc.InterfaceError) or (
        isinstance(error, exc.OperationalError) and _sqlite_passes(error.orig)
    )


def connection_lost(error: BaseException) -> bool:
    """Whether the driver lost its connection, so that on a new one the same may succeed at once."""
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", "")).startswith(("08", "57P"))
    return isinstance(error, asyncpg.InterfaceError | NoConnection)


def _driver_passes(error: BaseException) -> bool:
    """The same question for what a driver raises by itself."""
    if isinstance(error, sqlite3.OperationalError):
        return _sqlite_passes(error)
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", "")).startswith(_PASSING)
    return isinstance(error, asyncpg.InterfaceError)


def _sqlite_passes(error: BaseException | None) -> bool:
    return any(words in str(error) for words in (*_SQLITE_PASSING, *_SQLITE_MACHINE))


class _Trouble:
    """What the machine under the database fails with, said in one line once in a while."""

    def __init__(self) -> None:
        self._said_at: datetime | None = None

    def say(self, error: BaseException, now: datetime) -> None:
        cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
        state = str(getattr(cause, "sqlstate", None) or "")
        machine = state.startswith(_MACHINE) or any(words in str(cause) for words in _SQLITE_MACHINE)
        if machine and not (self._said_at is not None and timedelta() <= now - self._said_at < QUIET):
            self._said_at = now
            # Only the kind of trouble: what the database says in full may hold what somebody wrote (P14).
            why = state or next(words for words in _SQLITE_MACHINE if words in str(cause))
            log.error("the database cannot write (%s); what it refuses is tried again by whoever sent it", why)


_trouble = _Trouble()


@contextmanager
def said_clearly(clock: Clock) -> Iterator[None]:
    """Raise Unavailable for what passes by itself, and leave everything else as it is."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, NoConnection, *_DRIVERS) as error:
        if passes_by_itself(error):
            _trouble.say(error, clock())
            raise errors.Unavailable(retry_at=clock() + RETRY_AFTER) from error
        refusal = unstorable(error) if isinstance(error, _DRIVERS) else None
        if refusal is not None:
            raise refusal from error
        raise
    except OverflowError as error:
        raise unstorable(error) or error from error
