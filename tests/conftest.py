"""Fixtures for every test: real servers, a real browser, shared data. Each pytest-xdist worker has its own servers."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.chromium import ARGUMENTS, find_chromium
from tests.support.optional import optional
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.valkey import ValkeyServer, valkey_server

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
