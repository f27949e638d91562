"""Several processes of the service on one database and one Valkey, behind a proxy that takes them in turn."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.proxy import Proxy
from tests.support.running import RunningService
from tests.support.site import Site, make_site
from tests.support.taker import Taker

REPLICAS = 3


@dataclass
class Fleet:
    """The replicas, the proxy before them, and an organisation of one test's own, asked through the proxy."""

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


@asynccontextmanager
async def fleet_of(services: list[RunningService], database: str, folder: Path) -> AsyncIterator[Fleet]:
    """All of them alive, and nothing of what another test did."""
    for service in services:
        if not service.alive:
            # In this thread: what another thread started would be ended together with that thread.
            service.start()
    async with Proxy(*(service.port for service in services)) as proxy:
        site = await make_site(lambda: proxy.url, database, folder)
        yield Fleet(services, proxy, site)
        await site.close()
