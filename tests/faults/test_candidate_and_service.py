"""The connection between a candidate and the service breaks where it hurts: nothing acknowledged is lost or doubled."""

import asyncio

import pytest

from tests.faults.conftest import Line
from tests.support.taker import Sitting, Taker, check


@pytest.mark.parametrize("after", [0, 1, 60, 300])
async def test_the_answer_to_a_save_breaks_off_and_the_repeat_gets_the_same_receipt(line: Line, after: int) -> None:
    taker = await line.taker(f"cut-{after}")
    sitting = await taker.start()
    for _ in range(3):
        line.to_service.cut_answer(b"/responses", after=after)
        sent = await taker.save(sitting, taker.some(sitting))
        assert line.to_service.cuts == [], "it was cut, and asked again"
        again = await taker.send(sitting, sent)
        assert (again.json()["receipt"], again.json()["received_at"]) == (
            sent.answer["receipt"],
            sent.answer["received_at"],
        )
    assert sum(count for said, count in taker.tally.items() if said.endswith("Error")) == 3
    await taker.submit(sitting)
    await check(line.site, sitting, await line.site.jwks())


@pytest.mark.parametrize("after", [0, 20, 250])
async def test_a_save_that_breaks_off_on_its_way_is_not_half_there(line: Line, after: int) -> None:
    taker = await line.taker(f"half-{after}")
    sitting = await taker.start()
    for _ in range(3):
        line.to_service.cut_question(b"/responses", after=after)
        await taker.save(sitting, taker.some(sitting))
    assert line.to_service.cuts == []
    await taker.submit(sitting)
    await check(line.site, sitting, await line.site.jwks())


async def test_a_start_whose_answer_is_lost_is_the_attempt_that_the_next_one_opens(line: Line) -> None:
    taker = await line.taker("start")
    line.to_service.cut_answer(b"/exams/")
    sitting = await taker.start()
    assert (sitting.number, sitting.epoch) == (1, 2)
    assert len(await line.site.all("/v1/attempts?course=course")) == 1


async def test_a_submit_whose_answer_is_lost_is_answered_alike_again(line: Line) -> None:
    taker = await line.taker("submit")
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    line.to_service.cut_answer(b"/submit", after=30)
    first = await taker.submit(sitting)
    assert first == await taker.submit(sitting)
    assert first["ended_by"] == "submitted"
    await check(line.site, sitting, await line.site.jwks())


async def test_a_line_that_is_slow_stalls_and_breaks_all_the_time(line: Line) -> None:
    takers = await line.takers(6)
    over = asyncio.Event()

    async def trouble() -> None:
        dice, proxy = takers[0].dice, line.to_service
        while not over.is_set():
            await asyncio.sleep(dice.uniform(0, 0.15))
            match dice.choice(("cut", "cut", "lose", "slow", "stall", "refuse")):
                case "cut":
                    proxy.cut()
                case "lose":
                    proxy.cut_answer(b"/v1/candidate/", after=dice.randint(0, 200))
                case "slow":
                    proxy.delay = dice.uniform(0, 0.05)
                case "stall":
                    proxy.stall()
                case "refuse":
                    proxy.refuse()
            await asyncio.sleep(dice.uniform(0, 0.1))
            proxy.heal()

    troubling = asyncio.create_task(trouble())
    # A start that was asked again may be overtaken by the first one, so each begins before the trouble.
    sittings = await asyncio.gather(*(_sit(taker, saves=12) for taker in takers))
    over.set()
    await troubling
    line.to_service.cuts.clear()
    jwks = await line.site.jwks()
    for sitting in sittings:
        await check(line.site, sitting, jwks)
    assert sum(count for taker in takers for said, count in taker.tally.items() if said.endswith("Error")) > 0


async def _sit(taker: Taker, saves: int) -> Sitting:
    sitting = await taker.start()
    for _ in range(saves):
        await taker.save(sitting, taker.some(sitting))
    await taker.submit(sitting)
    return sitting
