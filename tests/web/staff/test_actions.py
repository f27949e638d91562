"""What staff do from the pages: asked back first, with a reason, done once, and kept under their name."""

from typing import Any

import msgspec
import pytest

from exam_service.core.exams.late import Evidence
from exam_service.services import saving
from tests.support.service import open_course
from tests.web.staff.conftest import EXAM, NAME, Desk, hidden


async def _stored(desk: Desk, attempt: str) -> Any:
    async with desk.world.ctx.store.read(desk.world.org) as tx:
        return await tx.attempts.get(attempt)


async def _trail(desk: Desk, subject: str) -> list[tuple[str, str, str | None]]:
    async with desk.world.ctx.store.read(desk.world.org) as tx:
        return [(event.action, event.actor, event.reason) for event in await tx.log.audited(subject)]


async def test_extra_time_for_one_is_asked_back_then_given_once(desk_on_both: Desk) -> None:
    desk = desk_on_both
    view = await desk.world.start("post")
    before = (await _stored(desk, view.attempt)).deadline
    await desk.come_in()
    fields = {"action": "extra-time", "attempt": view.attempt, "minutes": "10", "reason": "ไฟฟ้าดับ"}
    asked = await desk.http.post(f"{EXAM}/do", data=fields)
    assert asked.status_code == 200
    assert all(words in asked.text for words in ("Is this right?", "10 minutes", "ไฟฟ้าดับ", "ชื่อ one"))
    assert (await _stored(desk, view.attempt)).deadline == before, "asking does nothing"
    there = f"{EXAM}/attempts/{view.attempt}?done=extra-time"
    for _ in range(2):
        done = await desk.confirm(asked)
        assert (done.status_code, done.headers["location"]) == (303, there)
    stored = await _stored(desk, view.attempt)
    assert ((stored.deadline - before).total_seconds(), stored.extra_seconds) == (600, 600)
    assert await _trail(desk, view.attempt) == [("attempt.extra-time", f"staff:{NAME}", "+10 min: ไฟฟ้าดับ")]
    shown = (await desk.get(there)).text
    assert "Done: Give extra time" in shown
    assert "10 extra minutes" in shown
    assert "ไฟฟ้าดับ" in shown
    assert NAME in shown


async def test_a_confirmation_does_not_stand_for_another_deed(desk: Desk) -> None:
    view = await desk.world.start("post")
    await desk.come_in()
    fields = {"action": "extra-time", "attempt": view.attempt, "minutes": "10", "reason": "x"}
    turn = hidden((await desk.http.post(f"{EXAM}/do", data=fields)).text)
    assert (await desk.http.post(f"{EXAM}/do", data=turn)).status_code == 303
    other = await desk.http.post(f"{EXAM}/do", data={**turn, "minutes": "100"})
    assert (other.status_code, "idempotency-key-reused" in other.text) == (409, True)
    assert (await _stored(desk, view.attempt)).extra_seconds == 600


async def test_extra_time_and_a_message_for_everybody(desk: Desk) -> None:
    made = desk.world
    other = await made.enrol("two")
    views = [await made.start("post"), await made.start("post", other)]
    await desk.come_in()
    given = await desk.do(action="extra-time", minutes=5, reason="fire drill")
    assert given.headers["location"] == f"{EXAM}?done=extra-time"
    told = await desk.do(action="message", text_th="ห้องสอบปิด\r\nสิบห้านาที", text_en="", reason="note")
    assert told.headers["location"] == f"{EXAM}?done=message"
    for view in views:
        stored = await _stored(desk, view.attempt)
        assert (stored.extra_seconds, stored.news) == (300, 2)
    async with made.ctx.store.read(made.org) as tx:
        ((message,),) = (await tx.messages.to([views[0].attempt])).values()
    assert (message.text.th, message.text.en, message.sent_by) == ("ห้องสอบปิด\nสิบห้านาที", None, f"staff:{NAME}")
    shown = (await desk.get()).text
    for words in ("Extra time for everybody", "fire drill", "Message to everybody"):
        assert words in shown


async def test_voided_by_mistake_is_undone_by_reopening(desk: Desk) -> None:
    view = await desk.world.start("post")
    await desk.come_in()
    person = f"{EXAM}/attempts/{view.attempt}"
    offered = (await desk.get(person)).text
    assert 'value="void"' in offered
    assert 'value="reopen"' not in offered
    await desk.do(action="void", attempt=view.attempt, reason="wrong room")
    assert (await _stored(desk, view.attempt)).state == "voided"
    offered = (await desk.get(person)).text
    assert 'value="void"' not in offered
    assert 'value="reopen"' in offered
    assert "wrong room" in offered
    # In the same millisecond, for the clock of a test stands still: the trail keeps the order.
    await desk.do(action="reopen", attempt=view.attempt, minutes=20, reason="it was the right one")
    assert (await _stored(desk, view.attempt)).state == "in_progress"
    assert [event[0] for event in await _trail(desk, view.attempt)] == ["attempt.void", "attempt.reopen"]


