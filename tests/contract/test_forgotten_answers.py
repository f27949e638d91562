"""Answers to repeated writes are kept for some days; what the service itself did once stays done."""

from pathlib import Path

import msgspec
import pytest

from exam_service.core.errors import KeyReused
from exam_service.core.records import Replay
from exam_service.services import sweeper
from exam_service.services.once import OWN, RepeatKey, key_of_client, once
from exam_service.services.ports import Tx
from tests.support.service import TestClock, World, service, world


class Done(msgspec.Struct):
    number: int


async def _do(made: World, given: str, number: int) -> Done:
    async def work(tx: Tx) -> Done:
        return Done(number)

    return await once(made.ctx, made.org, RepeatKey(key=key_of_client(given), request_digest=b"same"), Done, work)


async def test_an_answer_is_given_again_for_days_and_then_forgotten(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "TOGETHER", 2)
    monkeypatch.setattr(sweeper, "PAUSE_SECONDS", 0.0)
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        made = await world(ctx, clock)
        await sweeper.forget(ctx)
        own = [f"{name}x" for name in OWN]
        async with ctx.store.begin(made.org) as tx:
            for name in own:
                assert await tx.log.claim(_claim(name, clock)) is None
        # A client may use any words; these two look like the service's own.
        given = ["enrol-1", "enrol-2", "staff_link/x", "staff-link/x", "client/enrol-1"]
        for number, name in enumerate(given):
            assert (await _do(made, name, number)).number == number
        clock.pass_(days=6.9)
        assert await sweeper.forget(ctx) == 0
        assert [(await _do(made, name, 99)).number for name in given] == [0, 1, 2, 3, 4]
        await _do(made, "young", 5)
        clock.pass_(days=0.2)
        assert await sweeper.forget(ctx) == len(given)
        assert (await _do(made, "young", 99)).number == 5
        assert (await _do(made, "enrol-1", 98)).number == 98
        clock.pass_(days=400)
        await sweeper.forget(ctx)
        async with ctx.store.begin(made.org) as tx:
            assert [(await tx.log.claim(_claim(name, clock))) is not None for name in own] == [True] * len(own)


async def test_a_client_cannot_take_what_the_service_claims(sqlite_url: str, tmp_path: Path) -> None:
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock) as ctx:
        made = await world(ctx, clock)
        for name in OWN:
            await _do(made, f"{name}x", 1)
            async with ctx.store.begin(made.org) as tx:
                assert await tx.log.claim(_claim(f"{name}x", clock)) is None
            with pytest.raises(KeyReused):
                await once(
                    ctx, made.org, RepeatKey(key=key_of_client(f"{name}x"), request_digest=b"other"), Done, _never
                )


async def _never(_: Tx) -> Done:
    raise AssertionError("it was done already")


def _claim(name: str, clock: TestClock) -> Replay:
    return Replay(key=name, request_digest=b"", answer=None, created_at=clock())
