"""Readiness is looked at once a second at most, however many ask; a process that drains says so at once."""

import asyncio

import pytest

from exam_service.services.health import Checks
from tests.web.lms.conftest import Lms


async def test_however_many_ask_the_database_is_asked_once(lms: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    store, asked = lms.world.ctx.store, 0
    ready = store.ready

    async def counted() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return await ready()

    monkeypatch.setattr(store, "ready", counted)
    answers = await asyncio.gather(*(lms.get("/readyz") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert asked == 1
    lms.world.ctx.load.drain()
    assert (await lms.get("/readyz")).status_code == 503
    assert asked == 1


async def test_what_fails_is_looked_at_again_after_a_second_and_who_gives_up_waiting_stops_nobody(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks, store = Checks(lms.world.ctx), lms.world.ctx.store
    found = "away"

    async def slowly() -> str:
        await asyncio.sleep(0.05)
        return found

    monkeypatch.setattr(store, "ready", slowly)
    impatient, patient = (asyncio.create_task(checks.now()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).database is False
    found = "ready"
    assert (await checks.now()).database is False, "as it was a moment ago"
    monkeypatch.setattr(Checks, "KEPT_SECONDS", 0.0)
    checks._good_until = float("-inf")
    assert (await checks.now()).ready is True
