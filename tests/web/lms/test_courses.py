from typing import Any

import msgspec
import pytest

from tests.support.problems import faults_of, refused
from tests.support.service import small_bank, small_course
from tests.web.lms.conftest import Lms


async def _written(lms: Lms, **more: Any) -> None:
    answer = await lms.put("/v1/courses/course", json={**small_course(), **more})
    assert answer.status_code == 200, answer.text


async def test_a_draft_changes_nothing_that_is_published(lms: Lms) -> None:
    await _written(lms, title={"en": "Another title"})
    draft = (await lms.get("/v1/courses/course")).json()
    assert (draft["draft"]["title"], draft["published"]) == ({"en": "Another title"}, 1)
    version = (await lms.get("/v1/courses/course/versions/1")).json()
    assert version["course"]["title"]["en"] == "Test course"
    assert version["banks"] == {"small": 1}


async def test_publishing_what_is_unchanged_is_the_version_there_is(lms: Lms) -> None:
    same = await lms.post("/v1/courses/course/publish")
    assert (same.status_code, same.json()["version"], same.json()["created"]) == (200, 1, False)
    await _written(lms, hours=15)
    changed = await lms.post("/v1/courses/course/publish")
    assert (changed.status_code, changed.json()["version"]) == (201, 2)


async def test_a_new_bank_version_is_drawn_from_only_when_the_course_is_published_again(lms: Lms) -> None:
    bank = msgspec.json.encode(msgspec.structs.replace(small_bank(), licence="CC0"))
    await lms.put("/v1/banks/small", content=bank, headers={"Content-Type": "application/json"})
    assert (await lms.get("/v1/courses/course/versions/1")).json()["banks"] == {"small": 1}
    assert (await lms.post("/v1/courses/course/publish")).json()["version"] == 2
    assert (await lms.get("/v1/courses/course/versions/2")).json()["banks"] == {"small": 2}


async def test_an_infeasible_blueprint_is_refused_and_says_which_stratum_lacks_how_many(lms: Lms) -> None:
    course = small_course()
    course["exams"][1]["sections"][0]["strata"][0]["count"] = 15
    await _written(lms, exams=course["exams"])
    (fault,) = refused(await lms.post("/v1/courses/course/publish"), 422, "invalid-input")["faults"]
    assert (fault["code"], fault["path"]) == ("stratum-infeasible", "exams[1].sections[0].strata[0]")
    assert "wants 15, the bank has 12, 3 missing" in fault["message"]["en"]
    assert "ขาด 3 ข้อ" in fault["message"]["th"]
    assert (await lms.get("/v1/courses/course")).json()["published"] == 1


async def test_a_check_tells_the_same_and_counts_every_stratum(lms: Lms) -> None:
    course = small_course(opens_when={"rule": "fact", "fact": "attended"})
    course["exams"][0]["sections"][0]["strata"][0]["bank"] = "nowhere"
    await _written(lms, exams=course["exams"])
    said = (await lms.post("/v1/courses/course/check")).json()
    assert not said["publishable"]
    assert [(f["code"], f["path"]) for f in said["faults"]] == [
        ("unknown-bank", "exams[0].sections[0].strata[0].bank"),
        ("unknown-fact", "exams[1].opens_when"),
    ]
    assert [(exam["exam"], exam["questions"]) for exam in said["exams"]] == [("pre", 4), ("post", 10)]
    assert [(s["wanted"], s["available"]) for exam in said["exams"] for s in exam["strata"]] == [
        (4, 0),
        (5, 12),
        (5, 12),
    ]
    assert [
        f["code"] for f in refused(await lms.post("/v1/courses/course/publish"), 422, "invalid-input")["faults"]
    ] == [f["code"] for f in said["faults"]]


async def test_every_fault_of_the_document_is_told_at_once(lms: Lms) -> None:
    course = small_course()
    course["exams"][0]["colour"] = "red"
    course["exams"][1]["time_limit_minutes"] = 0
    course["exams"][1]["pass_rule"] = {"rule": "percent", "exam": "post", "at_least": 101}
    answer = await lms.put("/v1/courses/course", json=course)
    assert [path for path, _ in faults_of(answer)] == [
        "exams[0].colour", "exams[1].time_limit_minutes", "exams[1].pass_rule.at_least",
    ]  # fmt: skip
    assert faults_of(await lms.put("/v1/courses/another", json=small_course())) == [("code", "code-differs")]
    assert faults_of(await lms.put("/v1/courses/course", content=b'{"code": ')) == [("", "not-json")]
    for deep in (b"[" * 50_000 + b"]" * 50_000, b'{"a":' * 900 + b'"\\u0000"' + b"}" * 900):
        assert faults_of(await lms.put("/v1/courses/another", content=deep)) == [("", "too-deep")]


@pytest.mark.parametrize("number", ["0", "9", "-1", "x", str(2**31), str(2**63), "1e3", "9" * 5000])
async def test_a_version_that_is_none_is_unknown(lms_on_both: Lms, number: str) -> None:
    refused(await lms_on_both.get(f"/v1/courses/course/versions/{number}"), 404, "not-found")


async def test_exams_are_shown_as_published(lms: Lms) -> None:
    exams = (await lms.get("/v1/courses/course/exams")).json()
    assert [exam["code"] for exam in exams["exams"]] == ["pre", "post"]
    assert (await lms.get("/v1/courses/course/exams/post")).json() == exams["exams"][1]
    refused(await lms.get("/v1/courses/course/exams/none"), 404, "not-found")
    await lms.put("/v1/courses/draft", json={**small_course(), "code": "draft"})
    refused(await lms.get("/v1/courses/draft/exams"), 404, "not-found")
    codes = [line["code"] for line in (await lms.get("/v1/courses")).json()["items"]]
    assert codes == ["course", "draft"]
