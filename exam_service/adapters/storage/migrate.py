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

from exam_service.adapters.storage.engine import Database

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


async def is_current(connection: AsyncConnection) -> bool:
    """Whether the database has exactly this version's schema."""
    try:
        found = await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    except exc.DBAPIError:
        return False
    return bool(found == newest())


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
    if MigrationContext.configure(connection).get_current_revision() != newest():
        command.upgrade(configuration(connection), "head")
