"""One suite over both ways to know who was heard when, and what happens when Redis vanishes."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis.asyncio

from exam_service.adapters.live import memory, redis_presence
from exam_service.adapters.live.memory import KEPT, MemoryPresence
from exam_service.adapters.live.redis_presence import TOGETHER, RedisPresence
from tests.support.valkey import ValkeyServer

T = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)
Presence = MemoryPresence | RedisPresence


@pytest.fixture(params=["memory", "redis"])
async def presence(request: pytest.FixtureRequest) -> AsyncIterator[Presence]:
    made: Presence = (
        MemoryPresence()
        if request.param == "memory"
        else RedisPresence(request.getfixturevalue("valkey").url, every=0.01)
    )
    yield made
    await made.close()


def name() -> str:
    return secrets.token_hex(8)


async def until(found: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for what another process will know in a moment."""
    for _ in range(round(seconds * 50)):
        if await found():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not become known")


async def test_who_was_heard_is_known_at_once_and_the_others_are_missing(presence: Presence) -> None:
    org = name()
    presence.heard(org, "a", T)
    presence.heard(org, "b", T + timedelta(seconds=5))
    assert await presence.last_heard(org, ["a", "b", "c"]) == {"a": T, "b": T + timedelta(seconds=5)}
    assert await presence.last_heard(org, []) == {}


async def test_the_newest_time_counts_whatever_order_they_come_in(presence: Presence) -> None:
    org = name()
    presence.heard(org, "a", T)
    presence.heard(org, "a", T - timedelta(seconds=30))
    assert await presence.last_heard(org, ["a"]) == {"a": T}
    presence.heard(org, "a", T + timedelta(seconds=1))
    assert await presence.last_heard(org, ["a"]) == {"a": T + timedelta(seconds=1)}


async def test_organisations_do_not_hear_of_each_other(presence: Presence) -> None:
    one, other = name(), name()
    presence.heard(one, "a", T)
    assert await presence.last_heard(other, ["a"]) == {}


async def test_many_at_once(presence: Presence) -> None:
    org = name()
    attempts = [f"att_{n}" for n in range(2 * TOGETHER + 10)]
    for attempt in attempts:
        presence.heard(org, attempt, T)
    assert await presence.last_heard(org, attempts) == dict.fromkeys(attempts, T)


async def test_replicas_know_what_each_other_heard_to_the_microsecond(valkey: ValkeyServer) -> None:
    one, other, org = RedisPresence(valkey.url, every=0.01), RedisPresence(valkey.url, every=0.01), name()
    attempts = [f"att_{n}" for n in range(TOGETHER + 10)]
    for attempt in attempts:
        one.heard(org, attempt, T)
    other.heard(org, "att_3", T + timedelta(seconds=2))
    expected = dict.fromkeys(attempts, T) | {"att_3": T + timedelta(seconds=2)}

    async def both_know() -> bool:
        return all([await replica.last_heard(org, attempts) == expected for replica in (one, other)])

    await until(both_know)
    await one.close()
    await other.close()


async def test_what_redis_holds_expires_and_is_bounded(valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_presence, "MOST", 2)
    presence, client, org = RedisPresence(valkey.url, every=0.01), redis.asyncio.from_url(valkey.url), name()

    async def holds() -> set[bytes]:
        return set(await client.zrange(f"exam:heard:{org}", 0, -1))  # type: ignore[arg-type]

    presence.heard(org, "early", T)
    presence.heard(org, "later", T + timedelta(seconds=1))
    await until(lambda: _is(holds, {b"early", b"later"}))
    assert 0 < await client.pttl(f"exam:heard:{org}") <= KEPT.total_seconds() * 1000
    presence.heard(org, "last", T + timedelta(seconds=2))
    await until(lambda: _is(holds, {b"later", b"last"}))
    await presence.close()
    await client.aclose()


async def test_a_replica_whose_clock_is_ahead_makes_nobody_unheard(valkey: ValkeyServer) -> None:
    right, ahead, org = RedisPresence(valkey.url, every=0.01), RedisPresence(valkey.url, every=0.01), name()
    right.heard(org, "a", T)
    await until(lambda: _is(lambda: ahead.last_heard(org, ["a"]), {"a": T}))
    ahead.heard(org, "b", T + timedelta(days=1))
    await until(lambda: _is(lambda: right.last_heard(org, ["a", "b"]), {"a": T, "b": T + timedelta(days=1)}))
    other = RedisPresence(valkey.url, every=0.01)
    assert await other.last_heard(org, ["a"]) == {"a": T}
    for one in (right, ahead, other):
        await one.close()


async def test_a_redis_that_came_back_empty_is_told_everything_again(crashable_valkey: ValkeyServer) -> None:
    one, other, org = (
        RedisPresence(crashable_valkey.url, every=0.01),
        RedisPresence(crashable_valkey.url, every=0.01),
        name(),
    )
    one.heard(org, "before", T)
    await until(lambda: _is(lambda: other.last_heard(org, ["before"]), {"before": T}))

    crashable_valkey.crash()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for n in range(50):
        one.heard(org, f"during-{n}", T)
        assert await one.last_heard(org, ["before", f"during-{n}"]) == {"before": T, f"during-{n}": T}
        await asyncio.sleep(0.01)
    assert loop.time() - begun < 3, "a dead Redis holds nobody up"
    assert await other.last_heard(org, ["before"]) == {}, "which only the journal can mend"

    crashable_valkey.restart()
    asked = ["before", *(f"during-{n}" for n in range(50))]
    await until(lambda: _is(lambda: other.last_heard(org, asked), dict.fromkeys(asked, T)))
    await one.close()
    await other.close()


async def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST", 100)
    presence = MemoryPresence()
    for n in range(1000):
        presence.heard("org", f"att_{n}", T)
    assert len(presence.everything()) <= 200
    assert await presence.last_heard("org", ["att_999"]) == {"att_999": T}


async def test_who_was_silent_for_long_is_forgotten() -> None:
    presence = MemoryPresence()
    presence.heard("org", "a", T)
    for minutes in (21, 42):
        presence.heard("org", "b", T + timedelta(minutes=minutes))
    assert await presence.last_heard("org", ["a", "b"]) == {"b": T + timedelta(minutes=42)}


async def _is(found: Callable[[], Awaitable[object]], expected: object) -> bool:
    return await found() == expected
