"""Past what it can hold: starts are turned away, at spread times; saves and submits go on; memory stays flat."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exam_service.web.kinds import BOUNDS, START
from tests.operations.crowd import crowd
from tests.operations.flood import flood
from tests.support.running import RunningService, running_service
from tests.support.site import EXAM, Site, make_site
from tests.support.taker import Taker

MEGABYTE = 1 << 20


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Site, RunningService]]:
    """A process in which few starts may wait."""
    with running_service(database_url, tmp_path, EXAM_STARTS_WAITING="20") as service:
        site = await make_site(lambda: service.url, database_url, tmp_path)
        yield site, service
        await site.close()


async def test_under_a_flood_of_starts_saves_go_on_and_memory_stays_flat(place: tuple[Site, RunningService]) -> None:
    site, service = place
    tokens = [await site.session(await site.enrol(f"start-{n}")) for n in range(20)]
    path = f"/v1/candidate/exams/{EXAM}/attempts"
    async with crowd(site, 6, hand_in=False) as people:
        await people.busy()
        # What a process needs once: code that runs for the first time, pools that fill.
        await flood(service.port, 150, 2, path, tokens)
        await people.busy()
        memory, before, peak = service.memory(), len(people.saves), 0
        flooding = asyncio.create_task(flood(service.port, 150, 6, path, tokens))
        while not flooding.done():
            await asyncio.sleep(0.1)
            peak = max(peak, service.memory())
        told, during = flooding.result(), people.saves[before:]
        await people.busy(1)

    # Starts were refused, and some were served: order, not a closed door.
    assert told.status.keys() == {201, 503}, told.status
    assert told.status[503] > 100
    assert told.status[201] > 10
    assert told.codes.keys() == {"busy"}
    # Nobody comes back at one moment: times to come again are spread over their whole span.
    times = told.retry_after
    assert min(times) >= 5
    assert max(times) <= 31
    assert len(times) > 5
    assert max(times.values()) < 0.4 * sum(times.values())
    # Saves were acknowledged all the time, none of them late beyond reason on a machine that does both sides at once.
    assert len(during) > 30
    assert sorted(during)[len(during) * 95 // 100] < 5.0
    assert people.takers[0].tally["503 busy"] == 0
    # Bounded queues: what one flood took, the next one uses again.
    assert peak < memory + 30 * MEGABYTE, (peak // MEGABYTE, memory // MEGABYTE)


async def test_under_a_flood_of_starts_whoever_hands_in_is_graded_at_once(place: tuple[Site, RunningService]) -> None:
    site, service = place
    tokens = [await site.session(await site.enrol(f"start-{n}")) for n in range(20)]
    takers = [
        Taker(site.url, await site.session(await site.enrol(f"done-{n}")), site.http, random.Random(n))
        for n in range(16)
    ]
    sittings = [await taker.start() for taker in takers]
    for taker, sitting in zip(takers, sittings, strict=True):
        await taker.save(sitting, taker.some(sitting))
    flooding = asyncio.create_task(flood(service.port, 150, 6, f"/v1/candidate/exams/{EXAM}/attempts", tokens))
    await asyncio.sleep(1)
    took = []
    for taker, sitting in zip(takers, sittings, strict=True):
        began = time.monotonic()
        await taker.submit(sitting)
        took.append(time.monotonic() - began)
    still = not flooding.done()
    told = await flooding

    assert still, "all of them handed in while the flood went on"
    assert told.status[503] > 100
    assert [taker.tally["503 busy"] for taker in takers] == [0] * len(takers)
    assert sorted(took)[-2] < 5.0
    for sitting in sittings:
        detail = await site.get(f"/v1/attempts/{sitting.attempt}")
        assert (detail["attempt"]["state"], len(detail["results"])) == ("graded", 1)


async def test_what_waits_is_bounded_however_many_come(place: tuple[Site, RunningService]) -> None:
    site, service = place
    tokens = [await site.session(await site.enrol("one"))]
    path, found = f"/v1/candidate/exams/{EXAM}/attempts", []
    flooding = asyncio.create_task(flood(service.port, 400, 3, path, tokens))
    while not flooding.done():
        await asyncio.sleep(0.2)
        text = (await site.http.get(f"{service.url}/metrics")).text
        found.append(float(text.split('exam_requests_in_flight{kind="start"} ')[1].split("\n")[0]))
    assert max(found) > 20
    assert max(found) <= BOUNDS[START].together + 20
    assert flooding.result().status[503] > 100
