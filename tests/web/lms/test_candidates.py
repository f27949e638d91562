import logging
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import national_id
from tests.support.problems import faults_of, refused
from tests.web.lms.conftest import Lms

NATIONAL_ID = national_id("110170020345")
OTHER_ID = national_id("312060001234")
PERSON: dict[str, Any] = {"name": {"title": "นาง", "given": "มาลี", "family": "ศรีสุข"}, "school": "โรงเรียนวัดป่า"}


async def test_a_person_is_added_then_replaced(lms_on_both: Lms) -> None:
    lms = lms_on_both
    first = (await lms.put("/v1/candidates/u-1", json={**PERSON, "position": "ครู"})).json()
    assert (first["name"], first["position"], first["has_national_id"]) == (PERSON["name"], "ครู", False)
    lms.world.clock.pass_(hours=1)
    second = (await lms.put("/v1/candidates/u-1", json=PERSON)).json()
    assert (second["position"], second["created_at"]) == (None, first["created_at"])
    assert second["updated_at"] > first["updated_at"]
    assert (await lms.get("/v1/candidates/u-1")).json() == second
    listed = (await lms.get("/v1/candidates")).json()["items"]
    assert {person["external_id"] for person in listed} == {"one", "u-1"}


async def test_a_national_id_is_kept_until_it_is_taken_back(lms: Lms) -> None:
    async def stored() -> bool:
        return bool((await lms.get("/v1/candidates/u-1")).json()["has_national_id"])

    await lms.put("/v1/candidates/u-1", json={**PERSON, "national_id": NATIONAL_ID})
    assert await stored()
    await lms.put("/v1/candidates/u-1", json=PERSON)
    assert await stored()
    await lms.put("/v1/candidates/u-1", json={**PERSON, "national_id": None})
    assert not await stored()


async def test_a_person_is_found_by_national_id_however_it_is_written(lms_on_both: Lms) -> None:
    lms = lms_on_both
    await lms.put("/v1/candidates/u-1", json={**PERSON, "national_id": NATIONAL_ID})
    digits = NATIONAL_ID
    hyphens = f"{digits[0]}-{digits[1:5]}-{digits[5:10]}-{digits[10:12]}-{digits[12]}"
    thai = digits.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    for written in (digits, hyphens, thai):
        found = (await lms.post("/v1/candidates/search", json={"national_id": written})).json()["items"]
        assert [person["external_id"] for person in found] == ["u-1"]
    assert (await lms.post("/v1/candidates/search", json={"national_id": OTHER_ID})).json() == {"items": []}
    by_own = await lms.post("/v1/candidates/search", json={"external_id": "u-1"})
    assert [person["external_id"] for person in by_own.json()["items"]] == ["u-1"]


async def test_two_people_cannot_have_one_national_id(lms_on_both: Lms) -> None:
    lms = lms_on_both
    await lms.put("/v1/candidates/u-1", json={**PERSON, "national_id": NATIONAL_ID})
    answer = await lms.put("/v1/candidates/u-2", json={**PERSON, "national_id": NATIONAL_ID})
    assert "u-1" in refused(answer, 409, "national-id-taken")["detail"]
    refused(await lms.get("/v1/candidates/u-2"), 404, "not-found")


