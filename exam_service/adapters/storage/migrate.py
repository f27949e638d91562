"""Migrations: bring a database to this version's schema, however many replicas start at once."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.engine import Database
from exam_service.core.errors import Refusal
from exam_service.core.text import Text

_FOLDER = Path(__file__).parent / "migrations"

_LOCK = 0x6578616D
"""Any number that is always the same; PostgreSQL lets one transaction at a time have it. Reads `exam`."""


async def migrate(url: str) -> None:
    """Upgrade the database to the newest schema; nothing happens when it has it. An empty one gets everything.

    The whole upgrade is one transaction, and a second process that starts meanwhile waits for it.
    """
    database = Database(url, pool_size=1)
    try:
        async with database.write() as connection:
            if database.kind == "postgresql":
                await connection.execute(sa.text("SET LOCAL lock_timeout = '10min'"))
                await connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            await connection.run_sync(_upgrade)
    finally:
        await database.close()


class SchemaTooNew(Refusal):
    code = "schema-too-new"
    sentence = Text(
        en="The database has the schema {found} of a newer version, which this version cannot work with. "
        "Start the newer version, or restore a backup from before the upgrade.",
        th="ฐานข้อมูลมีโครงสร้าง {found} ของรุ่นที่ใหม่กว่า ซึ่งรุ่นนี้ใช้งานร่วมไม่ได้ "
        "โปรดเริ่มระบบด้วยรุ่นที่ใหม่กว่า หรือกู้คืนข้อมูลสำรองจากก่อนการอัปเกรด",
    )


async def fits(connection: AsyncConnection) -> bool:
    """Whether this version can work with the database's schema: it is ours, or a newer one that says that it suits us.

    So replicas of the version before go on during a rolling upgrade, while the first new one has changed the schema.
    """
    try:
        return await connection.run_sync(_fits)
    except exc.DBAPIError:
        return False


def _fits(connection: sa.Connection) -> bool:
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if found == newest():
        return True
    if found is None or found in known():
        return False
    note = tables.schema_note
    since = connection.scalar(sa.select(note.c.works_since).where(note.c.revision == found))
    return since in known()


@cache
def known() -> frozenset[str]:
    """Every revision that this version knows."""
    return frozenset(script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions())


@cache
def newest() -> str | None:
    """The newest revision that this version knows."""
    return ScriptDirectory(str(_FOLDER)).get_current_head()


def configuration(connection: sa.Connection) -> Config:
    """Alembic's configuration, in code: there is no alembic.ini to find."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: sa.Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found == newest():
        return
    if found is not None and found not in known():
        if not _fits(connection):
            raise SchemaTooNew(found=found)
        return
    command.upgrade(configuration(connection), "head")
    _write_note(connection)


def _write_note(connection: sa.Connection) -> None:
    """Say of the newest schema which versions can work with it; without a word of its own, only its own."""
    script = ScriptDirectory(str(_FOLDER)).get_revision(newest() or "base")
    note = tables.schema_note
    connection.execute(note.delete().where(note.c.revision == script.revision))
    since = getattr(script.module, "works_since", script.revision)
    connection.execute(note.insert().values(revision=script.revision, works_since=since))
