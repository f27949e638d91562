"""What the pages of programme staff show, without a script."""

import asyncio
import re
from datetime import timedelta

import pytest

from exam_service.core.exams.live import Counts
from exam_service.core.people import PersonName
from exam_service.services import staff_sessions
from exam_service.services.watches import Seats
from exam_service.web.staff import shown
from exam_service.web.staff.session import COOKIE
from tests.support.service import START, open_course
from tests.web.staff.conftest import EXAM, Desk


async def test_the_list_has_what_is_open_what_comes_and_what_was_over_lately(desk: Desk) -> None:
    made = desk.world

    def course(code: str, opens: timedelta, closes: timedelta) -> dict[str, object]:
        window = {"opens_at": (START + opens).isoformat(), "closes_at": (START + closes).isoformat()}
        title = {"th": f"หลักสูตร {code}", "en": f"Course {code}"}
        return {**open_course(window=window), "code": code, "title": title}

    for code, opens, closes in (("a-old", -300, -200), ("b-over", -30, -2), ("c-now", -1, 2), ("d-soon", 24, 30)):
        await made.publish(course(code, timedelta(hours=opens), timedelta(hours=closes)))
    await made.start("post")
    await desk.come_in()
    page = (await desk.get("/staff")).text
    links = re.findall(r'<a href="/staff/([^"]+/post)"', page)
    assert links == ["course/post", "c-now/post", "d-soon/post", "b-over/post"]
    assert "1 person is taking it" in page
    headings = re.findall(r"<h2[^>]*>([^<]+)", page)
    assert headings == ["Open now", "Coming", "Over lately"]


async def test_without_exams_the_list_says_so(desk: Desk) -> None:
    await desk.world.publish({**open_course(), "code": "other"})
    await desk.come_in(course="other", exam="post")
    assert (await desk.get("/staff")).text.count("<li class=") == 1


async def test_an_exam_is_a_plain_page_that_loads_itself_anew(desk: Desk) -> None:
    made = desk.world
    view = await made.start("post")
    await made.save(view, 1, {"i1": None})
    await made.enrol("two", national_id="1101700203450")
    await desk.come_in()
    page = (await desk.get()).text
    assert '<noscript><meta http-equiv="refresh" content="15; url=/staff/course/post?"></noscript>' in page
    done = (await desk.get(f"{EXAM}?only=saving&done=message")).text
    assert "Done: Send a message" in done
    assert 'content="15; url=/staff/course/post?only=saving&amp;"' in done, "what was done is said once"
    counts = dict(re.findall(r'data-count="(\w+)">(\d+)', page))
    assert (counts["enrolled"], counts["running"], counts["saving"], counts["not_started"]) == ("2", "1", "1", "1")
    assert f'href="{EXAM}/attempts/{view.attempt}"' in page
    assert "30:00" in page
    assert "1101700203450" not in page
    assert "Nobody has done anything yet." in page
    only = (await desk.get(f"{EXAM}?only=saving")).text
    assert "1 person<" in only
    assert ">two<" not in only
    assert "Nobody is in this state just now." in (await desk.get(f"{EXAM}?only=voided")).text
    assert (await desk.get(f"{EXAM}?only=asleep")).status_code == 200


async def test_no_page_with_a_form_loads_itself_anew(desk: Desk) -> None:
    view = await desk.world.start("post")
    await desk.come_in()
    for path in (EXAM, f"{EXAM}?still=1", f"{EXAM}/everybody", f"{EXAM}/late", f"{EXAM}/attempts/{view.attempt}"):
        page = (await desk.get(path)).text
        main = "<main" + page.partition("<main")[2].partition("</main")[0]
        assert ("<form" in main and 'http-equiv="refresh"' in page) is False, path
    assert 'http-equiv="refresh"' in (await desk.get()).text
    assert 'href="?only=saving&amp;still=1"' in (await desk.get(f"{EXAM}?only=saving")).text
    assert 'http-equiv="refresh"' not in (await desk.get(f"{EXAM}?only=saving&still=1")).text
    assert (await desk.get(f"{EXAM}/everybody")).text.count('name="action"') == 2
    desk.http.cookies.clear()
    assert [(await desk.get(f"{EXAM}/{name}")).status_code for name in ("everybody", "late")] == [401, 401]


async def test_the_page_of_a_person_says_as_of_when_it_is_and_when_time_is_up(desk: Desk) -> None:
    view = await desk.world.start("post")
    await desk.come_in()
    path = f"{EXAM}/attempts/{view.attempt}"
    first = (await desk.get(f"{path}/now")).json()
    assert (first["seconds_left"], first["state"], first["saves"]) == (1800, "in_progress", 0)
    page = (await desk.get(path)).text
    assert "As of 09:00:00" in page
    assert "(09:30:00)" in page
    await desk.world.save(view, 1, {"i1": None})
    desk.world.clock.pass_(seconds=5)
    later = (await desk.get(f"{path}/now")).json()
    assert (later["seconds_left"], later["saves"], later["mark"]) == (1795, 1, first["mark"])
    await desk.do(action="extra-time", attempt=view.attempt, minutes=5, reason="x")
    assert (await desk.get(f"{path}/now")).json()["mark"] != first["mark"]
    desk.http.cookies.clear()
    assert (await desk.get(f"{path}/now")).status_code == 401


