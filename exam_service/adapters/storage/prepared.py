"""Papers that were drawn before their attempts begin."""

from collections.abc import Mapping, Sequence

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import ADD_PAPERS, Many, Text, both, fetch, run, run_many
from exam_service.adapters.storage.rows import Rows, taken
from exam_service.core.records import Paper, PreparedAttempt

_PREPARED = Many(PreparedAttempt, tables.prepared_attempt)

# Drawn for another version, or for an attempt that has been since.
_FRESH = (
    "p.course_version = $4 AND p.number = 1 + coalesce((SELECT max(a.number) FROM attempt a "
    "WHERE a.org || '' = e.org AND a.enrolment = e.id AND a.exam = $3), 0)"
)
_JOINED = "prepared_attempt p ON p.org || '' = e.org AND p.enrolment = e.id AND p.exam = $3 AND " + _FRESH
_LACKING = both(
    "SELECT e.id FROM enrolment e LEFT JOIN "  # noqa: S608
    + _JOINED
    + " "
    "WHERE e.org = $1 AND e.course = $2 AND p.enrolment IS NULL ORDER BY e.id"
)
_COUNT = both("SELECT count(*) FROM enrolment e JOIN " + _JOINED + " WHERE e.org = $1 AND e.course = $2")  # noqa: S608
_OF = both(
    "SELECT COLUMNS FROM prepared_attempt WHERE org || '' = $1 AND exam = $2 AND enrolment = ANY($3)",
    _PREPARED.columns(),
)
_WANTED = (
    "org || '' = ?1 AND (enrolment, exam) IN "
    "(SELECT a.value, b.value FROM json_each(?2) a JOIN json_each(?3) b ON b.key = a.key)"
)
_TAKE = Text(
    both(
        "DELETE FROM prepared_attempt p USING unnest($2::text[], $3::text[]) AS u (enrolment, exam) "
        "WHERE p.org || '' = $1 AND p.enrolment = u.enrolment AND p.exam = u.exam RETURNING COLUMNS",
        _PREPARED.columns("p"),
    ).postgresql,
    f"SELECT {_PREPARED.columns().sqlite} FROM prepared_attempt WHERE {_WANTED}",  # noqa: S608
    whole=True,
)
_TAKEN = f"DELETE FROM prepared_attempt WHERE {_WANTED}"  # noqa: S608
"""SQLite cannot give what it deletes as one document."""
_ADD = _PREPARED.insert()
_DROP = both("DELETE FROM paper WHERE org || '' = $1 AND attempt = ANY($2)")


class SqlPrepared(Rows):
    """Prepared papers. Whoever writes them has their enrolments under lock."""

    async def lacking(self, course: str, exam: str, version_id: str) -> Sequence[str]:
        return [row[0] for row in await fetch(self._connection, _LACKING, self._org, course, exam, version_id)]

    async def count(self, course: str, exam: str, version_id: str) -> int:
        ((count,),) = await fetch(self._connection, _COUNT, self._org, course, exam, version_id)
        return int(count)

    async def of(self, enrolment_ids: Sequence[str], exam: str) -> Mapping[str, PreparedAttempt]:
        rows = await fetch(self._connection, _OF, self._org, exam, list(enrolment_ids))
        return {row[0]: _PREPARED.of(row) for row in rows}

    async def take(self, wanted: Sequence[tuple[str, str]]) -> Sequence[PreparedAttempt]:
        if not wanted:
            return []
        enrolments, exams = map(list, zip(*wanted, strict=True))
        rows = await fetch(self._connection, _TAKE, self._org, enrolments, exams)
        if rows and self._connection.dialect.name == "sqlite":
            await run(self._connection, Text("", _TAKEN), self._org, enrolments, exams)
        return [_PREPARED.of(row) for row in rows]

    async def drop(self, prepared: Sequence[PreparedAttempt]) -> None:
        if prepared:
            await run(self._connection, _DROP, self._org, [one.attempt for one in prepared])

    async def put_all(self, papers: Sequence[tuple[PreparedAttempt, Paper]]) -> None:
        prepared = [one for one, _ in papers]
        await self.drop(await self.take([(one.enrolment, one.exam) for one in prepared]))
        if await _PREPARED.write(self._connection, self._org, _ADD, prepared) != len(prepared):
            taken("prepared paper", ", ".join(f"{one.enrolment} {one.exam}" for one in prepared))
        rows = [(one.attempt, paper.form, paper.view) for one, paper in papers]
        await run_many(self._connection, ADD_PAPERS, self._org, rows)
