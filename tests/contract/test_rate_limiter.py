"""One suite over both rate limiters, and what happens when Redis vanishes."""

import asyncio
import logging
import random
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import redis.asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_service.adapters.live.memory import KEYS, MemoryRateLimiter
from exam_service.adapters.live.redis import TOGETHER, RedisRateLimiter
from tests.support.valkey import ValkeyServer

T = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)
Limiter = MemoryRateLimiter | RedisRateLimiter


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[Limiter]:
    made: Limiter = (
        MemoryRateLimiter() if request.param == "memory" else RedisRateLimiter(request.getfixturevalue("valkey").url)
    )
    yield made
    await made.close()


def name() -> str:
    return secrets.token_hex(8)


async def test_as_many_as_the_limit_pass_at_once_and_the_next_is_told_when(limiter: Limiter) -> None:
    key = name()
    assert [await limiter.take(key, 3, 60, T) for _ in range(3)] == [None, None, None]
    assert await limiter.take(key, 3, 60, T) == T + timedelta(seconds=20)
    assert await limiter.take(key, 3, 60, T) == T + timedelta(seconds=20), "a refusal costs nothing"


async def test_who_comes_again_when_told_gets_in_and_a_moment_earlier_does_not(limiter: Limiter) -> None:
    key = name()
    for _ in range(7):
        await limiter.take(key, 7, 60, T)
    again = await limiter.take(key, 7, 60, T)
    assert again is not None
    assert await limiter.take(key, 7, 60, again - timedelta(microseconds=1)) == again
    assert await limiter.take(key, 7, 60, again) is None


async def test_after_a_whole_window_everything_is_free_again(limiter: Limiter) -> None:
    key = name()
    for _ in range(5):
        await limiter.take(key, 5, 10, T)
    later = T + timedelta(seconds=10)
    assert [await limiter.take(key, 5, 10, later) for _ in range(5)] == [None] * 5
    assert await limiter.take(key, 5, 10, later) is not None


async def test_keys_do_not_share_a_limit(limiter: Limiter) -> None:
    one, other = name(), name()
    assert await limiter.take(one, 1, 60, T) is None
    assert await limiter.take(one, 1, 60, T) is not None
    assert await limiter.take(other, 1, 60, T) is None


async def test_a_clock_that_goes_back_gives_nothing_away(limiter: Limiter) -> None:
    key = name()
    assert await limiter.take(key, 1, 60, T) is None
    again = await limiter.take(key, 1, 60, T - timedelta(seconds=30))
    assert again == T + timedelta(seconds=60)


async def test_a_clock_that_was_ahead_and_is_set_right_freezes_nobody(limiter: Limiter) -> None:
    key = name()
    for _ in range(3):
        await limiter.take(key, 3, 60, T + timedelta(hours=1))
    assert [await limiter.take(key, 3, 60, T) for _ in range(3)] == [None] * 3
    assert await limiter.take(key, 3, 60, T) == T + timedelta(seconds=20)


async def test_at_the_same_moment_exactly_the_limit_passes(limiter: Limiter) -> None:
    key = name()
    answers = await asyncio.gather(*(limiter.take(key, 20, 60, T) for _ in range(200)))
    assert answers.count(None) == 20


async def test_over_several_processes_exactly_the_limit_passes(valkey: ValkeyServer) -> None:
    key = name()
    replicas = [RedisRateLimiter(valkey.url) for _ in range(4)]
    answers = await asyncio.gather(*(replicas[n % 4].take(key, 20, 60, T) for n in range(160)))
    assert answers.count(None) == 20
    for replica in replicas:
        await replica.close()


