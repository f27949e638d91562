"""One suite over both bells, and what happens when Redis vanishes."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio

from exam_service.adapters.live import redis_bell
from exam_service.adapters.live.memory import MemoryBell
from exam_service.adapters.live.redis_bell import RedisBell
from tests.support.valkey import ValkeyServer

Bell = MemoryBell | RedisBell


@pytest.fixture(params=["memory", "redis"])
async def bell(request: pytest.FixtureRequest) -> AsyncIterator[Bell]:
    made: Bell = MemoryBell() if request.param == "memory" else RedisBell(request.getfixturevalue("valkey").url)
    yield made
    await made.close()


def name() -> str:
    return secrets.token_hex(8)


async def until(found: Callable[[], bool], seconds: float = 30) -> None:
    for _ in range(round(seconds * 100)):
        if found():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come")


async def _connected(one: RedisBell, other: RedisBell, topic: str) -> list[str]:
    """What `other` hears of the topic, from when the line between both stands."""
    heard: list[str] = []
    other.subscribe(topic, heard.append)
    async with asyncio.timeout(5):
        while "there" not in heard:
            one.publish(topic, "there")
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    heard.clear()
    return heard


async def test_who_listens_here_is_called_at_once_and_once(bell: Bell) -> None:
    topic, heard = name(), list[str]()
    bell.subscribe(topic, heard.append)
    bell.publish(topic, "one")
    bell.publish(topic)
    assert heard == ["one", ""]
    await asyncio.sleep(0.1)
    assert heard == ["one", ""], "what comes back from Redis was heard already"


async def test_topics_are_apart_and_who_stopped_hears_nothing(bell: Bell) -> None:
    topic, heard, others = name(), list[str](), list[str]()
    stop = bell.subscribe(topic, heard.append)
    bell.subscribe(name(), others.append)
    stop()
    stop()
    bell.publish(topic, "one")
    assert heard == []
    assert others == []


async def test_one_listener_that_fails_keeps_nobody_from_hearing(bell: Bell, caplog: pytest.LogCaptureFixture) -> None:
    topic, heard = name(), list[str]()

    def fails(_: str) -> None:
        raise ValueError("broken")

    bell.subscribe(topic, fails)
    bell.subscribe(topic, heard.append)
    bell.publish(topic, "one")
    assert heard == ["one"]
    assert "a listener to" in caplog.text


async def test_replicas_wake_each_other(valkey: ValkeyServer) -> None:
    one, other, topic = RedisBell(valkey.url), RedisBell(valkey.url), name()
    heard = await _connected(one, other, topic)
    one.publish(topic, "ก")
    one.publish(name(), "elsewhere")
    await until(lambda: heard == ["ก"])
    await one.close()
    await other.close()


async def test_what_is_no_ring_is_passed_over(valkey: ValkeyServer) -> None:
    one, other, topic = RedisBell(valkey.url), RedisBell(valkey.url), name()
    heard = await _connected(one, other, topic)
    client = redis.asyncio.from_url(valkey.url)
    await client.publish("exam:bell:0", b"\xff not ours")
    one.publish(topic, "after")
    await until(lambda: heard == ["after"])
    for closing in (one, other):
        await closing.close()
    await client.aclose()


async def test_after_redis_was_away_whoever_listens_is_told_to_look(crashable_valkey: ValkeyServer) -> None:
    url = crashable_valkey.url
    one, other, topic = RedisBell(url, again=0.05), RedisBell(url, again=0.05), name()
    heard = await _connected(one, other, topic)
    crashable_valkey.crash()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(20):
        one.publish(topic, "lost")
        await asyncio.sleep(0.01)
    assert loop.time() - begun < 2, "a dead Redis holds nobody up"
    assert heard == []

    crashable_valkey.restart()
    await until(lambda: "" in heard)
    one.publish(topic, "again")
    await until(lambda: heard[-1] == "again")
    await one.close()
    await other.close()


async def test_a_line_that_says_nothing_any_more_is_given_up(
    valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bell, "ASK_SECONDS", 0.1)
    monkeypatch.setattr(redis_bell, "LOOK_SECONDS", 0.05)
    lines = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal lines
        lines += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    bell = RedisBell(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", again=0.05)
    bell.subscribe(name(), lambda _: None)
    await until(lambda: lines >= 2)
    await bell.close()
    server.close()
    await server.wait_closed()
