"""What staff does to attempts while they run and after, over the API, on both databases."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from exam_service.core import errors
from exam_service.core.exams.attempt import State
from exam_service.core.exams.model import Accommodation
from exam_service.services import attempts, enrolments, messages, results, starting, sweeper
from tests.support.problems import faults_of, refused
from tests.support.service import open_course, world
from tests.web.lms.conftest import Lms

TEN = {"minutes": 10, "reason": "ไฟฟ้าดับ 10 นาที"}
OF_EXAM = "/v1/courses/course/exams/post"


async def extend(lms: Lms, attempt: str, **more: Any) -> dict[str, Any]:
    answer = await lms.post(f"/v1/attempts/{attempt}/extra-time", json={**TEN, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["attempt"]
    return found


async def contact(lms: Lms, attempt: str, epoch: int | None = 1) -> messages.ContactView:
    world = lms.world
    return await messages.contact(world.ctx, world.org, world.enrolment, attempt, epoch)


@pytest.fixture
async def exam(lms_on_both: Lms) -> Lms:
    await lms_on_both.world.publish(open_course())
    return lms_on_both


async def test_extra_time_moves_the_deadline_and_is_news_to_the_page(exam: Lms) -> None:
    view = await exam.world.start()
    first = await extend(exam, view.attempt)
    again = await extend(exam, view.attempt, minutes=5)
    assert datetime.fromisoformat(first["deadline"]) == view.deadline + timedelta(minutes=10)
    assert (again["extra_seconds"], again["state"]) == (900, "in_progress")
    heard = await contact(exam, view.attempt)
    assert (heard.news, heard.writes_here, heard.seconds_left) == (2, True, 45 * 60)
    seen = await attempts.look(exam.world.ctx, exam.world.org, exam.world.enrolment, view.attempt)
    assert (view.news, seen.news) == (0, 2), "a fresh page knows that there is something to ask for"
    exam.world.clock.at = view.deadline + timedelta(minutes=14)
    assert (await exam.world.save(view, 1, {"i1": None})).seconds_left == 60


async def test_extra_time_is_not_ignored_against_the_windows_end(exam: Lms) -> None:
    """Told by users of other systems."""
    closes = exam.world.clock() + timedelta(minutes=20)
    await exam.world.publish(open_course(window={"closes_at": closes.isoformat()}))
    view = await exam.world.start()
    assert view.deadline == closes
    await extend(exam, view.attempt)
    exam.world.clock.at = closes + timedelta(minutes=9)
    await exam.world.save(view, 1, {"i1": None})
    assert (await exam.world.submit(view)).ended_by is State.submitted


async def test_extension_after_the_end_does_not_leave_the_work_locked(exam: Lms) -> None:
    """Told by users of other systems. The result until then stays, and the next one says who opened it, and why."""
    world = exam.world
    view = await world.start()
    key = list((await world.key_of(view)).items())
    await world.save(view, 1, dict(key[:2]))
    world.clock.at = view.deadline + timedelta(hours=1)
    assert (await results.result(world.ctx, world.org, world.enrolment, view.attempt)).percent == 20.0
    given = await extend(exam, view.attempt)
    assert (given["state"], given["percent"], given["ended_at"]) == ("in_progress", None, None)
    with pytest.raises(errors.MovedToOtherDevice):
        await world.save(view, 2, dict(key[2:4]))
    opened = await attempts.open_here(world.ctx, world.org, world.enrolment, view.attempt)
    assert opened.responses == dict(key[:2])
    assert 600 <= opened.seconds_left <= 601
    await world.save(opened, 1, dict(key[2:]))
    await world.submit(opened)
    shown = (await exam.get(f"/v1/attempts/{view.attempt}")).json()
    assert [(one["revision"], one["percent"]) for one in shown["results"]] == [(1, 20.0), (2, 100.0)]
    assert shown["results"][0]["graded_by"] is None
    assert shown["results"][1]["graded_by"].startswith("key_")
    assert shown["results"][1]["reason"] == f"+10 min: {TEN['reason']}"
    assert shown["attempt"]["percent"] == 100.0


@pytest.mark.parametrize("swept", [False, True])
async def test_what_staff_gives_does_not_depend_on_when_the_sweeper_ran(exam: Lms, swept: bool) -> None:
    world = exam.world
    view = await world.start()
    world.clock.at = view.deadline + timedelta(minutes=5)
    if swept:
        await sweeper.sweep(world.ctx)
    given = await extend(exam, view.attempt)
    assert given["extra_seconds"] == 900
    shown = (await exam.get(f"/v1/attempts/{view.attempt}")).json()
    assert [(one["revision"], one["graded_at"]) for one in shown["results"]] == [(1, "2026-11-22T02:30:00Z")]


async def test_accommodations_that_change_keep_what_staff_gave_on_top(exam: Lms) -> None:
    world = exam.world
    view = await world.start()
    await extend(exam, view.attempt)
    async with world.ctx.store.begin(world.org) as tx:
        changes = enrolments.EnrolmentChanges(accommodations=(Accommodation(extra_minutes=7),))
        await enrolments.change(world.ctx, tx, world.enrolment, changes, "test")
    seen = await contact(exam, view.attempt)
    assert (seen.deadline, seen.news) == (view.deadline + timedelta(minutes=17), 2)


async def test_time_for_everybody_who_is_writing(exam: Lms) -> None:
    world = exam.world
    others = [await world.enrol(f"other-{n}") for n in range(5)]
    done = await world.take("post")
    running = [await world.start(enrolment=one) for one in others]
    pre = await world.start("pre")
    key = {"Idempotency-Key": "power cut"}
    first = await exam.post(f"{OF_EXAM}/extra-time", json=TEN, headers=key)
    assert first.json() == {"course": "course", "exam": "post", "minutes": 10, "attempts": 5}
    again = await exam.post(f"{OF_EXAM}/extra-time", json=TEN, headers=key)
    assert again.json() == first.json()
    refused(
        await exam.post(f"{OF_EXAM}/extra-time", json={**TEN, "minutes": 11}, headers=key),
        409,
        "idempotency-key-reused",
    )
    async with world.ctx.store.read(world.org) as tx:
        for view in running:
            stored = await tx.attempts.get(view.attempt)
            assert stored is not None
            assert (stored.deadline, stored.extra_seconds, stored.news) == (
                view.deadline + timedelta(minutes=10), 600, 1,
            )  # fmt: skip
            assert [event.action for event in await tx.log.audited(view.attempt)] == ["attempt.extra-time-for-all"]
        for untouched in (done.attempt, pre.attempt):
            stored = await tx.attempts.get(untouched)
            assert stored is not None
            assert (stored.extra_seconds, stored.news) == (0, 0)


async def test_time_for_everybody_reaches_who_is_in_the_grace_and_the_sweeper_waits(exam: Lms) -> None:
    world = exam.world
    view = await world.start()
    world.clock.at = view.deadline + timedelta(seconds=20)
    assert (await exam.post(f"{OF_EXAM}/extra-time", json=TEN)).json()["attempts"] == 1
    world.clock.at = view.deadline + timedelta(minutes=10)
    assert await sweeper.sweep(world.ctx) == 0
    await world.save(view, 1, {"i1": None})
    world.clock.pass_(minutes=2)
    assert await sweeper.sweep(world.ctx) == 1
    assert (await exam.post(f"{OF_EXAM}/extra-time", json=TEN)).json()["attempts"] == 0


async def test_handed_in_by_mistake(exam: Lms) -> None:
    world = exam.world
    done = await world.take("post", right=0)
    assert (await contact(exam, done.attempt)).state is State.graded
    refused(await exam.post(f"/v1/attempts/{done.attempt}/extra-time", json=TEN), 409, "attempt-ended")
    answer = await exam.post(f"/v1/attempts/{done.attempt}/reopen", json={"minutes": 1, "reason": "กดส่งผิด"})
    assert answer.json()["attempt"]["deadline"] == "2026-11-22T02:30:00Z", "the time that was left is not taken"
    refused(await exam.post(f"/v1/attempts/{done.attempt}/reopen", json=TEN), 409, "attempt-running")
    heard = await contact(exam, done.attempt)
    assert (heard.state, heard.epoch, heard.writes_here, heard.news) == (State.in_progress, 2, False, 1)
    assert (await starting.start(world.ctx, world.org, world.enrolment, "post")).attempt == done.attempt
    assert (await exam.get("/v1/results")).json()["items"] == []


async def test_undoing_a_void(exam: Lms) -> None:
    view = await exam.world.start()
    await exam.post(f"/v1/attempts/{view.attempt}/void", json={"reason": "wrong person"})
    assert (await contact(exam, view.attempt)).state is State.voided
    refused(await exam.post(f"/v1/attempts/{view.attempt}/extra-time", json=TEN), 409, "attempt-voided")
    exam.world.clock.pass_(seconds=1)
    answer = await exam.post(f"/v1/attempts/{view.attempt}/reopen", json=TEN)
    assert (answer.json()["attempt"]["state"], answer.json()["attempt"]["void_reason"]) == ("in_progress", None)
    trail = (await exam.get(f"/v1/attempts/{view.attempt}/audit")).json()
    assert [(one["action"], one["reason"]) for one in trail] == [
        ("attempt.void", "wrong person"), ("attempt.reopen", f"+10 min: {TEN['reason']}"),
    ]  # fmt: skip


async def test_two_attempts_never_run_at_once(exam: Lms) -> None:
    world = exam.world
    await world.publish(open_course(attempts={"cool_down_minutes": 0}))
    first = await world.take("post", right=0)
    second = await world.start()
    problem = refused(await exam.post(f"/v1/attempts/{first.attempt}/reopen", json=TEN), 409, "other-attempt-running")
    assert "2" in problem["message"]["th"]
    await world.submit(second)
    assert (await exam.post(f"/v1/attempts/{first.attempt}/reopen", json=TEN)).status_code == 200


@pytest.mark.parametrize("what", ["reopen", "extra-time", "void"])
@pytest.mark.parametrize("reason", ["a\x07b", "a\x1cb", "a\x85b", "\u202egnp", " \n "], ids=range(5))
async def test_a_reason_that_nobody_can_read_is_said_before_how_the_attempt_stands(
    exam: Lms, what: str, reason: str
) -> None:
    view = await exam.world.start()
    if what != "reopen":
        await exam.world.submit(view)
    body = {"reason": reason} | ({} if what == "void" else {"minutes": 5})
    answer = await exam.post(f"/v1/attempts/{view.attempt}/{what}", json=body)
    assert faults_of(answer) == [("reason", "wrong-value")]


async def test_a_result_that_a_certificate_rests_on_is_not_reopened_before_that_is_revoked(exam: Lms) -> None:
    world = exam.world
    pre = await world.take("pre")
    done = await world.take("post")
    made = await exam.post(f"/v1/enrolments/{world.enrolment}/certificates", json={"kind": "certificate"})
    certificate = made.json()["id"]
    path = f"/v1/attempts/{done.attempt}/reopen"
    assert certificate in refused(await exam.post(path, json=TEN), 409, "certificate-stands")["detail"]
    assert (await exam.get(f"/v1/attempts/{done.attempt}")).json()["attempt"]["state"] == "graded"
    assert (await exam.post(f"/v1/attempts/{pre.attempt}/reopen", json=TEN)).status_code == 200, (
        "the rule asks not of it"
    )
    await world.revoke(certificate, "result_annulled", None, "test")  # type: ignore[arg-type]
    assert (await exam.post(path, json=TEN)).status_code == 200


async def test_the_trail_of_an_exam(exam: Lms) -> None:
    world = exam.world
    view = await world.start()
    await extend(exam, view.attempt)
    world.clock.pass_(seconds=1)
    await exam.post(f"{OF_EXAM}/extra-time", json=TEN)
    world.clock.pass_(seconds=1)
    await exam.post(f"{OF_EXAM}/messages", json={"text": {"en": "x"}, "reason": "แจ้งเวลา"})
    pre = await world.start("pre")
    await exam.post(f"/v1/attempts/{pre.attempt}/void", json={"reason": "elsewhere"})
    first = (await exam.get(f"{OF_EXAM}/audit?limit=2")).json()
    rest = (await exam.get(f"{OF_EXAM}/audit?after={first['next']}")).json()
    events = first["items"] + rest["items"]
    assert [(one["action"], one["subject"]) for one in events] == [
        ("attempt.extra-time", view.attempt), ("exam.extra-time", "course/post"), ("exam.message", "course/post"),
    ]  # fmt: skip
    assert {one["actor"][:4] for one in events} == {"key_"}
    assert [one["reason"] for one in events] == [f"+10 min: {TEN['reason']}"] * 2 + ["แจ้งเวลา"]
    own = (await exam.get(f"/v1/attempts/{view.attempt}/audit")).json()
    assert [one["action"] for one in own] == ["attempt.extra-time", "attempt.extra-time-for-all"]


async def test_the_answers_stay_shut_until_the_last_one_with_extra_time_has_ended(exam: Lms) -> None:
    world = exam.world
    closes = world.clock() + timedelta(minutes=20)
    review = dict.fromkeys(("score", "responses", "correctness", "key"), "after_window")
    await world.publish(open_course(window={"closes_at": closes.isoformat()}, review=review))
    done = await world.take("post")
    slow = await world.start(enrolment=await world.enrol("slow"))
    await extend(exam, slow.attempt)
    token = await world.session()
    path = f"/v1/candidate/attempts/{done.attempt}"

    async def opened() -> list[object]:
        result, review = await exam.get(f"{path}/result", key=token), await exam.get(f"{path}/review", key=token)
        return [result.json()["percent"], result.json()["review_open"], review.status_code]

    assert await opened() == [None, False, 403]
    world.clock.at = closes
    assert await opened() == [100.0, False, 403]
    world.clock.at = closes + timedelta(minutes=10, seconds=29)
    assert await opened() == [100.0, False, 403]
    # Whether or not anybody has graded the slow one yet (P2).
    world.clock.pass_(seconds=1)
    assert await opened() == [100.0, True, 200]
    await sweeper.sweep(world.ctx)
    assert await opened() == [100.0, True, 200]


@pytest.mark.parametrize(
    "body, faults",
    [
        ({}, [("", "missing-field")] * 2),
        ({"minutes": 10}, [("", "missing-field")]),
        ({"minutes": 0, "reason": "x"}, [("minutes", "wrong-value")]),
        ({"minutes": 1441, "reason": "x"}, [("minutes", "wrong-value")]),
        ({"minutes": 1.5, "reason": "x"}, [("minutes", "wrong-value")]),
        ({"minutes": 10, "reason": " \t"}, [("reason", "wrong-value")]),
        ({"minutes": 10, "reason": "x", "seconds": 1}, [("seconds", "unknown-field")]),
    ],
    ids=range(7),
)
async def test_bad_bodies_change_nothing(lms: Lms, body: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    await lms.world.publish(open_course())
    view = await lms.world.start()
    for path in (
        f"/v1/attempts/{view.attempt}/extra-time",
        f"/v1/attempts/{view.attempt}/reopen",
        f"{OF_EXAM}/extra-time",
    ):
        if path.endswith("reopen") and faults == [("reason", "wrong-value")]:
            continue
        assert faults_of(await lms.post(path, json=body)) == faults, path
    assert (await contact(lms, view.attempt)).news == 0


async def test_who_may_not_and_what_is_not_there(lms: Lms) -> None:
    await lms.world.publish(open_course())
    view = await lms.world.start()
    narrow = await lms.key("enrolments")
    other = await world(lms.world.ctx, lms.world.clock, slug="second")
    text = {"text": {"en": "x"}}
    calls: list[tuple[str, str, Any]] = [
        ("POST", "extra-time", TEN), ("POST", "reopen", TEN), ("POST", "messages", text),
        ("GET", "late-saves", None), ("GET", "audit", None),
        ("POST", "late-saves/1/1/decision", {"decision": "accept", "reason": "x"}),
    ]  # fmt: skip
    for method, what, body in calls:
        path = f"/v1/attempts/{view.attempt}/{what}"
        refused(await lms.call(method, path, json=body, key=narrow), 403, "not-allowed")
        refused(await lms.call(method, path, json=body, key=other.key), 404, "not-found")
        refused(await lms.call(method, f"/v1/attempts/att_none/{what}", json=body), 404, "not-found")
    for method, what, body in [*calls[:1], *calls[2:5], ("GET", "messages", None)]:
        path = f"{OF_EXAM}/{what}"
        refused(await lms.call(method, path, json=body, key=narrow), 403, "not-allowed")
        refused(await lms.call(method, f"/v1/courses/course/exams/none/{what}", json=body), 404, "not-found")
        refused(await lms.call(method, f"/v1/courses/none/exams/post/{what}", json=body), 404, "not-found")
    # The other organisation has an exam of the same name: theirs, with nobody in it.
    assert (await lms.post(f"{OF_EXAM}/extra-time", json=TEN, key=other.key)).json()["attempts"] == 0
    assert (await lms.get(f"{OF_EXAM}/audit", key=other.key)).json()["items"][0]["action"] == "exam.extra-time"
    assert (await lms.get(f"{OF_EXAM}/audit")).json()["items"] == []
    assert (await contact(lms, view.attempt)).news == 0


async def test_the_same_extra_time_sent_at_the_same_moment_is_given_once(exam: Lms) -> None:
    view = await exam.world.start()
    head = {"Idempotency-Key": "once"}
    path = f"/v1/attempts/{view.attempt}/extra-time"
    answers = await asyncio.gather(*(exam.post(path, json=TEN, headers=head) for _ in range(5)))
    assert len({answer.content for answer in answers}) == 1
    assert (await contact(exam, view.attempt)).deadline == view.deadline + timedelta(minutes=10)