@pytest.mark.parametrize(
    "body,faults",
    [
        ({"name": {"given": " "}}, [("name", "wrong-value")]),
        (
            {"name": {"given": "ก", "colour": "red"}, "shoe": 42},
            [("shoe", "unknown-field"), ("name.colour", "unknown-field")],
        ),
        ({**PERSON, "national_id": "1234567890123"}, [("national_id", "bad-national-id")]),
        ({**PERSON, "national_id": "12 34 56"}, [("national_id", "bad-national-id")]),
        ({"name": {"given": "\u3164"}}, [("name.given", "wrong-value")]),
        ({"name": {"given": "Ann", "family": "\u2800\ufe0f"}}, [("name.family", "wrong-value")]),
        (
            {"name": {"title": "a" + "\u0301" * 90, "given": "ก" + "้" * 100}},
            [("name.title", "wrong-value"), ("name.given", "wrong-value")],
        ),
        ({**PERSON, "school": "a\x07b"}, [("school", "wrong-value")]),
        ({**PERSON, "school": "x" * 201}, [("school", "wrong-value")]),
        ({"position": 7}, [("position", "wrong-value"), ("", "missing-field")]),
    ],
)
async def test_a_bad_person_is_refused_with_every_fault(
    lms: Lms, body: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    answer = await lms.put("/v1/candidates/u-1", json=body)
    assert sorted(faults_of(answer)) == sorted(faults)
    if isinstance(body.get("national_id"), str):
        assert body["national_id"] not in answer.text


async def test_an_id_of_the_learning_system_is_no_national_id(lms: Lms) -> None:
    answer = await lms.put(f"/v1/candidates/{NATIONAL_ID}", json=PERSON)
    assert faults_of(answer) == [("external_id", "external-id-is-national-id")]
    assert (await lms.put(f"/v1/candidates/t{NATIONAL_ID}", json=PERSON)).status_code == 200
    assert faults_of(await lms.put("/v1/candidates/a%20b", json=PERSON)) == [("external_id", "wrong-value")]


async def test_a_search_names_exactly_one_thing(lms: Lms) -> None:
    for body in ({}, {"national_id": NATIONAL_ID, "external_id": "u-1"}):
        assert faults_of(await lms.post("/v1/candidates/search", json=body)) == [("", "one-of-two")]
    bad = await lms.post("/v1/candidates/search", json={"national_id": "9999999999999"})
    assert faults_of(bad) == [("national_id", "bad-national-id")]
    assert "9999999999999" not in bad.text


async def test_a_national_id_is_in_no_answer_log_or_file(
    lms: Lms, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    person = {**PERSON, "national_id": NATIONAL_ID}
    answers = [
        await lms.put("/v1/candidates/u-1", json=person, headers={"Idempotency-Key": "k"}),
        await lms.put("/v1/candidates/u-1", json=person, headers={"Idempotency-Key": "k"}),
        await lms.put("/v1/candidates/u-2", json=person),
        await lms.post("/v1/enrolments", json={"candidate": {"external_id": "u-3", **person}, "course": "course"}),
        await lms.post("/v1/enrolments", json={"candidate": {"external_id": "u-1", **person}, "course": "course"}),
        await lms.post("/v1/candidates/search", json={"national_id": NATIONAL_ID}),
        await lms.get("/v1/candidates/u-1"),
        await lms.get("/v1/candidates"),
        await lms.post(
            "/v1/enrolments/bulk?course=course",
            content=f"external_id,given,national_id\nu-4,ก,{NATIONAL_ID}\nu-1,ก,{NATIONAL_ID}\nu-5,ก,{NATIONAL_ID}1\n",
            headers={"Content-Type": "text/csv"},
        ),
        await lms.post(
            "/v1/enrolments/bulk?course=course&dry_run=true",
            content=f"external_id,given,national_id\nu-5,ก,{NATIONAL_ID}\n",
            headers={"Content-Type": "text/csv"},
        ),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 409, 409, 201, 200, 200, 200, 202, 200]
    await lms.world.ctx.background.idle()
    job = (await lms.get(f"/v1/jobs/{answers[8].json()['job']}")).json()
    assert (job["state"], job["done"], job["failed"]) == ("finished", 1, 2)
    answers.append(await lms.get(f"/v1/jobs/{job['job']}"))
    answers.append(await lms.get(f"/v1/enrolments/{answers[4].json()['id']}"))
    for answer in answers:
        assert NATIONAL_ID not in answer.text
        assert NATIONAL_ID not in str(answer.headers)
    assert NATIONAL_ID not in caplog.text
    stored = _stored(tmp_path)
    assert len(stored) > 100_000
    assert NATIONAL_ID.encode() not in stored


def _stored(folder: Path) -> bytes:
    """Everything that lies on the disk: the database with its write-ahead log."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
