"""What a database says no with, in the service's own words."""

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

# SQLSTATEs that pass by themselves: connection lost, rolled back by a conflict, out of resources, shut down, waited too
# long for a lock, stood idle for too long.
_PASSING = ("08", "40", "53", "57", "55P03", "25P03")

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
        isinstance(error, exc.OperationalError) and any(word in str(error.orig) for word in ("locked", "busy"))
    )


def connection_lost(error: BaseException) -> bool:
    """Whether the driver lost its connection, so that on a new one the same may succeed at once."""
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", "")).startswith(("08", "57P"))
    return isinstance(error, asyncpg.InterfaceError | NoConnection)


def _driver_passes(error: BaseException) -> bool:
    """The same question for what a driver raises by itself."""
    if isinstance(error, sqlite3.OperationalError):
        return any(word in str(error) for word in ("locked", "busy"))
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", "")).startswith(_PASSING)
    return isinstance(error, asyncpg.InterfaceError)


@contextmanager
def said_clearly(clock: Clock) -> Iterator[None]:
    """Raise Unavailable for what passes by itself, and leave everything else as it is."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, NoConnection, *_DRIVERS) as error:
        if passes_by_itself(error):
            raise errors.Unavailable(retry_at=clock() + RETRY_AFTER) from error
        refusal = unstorable(error) if isinstance(error, _DRIVERS) else None
        if refusal is not None:
            raise refusal from error
        raise
    except OverflowError as error:
        raise unstorable(error) or error from error
