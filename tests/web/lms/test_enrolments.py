from datetime import datetime
from typing import Any

import pytest

from exam_service.core.errors import LaunchUsed
from exam_service.services import attempts, sessions
from tests.support.problems import faults_of, refused
from tests.support.service import open_course, small_course
from tests.web.lms.conftest import Lms

PERSON: dict[str, Any] = {"external_id": "u-1", "name": {"given": "มาลี"}}


async def _enrolled(lms: Lms, **more: Any) -> dict[str, Any]:
    answer = await lms.post("/v1/enrolments", json={"candidate": PERSON, "course": "course", **more})
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def test_enrolling_again_is_the_same_enrolment(lms_on_both: Lms) -> None:
    lms = lms_on_both
    first = await _enrolled(lms, target_standing="expert")
    again = (await lms.post("/v1/enrolments", json={"candidate": "u-1", "course": "course"})).json()
    assert again == first
    changed = await _enrolled(lms, target_standing=None, accommodations=[{"extra_percent": 25}])
    assert (changed["id"], changed["target_standing"]) == (first["id"], None)
    listed = (await lms.get("/v1/enrolments?course=course")).json()["items"]
    assert {line["candidate"] for line in listed} == {"one", "u-1"}
    assert (await lms.get("/v1/enrolments?course=none")).json()["items"] == []


async def test_who_or_what_is_unknown_cannot_be_enrolled(lms: Lms) -> None:
    refused(await lms.post("/v1/enrolments", json={"candidate": "nobody", "course": "course"}), 404, "not-found")
    await lms.put("/v1/courses/draft", json={**small_course(), "code": "draft"})
    for course in ("draft", "nothing"):
        refused(await lms.post("/v1/enrolments", json={"candidate": "one", "course": course}), 409, "not-published")


async def test_every_fault_of_an_enrolment_is_told_at_once(lms: Lms) -> None:
    body = {
        "candidate": {"external_id": "a b", "name": {}},
        "course": "Course",
        "accommodations": [{"extra_percent": -1}],
    }
    assert {path for path, _ in faults_of(await lms.post("/v1/enrolments", json=body))} == {
        "candidate.external_id", "candidate.name", "course", "accommodations[0].extra_percent",
    }  # fmt: skip
    unknown = await lms.post(
        "/v1/enrolments",
        json={"candidate": PERSON | {"national_id": "1"}, "course": "course", "accommodations": [{"exam": "final"}]},
    )
    assert faults_of(unknown) == [
        ("accommodations[0].exam", "unknown-exam"),
        ("candidate.national_id", "bad-national-id"),
    ]
    refused(await lms.get("/v1/candidates/u-1"), 404, "not-found")


async def test_enrolling_a_person_needs_the_scope_for_people(lms: Lms) -> None:
    narrow = await lms.key("enrolments")
    body = {"candidate": PERSON, "course": "course"}
    assert (
        "candidates" in refused(await lms.post("/v1/enrolments", json=body, key=narrow), 403, "not-allowed")["detail"]
    )
    known = await lms.post("/v1/enrolments", json={"candidate": "one", "course": "course"}, key=narrow)
    assert known.status_code == 201


async def test_standing_says_what_is_missing_as_data_and_as_a_sentence(lms: Lms) -> None:
    shown = (await lms.get(f"/v1/enrolments/{lms.world.enrolment}")).json()
    pre, post = shown["exams"]
    assert (pre["can_start"], post["can_start"]) == (True, False)
    assert post["refusal"]["code"] == "conditions-not-met"
    assert len(post["refusal"]["missing"]) == 2
    assert "เรียนครบ" in post["refusal"]["message"]["th"]
    assert shown["certificate"]["met"] is False
    assert shown["certificate"]["because"]["fact"] == "exam.post.passed"
    assert "หลังเรียน" in shown["certificate"]["sentence"]["th"]
    assert shown["facts"] == [
        {"name": "learning_complete", "label": {"th": "เรียนครบ", "en": "Learning complete"}, "value": None}
    ]


async def test_standing_follows_the_candidate_to_the_certificate(lms: Lms) -> None:
    world = lms.world
    await world.take("pre")
    await lms.put(f"/v1/enrolments/{world.enrolment}/facts", json={"learning_complete": True})
    await world.take("post", right=2)
    failed = (await lms.get(f"/v1/enrolments/{world.enrolment}")).json()["exams"][1]
    assert failed["refusal"]["code"] == "cooling-down"
    assert failed["refusal"]["retry_at"] == "2026-11-22T03:00:00Z"
    assert failed["counted"]["passed"] is False
    assert failed["attempts"][0]["percent"] == failed["counted"]["percent"] < 60
    world.clock.pass_(minutes=60)
    await world.take("post")
    passed = (await lms.get(f"/v1/enrolments/{world.enrolment}")).json()
    assert passed["exams"][1]["counted"] == {"percent": 100.0, "passed": True}
    assert passed["exams"][1]["attempts_used"] == 2
    assert passed["certificate"]["met"] is True
    assert passed["certificate"]["missing"] == []


