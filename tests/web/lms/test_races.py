"""Many at the same moment: each finds what one of them has made."""

import asyncio
from typing import Any

import msgspec

from tests.support.service import small_bank, small_course
from tests.web.lms.conftest import Lms


async def test_the_same_person_enrolled_at_the_same_moment_is_enrolled_once(lms_on_both: Lms) -> None:
    lms = lms_on_both
    for n in range(3):
        body: dict[str, Any] = {"candidate": {"external_id": f"u-{n}", "name": {"given": "ก"}}, "course": "course"}
        answers = await asyncio.gather(*(lms.post("/v1/enrolments", json=body) for _ in range(6)))
        assert [answer.status_code for answer in answers] == [201] * 6
        assert len({answer.json()["id"] for answer in answers}) == 1


async def test_versions_of_a_bank_have_each_their_own_number(lms_on_both: Lms) -> None:
    lms = lms_on_both
    banks = [
        msgspec.json.encode(msgspec.structs.replace(small_bank(), code="other", licence=f"licence {n}"))
        for n in range(5)
    ]
    head = {"Content-Type": "application/json"}
    answers = await asyncio.gather(*(lms.put("/v1/banks/other", content=bank, headers=head) for bank in banks))
    assert sorted(answer.json()["version"] for answer in answers) == [1, 2, 3, 4, 5]


async def test_a_course_published_at_the_same_moment_is_one_version(lms_on_both: Lms) -> None:
    lms = lms_on_both
    await lms.put("/v1/courses/course", json={**small_course(), "hours": 99})
    answers = await asyncio.gather(*(lms.post("/v1/courses/course/publish") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert {answer.json()["version"] for answer in answers} == {2}


async def test_a_key_is_made_once_however_often_it_is_asked_for_at_once(lms_on_both: Lms) -> None:
    lms = lms_on_both
    body, head = {"name": "Moodle", "scopes": ["banks"]}, {"Idempotency-Key": "same"}
    answers = await asyncio.gather(*(lms.post("/v1/api-keys", json=body, headers=head) for _ in range(6)))
    assert len({answer.content for answer in answers}) == 1
    assert len((await lms.get("/v1/api-keys")).json()["items"]) == 2