async def test_late_responses_are_shown_with_their_evidence_and_decided(desk: Desk) -> None:
    made = desk.world
    await made.publish(open_course(late_responses={"policy": "hold"}))
    view = await made.start("post")
    made.clock.pass_(minutes=33)
    evidence = Evidence(answered_ago_ms=200_000, monotonic=True, after_receipt=0, contact_ago_ms=None, queued=1)
    held = await saving.save(
        made.ctx, made.org, made.enrolment, view.attempt, view.epoch, 1,
        msgspec.json.encode({"i1": None}), evidence,
    )  # fmt: skip
    assert held.held
    await desk.come_in()
    assert f'href="{EXAM}/late"' in (await desk.get()).text
    for path in (f"{EXAM}/late", f"{EXAM}/attempts/{view.attempt}"):
        shown = (await desk.get(path)).text
        assert "03:00 after the deadline" in shown
        assert "own clock ran on" in shown
        assert "To be decided" in shown
    asked = {"action": "late-save", "attempt": view.attempt, "epoch": view.epoch, "seq": 1, "reason": "x"}
    for decision, words in (("accept", "cannot be taken back"), ("refuse", "may still be accepted later")):
        page = (await desk.http.post(f"{EXAM}/do", data={**asked, "decision": decision})).text
        assert words in page
        assert "03:00 after the deadline" in page
        assert "1 response" in page
    other = await desk.http.post(f"{EXAM}/do", data={**asked, "seq": 2, "decision": "accept"})
    assert (other.status_code, "Nothing was done" in other.text) == (404, True)
    done = await desk.do(
        action="late-save", attempt=view.attempt, epoch=view.epoch, seq=1, decision="accept", reason="the net was down"
    )
    assert done.headers["location"] == f"{EXAM}/attempts/{view.attempt}?done=late-save"
    shown = (await desk.get(f"{EXAM}/attempts/{view.attempt}")).text
    assert "Accepted" in shown
    assert "the net was down" in shown
    assert "There is nothing to decide." in (await desk.get(f"{EXAM}/late")).text


async def test_the_certificate_that_accepted_responses_earn_is_issued_at_once(desk: Desk) -> None:
    made, course = desk.world, open_course(late_responses={"policy": "hold"})
    await made.publish(course | {"certificate": course["certificate"] | {"issue": "at_once"}})
    view = await made.start("post")
    answers = await made.key_of(view)
    made.clock.pass_(minutes=33)
    evidence = Evidence(answered_ago_ms=200_000, monotonic=True, after_receipt=0, contact_ago_ms=None, queued=1)
    held = await saving.save(
        made.ctx, made.org, made.enrolment, view.attempt, view.epoch, 1, msgspec.json.encode(answers), evidence
    )
    assert held.held
    await desk.come_in()
    fields: dict[str, Any] = {"action": "late-save", "attempt": view.attempt, "epoch": 1, "seq": 1, "reason": "x"}
    await desk.do(**fields, decision="refuse")
    async with made.ctx.store.read(made.org) as tx:
        assert not await tx.certificates.of(made.enrolment)
    await desk.do(**fields, decision="accept")
    async with made.ctx.store.read(made.org) as tx:
        (issued,) = await tx.certificates.of(made.enrolment)
    assert issued.state == "stands"


@pytest.mark.parametrize(
    "fields,status,code",
    [
        ({"action": "extra-time", "minutes": 10}, 422, "invalid-input"),
        ({"action": "extra-time", "minutes": 10, "reason": "   "}, 422, "invalid-input"),
        ({"action": "extra-time", "minutes": "ten", "reason": "x"}, 422, "invalid-input"),
        ({"action": "extra-time", "minutes": 0, "reason": "x"}, 422, "invalid-input"),
        ({"action": "extra-time", "minutes": "9" * 30, "reason": "x"}, 422, "invalid-input"),
        ({"action": "message", "reason": "x"}, 422, "invalid-input"),
        ({"action": "message", "text_th": "a\x07b", "reason": "x"}, 422, "invalid-input"),
        ({"action": "void", "reason": "x"}, 404, "not-found"),
        ({"action": "delete", "reason": "x"}, 404, "not-found"),
        ({"action": "void", "attempt": "att_none", "reason": "x"}, 404, "not-found"),
        ({}, 404, "not-found"),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_is_done(
    desk: Desk, fields: dict[str, Any], status: int, code: str
) -> None:
    view = await desk.world.start("post")
    await desk.come_in()
    answer = await desk.do(**fields)
    assert (answer.status_code, code in answer.text) == (status, True)
    assert "Nothing was done" in answer.text
    assert (await _stored(desk, view.attempt)).news == 0
    assert await _trail(desk, view.attempt) == []


async def test_what_was_typed_is_shown_as_typed_and_never_as_markup(desk: Desk) -> None:
    view = await desk.world.start("post")
    await desk.come_in(name="<b>Somebody</b>")
    fields = {"action": "void", "attempt": view.attempt, "reason": '"><script>alert(1)</script>'}
    asked = await desk.http.post(f"{EXAM}/do", data=fields)
    assert "<script>alert" not in asked.text
    await desk.confirm(asked)
    for path in (EXAM, f"{EXAM}/attempts/{view.attempt}"):
        shown = (await desk.get(path)).text
        assert "<script>alert" not in shown
        assert "<b>Somebody" not in shown
        assert "&lt;script&gt;alert(1)" in shown
