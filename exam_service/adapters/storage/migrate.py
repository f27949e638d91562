"""Migrations: bring a database to this version's schema, however many replicas start at once."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.engine import Database
from exam_service.core.errors import Refusal
from exam_service.core.text import Text

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic takes a second and 10 MB, so it is loaded only where a schema is changed: not by each start of each replica.
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


class _Revision(NamedTuple):
    """What a file of a migration says of itself."""

    name: str
    after: str | None
    works_since: str


@cache
def _revisions() -> dict[str, _Revision]:
    """Every migration of this version, by its name."""
    found = [_read(file.read_text(encoding="utf-8")) for file in sorted((_FOLDER / "versions").glob("*.py"))]
    return {revision.name: revision for revision in found}


def _read(source: str) -> _Revision:
    said = dict(re.findall(r'^(revision|down_revision|works_since) = (?:"(\w+)"|None)$', source, re.MULTILINE))
    return _Revision(said["revision"], said["down_revision"] or None, str(said.get("works_since", said["revision"])))


def known() -> frozenset[str]:
    """Every revision that this version knows."""
    return frozenset(_revisions())


@cache
def newest() -> str:
    """The newest revision that this version knows. Raises ValueError when there are two."""
    (head,) = known() - {revision.after for revision in _revisions().values()}
    return head


def configuration(connection: sa.Connection) -> "Config":
    """Alembic's configuration, in code: there is no alembic.ini to find."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: sa.Connection) -> None:
    found = _current(connection)
    if found == newest():
        return
    if found is not None and found not in known():
        if not _fits(connection):
            raise SchemaTooNew(found=found)
        return
    from alembic import command

    command.upgrade(configuration(connection), "head")
    note = tables.schema_note
    connection.execute(note.delete().where(note.c.revision == newest()))
    connection.execute(note.insert().values(revision=newest(), works_since=_revisions()[newest()].works_since))


def _current(connection: sa.Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found
