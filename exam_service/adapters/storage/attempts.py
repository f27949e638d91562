"""Attempts with their frozen papers, and what they came to."""

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.rows import Rows, chunks, columns, missing, struct_of, taken, values_of
from exam_service.core.exams.attempt import Attempt
from exam_service.core.exams.journal import Saved
from exam_service.core.exams.scoring import JournalEntry
from exam_service.core.records import Paper, StoredResult


class SqlAttempts(Rows):
    """Attempts. The lock of one is what a save and a submit meet at."""

    async def add(self, attempt: Attempt, paper: Paper) -> None:
        table, enrolments = tables.attempt, tables.enrolment
        # Empty, and so refused by NOT NULL, when the enrolment is another organisation's.
        course = sa.select(enrolments.c.course).where(
            enrolments.c.org == self._org, enrolments.c.id == attempt.enrolment
        )
        if not await self._insert(table, _values(attempt) | {"course": course.scalar_subquery()}):
            taken("attempt", attempt.id)
        await self._insert(tables.paper, {"attempt": attempt.id, "form": paper.form, "view": paper.view})

    async def get(self, attempt_id: str, *, lock: bool = False) -> Attempt | None:
        return await self._one(Attempt, tables.attempt, tables.attempt.c.id == attempt_id, lock=lock)

    async def put(self, attempt: Attempt) -> None:
        if not await self._update(tables.attempt, _values(attempt), tables.attempt.c.id == attempt.id):
            missing("attempt", attempt.id)

    async def of(self, enrolment_id: str) -> Sequence[Attempt]:
        table = tables.attempt
        return await self._all(
            Attempt, table, table.c.enrolment == enrolment_id, order=[table.c.started_at, table.c.id]
        )

    async def page(self, course: str | None, after: str | None, limit: int) -> Sequence[Attempt]:
        table = tables.attempt
        where = ([] if course is None else [table.c.course == course]) + ([] if after is None else [table.c.id > after])
        return await self._all(Attempt, table, *where, order=[table.c.id], limit=limit)

    async def paper(self, attempt_id: str) -> Paper | None:
        return await self._one(Paper, tables.paper, tables.paper.c.attempt == attempt_id)


class SqlResults(Rows):
    """The journal as it is read, and the results with every revision of them."""

    async def journal(self, attempt_id: str) -> Sequence[JournalEntry]:
        table = tables.journal
        query = (
            sa.select(table.c.epoch, table.c.seq, table.c.body)
            .where(table.c.org == self._org, table.c.attempt == attempt_id)
            .order_by(table.c.epoch, table.c.seq)
        )
        return [
            JournalEntry(epoch=row.epoch, seq=row.seq, responses=msgspec.json.decode(row.body, type=dict[str, object]))
            for row in await self._connection.execute(query)
        ]

    async def saves(self, attempt_id: str) -> Sequence[Saved]:
        table, attempts = tables.journal, tables.attempt
        query = (
            sa.select(*columns(Saved, table), attempts.c.deadline)
            .join(attempts, sa.and_(attempts.c.id == table.c.attempt, attempts.c.org == table.c.org))
            .where(table.c.org == self._org, table.c.attempt == attempt_id)
            .order_by(table.c.epoch, table.c.seq)
        )
        return [struct_of(Saved, row) for row in await self._connection.execute(query)]

    async def add(self, result: StoredResult) -> None:
        values = values_of(result, tables.result) | {"content": result.document}
        if not await self._insert(tables.result, values):
            taken("result", f"{result.attempt} {result.revision}")

    async def current(self, attempt_ids: Sequence[str]) -> Mapping[str, StoredResult]:
        table = tables.result
        found: dict[str, StoredResult] = {}
        for some in chunks(attempt_ids, 5000):
            newest = (
                sa.select(table.c.attempt, sa.func.max(table.c.revision).label("revision"))
                .where(table.c.org == self._org, table.c.attempt.in_(some))
                .group_by(table.c.attempt)
                .subquery()
            )
            query = _results().join(
                newest, sa.and_(newest.c.attempt == table.c.attempt, newest.c.revision == table.c.revision)
            )
            rows = await self._connection.execute(query.where(table.c.org == self._org))
            found |= {row.attempt: struct_of(StoredResult, row) for row in rows}
        return found

    async def history(self, attempt_id: str) -> Sequence[StoredResult]:
        table = tables.result
        query = _results().where(table.c.org == self._org, table.c.attempt == attempt_id).order_by(table.c.revision)
        return [struct_of(StoredResult, row) for row in await self._connection.execute(query)]


def _values(attempt: Attempt) -> dict[str, object]:
    return values_of(attempt, tables.attempt) | {"closes_at": attempt.closes_at}


def _results() -> sa.Select[tuple[object, ...]]:
    return sa.select(*columns(StoredResult, tables.result), tables.result.c.content.label("document"))
