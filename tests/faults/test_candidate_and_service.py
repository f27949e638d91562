"""The connection between a candidate and the service breaks where it hurts: nothing acknowledged is lost or doubled."""

import asyncio
import time

import pytest

from tests.faults.conftest import Line
from tests.support.taker import PATIENCE, Sitting, Taker, check


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
    dice, proxy = takers[0].dice, line.to_service
    over = asyncio.Event()

    async def trouble() -> None:
        # Each kind comes in every run, or a quick run might meet none that hurts.
        kinds = ["cut", "cut", "lose", "lose", "slow", "stall", "refuse"] * 2
        dice.shuffle(kinds)
        for kind in kinds:
            await asyncio.sleep(dice.uniform(0, 0.15))
            match kind:
                case "cut":
                    proxy.cut()
                case "lose":
                    proxy.cut_answer(b"/responses", after=dice.randint(0, 200))
                case "slow":
                    proxy.delay = dice.uniform(0, 0.05)
                case "stall":
                    proxy.stall()
                case "refuse":
                    proxy.refuse()
            await asyncio.sleep(dice.uniform(0, 0.1))
            proxy.heal()
        # The saves that go on meet the cuts that none has met yet.
        end = time.monotonic() + PATIENCE
        while proxy.cuts and time.monotonic() < end:  # noqa: ASYNC110 - the proxy tells nobody
            await asyncio.sleep(0.01)
        over.set()

    # A start that was asked again may be overtaken by the first one, so each begins before the trouble.
    sittings = await asyncio.gather(*(taker.start() for taker in takers))
    await asyncio.gather(trouble(), *(_sit(*pair, until=over) for pair in zip(takers, sittings, strict=True)))
    jwks = await line.site.jwks()
    for sitting in sittings:
        await check(line.site, sitting, jwks)
    assert proxy.cuts == []
    assert sum(count for taker in takers for said, count in taker.tally.items() if said.endswith("Error")) >= 4


async def _sit(taker: Taker, sitting: Sitting, until: asyncio.Event) -> None:
    """Save for as long as there is trouble, and hand in."""
    while not until.is_set():
        await taker.save(sitting, taker.some(sitting))
    await taker.submit(sitting)
