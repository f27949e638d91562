"""Candidates who take exam after exam until they are told that it is enough, and remember what they were told."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.site import Site
from tests.support.taker import Sitting, Taker


@dataclass
class Crowd:
    """`takers` are at work; each sitting holds what was acknowledged."""

    site: Site
    takers: list[Taker]
    hand_in: bool = True
    """Else each stays in its first attempt and saves."""
    sittings: list[Sitting] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    """Seconds that each acknowledged save took."""
    one_more: asyncio.Event = field(default_factory=asyncio.Event)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def busy(self, saves: int = 3) -> None:
        """Return when so many more saves of each, on average, were acknowledged."""
        least = len(self.saves) + saves * len(self.takers)
        async with asyncio.timeout(60):
            while len(self.saves) < least:
                self.one_more.clear()
                await self.one_more.wait()

    async def take(self, taker: Taker) -> None:
        while not self.enough.is_set():
            sitting = await taker.start()
            self.sittings.append(sitting)
            for _ in range(taker.dice.randint(3, 10) if self.hand_in else 100_000):
                if self.enough.is_set():
                    return
                before = time.monotonic()
                await taker.save(sitting, taker.some(sitting))
                self.saves.append(time.monotonic() - before)
                self.one_more.set()
            await taker.submit(sitting)


@asynccontextmanager
async def crowd(site: Site, size: int, *, hand_in: bool = True) -> AsyncIterator[Crowd]:
    """So many candidates at work while the block runs; at its end they stop where they are."""
    takers = []
    for number in range(size):
        token = await site.session(await site.enrol(f"c{number}"))
        takers.append(Taker(site.url, token, site.http, random.Random(number)))
    made = Crowd(site, takers, hand_in=hand_in)
    tasks = [asyncio.create_task(made.take(taker)) for taker in takers]
    try:
        yield made
    finally:
        made.enough.set()
        await asyncio.gather(*tasks)
