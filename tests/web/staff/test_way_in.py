"""A staff link works once, for its person, as long as the key behind it is good."""

from datetime import timedelta
from typing import Any

import pytest

from exam_service.services import api_keys, staff_sessions
from tests.support.problems import faults_of, refused
from tests.support.service import PUBLIC_URL, open_course, world
from tests.web.staff.conftest import EXAM, NAME, Desk


async def _api(desk: Desk, body: dict[str, Any], key: str | None = None, **headers: str) -> Any:
    authorization = {"Authorization": f"Bearer {key or desk.world.key}", "Accept": "application/json"}
    return await desk.http.post("/v1/staff-links", json=body, headers=authorization | headers)


async def test_the_learning_system_makes_a_link_and_its_person_comes_in(desk_on_both: Desk) -> None:
    desk = desk_on_both
    made = await _api(desk, {"name": NAME, "course": "course", "exam": "post"})
    assert made.status_code == 201
    path = made.json()["url"].removeprefix(PUBLIC_URL)
    assert made.json()["expires_at"] == "2026-11-22T02:10:00Z"
    shown = await desk.get(path)
    assert shown.status_code == 200
    assert NAME in shown.text
    assert "Test Institute" in shown.text
    assert (await desk.get(path)).status_code == 200, "looking uses nothing up"
    desk.world.clock.pass_(seconds=1)
    came = await desk.http.post(path)
    assert (came.status_code, came.headers["location"]) == (303, EXAM)
    cookie = came.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("exam_staff=", "path=/staff", "httponly", "samesite=lax", "secure"))
    assert (await desk.get()).status_code == 200
    session = await staff_sessions.decode(desk.world.ctx, desk.http.cookies["exam_staff"])
    async with desk.world.ctx.store.read(desk.world.org) as tx:
        made_by, used_by = await tx.log.audited(session.link)
    assert (made_by.action, made_by.actor) == ("staff-link.create", session.key)
    assert (used_by.action, used_by.actor) == ("staff-link.use", f"staff:{NAME}")


async def test_the_same_call_again_gives_the_same_link(desk: Desk) -> None:
    body = {"name": NAME}
    first, again = [(await _api(desk, body, **{"Idempotency-Key": "k"})).json() for _ in range(2)]
    assert first == again


async def test_a_link_works_once_and_not_for_ever(desk: Desk) -> None:
    path = await desk.link()
    assert (await desk.http.post(path)).status_code == 303
    assert (await desk.get(path)).headers["location"] == "/staff", "who is inside is led inside"
    assert (await desk.http.post(path)).headers["location"] == "/staff"
    desk.http.cookies.clear()
    used = await desk.http.post(path)
    assert (used.status_code, "staff-link-used" in used.text) == (410, True)
    late = await desk.link(return_url="https://lms.example.ac.th/course/1")
    desk.world.clock.at += timedelta(minutes=10)
    over = await desk.http.post(late)
    assert (over.status_code, "staff-link-expired" in over.text) == (410, True)
    assert "https://lms.example.ac.th/course/1" in over.text
    assert (await desk.get()).status_code == 401


@pytest.mark.parametrize("change", ["", "A", "x" * 7000, "ก"])
async def test_what_is_no_link_of_ours_opens_nothing(desk: Desk, change: str) -> None:
    path = await desk.link()
    token = path.rpartition("/")[2]
    tried = change or token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    for answer in (await desk.get(f"/staff/_enter/{tried}"), await desk.http.post(f"/staff/_enter/{tried}")):
        assert (answer.status_code, "staff-link-unknown" in answer.text) == (404, True)


async def test_a_link_is_no_session_and_a_candidate_s_session_is_none_of_staff(desk: Desk) -> None:
    token = (await desk.link()).rpartition("/")[2]
    for value in (token, await desk.world.session(), "", "A" * 90):
        desk.http.cookies.clear()
        desk.http.cookies.set("exam_staff", value)
        assert (await desk.get("/staff")).status_code == 401
        assert (await desk.get(f"{EXAM}/events")).status_code == 401
        assert (await desk.http.post(f"{EXAM}/do", data={"action": "extra-time"})).status_code == 401


async def test_a_revoked_key_ends_its_links_and_sessions(desk: Desk) -> None:
    made = desk.world
    async with made.ctx.store.begin(made.org) as tx:
        key = (await api_keys.create(made.ctx, tx, "staff", ("results",))).token
    waiting = await desk.link(key=key)
    await desk.come_in(key=key)
    assert (await desk.get("/staff")).status_code == 200
    caller = await api_keys.authenticate(made.ctx, key)
    async with made.ctx.store.begin(made.org) as tx:
        await api_keys.revoke(made.ctx, tx, caller.key_id, caller)
    assert (await desk.get("/staff")).status_code == 401
    assert (await desk.http.post(waiting)).status_code == 404


