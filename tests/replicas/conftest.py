"""Three processes of the service on one PostgreSQL and one Valkey, behind a proxy that takes them in turn."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from exam_service.adapters.storage.migrate import migrate
from tests.support.apart import run_apart
from tests.support.fleet import REPLICAS, Fleet, fleet_of
from tests.support.postgres import PostgresServer
from tests.support.running import RunningService, running_replicas
from tests.support.valkey import ValkeyServer

PER_MINUTE = 12
"""Launch requests of one candidate: few, so that a test can use them up."""


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of this module's own."""
    url = postgres.fresh_database(postgres.template("migrated", lambda url: run_apart(lambda: migrate(url))))
    yield url.replace("+asyncpg", "")
    postgres.drop(url)


@pytest.fixture(scope="module")
def services(
    database: str, valkey: ValkeyServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RunningService]]:
    """Three processes; a test that kills one starts it again."""
    given = {
        "EXAM_REDIS_URL": valkey.url,
        "EXAM_PUBLIC_URL": "https://exam.example.org",
        "EXAM_RATE_LIMIT_PUBLIC_PER_MINUTE": str(PER_MINUTE),
    }
    with running_replicas(database, tmp_path_factory.mktemp("replicas"), REPLICAS, **given) as running:
        yield running


@pytest.fixture
async def fleet(services: list[RunningService], database: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    """All of it, and nothing of what another test did."""
    async with fleet_of(services, database, tmp_path) as running:
        yield running
