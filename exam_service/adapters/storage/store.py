"""The store: an organisation's transactions, and the few look-ups that come before an organisation is known."""

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.artwork import SqlArtwork
from exam_service.adapters.storage.attempts import SqlAttempts, SqlResults
from exam_service.adapters.storage.certificates import SqlCertificates, SqlKeys
from exam_service.adapters.storage.content import SqlBanks, SqlCourses
from exam_service.adapters.storage.engine import Database, NoConnection
from exam_service.adapters.storage.issuance_log import SqlIssuanceLog
from exam_service.adapters.storage.late_saves import SqlLateSaves
from exam_service.adapters.storage.live import SqlLive
from exam_service.adapters.storage.log import SqlApiKeys, SqlJobs, SqlLog
from exam_service.adapters.storage.migrate import fits
from exam_service.adapters.storage.people import SqlCandidates, SqlEnrolments, SqlLaunches
from exam_service.adapters.storage.prepared import SqlPrepared
from exam_service.adapters.storage.refusals import Clock, said_clearly
from exam_service.adapters.storage.rows import columns, struct_of, taken, values_of
from exam_service.adapters.storage.running import SqlMessages, SqlRunning
from exam_service.core.records import Organisation

LEAST_ROOM = 1 << 20
"""With less room on the disk than this, in bytes, the next save may be the one that does not fit."""


class SqlTx:
    """One organisation's transaction: each repository puts the organisation into every statement."""

    def __init__(self, connection: AsyncConnection, org: str) -> None:
        self.org = org
        self.banks = SqlBanks(connection, org)
        self.courses = SqlCourses(connection, org)
        self.candidates = SqlCandidates(connection, org)
        self.enrolments = SqlEnrolments(connection, org)
        self.attempts = SqlAttempts(connection, org)
        self.results = SqlResults(connection, org)
        self.prepared = SqlPrepared(connection, org)
        self.running = SqlRunning(connection, org)
        self.late_saves = SqlLateSaves(connection, org)
        self.messages = SqlMessages(connection, org)
        self.artwork = SqlArtwork(connection, org)
        self.certificates = SqlCertificates(connection, org)
        self.issuance_log = SqlIssuanceLog(connection, org)
        self.keys = SqlKeys(connection, org)
        self.api_keys = SqlApiKeys(connection, org)
        self.jobs = SqlJobs(connection, org)
        self.launches = SqlLaunches(connection, org)
        self.live = SqlLive(connection, org)
        self.log = SqlLog(connection, org)


