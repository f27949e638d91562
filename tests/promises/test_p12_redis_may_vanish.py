"""P12: Redis may vanish at any moment: no save fails, no limit passes unbounded, and what it held is rebuilt.

Three processes on PostgreSQL share a Valkey of this test's own, which is killed, stalled and brought back.
"""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.fleet import REPLICAS, Fleet, fleet_of
from tests.support.postgres import PostgresServer
from tests.support.process import free_port
from tests.support.proxy import Proxy
from tests.support.running import RunningService, environment, running_replicas
from tests.support.site import COURSE, EXAM, client
from tests.support.taker import Sitting, Taker, check
from tests.support.valkey import ValkeyServer, valkey_server

PER_MINUTE = 12
MANY = 500
LONGEST = 5
"""Seconds that a save may take while Redis is away. Alone it takes some milliseconds; the rest is for a busy machine,
and less than a driver that retries for itself would take."""


@pytest.fixture(scope="module")
def own_valkey() -> Iterator[ValkeyServer]:
    """A Valkey that only the processes of this module use; a test may leave it dead."""
    with valkey_server() as server:
        yield server


@pytest.fixture(scope="module")
def between() -> int:
    """The port of what lies between the processes and Valkey."""
    return free_port()


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    url = postgres.fresh_database()
    yield url.replace("+asyncpg", "")
    postgres.drop(url)


@pytest.fixture(scope="module")
def services(
    database: str, own_valkey: ValkeyServer, between: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RunningService]]:
    given = {
        "EXAM_REDIS_URL": f"redis://127.0.0.1:{between}/0",
        "EXAM_PUBLIC_URL": "https://exam.example.org",
        "EXAM_RATE_LIMIT_PUBLIC_PER_MINUTE": str(PER_MINUTE),
    }
    with running_replicas(database, tmp_path_factory.mktemp("p12"), REPLICAS, **given) as running:
        yield running


@pytest.fixture
async def to_valkey(own_valkey: ValkeyServer, between: int) -> AsyncIterator[Proxy]:
    """What lies between the processes and Valkey, which is there."""
    if not own_valkey.process.alive():
        own_valkey.restart()
    async with Proxy(own_valkey.port, port=between) as proxy:
        yield proxy


@pytest.fixture
async def fleet(
    services: list[RunningService], database: str, to_valkey: Proxy, tmp_path: Path
) -> AsyncIterator[Fleet]:
    """The processes, which have found Valkey."""
    async with fleet_of(services, database, tmp_path) as running:
        await shared_again(running)
        yield running


async def saving(taker: Taker, enough: asyncio.Event, took: list[float]) -> Sitting:
    """Save and save until it is enough, then hand in. Every single request is answered with yes, at the first try."""
    sitting = await taker.start()
    while not enough.is_set():
        begun = time.monotonic()
        await taker.save(sitting, taker.some(sitting))
        took.append(time.monotonic() - begun)
        await asyncio.sleep(taker.dice.uniform(0, 0.02))
    await taker.submit(sitting)
    return sitting


async def passed_at_once(fleet: Fleet, name: str) -> tuple[int, float]:
    """(how many of a burst over all processes a limit let through, how many seconds the burst took)."""
    token = await fleet.site.launch(await fleet.site.enrol(name))
    urls = [f"{fleet.services[n % REPLICAS].url}/l/{token}" for n in range(4 * PER_MINUTE)]
    # Connections of its own: one that has been idle may be closed just when it is used.
    async with client() as http:
        begun = time.monotonic()
        answers = await asyncio.gather(*(http.get(url) for url in urls))
    assert {answer.status_code for answer in answers} == {200, 429}
    return sum(answer.status_code == 200 for answer in answers), time.monotonic() - begun


def free_again(seconds: float) -> int:
    """How much of a limit came free again while a burst lasted, as ever more of it was used."""
    return math.floor(seconds / (60 / PER_MINUTE))


async def shared_again(fleet: Fleet) -> None:
    """Return when a burst over all processes is let through as one limit says, and no more."""
    async with asyncio.timeout(60):
        passed, took = await passed_at_once(fleet, secrets.token_hex(4))
        while passed > PER_MINUTE + free_again(took):
            # They look for it about once a second.
            await asyncio.sleep(0.3)
            passed, took = await passed_at_once(fleet, secrets.token_hex(4))
    assert passed >= PER_MINUTE


