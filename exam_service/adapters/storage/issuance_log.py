"""The issuance log: entries are only ever added."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import Many
from exam_service.adapters.storage.rows import Rows, missing, taken, values_of
from exam_service.core.certificates.record import LogEntry, LogHead

_ENTRIES = Many(LogEntry, tables.log_entry)
_ADD = _ENTRIES.insert()
_NEVER = datetime.fromtimestamp(0, UTC)


class SqlIssuanceLog(Rows):
    """One organisation's log."""

    async def head(self, *, lock: bool = False) -> LogHead:
        found = await self._one(LogHead, tables.log_head, lock=lock)
        if found is not None:
            return found
        empty = LogHead(size=0, peaks=b"", note=b"", signed_at=_NEVER)
        if not lock:
            return empty
        # Of two who begin a log at the same moment the second waits here, and then finds what the first has made.
        await self._insert(tables.log_head, values_of(empty, tables.log_head))
        return await self._one(LogHead, tables.log_head, lock=True) or empty

    async def put_head(self, head: LogHead) -> None:
        if not await self._update(tables.log_head, values_of(head, tables.log_head)):
            missing("issuance log", self._org)

    async def add(self, entries: Sequence[LogEntry]) -> None:
        if await _ENTRIES.write(self._connection, self._org, _ADD, entries) != len(entries):
            taken("entry of the issuance log", ", ".join(str(entry.number) for entry in entries))

    async def add_subtrees(self, subtrees: Sequence[tuple[int, int, bytes]]) -> None:
        for level, number, digest in subtrees:
            await self._insert(tables.log_subtree, {"level": level, "number": number, "digest": digest})

    async def entries(self, start: int, count: int) -> Sequence[LogEntry]:
        table = tables.log_entry
        within = (table.c.number >= start, table.c.number < start + count)
        return await self._all(LogEntry, table, *within, order=[table.c.number])

    async def entry_of(self, certificate_id: str) -> LogEntry | None:
        return await self._one(LogEntry, tables.log_entry, tables.log_entry.c.certificate == certificate_id)

    async def subtrees(self, level: int, start: int, count: int) -> Sequence[bytes]:
        table = tables.log_subtree
        query = sa.select(table.c.digest).where(table.c.org == self._org, table.c.level == level)
        query = query.where(table.c.number >= start, table.c.number < start + count).order_by(table.c.number)
        return list(await self._connection.scalars(query))
