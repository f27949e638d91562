"""One real process of the service, with a proxy before it and one between it and PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.postgres import PostgresServer
from tests.support.process import free_port
from tests.support.proxy import Proxy
from tests.support.running import RunningService, running_service
from tests.support.site import Site, make_site
from tests.support.taker import Taker


@dataclass
class Line:
    """What lies between a candidate and what is stored: `to_service`, the process, `to_database`."""

    service: RunningService
    to_service: Proxy
    to_database: Proxy | None
    site: Site
    """Staff asks the service directly."""

    async def taker(self, name: str, seed: int = 1) -> Taker:
        """A candidate who asks through the proxy."""
        token = await self.site.session(await self.site.enrol(name))
        return Taker(lambda: self.to_service.url, token, self.site.http, random.Random(seed))

    async def takers(self, count: int) -> list[Taker]:
        return [await self.taker(f"candidate-{n}", n) for n in range(count)]


@pytest.fixture(scope="module")
def between() -> int:
    """The port of what lies between the process and PostgreSQL."""
    return free_port()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("sqlite")
    with running_service(f"sqlite:///{folder}/exam.db", folder) as service:
        yield service


@pytest.fixture(scope="module")
def on_postgresql(
    postgres: PostgresServer, between: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    url = postgres.fresh_database()
    direct = url.replace("+asyncpg", "")
    folder = tmp_path_factory.mktemp("postgresql")
    # The schema is brought up to date without the proxy, which each test has for itself.
    with running_service(direct, folder) as service:
        service.stop()
        service.environ["EXAM_DATABASE_URL"] = direct.replace(f":{urlsplit(direct).port}/", f":{between}/")
        yield service
    postgres.drop(url)


@pytest.fixture
async def line(on_sqlite: RunningService, tmp_path: Path) -> AsyncIterator[Line]:
    """Candidate, proxy, service over SQLite."""
    async with Proxy(on_sqlite.port) as to_service:
        site = await make_site(lambda: on_sqlite.url, on_sqlite.environ["EXAM_DATABASE_URL"], tmp_path)
        yield Line(on_sqlite, to_service, None, site)
        await site.close()


@pytest.fixture
async def long_line(
    on_postgresql: RunningService, postgres: PostgresServer, between: int, tmp_path: Path
) -> AsyncIterator[Line]:
    """Candidate, proxy, service, proxy, PostgreSQL."""
    port = urlsplit(postgres.url).port
    assert port is not None
    async with Proxy(port, port=between) as to_database, Proxy(on_postgresql.port) as to_service:
        if not on_postgresql.alive:
            on_postgresql.begin()
        await _listening(on_postgresql)
        site = await make_site(lambda: on_postgresql.url, on_postgresql.environ["EXAM_DATABASE_URL"], tmp_path)
        yield Line(on_postgresql, to_service, to_database, site)
        to_database.heal()
        await site.close()


async def _listening(service: RunningService) -> None:
    """Wait in another thread: the process must get through the proxies of this one to be ready."""
    await asyncio.to_thread(service.wait)