@pytest.mark.parametrize("how", ["killed", "stalled", "refused", "slow", "torn"])
async def test_no_save_fails_and_none_waits_when_redis_goes_and_comes(
    fleet: Fleet, to_valkey: Proxy, own_valkey: ValkeyServer, how: str
) -> None:
    def slow() -> None:
        to_valkey.delay = 0.5

    def torn() -> None:
        """Every answer breaks off in its middle."""
        for _ in range(MANY):
            to_valkey.cut_answer(b"EVALSHA", after=2)

    breaks = {
        "killed": own_valkey.crash, "stalled": to_valkey.stall, "refused": to_valkey.refuse, "slow": slow, "torn": torn
    }  # fmt: skip
    takers = [await fleet.taker(f"{how}-{n}", n) for n in range(6)]
    enough, took = asyncio.Event(), list[float]()
    tasks = [asyncio.create_task(saving(taker, enough, took)) for taker in takers]
    for _ in range(2):
        await asyncio.sleep(0.4)
        breaks[how]()
        before = len(took)
        await asyncio.sleep(1.2)
        assert len(took) > before, "saves go on without it"
        if how == "killed":
            own_valkey.restart()
        if how == "torn":
            assert len(to_valkey.cuts) < MANY, "some did"
            to_valkey.cuts.clear()
        to_valkey.heal()
    await asyncio.sleep(0.4)
    enough.set()
    sittings = await asyncio.gather(*tasks)
    # Each of them was answered at once: nothing was refused, nothing had to be asked again.
    assert {said for taker in takers for said in taker.tally} == {"answered"}
    assert max(took) < LONGEST
    jwks = await fleet.site.jwks()
    for sitting in sittings:
        await check(fleet.site, sitting, jwks)


async def test_no_limit_passes_unbounded_without_redis_and_it_is_shared_again_afterwards(
    fleet: Fleet, own_valkey: ValkeyServer
) -> None:
    own_valkey.crash()
    passed, took = await passed_at_once(fleet, "without")
    # Each process counts for itself, and none lets more through than the limit.
    assert PER_MINUTE <= passed <= REPLICAS * (PER_MINUTE + free_again(took))
    own_valkey.restart()
    await shared_again(fleet)


async def test_the_service_starts_without_redis(
    fleet: Fleet, own_valkey: ValkeyServer, database: str, tmp_path: Path
) -> None:
    own_valkey.crash()
    late = RunningService(environment(database, tmp_path, EXAM_REDIS_URL=own_valkey.url), tmp_path)
    try:
        late.start()
        taker = await fleet.taker("early")
        taker.url = lambda: late.url
        sitting = await taker.start()
        await taker.save(sitting, taker.some(sitting))
        await taker.submit(sitting)
        assert set(taker.tally) == {"answered"}
        await check(fleet.site, sitting, await fleet.site.jwks())
    finally:
        late.stop()


async def test_who_is_there_is_known_again_after_redis_has_forgotten(fleet: Fleet, own_valkey: ValkeyServer) -> None:
    takers = [await fleet.taker(f"present-{n}", n) for n in range(4)]
    sittings = [await taker.start() for taker in takers]
    for taker, sitting in zip(takers[:3], sittings, strict=False):
        await taker.save(sitting, taker.some(sitting))
    path = f"/v1/courses/{COURSE}/exams/{EXAM}/live"
    wanted = (await fleet.site.get(path))["counts"]
    assert wanted["saving"] == 3
    own_valkey.crash()
    for service in fleet.services:
        assert (await fleet.site.http.get(f"{service.url}{path}", headers=staff(fleet))).json()["counts"] == wanted
    own_valkey.restart()
    for service in fleet.services:
        assert (await fleet.site.http.get(f"{service.url}{path}", headers=staff(fleet))).json()["counts"] == wanted


def staff(fleet: Fleet) -> dict[str, str]:
    return {"Authorization": f"Bearer {fleet.site.key}"}
