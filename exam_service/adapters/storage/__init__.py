"""Storage on SQLite and PostgreSQL. What bootstrap needs is here; nothing else of this package is for others."""

from exam_service.adapters.storage.engine import Database
from exam_service.adapters.storage.journal import SqlJournal, journal_over
from exam_service.adapters.storage.migrate import migrate
from exam_service.adapters.storage.refusals import Clock
from exam_service.adapters.storage.store import SqlDirectory, SqlStore, SqlTx

__all__ = ["SqlDirectory", "SqlJournal", "SqlStore", "SqlTx", "migrate", "open_journal", "open_store"]


def open_store(url: str, *, pool_size: int, clock: Clock) -> SqlStore:
    """The store at `sqlite:///FILE` or `postgresql://…`. Connects to nothing yet; `migrate(url)` comes first."""
    return SqlStore(Database(url, pool_size), clock)


def open_journal(store: SqlStore, clock: Clock) -> SqlJournal:
    """The journal of a store; close it before the store."""
    return journal_over(store.database, clock)
