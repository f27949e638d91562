"""Processes of an older version on a newer schema: they go on when the schema says that it suits them."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from exam_service.adapters.storage import migrate, migrations
from exam_service.adapters.storage.engine import Database
from exam_service.adapters.storage.migrate import SchemaTooNew, known, newest
from tests.support.stored import House, store_at

FUTURE = "f00dfacade42"


async def told(url: str, *statements: str) -> None:
    database = Database(url, pool_size=1)
    async with database.write() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))
    await database.close()


async def test_a_newer_schema_that_suits_this_version_is_worked_with(database_url: str) -> None:
    await told(
        database_url,
        "ALTER TABLE candidate ADD COLUMN later INTEGER DEFAULT 0 NOT NULL",
        f"INSERT INTO schema_note (revision, works_since) VALUES ('{FUTURE}', '{newest()}')",
        f"UPDATE alembic_version SET version_num = '{FUTURE}'",
    )
    # As one that is restarted, and as one that was running.
    await migrate(database_url)
    store = store_at(database_url)
    assert await store.ready() == "ready"
    await House("a").settle(store)
    async with store.read("org_a") as tx:
        assert await tx.candidates.get("cnd_a_0001") == House("a").candidate()
    await store.close()


@pytest.mark.parametrize("note", [f"('{FUTURE}', '{FUTURE}')", "('another', 'x')"])
async def test_one_that_does_not_is_refused_at_start_and_not_ready(database_url: str, note: str) -> None:
    await told(
        database_url,
        f"INSERT INTO schema_note (revision, works_since) VALUES {note}",
        f"UPDATE alembic_version SET version_num = '{FUTURE}'",
    )
    with pytest.raises(SchemaTooNew, match=FUTURE):
        await migrate(database_url)
    store = store_at(database_url)
    assert await store.ready() == "other schema"
    await store.close()


async def test_every_database_says_which_versions_it_suits(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    async with database.read() as connection:
        rows = (await connection.execute(sa.text("SELECT revision, works_since FROM schema_note"))).all()
    await database.close()
    assert [row.revision for row in rows] == [newest()]
    assert {row.works_since for row in rows} <= known()


def test_the_order_of_migrations_is_read_as_alembic_reads_it() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert newest() == scripts.get_current_head()
    assert known() == {script.revision for script in scripts.walk_revisions()}
    order = [script.revision for script in scripts.walk_revisions()]
    for script in scripts.walk_revisions():
        # A migration may name itself or one before it, never one to come.
        since = getattr(script.module, "works_since", script.revision)
        assert order.index(since) >= order.index(script.revision)
