"""P3: same key, same body -> same answer; same key, other body -> a conflict, nothing changed."""

import asyncio
import base64
import hashlib
from typing import Any

import httpx
import pytest

from exam_service.core.certificates import status
from exam_service.core.certificates.receipt import parse as receipt_of
from tests.support.service import World, world

PERSON = {"name": {"given": "มาลี", "family": "สุขใจ"}}


def digest_of(data: bytes | str, *, raw: bool = False) -> Any:
    """SHA-256 as receipts write it, or as bytes."""
    digest = hashlib.sha256(data if isinstance(data, bytes) else data.encode()).digest()
    return digest if raw else base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def staff(first: World, key: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {first.key}"} | ({"Idempotency-Key": key} if key else {})


async def test_a_save_sent_again_has_the_same_receipt_and_one_with_other_responses_is_refused(
    first: World, http: httpx.AsyncClient
) -> None:
    headers = {"Authorization": f"Bearer {await first.session()}"}
    view = (await http.post("/v1/candidate/exams/post/attempts", headers=headers)).json()
    url = f"/v1/candidate/attempts/{view['attempt']}/responses"
    body = {"epoch": 1, "seq": 1, "responses": {"i1": None}}
    one = (await http.post(url, headers=headers, json=body)).json()
    first.clock.pass_(minutes=3)
    again = (await http.post(url, headers=headers, json=body)).json()
    assert (again["receipt"], again["received_at"]) == (one["receipt"], one["received_at"])
    other = await http.post(url, headers=headers, json={**body, "responses": {"i2": None}})
    assert (other.status_code, other.json()["code"]) == (409, "sequence-reused")
    # Also when the attempt has ended: the first answer may have been lost on the way.
    await http.post(f"/v1/candidate/attempts/{view['attempt']}/submit", headers=headers, json={"epoch": 1})
    late = await http.post(url, headers=headers, json=body)
    assert (late.status_code, late.json()["receipt"]) == (200, one["receipt"])
    receipts = (await http.get(f"/v1/candidate/attempts/{view['attempt']}/receipts", headers=headers)).json()
    assert receipts["receipts"][0] == one["receipt"]
    # The last one is of the whole attempt: one digest over those of all saves, in order.
    save, whole = (receipt_of(text)[0] for text in receipts["receipts"])
    assert (whole.seq, whole.session) == (0, 1)
    assert whole.digest == digest_of(digest_of(b'{"i1":null}', raw=True))
    assert save.digest == digest_of(b'{"i1":null}')


async def test_handing_in_again_gives_the_same_answer(first: World, http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {await first.session()}"}
    view = (await http.post("/v1/candidate/exams/post/attempts", headers=headers)).json()
    url = f"/v1/candidate/attempts/{view['attempt']}/submit"
    answers = await asyncio.gather(*(http.post(url, headers=headers, json={"epoch": 1}) for _ in range(4)))
    first.clock.pass_(hours=1)
    answers.append(await http.post(url, headers=headers, json={"epoch": 1}))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def writes(first: World) -> list[tuple[str, str, Any, Any]]:
    """(method, path, body, another body) of the calls that write."""
    bank = {"format": "exam-service/bank@1", "code": "new", "title": {"en": "New"}, "objectives": [], "questions": []}
    course = {"code": "other", "title": {"en": "Other"}, "exams": []}
    return [
        ("POST", "/v1/api-keys", {"name": "one", "scopes": ["results"]}, {"name": "two", "scopes": ["results"]}),
        ("PUT", "/v1/courses/other", course, {**course, "hours": 3}),
        ("POST", "/v1/courses/course/publish", {}, None),
        ("PUT", "/v1/candidates/p-1", PERSON, {"name": {"given": "อื่น"}}),
        ("POST", "/v1/enrolments", {"course": "course", "candidate": {"external_id": "p-2", **PERSON}},
         {"course": "course", "candidate": {"external_id": "p-3", **PERSON}}),
        ("PATCH", f"/v1/enrolments/{first.enrolment}", {"target_standing": "expert"}, {"target_standing": None}),
        ("PUT", f"/v1/enrolments/{first.enrolment}/facts", {"learning_complete": True}, {"learning_complete": False}),
        ("POST", f"/v1/enrolments/{first.enrolment}/launches", {"language": "th"}, {"language": "en"}),
        ("PUT", "/v1/banks/new", {**bank, **_two_questions()}, {**bank, **_two_questions("changed")}),
    ]  # fmt: skip


def _two_questions(stem: str = "stem") -> dict[str, Any]:
    question = {
        "id": "q",
        "type": "true_false",
        "objective": "o",
        "difficulty": "easy",
        "stem": {"en": stem},
        "key": True,
    }
    return {"objectives": [{"code": "o", "title": {"en": "O"}}], "questions": [question]}


async def everything(first: World, http: httpx.AsyncClient) -> list[Any]:
    """What the organisation has, as its staff reads it."""
    paths = [
        "/v1/api-keys", "/v1/courses", "/v1/courses/course", "/v1/candidates", "/v1/enrolments", "/v1/banks",
        f"/v1/enrolments/{first.enrolment}", f"/v1/enrolments/{first.enrolment}/facts",
    ]  # fmt: skip
    return [(await http.get(path, headers=staff(first))).json() for path in paths]


@pytest.mark.parametrize("number", range(9))
async def test_a_write_of_the_learning_system(first: World, http: httpx.AsyncClient, number: int) -> None:
    method, path, body, another = writes(first)[number]
    one = await http.request(method, path, json=body, headers=staff(first, "key-1"))
    assert one.status_code in (200, 201), one.text
    after = await everything(first, http)
    first.clock.pass_(minutes=1)
    after_a_minute = await everything(first, http)
    again = await http.request(method, path, json=body, headers=staff(first, "key-1"))
    assert (again.status_code, again.content) == (one.status_code, one.content)
    if another is not None:
        other = await http.request(method, path, json=another, headers=staff(first, "key-1"))
        assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert await everything(first, http) == after_a_minute
    assert len(after) == len(after_a_minute)


async def test_the_same_key_at_the_same_moment_does_the_work_once(first: World, http: httpx.AsyncClient) -> None:
    body = {"name": "racing", "scopes": ["results"]}
    answers = await asyncio.gather(
        *(http.post("/v1/api-keys", json=body, headers=staff(first, "key-2")) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    listed = (await http.get("/v1/api-keys", headers=staff(first))).json()
    assert [key["name"] for key in listed["items"]].count("racing") == 1


async def test_a_key_of_one_organisation_is_not_taken_for_another(first: World, http: httpx.AsyncClient) -> None:
    second = await world(first.ctx, first.clock, slug="second")
    body = {"name": "same", "scopes": ["results"]}
    one = await http.post("/v1/api-keys", json=body, headers=staff(first, "key-3"))
    other = await http.post("/v1/api-keys", json=body, headers=staff(second, "key-3"))
    assert one.status_code == other.status_code == 201
    assert one.json()["id"] != other.json()["id"]


async def test_certificates_are_requested_and_revoked_once(first: World, http: httpx.AsyncClient) -> None:
    await first.take("post")
    path = f"/v1/enrolments/{first.enrolment}/certificates"
    one = await http.post(path, json={"kind": "certificate"}, headers=staff(first, "key-4"))
    assert one.status_code == 201, one.text
    other = await http.post(path, json={"kind": "attestation"}, headers=staff(first, "key-4"))
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    revoke = f"/v1/certificates/{one.json()['id']}/revoke"
    gone = await http.post(revoke, json={"reason": "misconduct"}, headers=staff(first, "key-5"))
    again = await http.post(revoke, json={"reason": "misconduct"}, headers=staff(first, "key-5"))
    assert (gone.status_code, again.content) == (200, gone.content)
    changed = await http.post(revoke, json={"reason": "issued_in_error"}, headers=staff(first, "key-5"))
    assert (changed.status_code, changed.json()["code"]) == (409, "idempotency-key-reused")
    # The first answer again, as it was then, and no second certificate.
    assert (await http.post(path, json={"kind": "certificate"}, headers=staff(first, "key-4"))).content == one.content
    listed = (await http.get("/v1/certificates", headers=staff(first))).json()["items"]
    assert [(found["id"], found["state"]) for found in listed] == [(one.json()["id"], "revoked")]


async def test_of_certificates_revoked_at_the_same_moment_the_published_list_misses_none(
    first: World, http: httpx.AsyncClient
) -> None:
    issued = []
    for number in range(6):
        first.enrolment = await first.enrol(f"holder-{number}")
        await first.take("post")
        path = f"/v1/enrolments/{first.enrolment}/certificates"
        issued.append((await http.post(path, json={"kind": "certificate"}, headers=staff(first))).json()["id"])
    answers = await asyncio.gather(
        *(
            http.post(f"/v1/certificates/{one}/revoke", json={"reason": "misconduct"}, headers=staff(first))
            for one in issued
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    document = (await http.get("/orgs/first/status/1")).json()
    bits = status.decode(document["credentialSubject"]["encodedList"])
    async with first.ctx.store.read(first.org) as tx:
        withdrawn = await tx.certificates.withdrawn(1)
    assert len(withdrawn) == 6
    assert all(status.is_set(bits, index) for index in withdrawn)
