"""API keys, bulk jobs, and the log of what was done."""

from collections.abc import Sequence

import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import Many
from exam_service.adapters.storage.rows import Rows, missing, taken, values_of
from exam_service.core.records import ApiKey, AuditEvent, Job, Replay

_EVENTS = Many(AuditEvent, tables.audit_event)
_ADD_EVENTS = _EVENTS.insert()


class SqlApiKeys(Rows):
    """Keys of learning systems. Only hashes are here."""

    async def add(self, key: ApiKey) -> None:
        self._own(key)
        if not await self._insert(tables.api_key, values_of(key, tables.api_key)):
            taken("API key", key.id)

    async def get(self, key_id: str) -> ApiKey | None:
        return await self._one(ApiKey, tables.api_key, tables.api_key.c.id == key_id)

    async def all(self) -> Sequence[ApiKey]:
        table = tables.api_key
        return await self._all(ApiKey, table, order=[table.c.created_at, table.c.id])

    async def put(self, key: ApiKey) -> None:
        self._own(key)
        if not await self._update(tables.api_key, values_of(key, tables.api_key), tables.api_key.c.id == key.id):
            missing("API key", key.id)

    def _own(self, key: ApiKey) -> None:
        if key.org != self._org:
            raise ValueError("this API key is another organisation's")


class SqlJobs(Rows):
    """Bulk uploads and how far they are."""

    async def put(self, job: Job) -> None:
        if not await self._put(tables.job, values_of(job, tables.job)):
            taken("job", job.id)

    async def get(self, job_id: str) -> Job | None:
        return await self._one(Job, tables.job, tables.job.c.id == job_id)


class SqlLog(Rows):
    """The audit trail, and the answers that are given again to a repeated write."""

    async def audit(self, event: AuditEvent) -> None:
        if not await self._insert(tables.audit_event, values_of(event, tables.audit_event)):
            taken("audit event", event.id)

    async def audit_all(self, events: Sequence[AuditEvent]) -> None:
        if await _EVENTS.write(self._connection, self._org, _ADD_EVENTS, events) != len(events):
            taken("audit event", events[0].id)

    async def audited_at(
        self, course: str, exam: str, without: str, after: str | None, limit: int
    ) -> Sequence[AuditEvent]:
        table, attempts = tables.audit_event, tables.attempt
        of_exam = sa.select(attempts.c.id).where(
            attempts.c.org == self._org, attempts.c.course == course, attempts.c.exam == exam
        )
        where = [
            sa.or_(table.c.subject == f"{course}/{exam}", table.c.subject.in_(of_exam)),
            table.c.action != without,
        ]
        if after is not None:
            where.append(table.c.id > after)
        return await self._all(AuditEvent, table, *where, order=[table.c.id], limit=limit)

    async def audited(self, subject: str) -> Sequence[AuditEvent]:
        table = tables.audit_event
        return await self._all(AuditEvent, table, table.c.subject == subject, order=[table.c.id])

    async def claim(self, replay: Replay) -> Replay | None:
        # The insert waits for another transaction that holds the same key; then this one sees what that one did.
        if await self._insert(tables.replay, values_of(replay, tables.replay)):
            return None
        return await self._one(Replay, tables.replay, tables.replay.c.key == replay.key)

    async def claimed(self, key: str) -> bool:
        return await self._one(Replay, tables.replay, tables.replay.c.key == key) is not None

    async def fill(self, key: str, answer: bytes) -> None:
        if not await self._update(tables.replay, {"answer": answer}, tables.replay.c.key == key):
            missing("idempotency key", key)
