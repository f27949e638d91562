"""Candidates, enrolments with what was reported of them, and launches."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import Many, both, fetch, from_json_column
from exam_service.adapters.storage.rows import Rows, missing, taken, values_of
from exam_service.core.records import Candidate, Enrolment, Launch, ReportedFact
from exam_service.core.rules import Value

_CANDIDATES = Many(Candidate, tables.candidate)
_SEVERAL_CANDIDATES = both("SELECT COLUMNS FROM candidate WHERE org || '' = $1 AND id = ANY($2)", _CANDIDATES.columns())


class SqlCandidates(Rows):
    """People. Two of an organisation share neither its own id for them nor a national id."""

    async def put(self, candidate: Candidate) -> None:
        if await self._put(tables.candidate, values_of(candidate, tables.candidate)):
            return
        index = candidate.national_id_index
        other = await self.find(external_id=candidate.external_id)
        if (other is None or other.id == candidate.id) and index is not None:
            # Whoever has this national id is the one to be named; the number itself never is (P14).
            other = await self.find(national_id_index=index)
        taken("candidate", other.external_id if other else candidate.id)

    async def get(self, candidate_id: str) -> Candidate | None:
        return await self._one(Candidate, tables.candidate, tables.candidate.c.id == candidate_id)

    async def several(self, candidate_ids: Sequence[str]) -> Mapping[str, Candidate]:
        rows = await fetch(self._connection, _SEVERAL_CANDIDATES, self._org, list(candidate_ids))
        return {row[0]: _CANDIDATES.of(row) for row in rows}

    async def find(self, *, external_id: str | None = None, national_id_index: bytes | None = None) -> Candidate | None:
        table = tables.candidate
        where: list[sa.ColumnElement[bool]] = []
        if external_id is not None:
            where.append(table.c.external_id == external_id)
        if national_id_index is not None:
            where.append(table.c.national_id_index == national_id_index)
        if not where:
            raise ValueError("say whom to find")
        return await self._one(Candidate, table, *where)

    async def page(self, after: str | None, limit: int) -> Sequence[Candidate]:
        table = tables.candidate
        where = [] if after is None else [table.c.id > after]
        return await self._all(Candidate, table, *where, order=[table.c.id], limit=limit)


_ENROLMENTS = Many(Enrolment, tables.enrolment)
_SEVERAL = both(
    "SELECT COLUMNS FROM enrolment WHERE org || '' = $1 AND id = ANY($2) ORDER BY id", _ENROLMENTS.columns()
)
# In the order of their ids, so that no two batches can wait for each other.
_SEVERAL_LOCKED = both(
    "SELECT COLUMNS FROM enrolment WHERE org || '' = $1 AND id = ANY($2) ORDER BY id FOR UPDATE", _ENROLMENTS.columns()
)
_FACTS = both(
    "SELECT enrolment, name, value FROM reported_fact WHERE org = $1 AND enrolment = ANY($2) ORDER BY reported_at, id"
)


class SqlEnrolments(Rows):
    """Who is in which course, and the facts that the learning system reported."""

    async def put(self, enrolment: Enrolment) -> None:
        if not await self._put(tables.enrolment, values_of(enrolment, tables.enrolment)):
            taken("enrolment", f"{enrolment.candidate} {enrolment.course}")

    async def get(self, enrolment_id: str, *, lock: bool = False) -> Enrolment | None:
        return await self._one(Enrolment, tables.enrolment, tables.enrolment.c.id == enrolment_id, lock=lock)

    async def find(self, candidate_id: str, course: str) -> Enrolment | None:
        table = tables.enrolment
        return await self._one(Enrolment, table, table.c.candidate == candidate_id, table.c.course == course)

    async def page(self, course: str | None, after: str | None, limit: int) -> Sequence[Enrolment]:
        table = tables.enrolment
        where = ([] if course is None else [table.c.course == course]) + ([] if after is None else [table.c.id > after])
        return await self._all(Enrolment, table, *where, order=[table.c.id], limit=limit)

    async def count(self, course: str) -> int:
        table = tables.enrolment
        query = sa.select(sa.func.count()).where(table.c.org == self._org, table.c.course == course)
        return await self._connection.scalar(query) or 0

    async def several(self, enrolment_ids: Sequence[str], *, lock: bool = False) -> Mapping[str, Enrolment]:
        statement = _SEVERAL_LOCKED if lock else _SEVERAL
        rows = await fetch(self._connection, statement, self._org, list(enrolment_ids))
        return {row[0]: _ENROLMENTS.of(row) for row in rows}

    async def facts_of(self, enrolment_ids: Sequence[str]) -> Mapping[str, Mapping[str, Value]]:
        found: dict[str, dict[str, Value]] = {}
        for row in await fetch(self._connection, _FACTS, self._org, list(enrolment_ids)):
            found.setdefault(row[0], {})[row[1]] = _reported(from_json_column(row[2]))
        return found

    async def report(self, facts: Sequence[ReportedFact]) -> None:
        rows = [
            {
                "org": self._org,
                "enrolment": fact.enrolment,
                "name": fact.name,
                "value": _stored(fact.value),
                "reported_at": fact.reported_at,
                "reported_by": fact.reported_by,
            }
            for fact in facts
        ]
        if rows:
            await self._connection.execute(tables.reported_fact.insert(), rows)

    async def facts(self, enrolment_id: str) -> Sequence[ReportedFact]:
        table = tables.reported_fact
        query = (
            sa.select(table.c.enrolment, table.c.name, table.c.value, table.c.reported_at, table.c.reported_by)
            .where(table.c.org == self._org, table.c.enrolment == enrolment_id)
            .order_by(table.c.reported_at, table.c.id)
        )
        return [
            ReportedFact(
                enrolment=row.enrolment,
                name=row.name,
                value=_reported(row.value),
                reported_at=row.reported_at,
                reported_by=row.reported_by,
            )
            for row in await self._connection.execute(query)
        ]


class SqlLaunches(Rows):
    """One-time ways in."""

    async def add(self, launch: Launch) -> None:
        if launch.org != self._org:
            raise ValueError("this launch is another organisation's")
        if not await self._insert(tables.launch, values_of(launch, tables.launch)):
            taken("launch", launch.id)

    async def get(self, launch_id: str, *, lock: bool = False) -> Launch | None:
        return await self._one(Launch, tables.launch, tables.launch.c.id == launch_id, lock=lock)

    async def put(self, launch: Launch) -> None:
        if launch.org != self._org:
            raise ValueError("this launch is another organisation's")
        if not await self._update(tables.launch, values_of(launch, tables.launch), tables.launch.c.id == launch.id):
            missing("launch", launch.id)


def _stored(value: Value) -> dict[str, object]:
    return {"instant": value} if isinstance(value, datetime) else {"value": value}


def _reported(stored: dict[str, object]) -> Value:
    if "instant" in stored:
        return msgspec.convert(stored["instant"], datetime)
    value = stored["value"]
    return tuple(value) if isinstance(value, list) else value  # type: ignore[return-value]
