"""The live view as a stream: what changes is sent as it changes, to whoever may see it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import msgspec
import pytest

from exam_service.core.errors import Busy, NotFound, Unavailable
from exam_service.services import api_keys, live
from exam_service.services.live_view import LiveView
from exam_service.services.watches import Seats
from exam_service.web import events
from tests.support.problems import refused
from tests.support.service import World, open_course
from tests.web.lms.conftest import Lms

PATH = "/v1/courses/course/exams/post/live"


@pytest.fixture(autouse=True)
def looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits two seconds for the next look."""
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)


async def _next(stream: AsyncIterator[LiveView | None]) -> LiveView:
    async with asyncio.timeout(5):
        async for found in stream:
            if found is not None:
                return found
    raise AssertionError("the stream ended")


def _follow(made: World) -> AsyncIterator[LiveView | None]:
    return live.follow(made.ctx, made.org, "course", "post", None, None, 100)


async def test_who_follows_is_told_what_changes_and_not_that_time_passes(lms: Lms) -> None:
    made = lms.world
    await made.publish(open_course())
    stream = _follow(made)
    assert (await _next(stream)).counts.not_started == 1
    assert await anext(stream) is None
    view = await made.start("post")
    assert (await _next(stream)).counts.started == 1
    made.clock.pass_(seconds=10)
    assert await anext(stream) is None
    await made.save(view, 1, {"i1": None})
    found = await _next(stream)
    assert (found.counts.saving, found.people[0].saves) == (1, 1)
    made.clock.pass_(seconds=120)
    assert (await _next(stream)).counts.lost_contact == 1
    await made.submit(view)
    found = await _next(stream)
    assert (found.counts.graded, found.people[0].saves, found.people[0].seconds_left) == (1, 1, None)
    made.ctx.load.drain()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_while_the_database_is_away_the_stream_stays_open_and_says_nothing(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lms.world
    await made.publish(open_course())
    stream = _follow(made)
    await _next(stream)
    look = live.Watch._look

    async def away(_: live.Watch) -> Any:
        raise Unavailable

    monkeypatch.setattr(live.Watch, "_look", away)
    assert await anext(stream) is None
    monkeypatch.setattr(live.Watch, "_look", look)
    await made.start("post")
    assert (await _next(stream)).counts.started == 1


async def _lines(lms: Lms, until: bytes, key: str) -> bytes:
    """What the events' handler sends, up to these bytes or its end."""
    made = lms.world
    stream = events.event_stream(_follow(made), "live", lambda: api_keys.authenticate(made.ctx, key), made.ctx.now)
    sent = b""
    async with asyncio.timeout(5):
        async for chunk in cast("AsyncIterator[bytes]", stream.iterator):
            sent += chunk
            if until in sent:
                break
    return sent


async def test_events_are_numbered_and_whole_and_a_heartbeat_keeps_them_alive(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.0)
    await lms.world.publish(open_course())
    sent = await _lines(lms, b"still here", lms.world.key)
    assert sent.startswith(b"retry: 3000\n\nid: 1\nevent: live\ndata: {")
    assert b'}\n\n: still here\nevent: still\ndata: {"at":"2026-11-22T02:00:00Z"}\n\n' in sent
    view = msgspec.json.decode(sent.partition(b"data: ")[2].partition(b"\n")[0], type=LiveView)
    assert view.counts.enrolled == 1


async def test_while_nobody_can_say_who_may_watch_the_stream_shows_nothing_and_then_what_was_missed(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "ALLOWED_SECONDS", 0.05)
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.0)
    await lms.world.publish(open_course())
    view = await _next(_follow(lms.world))
    away = True
    asked = 0

    async def looks() -> AsyncIterator[LiveView | None]:
        yield view
        await asyncio.sleep(0.1)
        for _ in range(3):
            yield None

    async def allowed() -> None:
        nonlocal asked
        asked += 1
        if away:
            raise Unavailable

    stream = cast("AsyncIterator[bytes]", events.event_stream(looks(), "live", allowed, lms.world.ctx.now).iterator)
    assert await anext(stream) == b"retry: 3000\n\n"
    await asyncio.sleep(0.1)
    assert b"event: still" in await anext(stream), "who watches hears that the stream lives, and sees nobody"
    away = False
    assert b"id: 1\nevent: live" in await anext(stream)
    assert asked == 2


