"""PostgreSQL is slow, hangs, or breaks off in a commit: saves wait or are refused clearly, and none is lost."""

import asyncio
import json
from datetime import datetime

import httpx
import pytest

from tests.faults.conftest import Line
from tests.support.proxy import Proxy
from tests.support.taker import Sent, Sitting, Taker, body_of, check

MEGABYTE = 1_000_000


def database_of(line: Line) -> Proxy:
    assert line.to_database is not None
    return line.to_database


def said_clearly(answer: httpx.Response) -> bool:
    """Yes, or not now and when again; nothing else."""
    if answer.is_success:
        return True
    problem = answer.json()
    assert answer.status_code == 503, answer.text
    assert problem["code"] in ("unavailable", "busy")
    assert problem["message"]["th"]
    assert int(answer.headers["Retry-After"]) >= 1
    return datetime.fromisoformat(problem["retry_at"]) is not None


async def groups_written(line: Line) -> int:
    """How often saves became durable together, since the process began."""
    told = (await line.site.http.get(line.service.url + "/metrics")).text
    return int(float(told.split("\nexam_save_group_size_count ")[1].split()[0]))


async def start_all(takers: list[Taker]) -> list[Sitting]:
    return list(await asyncio.gather(*(taker.start() for taker in takers)))


async def finish_all(line: Line, takers: list[Taker], sittings: list[Sitting]) -> None:
    """Hand in, and look at everything."""
    jwks = await line.site.jwks()
    for taker, sitting in zip(takers, sittings, strict=True):
        await taker.submit(sitting)
        await check(line.site, sitting, jwks)


async def test_when_it_is_slow_saves_wait_together_and_are_answered(long_line: Line) -> None:
    takers = await long_line.takers(12)
    sittings = await start_all(takers)
    before = long_line.service.memory()
    database_of(long_line).delay = 0.15
    # First saves open connections and read papers, each some dozen round trips of 0.3 s, once and for all.
    await asyncio.gather(*(t.save(s, t.some(s)) for t, s in zip(takers, sittings, strict=True)))
    groups = await groups_written(long_line)
    for _ in range(2):
        await asyncio.gather(*(t.save(s, t.some(s)) for t, s in zip(takers, sittings, strict=True)))
    groups = await groups_written(long_line) - groups
    database_of(long_line).heal()
    # One is written while the others of a round gather. On a busy machine they come in more handfuls than two.
    assert 2 <= groups <= 12
    assert long_line.service.memory() - before < 60 * MEGABYTE
    assert {said for taker in takers for said in taker.tally} == {"answered"}
    await finish_all(long_line, takers, sittings)


@pytest.mark.parametrize("how", ["stalled", "gone"])
async def test_when_it_hangs_each_save_is_answered_in_the_end_and_memory_stays_bounded(
    long_line: Line, how: str
) -> None:
    takers = await long_line.takers(6)
    sittings = await start_all(takers)
    before = long_line.service.memory()
    if how == "stalled":
        database_of(long_line).stall()
    else:
        database_of(long_line).refuse()

    async def send(n: int) -> tuple[Taker, Sitting, Sent, httpx.Response]:
        taker, sitting = takers[n % len(takers)], sittings[n % len(takers)]
        sent = Sent(sitting.epoch, 1 + n // len(takers), json.dumps(taker.some(sitting)).encode(), {})
        path = f"/attempts/{sitting.attempt}/responses"
        return taker, sitting, sent, await taker.once("POST", path, content=body_of(sent))

    waiting = [asyncio.create_task(send(n)) for n in range(300)]
    await asyncio.sleep(2)
    database_of(long_line).heal()
    answers = await asyncio.gather(*waiting)
    assert all(said_clearly(answer) for *_, answer in answers)
    assert long_line.service.memory() - before < 100 * MEGABYTE
    # Whoever was refused comes again with the same save, as the page does; nobody is told anything else.
    for taker, sitting, sent, answer in answers:
        again = await taker.send(sitting, sent)
        assert again.status_code == 200
        if answer.is_success:
            assert again.json()["receipt"] == answer.json()["receipt"]
        sent.answer = again.json()
        sitting.acknowledged.append(sent)
    await finish_all(long_line, takers, sittings)


@pytest.mark.parametrize("after", [0, 5])
async def test_it_breaks_off_while_it_confirms_a_save(long_line: Line, after: int) -> None:
    """Whether the save was written nobody knows then; asked again it is there, once."""
    taker = await long_line.taker(f"commit-{after}")
    sitting = await taker.start()
    items = sorted(sitting.items)
    for n in range(5):
        # The responses go over the wire as they are, so the statement that writes them can be told from all others.
        database_of(long_line).cut_answer(f'"{items[n]}": null'.encode(), after=after)
        await taker.save(sitting, {items[n]: None})
        assert database_of(long_line).cuts == []
    assert taker.tally["500 internal-error"] == 0
    await taker.submit(sitting)
    await check(long_line.site, sitting, await long_line.site.jwks())


async def test_it_breaks_off_at_any_moment_of_starts_saves_and_submits(long_line: Line) -> None:
    takers = await long_line.takers(6)
    over = asyncio.Event()

    async def trouble() -> None:
        # Not for ever, so that a slow machine gets somewhere too.
        for _ in range(15):
            await asyncio.sleep(takers[0].dice.uniform(0.05, 0.5))
            if over.is_set():
                break
            database_of(long_line).cut()

    async def sit(taker: Taker) -> list[Sitting]:
        done = []
        for _ in range(3):
            sitting = await taker.start()
            for _ in range(6):
                await taker.save(sitting, taker.some(sitting))
            await taker.submit(sitting)
            done.append(sitting)
        return done

    troubling = asyncio.create_task(trouble())
    sat = await asyncio.gather(*(sit(taker) for taker in takers))
    over.set()
    await troubling
    jwks = await long_line.site.jwks()
    for sitting in (one for done in sat for one in done):
        await check(long_line.site, sitting, jwks)
    assert [said for taker in takers for said in taker.tally if said.startswith("500")] == []
    assert len(await long_line.site.all("/v1/attempts?course=course")) == 18


async def test_those_whom_an_outage_refuses_do_not_all_come_back_at_one_moment(long_line: Line) -> None:
    site, bearer = long_line.site, {"Authorization": f"Bearer {long_line.site.key}"}
    database_of(long_line).refuse()
    refused = [await site.http.get(f"{site.url()}/v1/organisation", headers=bearer) for _ in range(12)]
    assert {answer.status_code for answer in refused} == {503}
    assert len({answer.headers["Retry-After"] for answer in refused}) > 1


async def test_readiness_says_when_it_is_away_and_when_it_is_back(long_line: Line) -> None:
    url = f"{long_line.service.url}/readyz"
    assert (await long_line.site.http.get(url)).status_code == 200
    database_of(long_line).refuse()
    # It looks once a second.
    await asyncio.sleep(1)
    assert (await long_line.site.http.get(url)).status_code == 503
    assert (await long_line.site.http.get(f"{long_line.service.url}/healthz")).status_code == 200
    database_of(long_line).heal()
    async with asyncio.timeout(15):
        answer = await long_line.site.http.get(url)
        while answer.status_code != 200:
            await asyncio.sleep(0.2)
            answer = await long_line.site.http.get(url)