class SqlStore:
    """Storage on SQLite or PostgreSQL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    @asynccontextmanager
    async def begin(self, org: str) -> AsyncIterator[SqlTx]:
        """A transaction that writes: committed when its block ends, rolled back when it raises."""
        with said_clearly(self._clock):
            async with self.database.write() as connection:
                yield SqlTx(connection, org)

    @asynccontextmanager
    async def read(self, org: str) -> AsyncIterator[SqlTx]:
        """A transaction that only reads, from one snapshot."""
        with said_clearly(self._clock):
            async with self.database.read() as connection:
                yield SqlTx(connection, org)

    @asynccontextmanager
    async def directory(self) -> AsyncIterator["SqlDirectory"]:
        """Look-ups across organisations. Each is a transaction of its own."""
        with said_clearly(self._clock):
            yield SqlDirectory(self.database)

    async def ready(self) -> Literal["ready", "other schema", "full", "away"]:
        """Whether the database answers, has a schema that this version can work with, and can be written to."""
        try:
            if self.database.kind == "sqlite" and shutil.disk_usage(Path(self.database.file).parent).free < LEAST_ROOM:
                return "full"
            async with self.database.read() as connection:
                return "ready" if await fits(connection) else "other schema"
        except (exc.SQLAlchemyError, NoConnection, OSError):
            return "away"

    async def close(self) -> None:
        """Close every connection."""
        await self.database.close()


class SqlDirectory:
    """The ways in. None of them hands out more than an organisation, or ids of one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_organisation(self, organisation: Organisation) -> None:
        table = tables.organisation
        async with self._database.write() as connection:
            same = sa.or_(table.c.id == organisation.id, table.c.slug == organisation.slug)
            if await connection.scalar(sa.select(table.c.id).where(same)) is not None:
                taken("organisation", organisation.slug)
            try:
                await connection.execute(table.insert().values(**values_of(organisation, table)))
            except exc.IntegrityError:
                # Somebody else was quicker by a moment.
                taken("organisation", organisation.slug)

    async def organisation(self, *, id: str | None = None, slug: str | None = None) -> Organisation | None:
        if (id is None) == (slug is None):
            raise ValueError("name an organisation by its id or its slug")
        table = tables.organisation
        where = table.c.slug == slug if id is None else table.c.id == id
        found = await self._organisations(where)
        return found[0] if found else None

    async def organisations(self) -> Sequence[Organisation]:
        return await self._organisations(sa.true())

    async def org_of_api_key(self, key_id: str) -> str | None:
        return await self._org(tables.api_key, key_id)

    async def org_of_launch(self, launch_id: str) -> str | None:
        return await self._org(tables.launch, launch_id)

    async def org_of_certificate(self, certificate_id: str) -> str | None:
        return await self._org(tables.certificate, certificate_id)

    async def org_of_key(self, kid: str) -> str | None:
        table = tables.signing_key
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(sa.select(table.c.org).where(table.c.kid == kid))
        return found

    async def newest_versions(self) -> Sequence[tuple[str, str]]:
        course, version = tables.course, tables.course_version
        newest = sa.and_(
            version.c.org == course.c.org, version.c.code == course.c.code, version.c.number == course.c.published
        )
        query = sa.select(version.c.org, version.c.id).join(course, newest).order_by(version.c.org, version.c.id)
        async with self._database.read() as connection:
            return [(row.org, row.id) for row in await connection.execute(query)]

    async def due_attempts(self, closed_before: datetime, limit: int) -> Sequence[tuple[str, str]]:
        table = tables.attempt
        query = (
            sa.select(table.c.org, table.c.id)
            # Written out, because PostgreSQL uses the partial index only when it sees the index's own words.
            .where(sa.text("attempt.state = 'in_progress'"), table.c.closes_at <= closed_before)
            .order_by(table.c.closes_at, table.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [(row.org, row.id) for row in await connection.execute(query)]

    async def count_running(self, now: datetime) -> tuple[int, int]:
        table = tables.attempt
        overdue = sa.func.count(sa.case((table.c.closes_at <= now, 1)))
        query = sa.select(sa.func.count(), overdue).where(sa.text("attempt.state = 'in_progress'"))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one()
            return row[0] - row[1], row[1]

    async def forget_replays(self, before: datetime, own: Sequence[str], limit: int) -> int:
        table = tables.replay
        query = (
            sa.select(table.c.org, table.c.key)
            .where(table.c.created_at < before, *(~table.c.key.startswith(name, autoescape=True) for name in own))
            .limit(limit)
        )
        async with self._database.read() as connection:
            found = [(row.org, row.key) for row in await connection.execute(query)]
        if found:
            async with self._database.write() as connection:
                await connection.execute(table.delete().where(sa.tuple_(table.c.org, table.c.key).in_(found)))
        return len(found)

    async def count_attempts(self) -> Mapping[str, int]:
        table = tables.attempt
        query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            return {row[0]: row[1] for row in rows}

    async def _organisations(self, where: sa.ColumnElement[bool]) -> Sequence[Organisation]:
        table = tables.organisation
        query = sa.select(*columns(Organisation, table)).where(where).order_by(table.c.slug)
        async with self._database.read() as connection:
            return [struct_of(Organisation, row) for row in await connection.execute(query)]

    async def _org(self, table: sa.Table, name: str) -> str | None:
        async with self._database.read() as connection:
            found: str | None = await connection.scalar(sa.select(table.c.org).where(table.c.id == name))
            return found