async def test_thousands_are_shown_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from exam_service.web.staff import pages

    monkeypatch.setattr(pages, "PEOPLE", 2)
    for name in ("b", "c", "d", "e"):
        await desk.world.enrol(name)
    await desk.come_in()
    seen: list[str] = []
    page, path = "", f"{EXAM}?only=not_started"
    for _ in range(3):
        page = (await desk.get(path)).text
        seen += re.findall(r"<small>(\w+)</small>", page)
        following = re.search(r'href="(/staff[^"]+after=[^"]+)"', page)
        if following is None:
            break
        path = following[1].replace("&amp;", "&")
    assert seen == ["b", "c", "d", "e", "one"]
    assert "First page" in page


async def test_in_thai_everything_is_thai(desk: Desk) -> None:
    view = await desk.world.start("post")
    await desk.come_in()
    await desk.do(action="extra-time", attempt=view.attempt, minutes=5, reason="ไฟดับ")
    page = ""
    for path in ("/staff", EXAM, f"{EXAM}/everybody", f"{EXAM}/late", f"{EXAM}/attempts/{view.attempt}"):
        page = (await desk.get(f"{path}?lang=th")).text
        assert '<html lang="th">' in page
        visible = re.sub(r"<(script|svg).*?</\1>|<[^>]+>", " ", "<main" + page.partition("<main")[2], flags=re.DOTALL)
        rest = re.sub(r"staff|English|one|att_\w+", "", visible)
        assert re.findall(r"[A-Za-z]{3,}", rest) == [], path
    assert "+5 นาที: ไฟดับ" in page


async def test_the_stream_of_a_page_is_the_view_without_a_reload(desk: Desk) -> None:
    await desk.world.start("post")
    await desk.come_in()
    asking = asyncio.create_task(desk.get(f"{EXAM}/events?only=started"))
    await asyncio.sleep(0.2)
    desk.world.ctx.load.drain()
    answer = await asking
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"total":1' in answer.text


async def _seated(desk: Desk) -> None:
    session = await staff_sessions.decode(desk.world.ctx, desk.http.cookies[COOKIE])
    for _ in range(1000):
        if not desk.world.ctx.watches.seats.free(session.org, session.link):
            return
        await asyncio.sleep(0.01)
    pytest.fail("nobody sits there")


async def test_a_link_has_so_many_streams_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Seats, "MOST_OF_ONE", 1)
    await desk.come_in()
    asking = asyncio.create_task(desk.get(f"{EXAM}/events"))
    await _seated(desk)
    answer = await desk.get(f"{EXAM}/events", headers={"Accept": "application/json"})
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    # Another person's link, made with the same key, has seats of its own.
    await desk.come_in()
    other = asyncio.create_task(desk.get(f"{EXAM}/events"))
    await _seated(desk)
    desk.world.ctx.load.drain()
    assert [(await one).status_code for one in (asking, other)] == [200, 200]


async def test_pages_carry_no_script_or_style_of_their_own_and_are_not_kept(desk: Desk) -> None:
    await desk.come_in()
    answer = await desk.get()
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text


def test_the_bar_is_as_long_as_everybody() -> None:
    counts = Counts(enrolled=8, not_started=2, started=1, saving=1, idle=1, lost_contact=1, submitted=1, voided=1)
    parts = shown.bar(counts)
    assert {part.name: part.width for part in parts} == {
        "working": 375, "lost": 125, "done": 125, "voided": 125, "waiting": 250,
    }  # fmt: skip
    assert parts[-1].start + parts[-1].width == 1000
    assert {part.width for part in shown.bar(Counts())} == {0}


def test_times_are_said_as_a_clock_shows_them() -> None:
    assert shown.clock(START, "th") == "09:00 น."
    assert shown.clock(START, "en", seconds=True) == "09:00:00"
    assert [shown.countdown(s) for s in (0, 59, 1800, 3599, 3600, 7265)] == [
        "00:00", "00:59", "30:00", "59:59", "1:00:00", "2:01:05",
    ]  # fmt: skip
    assert shown.actor("staff:key_x") == ("person", "key_x")
    assert [shown.actor(name)[0] for name in ("key_01", "policy")] == ["key", "system"]


def test_names_are_in_the_order_of_a_thai_list() -> None:
    given = ["แก้ว", "กมล", "เกษม", "ไพศาล", "ขวัญ", "พร", "Anna", "bob"]
    names = [PersonName(given=name, title="นาย") for name in given]
    assert [one.given for one in sorted(names, key=lambda one: one.order)] == [
        "Anna", "bob", "กมล", "เกษม", "แก้ว", "ขวัญ", "พร", "ไพศาล",
    ]  # fmt: skip


async def test_an_exam_that_the_course_has_no_more_is_there_while_somebody_writes(desk: Desk) -> None:
    view = await desk.world.start("pre")
    without = open_course()
    without["exams"] = [one for one in without["exams"] if one["code"] != "pre"]
    await desk.world.publish(without)
    await desk.come_in()
    assert "/staff/course/pre" in (await desk.get("/staff")).text
    shown = await desk.get("/staff/course/pre")
    assert (shown.status_code, "Pre-test" in shown.text, view.attempt in shown.text) == (200, True, True)
    given = await desk.do("/staff/course/pre/do", action="extra-time", minutes=5, reason="x")
    assert given.headers["location"] == "/staff/course/pre?done=extra-time"
    desk.world.clock.pass_(minutes=16)
    assert "/staff/course/pre" not in (await desk.get("/staff")).text
