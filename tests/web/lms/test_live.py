"""Staff watch an exam while it runs."""

import asyncio
from typing import Any

import msgspec
import pytest

from exam_service.core.errors import DeadlinePassed
from exam_service.core.exams.live import LiveState
from exam_service.core.people import PersonName
from exam_service.services import live
from exam_service.services.live_view import LiveView
from tests.support.problems import refused
from tests.support.service import open_course, world
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
    # On a machine that is busy even this look may take longer than what may be done again at once.
    monkeypatch.setattr(live, "QUICK_SECONDS", 60.0)
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


def test_people_are_made_of_what_staff_may_see() -> None:
    from exam_service.services.live_view import LivePerson

    assert set(LivePerson.__struct_fields__) == {
        "enrolment", "candidate", "name", "state", "attempt", "number", "last_contact", "saves", "seconds_left",
        "deadline", "extra_seconds",
    }  # fmt: skip
