"""One organisation never sees another's: what belongs to the other is as unknown as what is nowhere (P13)."""

from typing import Any

import pytest

from tests.support.problems import faults_of, refused
from tests.support.service import open_course, small_course, world
from tests.web.lms.conftest import Lms


async def test_what_is_another_organisations_is_as_unknown_as_what_is_nowhere(lms_on_both: Lms) -> None:
    lms = lms_on_both
    other = await world(lms.world.ctx, lms.world.clock, slug="second")
    await lms.world.publish(open_course())
    await lms.world.publish({**open_course(), "code": "mine"})
    attempt = (await lms.world.take("post")).attempt
    key = (await lms.get("/v1/api-keys")).json()["items"][0]["id"]
    bulk = await lms.post(
        "/v1/enrolments/bulk?course=course", content="external_id,given\nu,a\n", headers={"Content-Type": "text/csv"}
    )
    mine = {
        "enrolment": lms.world.enrolment, "attempt": attempt, "key": key, "job": bulk.json()["job"], "course": "mine",
        "person": "u-1",
    }  # fmt: skip
    await lms.put("/v1/candidates/u-1", json={"name": {"given": "a"}})
    calls: list[tuple[str, str, str, Any]] = [
        ("GET", "/v1/enrolments/{}", "enrolment", None),
        ("PATCH", "/v1/enrolments/{}", "enrolment", {"target_standing": "expert"}),
        ("PUT", "/v1/enrolments/{}/facts", "enrolment", {"learning_complete": True}),
        ("GET", "/v1/enrolments/{}/facts", "enrolment", None),
        ("POST", "/v1/enrolments/{}/launches", "enrolment", {}),
        ("GET", "/v1/attempts/{}", "attempt", None),
        ("GET", "/v1/attempts/{}/journal", "attempt", None),
        ("POST", "/v1/attempts/{}/void", "attempt", {"reason": "mine"}),
        ("DELETE", "/v1/api-keys/{}", "key", None),
        ("GET", "/v1/jobs/{}", "job", None),
        ("GET", "/v1/courses/{}", "course", None),
        ("POST", "/v1/courses/{}/check", "course", None),
        ("POST", "/v1/courses/{}/publish", "course", None),
        ("GET", "/v1/courses/{}/exams", "course", None),
        ("GET", "/v1/courses/{}/exams/post/live", "course", None),
        ("GET", "/v1/courses/{}/exams/post/live/events", "course", None),
        ("GET", "/v1/courses/{}/versions/1", "course", None),
        ("GET", "/v1/candidates/{}", "person", None),
    ]
    for method, path, kind, body in calls:
        own = mine[kind]
        nowhere = own[:-1] + ("0" if own[-1] != "0" else "1")
        # Each request has an id of its own, unless the caller gives one.
        same = {"X-Request-Id": "the-same-for-both"}
        theirs = await lms.call(method, path.format(own), key=other.key, json=body, headers=same)
        unknown = await lms.call(method, path.format(nowhere), key=other.key, json=body, headers=same)
        refused(theirs, 404, "not-found")
        assert theirs.text.replace(own, "ID") == unknown.text.replace(nowhere, "ID"), path
    for path in ("/v1/enrolments", "/v1/candidates", "/v1/attempts", "/v1/results", "/v1/courses", "/v1/api-keys"):
        listed = (await lms.get(path, key=other.key)).text
        assert not any(own in listed for kind, own in mine.items() if kind != "course"), path
    assert (await lms.get(f"/v1/enrolments/{mine['enrolment']}")).json()["target_standing"] is None


async def test_the_same_names_may_be_used_by_both(lms: Lms) -> None:
    other = await world(lms.world.ctx, lms.world.clock, slug="second")
    body = {"name": {"given": "ก"}, "national_id": "1101700203450"}
    for key in (lms.world.key, other.key):
        assert (await lms.put("/v1/courses/course", json={**small_course(), "hours": 3}, key=key)).status_code == 200
        assert (await lms.put("/v1/candidates/u-1", json=body | {"national_id": None}, key=key)).status_code == 200
    shared = {"Idempotency-Key": "shared"}
    made = [
        (await lms.post(f"/v1/enrolments/{enrolment}/launches", json={}, key=key, headers=shared)).json()
        for enrolment, key in ((lms.world.enrolment, lms.world.key), (other.enrolment, other.key))
    ]
    assert made[0]["token"] != made[1]["token"]


@pytest.mark.parametrize("bad", ["%00", "a%00b", "%ff", "%F0%9F%98%80", "..%2f..", "' OR 1=1 --", "x" * 3000])
async def test_an_id_of_any_shape_is_only_unknown(lms_on_both: Lms, bad: str) -> None:
    lms = lms_on_both
    for path in (
        "/v1/enrolments/{}", "/v1/attempts/{}", "/v1/courses/{}", "/v1/banks/{}", "/v1/candidates/{}", "/v1/jobs/{}",
        "/v1/certificates/{}", "/v1/courses/course/exams/{}",
    ):  # fmt: skip
        refused(await lms.get(path.format(bad)), 404, "not-found")
    for path in ("/v1/enrolments", "/v1/candidates", "/v1/attempts", "/v1/banks", "/v1/courses"):
        assert (await lms.get(f"{path}?after={bad}")).status_code == (400 if "%00" in bad else 200)
    listed = await lms.get(f"/v1/enrolments?course={bad}")
    assert listed.status_code == 400 or listed.json()["items"] == []


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
async def test_no_text_holds_what_the_database_cannot(lms_on_both: Lms, text: str) -> None:
    lms = lms_on_both
    for path, body in (
        ("/v1/candidates/search", {"external_id": text}),
        ("/v1/enrolments", {"candidate": text, "course": "course"}),
        ("/v1/enrolments", {"candidate": "one", "course": "course", "accommodations": [{"reason": text}]}),
        ("/v1/enrolments", {"candidate": "one", "course": "course", text: 1}),
    ):
        assert [code for _, code in faults_of(await lms.post(path, json=body))] == ["nul-character"]
    backslash = {"candidate": "one", "course": "course", "accommodations": [{"reason": "a\\u0000b"}]}
    assert (await lms.post("/v1/enrolments", json=backslash)).status_code == 201