async def test_time_given_while_an_attempt_runs_counts_at_once(lms_on_both: Lms) -> None:
    lms = lms_on_both
    await lms.world.publish(open_course())
    view = await lms.world.start("post")
    changes = {"accommodations": [{"exam": "post", "extra_percent": 50}, {"exam": "pre", "extra_minutes": 99}]}
    changed = await lms.call("PATCH", f"/v1/enrolments/{lms.world.enrolment}", json=changes)
    assert changed.status_code == 200, changed.text
    now = await attempts.look(lms.world.ctx, lms.world.org, lms.world.enrolment, view.attempt)
    assert (now.deadline - view.deadline).total_seconds() == 15 * 60
    shown = (await lms.get(f"/v1/enrolments/{lms.world.enrolment}")).json()["exams"]
    assert [exam["extra_minutes"] for exam in shown] == [99, 15]
    bad = await lms.call("PATCH", f"/v1/enrolments/{lms.world.enrolment}", json={"accommodations": [{"exam": "x"}]})
    assert faults_of(bad) == [("accommodations[0].exam", "unknown-exam")]


FACTS = [
    {"name": "attended", "type": "boolean", "label": {"en": "Attended"}},
    {"name": "attendance", "type": "number", "label": {"en": "Attendance"}},
    {"name": "remark", "type": "text", "label": {"en": "Remark"}},
    {"name": "done_at", "type": "date_time", "label": {"en": "Done"}},
    {"name": "marks", "type": "numbers", "label": {"en": "Marks"}},
]


async def test_facts_have_the_types_that_the_course_declares(lms_on_both: Lms) -> None:
    lms = lms_on_both
    await lms.world.publish(small_course(opens_when=None) | {"facts": FACTS})
    path = f"/v1/enrolments/{lms.world.enrolment}/facts"
    bad = {
        "attended": 1, "attendance": True, "remark": 5, "done_at": "2026-11-22T09:00:00", "marks": [1, "2"],
        "attendence": 80,
    }  # fmt: skip
    answer = await lms.put(path, json=bad)
    assert faults_of(answer) == [(name, "wrong-value") for name in list(bad)[:5]] + [("attendence", "unknown-fact")]
    assert "did you mean `attendance`?" in answer.text
    good = {
        "attended": True, "attendance": 92.5, "remark": "ดีมาก", "done_at": "2026-11-22T09:00:00+07:00",
        "marks": [1, 2.5],
    }  # fmt: skip
    view = (await lms.put(path, json=good)).json()
    assert {fact["name"]: fact["value"] for fact in view["facts"]} == good | {
        "done_at": "2026-11-22T02:00:00Z", "marks": [1.0, 2.5],
    }  # fmt: skip
    assert view["added"] == list(good)
    assert (await lms.put(path, json=good)).json()["added"] == []


async def test_reports_are_only_added_and_the_newest_counts(lms: Lms) -> None:
    path = f"/v1/enrolments/{lms.world.enrolment}/facts"
    for value in (True, False, None, True):
        lms.world.clock.pass_(minutes=1)
        assert (await lms.put(path, json={"learning_complete": value})).json()["facts"][0]["value"] is value
    reports = (await lms.get(path)).json()["reports"]
    assert [report["value"] for report in reports] == [True, False, None, True]
    assert len({report["reported_at"] for report in reports}) == 4
    assert faults_of(await lms.put(path, json={})) == [("", "wrong-value")]
    assert faults_of(await lms.put(path, content=b"[1]", headers={"Content-Type": "application/json"}))


async def test_a_launch_works_once_and_its_token_is_not_stored(lms: Lms) -> None:
    path = f"/v1/enrolments/{lms.world.enrolment}/launches"
    made = (await lms.post(path, json={"language": "en", "return_url": "http://localhost:3000/course"})).json()
    assert made["url"] == f"https://exam.example.ac.th/l/{made['token']}"
    ends, now = datetime.fromisoformat(made["expires_at"]), lms.world.clock()
    assert (ends - now).total_seconds() == 600
    redeemed = await sessions.redeem(lms.world.ctx, made["token"])
    assert redeemed.enrolment == lms.world.enrolment
    with pytest.raises(LaunchUsed):
        await sessions.redeem(lms.world.ctx, made["token"])
    async with lms.world.ctx.store.read(lms.world.org) as tx:
        stored = await tx.launches.get(made["launch"])
    assert made["token"].partition(".")[2] not in repr(stored)
    assert (await lms.post(path)).status_code == 201


@pytest.mark.parametrize(
    "url",
    [
        "/course", "http://lms.example.ac.th/", "javascript:alert(1)", "https://", "https://user@lms.example.ac.th/",
        "https://lms.example.ac.th/\n", "//lms.example.ac.th", "https://[::1", "ftp://localhost/",
        "https://x/" + "y" * 2000,
    ],
)  # fmt: skip
async def test_a_launch_leads_back_only_to_a_whole_safe_address(lms: Lms, url: str) -> None:
    answer = await lms.post(f"/v1/enrolments/{lms.world.enrolment}/launches", json={"return_url": url})
    assert faults_of(answer) == [("return_url", "bad-return-url")]


async def test_a_repeated_launch_is_the_same_launch(lms: Lms) -> None:
    path, head = f"/v1/enrolments/{lms.world.enrolment}/launches", {"Idempotency-Key": "a"}
    first = await lms.post(path, json={}, headers=head)
    assert (await lms.post(path, json={}, headers=head)).json() == first.json()
    assert (await lms.post(path, json={})).json()["token"] != first.json()["token"]