async def test_who_signs_out_is_out_wherever_the_cookie_was_copied(desk_on_both: Desk) -> None:
    desk = desk_on_both
    view = await desk.world.start("post")
    link = await desk.link(return_url="https://lms.example.ac.th/course/1")
    await desk.http.post(link)
    cookie = desk.http.cookies["exam_staff"]
    for path in ("/staff", EXAM, f"{EXAM}/everybody", f"{EXAM}/late", f"{EXAM}/attempts/{view.attempt}"):
        assert '<form class="leave" method="post" action="/staff/_leave">' in (await desk.get(path)).text, path
    elsewhere = await desk.http.post("/staff/_leave", headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 401
    assert (await desk.get("/staff")).status_code == 200
    left = await desk.http.post("/staff/_leave")
    assert (left.status_code, "You have signed out" in left.text) == (200, True)
    assert "https://lms.example.ac.th/course/1" in left.text
    assert "exam_staff" not in desk.http.cookies
    desk.http.cookies.set("exam_staff", cookie)
    for path in ("/staff", EXAM, f"{EXAM}/events"):
        assert (await desk.get(path)).status_code == 401, path
    act = {"action": "void", "attempt": view.attempt, "reason": "x"}
    assert (await desk.http.post(f"{EXAM}/do", data=act)).status_code == 401
    assert (await desk.http.post("/staff/_leave")).status_code == 401
    again = await desk.http.post(link)
    assert (again.status_code, "staff-link-used" in again.text) == (410, True)
    await desk.come_in()
    assert (await desk.get("/staff")).status_code == 200, "others are not signed out with them"


async def test_a_session_ends(desk: Desk) -> None:
    await desk.come_in()
    desk.world.clock.at += timedelta(hours=12)
    assert (await desk.get("/staff")).status_code == 401


async def test_a_link_for_one_exam_shows_no_other(desk: Desk) -> None:
    await desk.world.publish({**open_course(), "code": "second"})
    await desk.come_in(course="course", exam="post")
    listed = (await desk.get("/staff")).text
    assert '"/staff/course/post"' in listed
    assert "/staff/course/pre" not in listed
    assert "/staff/second" not in listed
    for path in ("/staff/course/pre", "/staff/second/post", "/staff/course/pre/events", "/staff/course/none"):
        assert (await desk.get(path)).status_code == 404, path
    assert (await desk.do("/staff/course/pre/do", action="extra-time", minutes=5, reason="x")).status_code == 404
    await desk.come_in(course="course")
    assert (await desk.get("/staff/course/pre")).status_code == 200
    assert (await desk.get("/staff/second/post")).status_code == 404


async def test_a_link_names_what_is_there(desk: Desk) -> None:
    refused(await _api(desk, {"name": NAME, "course": "none"}), 404, "not-found")
    refused(await _api(desk, {"name": NAME, "course": "course", "exam": "none"}), 404, "not-found")
    assert faults_of(await _api(desk, {"name": NAME, "exam": "post"})) == [("course", "missing")]
    for name in ("\u202egnp", "a\x07b", "a\x1cb", "a\nb", "a\x85b", "a\u0378b", " ", "\x1f"):
        assert faults_of(await _api(desk, {"name": name})) == [("name", "wrong-value")], ascii(name)
    assert faults_of(await _api(desk, {"name": NAME, "return_url": "javascript:x"})) == [
        ("return_url", "bad-return-url")
    ]
    made = desk.world
    async with made.ctx.store.begin(made.org) as tx:
        narrow = (await api_keys.create(made.ctx, tx, "narrow", ("courses",))).token
    refused(await _api(desk, {"name": NAME}, key=narrow), 403, "not-allowed")


async def test_another_organisation_s_staff_see_nothing(desk: Desk) -> None:
    made = desk.world
    other = await world(made.ctx, made.clock, slug="second", course={**open_course(), "code": "theirs"})
    view = await made.start("post")
    await desk.come_in(key=other.key)
    assert (await desk.get("/staff/course/post")).status_code == 404
    assert (await desk.get(f"{EXAM}/attempts/{view.attempt}")).status_code == 404
    assert (await desk.get(f"/staff/theirs/post/attempts/{view.attempt}")).status_code == 404
    answer = await desk.do("/staff/theirs/post/do", action="void", attempt=view.attempt, reason="mine")
    assert answer.status_code == 404
    async with made.ctx.store.read(made.org) as tx:
        stored = await tx.attempts.get(view.attempt)
    assert stored is not None
    assert stored.state == "in_progress"


async def test_a_form_from_elsewhere_does_nothing(desk: Desk) -> None:
    await desk.come_in()
    fields = {"action": "extra-time", "minutes": "5", "reason": "x", "turn": "t"}
    answer = await desk.http.post(f"{EXAM}/do", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 401
