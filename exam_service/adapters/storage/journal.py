"""The journal's writer: saves of many candidates become durable in one transaction.

Whether a save counts is decided by the core from facts that are read under the attempt's lock: a submit that runs at
the same moment either waits and then reads the save, or was first, and then the save is refused.

This is the one place that uses the drivers as they are: it runs for every save of every candidate, and a layer between
costs as much as the work itself.
"""

from exam_service.adapters.storage.engine import Database
from exam_service.adapters.storage.journal_postgresql import PostgresqlJournal
from exam_service.adapters.storage.journal_sqlite import SqliteJournal
from exam_service.adapters.storage.refusals import Clock

SqlJournal = PostgresqlJournal | SqliteJournal


def journal_over(database: Database, clock: Clock) -> SqlJournal:
    """The Journal port over a database; close it before the database."""
    if database.kind == "postgresql":
        return PostgresqlJournal(database, clock)
    return SqliteJournal(database, clock)
