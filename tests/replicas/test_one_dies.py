"""One of several processes is killed, or told to stop: its candidates go on with the others, and nothing is lost."""

import asyncio

import pytest

from tests.support.fleet import Fleet
from tests.support.taker import Sitting, Taker, check


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_its_candidates_go_on_with_the_others(fleet: Fleet, how: str) -> None:
    takers = [await fleet.taker(f"{how}-{n}", n) for n in range(6)]
    enough = asyncio.Event()
    tasks = [asyncio.create_task(_take_until(taker, enough)) for taker in takers]
    await _answered(takers, more_than=[2] * len(takers))
    victim = fleet.services[1]
    await asyncio.to_thread(victim.stop if how == "stopped" else victim.kill)
    # Nobody waits for it to come back.
    await _answered(takers, more_than=[taker.tally["answered"] + 5 for taker in takers])
    assert not victim.alive
    enough.set()
    sittings = [sitting for done in await asyncio.gather(*tasks) for sitting in done]
    jwks = await fleet.site.jwks()
    for sitting in sittings:
        await check(fleet.site, sitting, jwks)
    assert [said for taker in takers for said in taker.tally if said.startswith("500")] == []


async def _answered(takers: list[Taker], more_than: list[int]) -> None:
    """Wait until each of them has had so many answers."""
    async with asyncio.timeout(30):
        for one, least in zip(takers, more_than, strict=True):
            while one.tally["answered"] <= least:
                assert one.tally["500 internal-error"] == 0
                await asyncio.sleep(0.02)


async def _take_until(taker: Taker, enough: asyncio.Event) -> list[Sitting]:
    done = []
    while not enough.is_set():
        sitting = await taker.start()
        for _ in range(taker.dice.randint(1, 8)):
            await taker.save(sitting, taker.some(sitting))
        await taker.submit(sitting)
        done.append(sitting)
    return done
