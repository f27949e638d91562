"""Staff watch an exam while it runs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import msgspec
import pytest

from exam_service.core.errors import Busy, DeadlinePassed, NotFound, Unavailable
from exam_service.core.exams.live import LiveState
from exam_service.core.people import PersonName
from exam_service.services import api_keys, live
from exam_service.services.live_view import LiveView
from exam_service.services.watches import Seats
from exam_service.web import events
from tests.support.problems import refused
from tests.support.service import World, open_course, world
from tests.web.lms.conftest import Lms

PATH = "/v1/courses/course/exams/post/live"


@pytest.fixture(autouse=True)
def looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits two seconds for the next look."""
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)


async def test_everybody_is_where_they_are(lms_on_both: Lms) -> None:
    lms, made = lms_on_both, lms_on_both.world
    await made.publish(open_course())
    names = ("away", "done", "idle", "new", "out", "saves", "void")
    enrolments = {name: await made.enrol(name) for name in names}
    views = {"out": await made.start("post", enrolments["out"])}
    made.clock.pass_(minutes=31)
    for name in ("away", "idle", "done", "void"):
        views[name] = await made.start("post", enrolments[name])
    for name in ("idle", "done"):
        made.enrolment = enrolments[name]
        await made.save(views[name], 1, {"i1": None})
    await made.submit(views["done"])
    assert (await lms.post(f"/v1/attempts/{views['void'].attempt}/void", json={"reason": "x"})).status_code == 200
    made.clock.pass_(seconds=100)
    made.ctx.presence.heard(made.org, views["idle"].attempt, made.clock())
    made.clock.pass_(seconds=20)
    for name in ("saves", "new"):
        views[name] = await made.start("post", enrolments[name])
    made.enrolment = enrolments["saves"]
    for seq in (1, 2, 3):
        await made.save(views["saves"], seq, {"i1": None})

    shown = msgspec.convert((await lms.get(PATH)).json(), LiveView)
    found = {one.candidate: one for one in shown.people}
    assert {name: one.state for name, one in found.items()} == {
        "one": LiveState.not_started,
        "away": LiveState.lost_contact,
        "done": LiveState.graded,
        "idle": LiveState.idle,
        "new": LiveState.started,
        "out": LiveState.expired,
        "saves": LiveState.saving,
        "void": LiveState.voided,
    }
    counts = {name: n for name, n in msgspec.structs.asdict(shown.counts).items() if n}
    assert counts == dict.fromkeys(
        ("not_started", "lost_contact", "graded", "idle", "started", "expired", "saving", "voided"), 1
    ) | {"enrolled": 8, "running": 4}
    assert (found["saves"].saves, found["done"].saves, found["new"].saves) == (3, 1, 0)
    assert (found["idle"].seconds_left, found["saves"].seconds_left) == (28 * 60, 30 * 60)
    assert found["idle"].last_contact is not None
    assert (shown.at - found["idle"].last_contact).total_seconds() == 20
    assert found["done"].seconds_left is None
    assert (found["one"].attempt, found["out"].attempt) == (None, views["out"].attempt)
    assert [one.name for one in shown.people] == sorted(one.name for one in shown.people)


async def test_a_list_is_read_by_state_and_page_by_page(lms: Lms) -> None:
    made = lms.world
    await made.publish(open_course())
    started = [await made.enrol(f"s{n}") for n in range(5)]
    views = {enrolment: await made.start("post", enrolment) for enrolment in started}
    seen: list[str] = []
    path = f"{PATH}?only=started&limit=2"
    after: str | None = ""
    while after is not None:
        page = (await lms.get(path + (f"&after={after}" if after else ""))).json()
        assert page["total"] == 5
        seen += [one["enrolment"] for one in page["people"]]
        after = page["next"]
    assert seen == started
    # Whoever the next page begins after may have left the state meanwhile.
    made.enrolment = started[1]
    await made.submit(views[started[1]])
    rest = (await lms.get(f"{path}&after={started[1]}")).json()
    assert ([one["enrolment"] for one in rest["people"]], rest["total"]) == (started[2:4], 4)
    assert (await lms.get(f"{PATH}?only=voided")).json()["people"] == []
    assert (await lms.get(f"{PATH}?only=asleep")).status_code == 400


async def test_of_several_attempts_the_newest_is_shown(lms: Lms) -> None:
    made = lms.world
    await made.publish(open_course(attempts={"cool_down_minutes": 0}))
    await made.take("post", right=0)
    made.clock.pass_(minutes=1)
    second = await made.start("post")
    (one,) = (await lms.get(PATH)).json()["people"]
    assert (one["attempt"], one["number"], one["state"]) == (second.attempt, 2, "started")