async def test_many_keys_at_once_over_several_processes_let_exactly_their_limits_pass(valkey: ValkeyServer) -> None:
    replicas = [RedisRateLimiter(valkey.url) for _ in range(3)]
    keys = [name() for _ in range(5)]
    asked = [(key, replica) for key in keys for replica in replicas for _ in range(2 * TOGETHER // 15)]
    random.shuffle(asked)
    answers = await asyncio.gather(*(replica.take(key, 30, 60, T) for key, replica in asked))
    passed = Counter(key for (key, _), answer in zip(asked, answers, strict=True) if answer is None)
    assert passed == dict.fromkeys(keys, 30)
    for replica in replicas:
        await replica.close()


async def test_what_is_asked_at_one_moment_goes_in_one_round_trip(valkey: ValkeyServer) -> None:
    limiter, client, key = RedisRateLimiter(valkey.url), redis.asyncio.from_url(valkey.url), name()
    await limiter.take(key, 500, 60, T)
    before = (await client.info("commandstats"))["cmdstat_evalsha"]["calls"]
    await asyncio.gather(*(limiter.take(key, 500, 60, T) for _ in range(300)))
    assert (await client.info("commandstats"))["cmdstat_evalsha"]["calls"] == before + 1
    await limiter.close()
    await client.aclose()


async def test_who_gives_up_waiting_costs_the_others_nothing(valkey: ValkeyServer) -> None:
    limiter, key = RedisRateLimiter(valkey.url), name()
    takes = [asyncio.ensure_future(limiter.take(key, 10, 60, T)) for _ in range(10)]
    await asyncio.sleep(0)
    takes[3].cancel()
    answers = await asyncio.gather(*takes, return_exceptions=True)
    assert [type(answer) for answer in answers].count(asyncio.CancelledError) == 1
    assert answers.count(None) == 9
    await limiter.close()


async def test_what_another_replica_took_is_not_counted_here(valkey: ValkeyServer) -> None:
    one, other, key = RedisRateLimiter(valkey.url), RedisRateLimiter(valkey.url), name()
    for _ in range(3):
        assert await one.take(key, 3, 60, T) is None
    for _ in range(10):
        assert await other.take(key, 3, 60, T) == T + timedelta(seconds=20)
    later = T + timedelta(seconds=60)
    assert [await other.take(key, 3, 60, later) for _ in range(4)].count(None) == 3, "a refusal cost nothing"
    await one.close()
    await other.close()


async def test_however_often_redis_comes_back_empty_a_process_lets_no_more_than_the_limit_pass(
    crashable_valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="exam_service.live")
    limiter, key, now, passed = RedisRateLimiter(crashable_valkey.url), name(), T, 0
    for _ in range(3):
        for change in (crashable_valkey.crash, crashable_valkey.restart):
            for _ in range(2):
                passed += await limiter.take(key, 7, 3600, now) is None
                now += timedelta(seconds=2)
            change()
        # Another key finds Redis again, which knows nothing of the first one.
        assert await limiter.take(name(), 1, 60, now) is None
    assert "Redis answers again" in caplog.text
    assert passed == 7
    await limiter.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, 10_000),
    window=st.integers(1, 3600),
    steps=st.lists(st.integers(-2_000_000, 90_000_000) | st.just(-7_200_000_000), min_size=1, max_size=30),
)
async def test_both_decide_alike_to_the_microsecond(
    valkey: ValkeyServer, limit: int, window: int, steps: list[int]
) -> None:
    memory, shared, key, now = MemoryRateLimiter(), RedisRateLimiter(valkey.url), name(), T
    for step in steps:
        now += timedelta(microseconds=step)
        assert await memory.take(key, limit, window, now) == await shared.take(key, limit, window, now)
    await shared.close()


async def test_what_redis_holds_expires(valkey: ValkeyServer) -> None:
    limiter, client, key = RedisRateLimiter(valkey.url), redis.asyncio.from_url(valkey.url), name()
    await limiter.take(key, 5, 60, T)
    (held,) = [held async for held in client.scan_iter(f"*{key}*")]
    assert 0 < await client.pttl(held) <= 61_000
    await limiter.close()
    await client.aclose()


async def test_without_redis_the_limit_holds_in_this_process_and_is_shared_again_afterwards(
    crashable_valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="exam_service.live")
    limiter, key = RedisRateLimiter(crashable_valkey.url), name()
    assert await limiter.take(key, 3, 60, T) is None
    crashable_valkey.crash()

    begun = time.monotonic()
    answers = [await limiter.take(key, 3, 60, T + timedelta(milliseconds=n)) for n in range(50)]
    assert answers.count(None) == 2, "the one that Redis counted was counted here too"
    assert time.monotonic() - begun < 2, "a dead Redis holds nobody up"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    await limiter.take(key, 3, 60, T + timedelta(seconds=30))
    assert len(caplog.records) == 1, "it is said once a minute"
    await limiter.take(key, 3, 60, T + timedelta(seconds=61))
    assert len(caplog.records) == 2

    crashable_valkey.restart()
    later = T + timedelta(seconds=120)
    # A connection from before the crash may have to fail first.
    for n in range(5):
        await limiter.take(name(), 3, 60, later + timedelta(seconds=2 * n))
    assert "answers again" in caplog.text
    other = RedisRateLimiter(crashable_valkey.url)
    for _ in range(2):
        assert await other.take(key, 2, 60, later + timedelta(seconds=20)) is None
    assert await limiter.take(key, 2, 60, later + timedelta(seconds=20)) is not None, "counted together again"
    await limiter.close()
    await other.close()


async def test_a_redis_that_hangs_costs_a_quarter_of_a_second_once(valkey: ValkeyServer) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limiter = RedisRateLimiter(f"redis://127.0.0.1:{port}/0")
    begun = time.monotonic()
    answers = [await limiter.take("k", 5, 60, T) for _ in range(10)]
    assert answers.count(None) == 5
    assert time.monotonic() - begun < 1.5
    await limiter.close()
    server.close()
    await server.wait_closed()


async def test_memory_forgets_who_was_quiet_for_longest() -> None:
    limiter = MemoryRateLimiter()
    assert await limiter.take("first", 1, 60, T) is None
    for n in range(KEYS):
        await limiter.take(f"other-{n}", 1, 60, T)
    assert await limiter.take(f"other-{KEYS - 1}", 1, 60, T) is not None
    assert await limiter.take("first", 1, 60, T) is None