async def test_staff_who_act_one_by_one_do_not_make_it_look_all_the_time(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lms.world.publish(open_course())
    watch = live.Watch(lms.world.ctx, lms.world.org, "course", "post")
    look, looks = live.Watch._look, 0

    async def slow(of: live.Watch) -> Any:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.1)
        return await look(of)

    monkeypatch.setattr(live.Watch, "_look", slow)
    monkeypatch.setattr(live, "EVERY_SECONDS", 2.0)
    loop = asyncio.get_running_loop()
    until = loop.time() + 1.0
    while loop.time() < until:
        watch.wake()
        await watch.now()
        await asyncio.sleep(0.01)
    assert looks in (2, 3), "a third of a second of rest after each tenth"


async def test_the_stream_ends_when_its_key_is_revoked(lms: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "ALLOWED_SECONDS", 0.0)
    made = lms.world
    await made.publish(open_course())
    key = await lms.key("results")
    caller = await api_keys.authenticate(made.ctx, key)
    sending = asyncio.create_task(_lines(lms, b"never", key))
    await asyncio.sleep(0.2)
    assert not sending.done()
    async with made.ctx.store.begin(made.org) as tx:
        await api_keys.revoke(made.ctx, tx, caller.key_id, caller)
    assert (await sending).endswith(b"event: over\ndata: {}\n\n")


async def test_the_stream_ends_over_http_when_the_process_stops_and_no_proxy_holds_it_back(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lms.world.publish(open_course())
    seen = asyncio.Event()
    pause = live.Watch.pause

    async def paused(watch: live.Watch) -> None:
        # It pauses when what it had to say has been sent.
        seen.set()
        await pause(watch)

    monkeypatch.setattr(live.Watch, "pause", paused)
    asking = asyncio.create_task(lms.get(f"{PATH}/events"))
    async with asyncio.timeout(30):
        await seen.wait()
    lms.world.ctx.load.drain()
    answer = await asking
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert "no-store" in answer.headers["cache-control"]
    assert answer.text.count("event: live") == 1


async def test_who_asks_for_a_stream_while_the_process_stops_is_told_to_come_again(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lms.world.publish(open_course())
    reading = asyncio.Event()

    async def slow(watch: live.Watch) -> Any:
        reading.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as slowly:
        slowly.setattr(live.Watch, "now", slow)
        asking = asyncio.create_task(lms.get(f"{PATH}/events"))
        async with asyncio.timeout(30):
            await reading.wait()
        lms.world.ctx.load.drain()
        # The stream had not begun, so there is still an answer to give.
        cut = await asking
    for answer in (cut, await lms.get(f"{PATH}/events")):
        assert refused(answer, 503, "busy")["retry_at"]
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["connection"] == "close"


async def test_one_key_and_one_organisation_leave_room_for_the_others(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Seats, "MOST_OF_ONE", 2)
    monkeypatch.setattr(Seats, "MOST_OF_ORGANISATION", 3)
    await lms.world.publish(open_course())
    second, third = await lms.key("results"), await lms.key("results")

    seats = lms.world.ctx.watches.seats

    async def seated(number: int) -> None:
        async with asyncio.timeout(30):
            while sum(seats._of_organisation.values()) != number:  # noqa: ASYNC110 - seats tell nobody
                await asyncio.sleep(0.01)

    def ask(key: str) -> asyncio.Task[Any]:
        return asyncio.create_task(lms.get(f"{PATH}/events", key=key))

    asking = [ask(lms.world.key), ask(lms.world.key)]
    await seated(2)
    told = refused(await lms.get(f"{PATH}/events"), 503, "busy")
    assert told["retry_at"] > "2026-11-22T02:00:09"
    asking.append(ask(second))
    await seated(3)
    refused(await lms.get(f"{PATH}/events", key=third), 503, "busy")
    # What is no stream is not counted.
    assert (await lms.get(PATH, key=third)).status_code == 200

    asking[0].cancel()
    await seated(2)
    asking[0] = ask(third)
    await seated(3)
    assert not any(one.done() for one in asking)
    lms.world.ctx.load.drain()
    assert [(await one).status_code for one in asking] == [200, 200, 200]
    assert (seats._of_one, seats._of_organisation) == ({}, {})


async def test_who_is_a_moment_too_late_for_the_last_seat_gets_an_empty_stream(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Seats, "MOST_OF_ONE", 1)
    made = lms.world
    await made.publish(open_course())
    first, second = (live.seated(made.ctx, made.org, "key", _follow(made)) for _ in range(2))
    live.require_seat(made.ctx, made.org, "key")
    assert await anext(first) is not None
    assert [view async for view in second] == []
    with pytest.raises(Busy):
        live.require_seat(made.ctx, made.org, "key")


async def test_an_exam_that_is_gone_ends_the_stream(lms: Lms) -> None:
    made = lms.world
    with pytest.raises(NotFound):
        await anext(live.follow(made.ctx, made.org, "course", "gone", None, None, 10))
