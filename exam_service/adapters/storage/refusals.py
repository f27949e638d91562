"""What a database says no with, in the service's own words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import exc

from exam_service.adapters.storage.engine import NoConnection
from exam_service.core import errors

RETRY_AFTER = timedelta(seconds=3)

Clock = Callable[[], datetime]

# SQLSTATEs that pass by themselves: connection lost, rolled back by a conflict, out of resources, shut down, waited too
# long for a lock, stood idle for too long.
_PASSING = ("08", "40", "53", "57", "55P03", "25P03")


def passes_by_itself(error: BaseException) -> bool:
    """Whether the same may well succeed in a few seconds: the database is away, overloaded, or broke a deadlock."""
    if isinstance(error, exc.TimeoutError | NoConnection):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or (isinstance(state, str) and state.startswith(_PASSING)):
        return True
    return isinstance(error, exc.InterfaceError) or (
        isinstance(error, exc.OperationalError) and any(word in str(error.orig) for word in ("locked", "busy"))
    )


@contextmanager
def said_clearly(clock: Clock) -> Iterator[None]:
    """Raise Unavailable for what passes by itself, and leave everything else as it is."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, NoConnection) as error:
        if passes_by_itself(error):
            raise errors.Unavailable(retry_at=clock() + RETRY_AFTER) from error
        raise
