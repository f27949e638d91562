"""Attempts with their frozen papers, and what they came to."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import ADD_PAPERS, Many, both, fetch, grouped, run_many
from exam_service.adapters.storage.journal_groups import in_group
from exam_service.adapters.storage.rows import Rows, columns, missing, struct_of, taken, values_of
from exam_service.core.exams.attempt import Attempt
from exam_service.core.exams.journal import Saved
from exam_service.core.exams.scoring import JournalEntry
from exam_service.core.records import Paper, StoredResult

_ATTEMPTS = Many(Attempt, tables.attempt, more=["closes_at"])
_STARTED = Many(Attempt, tables.attempt, more=["closes_at", "paper"])
_RESULTS = Many(StoredResult, tables.result, named={"document": "content"})
_ADD = _STARTED.insert(
    course="(SELECT e.course FROM enrolment e WHERE e.id = u.enrolment AND e.org || '' = $1)",
    # An attempt without its paper would be found only when its candidate opens it.
    # No EXISTS, which PostgreSQL may answer by reading all papers.
    only="u.paper IS NULL OR (SELECT true FROM paper p WHERE p.attempt = u.paper AND p.org || '' = $1)",
)
_PUT = _ATTEMPTS.update()
_ADD_RESULTS = _RESULTS.insert()
_CURRENT = both(
    "SELECT COLUMNS FROM result r WHERE r.org || '' = $1 AND r.attempt = ANY($2) AND r.revision = "
    "(SELECT max(n.revision) FROM result n WHERE n.org || '' = r.org AND n.attempt = r.attempt)",
    _RESULTS.columns("r"),
)
_SEVERAL = both("SELECT COLUMNS FROM attempt WHERE org || '' = $1 AND id = ANY($2) ORDER BY id", _ATTEMPTS.columns())
# In the order of their ids, so that no two batches can wait for each other.
_SEVERAL_LOCKED = both(
    "SELECT COLUMNS FROM attempt WHERE org || '' = $1 AND id = ANY($2) ORDER BY id FOR UPDATE", _ATTEMPTS.columns()
)
_OF_ALL = both("SELECT COLUMNS FROM attempt WHERE org || '' = $1 AND enrolment = ANY($2)", _ATTEMPTS.columns())
_FORMS = both(
    "SELECT a.id, p.form FROM attempt a JOIN paper p ON p.org || '' = a.org AND p.attempt = coalesce(a.paper, a.id) "
    "WHERE a.org || '' = $1 AND a.id = ANY($2)"
)
_PAPERS = both("SELECT count(*) FROM paper WHERE org || '' = $1 AND attempt = ANY($2)")
_JOURNALS = both(
    "SELECT attempt, epoch, seq, body, digest FROM journal WHERE org || '' = $1 AND attempt = ANY($2) "
    "ORDER BY attempt, epoch, seq"
)

_responses = msgspec.json.Decoder(dict[str, object])


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

    async def several(self, attempt_ids: Sequence[str], *, lock: bool = False) -> Mapping[str, Attempt]:
        statement = _SEVERAL_LOCKED if lock else _SEVERAL
        rows = await fetch(self._connection, statement, self._org, list(attempt_ids))
        return {row[0]: _ATTEMPTS.of(row) for row in rows}

    async def of_all(self, enrolment_ids: Sequence[str]) -> Mapping[str, Sequence[Attempt]]:
        rows = await fetch(self._connection, _OF_ALL, self._org, list(enrolment_ids))
        return grouped(sorted(map(_ATTEMPTS.of, rows), key=attrgetter("started_at", "id")), "enrolment")

    async def add_all(self, started: Sequence[tuple[Attempt, Paper | str]]) -> None:
        new = [attempt for attempt, _ in started]
        closes = [attempt.closes_at for attempt in new]
        stored = [paper if isinstance(paper, str) else None for _, paper in started]
        if await _STARTED.write(self._connection, self._org, _ADD, new, closes, stored) != len(new):
            await self._require_papers([paper for paper in stored if paper is not None])
            taken("attempt", ", ".join(attempt.id for attempt in new))
        drawn = [(a.id, paper.form, paper.view) for a, paper in started if isinstance(paper, Paper)]
        await run_many(self._connection, ADD_PAPERS, self._org, drawn)

    async def _require_papers(self, prepared: list[str]) -> None:
        ((there,),) = await fetch(self._connection, _PAPERS, self._org, prepared)
        if there != len(prepared):
            missing("paper", ", ".join(prepared))

    async def put_all(self, attempts: Sequence[Attempt]) -> None:
        closes = [attempt.closes_at for attempt in attempts]
        if await _ATTEMPTS.write(self._connection, self._org, _PUT, attempts, closes) != len(attempts):
            missing("attempt", ", ".join(attempt.id for attempt in attempts))

    async def forms(self, attempt_ids: Sequence[str]) -> Mapping[str, bytes]:
        return {row[0]: row[1] for row in await fetch(self._connection, _FORMS, self._org, list(attempt_ids))}

    async def page(self, course: str | None, after: str | None, limit: int) -> Sequence[Attempt]:
        table = tables.attempt
        where = ([] if course is None else [table.c.course == course]) + ([] if after is None else [table.c.id > after])
        return await self._all(Attempt, table, *where, order=[table.c.id], limit=limit)

    async def paper(self, attempt_id: str) -> Paper | None:
        table = tables.attempt
        stored = sa.select(sa.func.coalesce(table.c.paper, table.c.id)).where(
            table.c.org == self._org, table.c.id == attempt_id
        )
        return await self._one(Paper, tables.paper, tables.paper.c.attempt == stored.scalar_subquery())


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

    async def journals(self, attempt_ids: Sequence[str]) -> Mapping[str, Sequence[JournalEntry]]:
        rows = await fetch(self._connection, _JOURNALS, self._org, list(attempt_ids))
        found: dict[str, list[JournalEntry]] = {}
        for row in rows:
            entry = JournalEntry(epoch=row[1], seq=row[2], responses=_responses.decode(row[3]), digest=row[4])
            found.setdefault(row[0], []).append(entry)
        return found

    async def saves(self, attempt_id: str) -> Sequence[Saved]:
        return [struct_of(Saved, row) for row in await self._connection.execute(self._saves(attempt_id))]

    async def save(self, attempt_id: str, epoch: int, seq: int) -> Saved | None:
        table = tables.journal
        found = await self._with_receipts(attempt_id, table.c.epoch == epoch, table.c.seq == seq)
        return found[0] if found else None

    async def saves_with_receipts(self, attempt_id: str) -> Sequence[Saved]:
        return await self._with_receipts(attempt_id)

    async def _with_receipts(self, attempt_id: str, *which: sa.ColumnElement[bool]) -> Sequence[Saved]:
        table, groups = tables.journal, tables.receipt_group
        query = (
            self._saves(attempt_id)
            .where(*which)
            .add_columns(groups.c.head, groups.c.leaves, table.c.receipt_place)
            .outerjoin(groups, groups.c.id == table.c.receipt_group)
        )
        return [
            msgspec.structs.replace(struct_of(Saved, row), group=in_group(row.head, row.leaves, row.receipt_place))
            for row in await self._connection.execute(query)
        ]

    def _saves(self, attempt_id: str) -> sa.Select[Any]:
        table, attempts = tables.journal, tables.attempt
        return (
            sa.select(*columns(Saved, table), attempts.c.deadline)
            .join(attempts, sa.and_(attempts.c.id == table.c.attempt, attempts.c.org == table.c.org))
            .where(table.c.org == self._org, table.c.attempt == attempt_id)
            .order_by(table.c.epoch, table.c.seq)
        )

    async def add(self, result: StoredResult) -> None:
        values = values_of(result, tables.result) | {"content": result.document}
        if not await self._insert(tables.result, values):
            taken("result", f"{result.attempt} {result.revision}")

    async def add_all(self, results: Sequence[StoredResult]) -> None:
        if await _RESULTS.write(self._connection, self._org, _ADD_RESULTS, results) != len(results):
            taken("result", ", ".join(f"{result.attempt} {result.revision}" for result in results))

    async def current(self, attempt_ids: Sequence[str]) -> Mapping[str, StoredResult]:
        rows = await fetch(self._connection, _CURRENT, self._org, list(attempt_ids))
        return {row[0]: _RESULTS.of(row) for row in rows}

    async def history(self, attempt_id: str) -> Sequence[StoredResult]:
        table = tables.result
        query = _results().where(table.c.org == self._org, table.c.attempt == attempt_id).order_by(table.c.revision)
        return [struct_of(StoredResult, row) for row in await self._connection.execute(query)]


def _values(attempt: Attempt) -> dict[str, object]:
    return values_of(attempt, tables.attempt) | {"closes_at": attempt.closes_at}


def _results() -> sa.Select[tuple[object, ...]]:
    return sa.select(*columns(StoredResult, tables.result), tables.result.c.content.label("document"))
