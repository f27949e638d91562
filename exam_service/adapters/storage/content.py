"""Question banks and courses."""

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.bulk import both, fetch
from exam_service.adapters.storage.rows import Rows, columns, missing, struct_of, taken, values_of
from exam_service.core.exams.model import CourseVersion
from exam_service.core.records import BankVersion, CourseRecord


class SqlBanks(Rows):
    """Uploaded banks. A version never changes."""

    async def add(self, version: BankVersion, document: bytes) -> None:
        values = values_of(version, tables.bank_version) | {"content": document}
        if not await self._insert(tables.bank_version, values):
            taken("bank version", f"{version.code} {version.number}")

    async def newest(self, code: str) -> BankVersion | None:
        found = await self._all(
            BankVersion,
            tables.bank_version,
            tables.bank_version.c.code == code,
            order=[tables.bank_version.c.number.desc()],
            limit=1,
        )
        return found[0] if found else None

    async def versions(self, code: str) -> Sequence[BankVersion]:
        table = tables.bank_version
        return await self._all(BankVersion, table, table.c.code == code, order=[table.c.number])

    async def document(self, version_id: str) -> bytes | None:
        table = tables.bank_version
        found: bytes | None = await self._value(table.c.content, table, table.c.id == version_id)
        return found

    async def page(self, after: str | None, limit: int) -> Sequence[BankVersion]:
        table = tables.bank_version
        newest = (
            sa.select(table.c.code, sa.func.max(table.c.number).label("number"))
            .where(table.c.org == self._org, *([] if after is None else [table.c.code > after]))
            .group_by(table.c.code)
            .order_by(table.c.code)
            .limit(limit)
            .subquery()
        )
        query = (
            sa.select(*columns(BankVersion, table))
            .join(newest, sa.and_(newest.c.code == table.c.code, newest.c.number == table.c.number))
            .where(table.c.org == self._org)
            .order_by(table.c.code)
        )
        return [struct_of(BankVersion, row) for row in await self._connection.execute(query)]


_NEWEST_IDS = both(
    "SELECT c.code, v.id FROM course c JOIN course_version v ON v.org = c.org AND v.code = c.code "
    "AND v.number = c.published WHERE c.org = $1 AND c.code = ANY($2)"
)


class SqlCourses(Rows):
    """Courses as drafts, and their published versions, which never change."""

    async def put(self, course: CourseRecord) -> None:
        table = tables.course
        values = values_of(course, table)
        if not await self._insert(table, values):
            await self._update(table, values, table.c.code == course.code)

    async def get(self, code: str, *, lock: bool = False) -> CourseRecord | None:
        return await self._one(CourseRecord, tables.course, tables.course.c.code == code, lock=lock)

    async def page(self, after: str | None, limit: int) -> Sequence[CourseRecord]:
        table = tables.course
        where = [] if after is None else [table.c.code > after]
        return await self._all(CourseRecord, table, *where, order=[table.c.code], limit=limit)

    async def publish(self, version: CourseVersion) -> None:
        table, code = tables.course, version.course.code
        if not await self._update(table, {"published": version.number}, table.c.code == code):
            missing("course", code)
        values = {
            "id": version.id,
            "code": code,
            "number": version.number,
            "content": msgspec.json.encode(version),
            "published_at": version.published_at,
        }
        if not await self._insert(tables.course_version, values):
            taken("course version", f"{code} {version.number}")

    async def version(self, version_id: str) -> CourseVersion | None:
        return await self._version(tables.course_version.c.id == version_id)

    async def newest(self, code: str) -> CourseVersion | None:
        table, versions = tables.course, tables.course_version
        published = sa.select(table.c.published).where(table.c.org == self._org, table.c.code == code)
        return await self._version(versions.c.code == code, versions.c.number == published.scalar_subquery())

    async def newest_ids(self, codes: Sequence[str]) -> Mapping[str, str]:
        return {row[0]: row[1] for row in await fetch(self._connection, _NEWEST_IDS, self._org, list(codes))}

    async def numbered(self, code: str, number: int) -> CourseVersion | None:
        versions = tables.course_version
        return await self._version(versions.c.code == code, versions.c.number == number)

    async def _version(self, *where: sa.ColumnElement[bool]) -> CourseVersion | None:
        content = await self._value(tables.course_version.c.content, tables.course_version, *where)
        return None if content is None else msgspec.json.decode(content, type=CourseVersion)
