"""The attempts at one exam that are running: what staff does to all of them at once, however many they are.

Every question begins at the index of what still runs, so what ever ended costs nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.rows import Rows, columns, struct_of, values_of
from exam_service.core.exams.attempt import Attempt
from exam_service.core.records import StaffMessage


class SqlRunning(Rows):
    """Attempts at an exam that have not closed yet."""

    async def ids(self, course: str, exam: str, now: datetime) -> Sequence[str]:
        table = tables.attempt
        query = sa.select(table.c.id).where(*self._open(course, exam, now)).order_by(table.c.id)
        return list((await self._connection.execute(query)).scalars())

    async def lock(self, attempt_ids: Sequence[str]) -> Sequence[Attempt]:
        table = tables.attempt
        query = (
            sa.select(*columns(Attempt, table))
            .where(table.c.org == self._org, table.c.id.in_(attempt_ids))
            .order_by(table.c.id)
            # Saves go on meanwhile: they lock the key, and none of what is changed here takes a save away.
            .with_for_update(key_share=True)
        )
        return [struct_of(Attempt, row) for row in await self._connection.execute(query)]

    async def tell(self, course: str, exam: str, now: datetime) -> int:
        table = tables.attempt
        statement = table.update().where(*self._open(course, exam, now)).values(news=table.c.news + 1)
        return (await self._connection.execute(statement)).rowcount

    async def closes_at(self, course: str, exam: str, now: datetime) -> datetime | None:
        table = tables.attempt
        found: datetime | None = await self._connection.scalar(
            sa.select(sa.func.max(table.c.closes_at)).where(*self._open(course, exam, now))
        )
        return found

    def _open(self, course: str, exam: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
        table = tables.attempt
        return (
            # Written out, because PostgreSQL uses the partial index only when it sees the index's own words.
            sa.text("attempt.state = 'in_progress'"),  # type: ignore[return-value]
            table.c.closes_at > now,
            table.c.org == self._org,
            table.c.course == course,
            table.c.exam == exam,
        )


class SqlMessages(Rows):
    """What staff told candidates."""

    async def add(self, message: StaffMessage) -> None:
        await self._connection.execute(
            tables.message.insert().values(**values_of(message, tables.message), org=self._org)
        )

    async def to(self, attempt_ids: Sequence[str]) -> Mapping[str, Sequence[StaffMessage]]:
        table, attempts = tables.message, tables.attempt
        at_its_exam = sa.and_(
            attempts.c.org == table.c.org, attempts.c.course == table.c.course, attempts.c.exam == table.c.exam
        )
        for_all = sa.and_(
            table.c.attempt.is_(None),
            table.c.sent_at >= attempts.c.started_at,
            sa.or_(attempts.c.ended_at.is_(None), table.c.sent_at <= attempts.c.ended_at),
        )
        query = (
            sa.select(attempts.c.id.label("reader"), *columns(StaffMessage, table))
            .join(attempts, at_its_exam)
            .where(table.c.org == self._org, attempts.c.id.in_(attempt_ids))
            .where(sa.or_(table.c.attempt == attempts.c.id, for_all))
            .order_by(table.c.id)
        )
        found: dict[str, list[StaffMessage]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.reader, []).append(struct_of(StaffMessage, row))
        return found

    async def at(self, course: str, exam: str, after: str | None, limit: int) -> Sequence[StaffMessage]:
        table = tables.message
        where = [table.c.course == course, table.c.exam == exam]
        if after is not None:
            where.append(table.c.id > after)
        return await self._all(StaffMessage, table, *where, order=[table.c.id], limit=limit)

    async def sent(
        self, course: str, exam: str, attempt: str | None, since: datetime, limit: int
    ) -> Sequence[datetime]:
        table = tables.message
        query = (
            sa.select(table.c.sent_at)
            .where(table.c.org == self._org, table.c.course == course, table.c.exam == exam)
            .where(table.c.attempt.is_(None) if attempt is None else table.c.attempt == attempt)
            .where(table.c.sent_at > since)
            .order_by(table.c.sent_at.desc())
            .limit(limit)
        )
        return list((await self._connection.execute(query)).scalars())