async def test_no_national_id_and_nothing_of_another_organisation(lms: Lms) -> None:
    made = lms.world
    await made.publish(open_course())
    other = await world(made.ctx, made.clock, slug="second", course=open_course())
    enrolment = await made.enrol("two", national_id="1101700203450")
    await made.start("post", enrolment)
    mine = (await lms.get(PATH)).text
    theirs = (await lms.get(PATH, key=other.key)).json()
    assert "1101700203450" not in mine
    assert [one["enrolment"] for one in theirs["people"]] == [other.enrolment]
    assert theirs["counts"]["running"] == 0
    refused(await lms.get("/v1/courses/course/exams/none/live"), 404, "not-found")
    refused(await lms.get("/v1/courses/none/exams/post/live"), 404, "not-found")
    for path in (PATH, f"{PATH}/events"):
        refused(await lms.get(path, key=await lms.key("courses")), 403, "not-allowed")
    refused(await lms.get("/v1/courses/none/exams/post/live/events"), 404, "not-found")


async def test_however_many_watch_it_is_looked_at_once(lms: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 60.0)
    looks = 0
    look = live.Watch._look

    async def counted(self: live.Watch) -> Any:
        nonlocal looks
        looks += 1
        return await look(self)

    monkeypatch.setattr(live.Watch, "_look", counted)
    made = lms.world
    await made.publish(open_course())
    shown = await asyncio.gather(*(lms.get(PATH) for _ in range(20)))
    assert looks == 1
    assert {answer.status_code for answer in shown} == {200}
    await made.start("post")
    assert (await lms.get(PATH)).json()["counts"]["running"] == 0, "it is as old as is stated"
    live.changed(made.ctx, made.org, "course", "post")
    assert (await lms.get(PATH)).json()["counts"]["running"] == 1
    assert looks == 2


@pytest.mark.parametrize(
    "path, body",
    [
        ("/v1/attempts/{attempt}/extra-time", {"minutes": 5, "reason": "x"}),
        ("/v1/attempts/{attempt}/messages", {"text": {"en": "x"}}),
        ("/v1/attempts/{attempt}/void", {"reason": "x"}),
        ("/v1/attempts/{ended}/reopen", {"minutes": 5, "reason": "x"}),
        ("/v1/attempts/{late}/late-saves/1/1/decision", {"decision": "accept", "reason": "x"}),
        ("/v1/courses/course/exams/post/extra-time", {"minutes": 5, "reason": "x"}),
        ("/v1/courses/course/exams/post/messages", {"text": {"en": "x"}}),
    ],
)
async def test_who_watches_sees_at_once_what_the_learning_system_did(
    lms: Lms, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> None:
    made = lms.world
    await made.publish(open_course())
    late = await made.start("post")
    made.clock.pass_(minutes=40)
    with pytest.raises(DeadlinePassed):
        await made.save(late, 1, {"i1": None})
    made.enrolment = await made.enrol("ended")
    ended = await made.start("post")
    await made.submit(ended)
    view = await made.start("post", await made.enrol("runs"))
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(made.ctx.bell, "publish", lambda *what: rung.append(what))
    path = path.format(attempt=view.attempt, ended=ended.attempt, late=late.attempt)
    assert (await lms.post(path, json=body)).is_success
    assert rung == [(live.TOPIC, f"{made.org}/course/post")]


async def test_who_is_renamed_is_shown_under_the_new_name_after_half_a_minute(
    lms: Lms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PEOPLE_EVERY_SECONDS", 0.0)
    made = lms.world
    await made.publish(open_course())
    assert (await lms.get(PATH)).json()["people"][0]["name"] == "ชื่อ one"
    async with made.ctx.store.begin(made.org) as tx:
        person = await tx.candidates.find(external_id="one")
        assert person is not None
        await tx.candidates.put(msgspec.structs.replace(person, name=PersonName(given="ใหม่")))
    assert (await lms.get(PATH)).json()["people"][0]["name"] == "ใหม่"


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


async def test_the_stream_ends_over_http_when_the_process_stops_and_no_proxy_holds_it_back(lms: Lms) -> None:
    await lms.world.publish(open_course())
    asking = asyncio.create_task(lms.get(f"{PATH}/events"))
    await asyncio.sleep(0.2)
    lms.world.ctx.load.drain()
    answer = await asking
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert "no-store" in answer.headers["cache-control"]
    assert answer.text.count("event: live") == 1


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


def test_people_are_made_of_what_staff_may_see() -> None:
    from exam_service.services.live_view import LivePerson

    assert set(LivePerson.__struct_fields__) == {
        "enrolment", "candidate", "name", "state", "attempt", "number", "last_contact", "saves", "seconds_left",
        "deadline", "extra_seconds",
    }  # fmt: skip
