"""Migrations lead to exactly the tables that the code knows, from nothing, on both databases."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from exam_service.adapters.storage import migrate, migrations
from exam_service.adapters.storage.engine import Database
from exam_service.adapters.storage.migrate import configuration, newest
from exam_service.adapters.storage.tables import METADATA
from exam_service.core.records import Paper, PreparedAttempt
from exam_service.services.packing import pack
from tests.support.stored import PAPER, House, T, store_at


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; on SQLite not even the file is there."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.db'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


async def on(url: str, work: Any, *, write: bool = False) -> Any:
    database = Database(url, pool_size=1)
    try:
        async with database.write() if write else database.read() as connection:
            return await connection.run_sync(work)
    finally:
        await database.close()


def differences(connection: sa.Connection) -> list[Any]:
    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)
    return found


async def test_from_nothing_the_migrations_make_exactly_the_tables_of_the_code(bare_url: str) -> None:
    await migrate(bare_url)
    assert await on(bare_url, differences) == []
    store = store_at(bare_url)
    assert await store.ready() == "ready"
    await House("a").settle(store)
    await store.close()


async def test_constraints_of_the_migrations_are_those_of_the_code(bare_url: str) -> None:
    """Alembic compares no primary keys, and unique constraints and references only by name."""
    await migrate(bare_url)

    def found(connection: sa.Connection) -> dict[str, Any]:
        inspector = sa.inspect(connection)
        return {
            name: (
                inspector.get_pk_constraint(name)["constrained_columns"],
                sorted(tuple(unique["column_names"]) for unique in inspector.get_unique_constraints(name)),
                sorted(
                    (tuple(key["constrained_columns"]), key["referred_table"], tuple(key["referred_columns"]))
                    for key in inspector.get_foreign_keys(name)
                ),
            )
            for name in inspector.get_table_names()
            if name != "alembic_version"
        }

    assert await on(bare_url, found) == {
        name: (
            [column.name for column in table.primary_key],
            sorted(
                tuple(column.name for column in unique.columns)
                for unique in table.constraints
                if isinstance(unique, sa.UniqueConstraint)
            ),
            sorted(
                (
                    tuple(key.column_keys),
                    key.referred_table.name,
                    tuple(element.column.name for element in key.elements),
                )
                for key in table.foreign_key_constraints
            ),
        )
        for name, table in METADATA.tables.items()
    }


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    store = store_at(database_url)
    await House("a").settle(store)
    await migrate(database_url)
    async with store.read("org_a") as tx:
        assert await tx.candidates.get("cnd_a_0001") == House("a").candidate()
    await store.close()


async def test_replicas_that_start_at_once_migrate_once(bare_url: str) -> None:
    await asyncio.gather(*(migrate(bare_url) for _ in range(5)))
    assert await on(bare_url, differences) == []
    assert await on(bare_url, lambda c: c.execute(sa.text("SELECT version_num FROM alembic_version")).all()) == [
        (newest(),)
    ]


async def test_a_migration_that_fails_leaves_nothing_behind(bare_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = command.upgrade

    def fails(*given: Any) -> None:
        upgrade(*given)
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", fails)
    with pytest.raises(RuntimeError, match="power cut"):
        await migrate(bare_url)
    monkeypatch.undo()
    assert await on(bare_url, lambda c: sa.inspect(c).get_table_names()) == []
    await migrate(bare_url)
    assert await on(bare_url, differences) == []


async def test_the_way_back_leads_to_an_empty_database(bare_url: str) -> None:
    await migrate(bare_url)
    await on(bare_url, lambda c: command.downgrade(configuration(c), "base"), write=True)
    assert await on(bare_url, lambda c: sa.inspect(c).get_table_names()) == ["alembic_version"]
    await migrate(bare_url)
    assert await on(bare_url, differences) == []


async def test_the_way_back_gives_prepared_papers_to_their_attempts(bare_url: str) -> None:
    await migrate(bare_url)
    a = House("a")
    store = store_at(bare_url)
    await a.settle(store)
    person, version = a.id("enr", 2), a.version().id
    ahead = PreparedAttempt(
        enrolment=person, exam="post", attempt="att_ahead", course_version=version, number=1, prepared_at=T
    )
    async with store.begin(a.org) as tx:
        await tx.candidates.put(a.candidate(2))
        await tx.enrolments.put(a.enrolment(2))
        await tx.prepared.put_all([(ahead, PAPER)])
        (taken,) = await tx.prepared.take([(person, "post")])
        await tx.attempts.add_all([(a.attempt(2, enrolment=person), taken.attempt)])
    await store.close()

    await on(bare_url, lambda c: command.downgrade(configuration(c), "7b2e90c4d1f8"), write=True)
    papers = sa.text("SELECT attempt FROM paper ORDER BY attempt")
    assert await on(bare_url, lambda c: list(c.execute(papers).scalars())) == sorted([a.id("att"), a.id("att", 2)])
    await migrate(bare_url)
    store = store_at(bare_url)
    async with store.read(a.org) as tx:
        assert await tx.attempts.paper(a.id("att", 2)) == PAPER
    await store.close()


async def test_the_way_back_unpacks_papers(bare_url: str) -> None:
    await migrate(bare_url)
    a = House("a")
    store = store_at(bare_url)
    await a.settle(store)
    async with store.begin(a.org) as tx:
        await tx.attempts.add(a.attempt(2), Paper(form=pack(b'{"form":1}'), view=pack(b'{"view":1}')))
    await store.close()
    await on(bare_url, lambda c: command.downgrade(configuration(c), "e5d1a7f3920c"), write=True)
    stored = sa.text("SELECT form, view FROM paper WHERE attempt = :id")
    for id, form, view in ((a.id("att"), PAPER.form, PAPER.view), (a.id("att", 2), b'{"form":1}', b'{"view":1}')):
        assert [tuple(row) for row in await on(bare_url, lambda c, id=id: c.execute(stored, {"id": id}).all())] == [
            (form, view)
        ]
    await migrate(bare_url)
    assert await on(bare_url, differences) == []


async def test_another_schema_is_not_ready(database_url: str) -> None:
    store = store_at(database_url)
    assert await store.ready() == "ready"
    async with store.database.write() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = 'of another version'"))
    assert await store.ready() != "ready"
    await store.close()


def test_migrations_are_dated_and_in_one_line() -> None:
    folder = Path(migrations.__file__).parent
    scripts = ScriptDirectory(str(folder))
    assert len(scripts.get_heads()) == 1
    files = sorted((folder / "versions").glob("*.py"))
    names = [Path(script.path).name for script in scripts.walk_revisions()]
    assert sorted(names) == [file.name for file in files]
    assert names[::-1] == sorted(names), "the order of the names is the order in which they run"
    for name in names:
        assert name[:10].replace("_", "").isdigit(), f"{name} begins with its date"
