"""Three processes of the service on one PostgreSQL and one Valkey, behind a proxy that takes them in turn."""

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from exam_service.adapters.storage.migrate import migrate
from tests.support.apart import run_apart
from tests.support.postgres import PostgresServer
from tests.support.proxy import Proxy
from tests.support.running import RunningService, running_replicas
from tests.support.site import Site, make_site
from tests.support.taker import Taker
from tests.support.valkey import ValkeyServer

REPLICAS = 3
PER_MINUTE = 12
"""Launch requests of one candidate: few, so that a test can use them up."""


@dataclass
class Fleet:
    """The replicas, the proxy before them, and an organisation of this test's own, asked through the proxy."""

    services: list[RunningService]
    proxy: Proxy
    site: Site

    async def taker(self, name: str, seed: int = 1) -> Taker:
        """A candidate who asks through the proxy."""
        token = await self.site.session(await self.site.enrol(name))
        return Taker(lambda: self.proxy.url, token, self.site.http, random.Random(seed))

    def at(self, taker: Taker, number: int) -> Taker:
        """The same candidate, asking this replica and no other."""
        return Taker(lambda: self.services[number].url, taker.token, taker.http, taker.dice, taker.tally)


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
    for service in services:
        if not service.alive:
            # In this thread: what another thread started would be ended together with that thread.
            service.start()
    async with Proxy(*(service.port for service in services)) as proxy:
        site = await make_site(lambda: proxy.url, database, tmp_path)
        yield Fleet(services, proxy, site)
        await site.close()
