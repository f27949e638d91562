"""Two things at the same moment, in different processes on PostgreSQL: one of them is first, and both are told so."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.fleet import REPLICAS, Fleet
from tests.support.site import EXAM
from tests.support.taker import Sent, Sitting, Taker, body_of, check, yes

RACERS = 12
AROUND = 0.2
"""Seconds before and after the deadline within which something is done."""


async def racers(fleet: Fleet, **exam: Any) -> list[tuple[str, Taker]]:
    """(enrolment, candidate), each with a replica of their own, and the exam changed when all are there."""
    found = []
    for n in range(RACERS):
        enrolment = await fleet.site.enrol(f"racer-{n}")
        taker = Taker(fleet.site.url, await fleet.site.session(enrolment), fleet.site.http, random.Random(n))
        found.append((enrolment, fleet.at(taker, n % REPLICAS)))
    if exam:
        await fleet.site.publish(**exam)
    return found


def closing(seconds: float) -> tuple[datetime, dict[str, Any]]:
    """A moment, and what makes every attempt end at it, with a grace of one second."""
    deadline = datetime.now(UTC) + timedelta(seconds=seconds)
    return deadline, {"window": {"closes_at": deadline.isoformat()}, "grace_seconds": 1}


async def until(moment: datetime) -> None:
    await asyncio.sleep(max(0, (moment - datetime.now(UTC)).total_seconds()))


async def save_once(taker: Taker, sitting: Sitting, seq: int) -> str:
    """One save, asked once: "yes", and then the sitting knows it, or why not."""
    sent = Sent(sitting.epoch, seq, json.dumps(taker.some(sitting)).encode(), {})
    answer = await taker.once("POST", f"/attempts/{sitting.attempt}/responses", content=body_of(sent))
    if not answer.is_success:
        return str(answer.json()["code"])
    sent.answer = answer.json()
    sitting.acknowledged.append(sent)
    sitting.acknowledged.sort(key=lambda one: one.seq)
    return "yes"


async def submit_once(taker: Taker, sitting: Sitting) -> httpx.Response:
    return await taker.once("POST", f"/attempts/{sitting.attempt}/submit", json={"epoch": sitting.epoch})


async def test_save_and_submit(fleet: Fleet) -> None:
    """A save that was acknowledged is graded; one that came after the submit is refused and leaves no trace."""
    jwks, told = await fleet.site.jwks(), []
    for n, (_, taker) in enumerate(await racers(fleet)):
        sitting = await taker.start()
        await save_once(taker, sitting, 1)

        async def save(seq: int, taker: Taker = taker, sitting: Sitting = sitting, n: int = n) -> str:
            await asyncio.sleep(taker.dice.uniform(0, 0.02))
            return await save_once(fleet.at(taker, (n + seq) % REPLICAS), sitting, seq)

        async def submit(taker: Taker = taker, sitting: Sitting = sitting) -> httpx.Response:
            await asyncio.sleep(taker.dice.uniform(0, 0.02))
            return await submit_once(taker, sitting)

        saves = asyncio.gather(*(save(seq) for seq in range(2, 10)))
        submitted, answers = await asyncio.gather(submit(), saves)
        assert yes(submitted)["state"] == "graded"
        told += answers
        await check(fleet.site, sitting, jwks)
    assert set(told) == {"yes", "attempt-ended"}, "each of them was first sometimes"


async def test_start_and_start(fleet: Fleet) -> None:
    """However many start at the same moment, there is one attempt, also when only one is allowed."""
    for _, taker in await racers(fleet, attempts={"limit": 1}):
        answers = await asyncio.gather(
            *(fleet.at(taker, n % REPLICAS).once("POST", f"/exams/{EXAM}/attempts", json={}) for n in range(5))
        )
        views = [yes(answer) for answer in answers]
        assert {(view["attempt"], view["number"]) for view in views} == {(views[0]["attempt"], 1)}
        # Each of them is a device that opened it; the last one writes.
        assert sorted(view["epoch"] for view in views) == [1, 2, 3, 4, 5]
        path = f"/attempts/{views[0]['attempt']}/paper"
        assert len({(await fleet.at(taker, n).once("GET", path)).content for n in range(REPLICAS)}) == 1
    assert len(await fleet.site.all("/v1/attempts?course=course")) == RACERS


async def test_open_and_open(fleet: Fleet) -> None:
    """Each device gets a number of its own, and only the one with the highest writes."""
    for _, taker in await racers(fleet):
        sitting = await taker.start()
        path = f"/attempts/{sitting.attempt}/open"
        answers = await asyncio.gather(*(fleet.at(taker, n % REPLICAS).once("POST", path, json={}) for n in range(5)))
        epochs = sorted(yes(answer)["epoch"] for answer in answers)
        assert epochs == [2, 3, 4, 5, 6]
        told = []
        for epoch in (1, *epochs):
            sitting.epoch = epoch
            told.append(await save_once(taker, sitting, 1))
        assert told == ["moved-to-other-device"] * 5 + ["yes"]


async def test_submit_and_submit(fleet: Fleet) -> None:
    """Everyone who hands in gets the same answer, byte for byte, and it is graded once."""
    jwks = await fleet.site.jwks()
    for _, taker in await racers(fleet):
        sitting = await taker.start()
        await taker.save(sitting, taker.some(sitting))
        answers = await asyncio.gather(*(submit_once(fleet.at(taker, n % REPLICAS), sitting) for n in range(5)))
        assert len({answer.content for answer in answers}) == 1
        assert yes(answers[0])["ended_by"] == "submitted"
        await check(fleet.site, sitting, jwks)


async def test_submit_and_void(fleet: Fleet) -> None:
    """Voided is the last word, whichever was first."""
    told = []
    for _, taker in await racers(fleet):
        sitting = await taker.start()

        async def void(taker: Taker = taker, sitting: Sitting = sitting) -> None:
            await asyncio.sleep(taker.dice.uniform(0, 0.01))
            await fleet.site.ask("POST", f"/v1/attempts/{sitting.attempt}/void", json={"reason": "ทุจริต"})

        submitted, _ = await asyncio.gather(submit_once(taker, sitting), void())
        told.append("yes" if submitted.is_success else submitted.json()["code"])
        detail = await fleet.site.get(f"/v1/attempts/{sitting.attempt}")
        assert detail["attempt"]["state"] == "voided"
        assert len(detail["results"]) == (1 if submitted.is_success else 0)
    assert set(told) <= {"yes", "attempt-voided"}


async def test_submit_and_sweep(fleet: Fleet) -> None:
    """At the deadline, with three sweepers about: ended once, at the deadline or when it was handed in before it."""
    jwks, entrants = await fleet.site.jwks(), await racers(fleet)
    deadline, exam = closing(6)
    await fleet.site.publish(**exam)

    async def race(taker: Taker) -> tuple[Taker, Sitting, list[str]]:
        sitting = await taker.start()
        await taker.save(sitting, taker.some(sitting))
        await until(deadline + timedelta(seconds=taker.dice.uniform(-AROUND, AROUND)))
        told = [await save_once(taker, sitting, 2)]
        # The sweepers come when the grace is over, which is when this save and submit come too.
        if taker.dice.random() < 0.6:
            await until(deadline + timedelta(seconds=1 + taker.dice.uniform(-AROUND, AROUND)))
        told.append(await save_once(taker, sitting, 3))
        submitted = yes(await submit_once(taker, sitting))
        told.append(submitted["ended_by"])
        return taker, sitting, told

    raced = await asyncio.gather(*(race(taker) for _, taker in entrants))
    await until(deadline + timedelta(seconds=2.5))
    for taker, sitting, told in raced:
        await check(fleet.site, sitting, jwks)
        one = (await fleet.site.get(f"/v1/attempts/{sitting.attempt}"))["attempt"]
        ended = datetime.fromisoformat(one["ended_at"])
        assert one["ended_by"] == told[-1]
        assert ended == deadline if told[-1] == "expired" else ended < deadline
        assert set(told[:-1]) <= {"yes", "deadline-passed", "attempt-ended"}
        again = yes(await submit_once(taker, sitting))
        assert again["ended_at"] == one["ended_at"]
    assert sum(told[-1] == "expired" for *_, told in raced) > 0


async def test_extend_and_expire(fleet: Fleet) -> None:
    """Time given at the last moment: either it counts, and the attempt runs on, or it came too late and has ended."""
    jwks, entrants = await fleet.site.jwks(), await racers(fleet)
    deadline, exam = closing(6)
    await fleet.site.publish(**exam)
    closes = deadline + timedelta(seconds=1)

    async def race(enrolment: str, taker: Taker) -> tuple[Taker, Sitting]:
        sitting = await taker.start()
        await save_once(taker, sitting, 1)
        await until(closes + timedelta(seconds=taker.dice.uniform(-AROUND, AROUND)))

        async def extend() -> None:
            await asyncio.sleep(taker.dice.uniform(0, 0.05))
            given = {"accommodations": [{"extra_minutes": 10}]}
            await fleet.site.ask("PATCH", f"/v1/enrolments/{enrolment}", json=given)

        await asyncio.gather(extend(), save_once(taker, sitting, 2), taker.once("GET", f"/attempts/{sitting.attempt}"))
        return taker, sitting

    raced = await asyncio.gather(*(race(enrolment, taker) for enrolment, taker in entrants))
    await until(closes + timedelta(seconds=1.5))
    for n, (taker, sitting) in enumerate(raced):
        views = [yes(await fleet.at(taker, k).once("GET", f"/attempts/{sitting.attempt}")) for k in range(REPLICAS)]
        assert len({(view["state"], view["deadline"]) for view in views}) == 1, f"racer {n}"
        extended = datetime.fromisoformat(views[0]["deadline"]) == deadline + timedelta(minutes=10)
        told = await save_once(taker, sitting, 3)
        if extended:
            assert (views[0]["state"], told) == ("in_progress", "yes")
            assert yes(await submit_once(taker, sitting))["ended_by"] == "submitted"
        else:
            assert datetime.fromisoformat(views[0]["deadline"]) == deadline
            assert (views[0]["state"], told) == ("graded", "deadline-passed")
            assert datetime.fromisoformat(views[0]["ended_at"]) == deadline
        await check(fleet.site, sitting, jwks)
