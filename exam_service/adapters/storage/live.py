"""What the live view reads: long lists, page by page, and of each row no more than is needed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import both, fetch
from exam_service.adapters.storage.rows import Rows
from exam_service.core.exams.attempt import State
from exam_service.core.exams.live import Running
from exam_service.core.people import PersonName
from exam_service.core.records import Enrolled, LiveAttempt

_SAVES = both("SELECT attempt, count(*) FROM journal WHERE org || '' = $1 AND attempt = ANY($2) GROUP BY attempt")


class SqlLive(Rows):
    """Who is enrolled, how far each is, and how often each has saved."""

    async def enrolled(self, course: str, after: str | None, limit: int) -> Sequence[Enrolled]:
        enrolments, candidates = tables.enrolment, tables.candidate
        query = (
            sa.select(enrolments.c.id, candidates.c.external_id, candidates.c.name)
            .join(
                candidates,
                sa.and_(candidates.c.id == enrolments.c.candidate, candidates.c.org == enrolments.c.org),
            )
            .where(enrolments.c.org == self._org, enrolments.c.course == course)
            .order_by(enrolments.c.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(enrolments.c.id > after)
        rows = await self._connection.execute(query)
        named = ((id, external_id, msgspec.convert(name, PersonName)) for id, external_id, name in rows)
        return [Enrolled(id, external_id, name.display, name.order) for id, external_id, name in named]

    async def attempts(self, course: str, exam: str, after: str | None, limit: int) -> Sequence[LiveAttempt]:
        table, journal = tables.attempt, tables.journal
        runs = table.c.state == State.in_progress.value
        # The primary key of the journal leads straight to an attempt's newest row, however many there are.
        last_save = (
            sa.select(journal.c.received_at)
            .where(journal.c.attempt == table.c.id, journal.c.org == table.c.org)
            .order_by(journal.c.epoch.desc(), journal.c.seq.desc())
            .limit(1)
            .correlate(table)
            .scalar_subquery()
        )
        query = (
            sa.select(
                table.c.id,
                table.c.enrolment,
                table.c.number,
                table.c.state,
                table.c.extra_seconds,
                # Times are dear to read, and of what has ended none is shown.
                *(sa.case((runs, column)) for column in (table.c.started_at, table.c.deadline, last_save)),
            )
            .where(table.c.org == self._org, table.c.course == course, table.c.exam == exam)
            .order_by(table.c.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(table.c.id > after)
        return [
            LiveAttempt(
                id, enrolment, number, State(state), extra, Running(started, deadline, saved) if started else None
            )
            for id, enrolment, number, state, extra, started, deadline, saved in await self._connection.execute(query)
        ]

    async def saves(self, attempt_ids: Sequence[str]) -> Mapping[str, int]:
        return {row[0]: row[1] for row in await fetch(self._connection, _SAVES, self._org, list(attempt_ids))}

    async def undecided(self, course: str, exam: str) -> int:
        late = tables.late_save
        where = (late.c.org == self._org, late.c.decision.is_(None), late.c.attempt.in_(self._at(course, exam)))
        return (await self._connection.execute(sa.select(sa.func.count()).where(*where))).scalar_one()

    async def deeds(self, course: str, exam: str, without: str) -> int:
        table = tables.audit_event
        of_it = sa.or_(table.c.subject == f"{course}/{exam}", table.c.subject.in_(self._at(course, exam)))
        query = sa.select(sa.func.count()).where(table.c.org == self._org, of_it, table.c.action != without)
        return (await self._connection.execute(query)).scalar_one()

    def _at(self, course: str, exam: str) -> sa.Select[tuple[str]]:
        table = tables.attempt
        return sa.select(table.c.id).where(table.c.org == self._org, table.c.course == course, table.c.exam == exam)

    async def writing(self, now: datetime) -> Mapping[tuple[str, str], int]:
        table = tables.attempt
        query = (
            sa.select(table.c.course, table.c.exam, sa.func.count().label("attempts"))
            # Written out, because PostgreSQL uses the partial index only when it sees the index's own words.
            .where(table.c.org == self._org, sa.text("attempt.state = 'in_progress'"), table.c.deadline > now)
            .group_by(table.c.course, table.c.exam)
        )
        return {(row.course, row.exam): row.attempts for row in await self._connection.execute(query)}
