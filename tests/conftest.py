"""Fixtures for every test: real servers, a real browser, shared data. Each pytest-xdist worker has its own servers."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.apart import run_apart
from tests.support.chromium import ARGUMENTS, PATIENCE, find_chromium
from tests.support.optional import optional
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.softhsm import SoftHsm, soft_hsm
from tests.support.valkey import ValkeyServer, valkey_server

# On a busy machine one slow example says nothing about the code; a test that hangs is ended by faulthandler.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# A busy machine takes its time, and waiting longer costs nothing where all is well.
expect.set_options(timeout=PATIENCE)

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top folder of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data kept beside the checkout: EXAM_TEST_SHARED, else ../shared/data."""
    folder = Path(os.environ.get("EXAM_TEST_SHARED") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        optional(f"{folder} is not there (EXAM_TEST_SHARED may name it)")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server; `.fresh_database()` gives the URL of a database of your own. Don't crash this one."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_database(postgres: PostgresServer) -> Iterator[str]:
    """The URL (`postgresql+asyncpg://…`) of an empty database of this test's own."""
    url = postgres.fresh_database()
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database of this test's own; the test runs on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """The URL of an SQLite file of this test's own with the whole schema in it."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'exam.db')}"


@pytest.fixture
def postgresql_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL (`postgresql://…`) of a PostgreSQL database of this test's own with the whole schema in it."""
    from exam_service.adapters.storage.migrate import migrate

    url = postgres.fresh_database(postgres.template("migrated", lambda url: run_apart(lambda: migrate(url))))
    yield url.replace("+asyncpg", "")
    postgres.drop(url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the whole schema in it, to be copied."""
    from exam_service.adapters.storage.migrate import migrate

    file = tmp_path_factory.mktemp("migrated") / "exam.db"
    run_apart(lambda: migrate(f"sqlite:///{file}"))
    assert [path.name for path in file.parent.iterdir()] == ["exam.db"], "nothing may wait in a journal file"
    return file


@pytest.fixture
def crashable_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test's own, to be killed and restarted."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey server shared by the tests of this worker: use keys of your own. Don't crash this one."""
    with valkey_server() as server:
        yield server


@pytest.fixture
def crashable_valkey() -> Iterator[ValkeyServer]:
    """A Valkey server of this test's own, to be killed and restarted."""
    with valkey_server() as server:
        yield server


@pytest.fixture
def softhsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHsm]:
    """A hardware security module made of software, with a token of this test's own."""
    with soft_hsm(tmp_path / "softhsm") as module:
        monkeypatch.setenv("SOFTHSM2_CONF", str(module.conf))
        yield module


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of a Chromium."""
    return find_chromium()


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A Chromium of this test's own, without a window; ask it for contexts (a phone, a desk) and pages."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield running
        await running.close()
