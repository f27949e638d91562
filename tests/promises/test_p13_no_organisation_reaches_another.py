"""P13: one organisation never reads or writes another's, by any id it can guess."""

import re
from typing import Any

import httpx
import msgspec

from exam_service.services import certificates, sessions
from tests.support.service import World, open_course, world

PERSON = {"name": {"given": "แทรก"}}


async def neighbours(first: World) -> tuple[World, dict[str, str]]:
    """A second organisation, and every id of the first that it might have got hold of."""
    view = await first.take("post")
    issued = await certificates.request(first.ctx, first.org, first.enrolment, "certificate")
    async with first.ctx.store.read(first.org) as tx:
        enrolment = await tx.enrolments.get(first.enrolment)
        assert enrolment is not None
        newest, bank = await tx.courses.newest("course"), await tx.banks.newest("small")
        key = (await tx.api_keys.all())[0]
        signing = (await tx.keys.all())[0]
    assert newest is not None
    assert bank is not None
    ids = {
        "org": first.org, "enrolment": first.enrolment, "attempt": view.attempt, "certificate": issued.id,
        "candidate": enrolment.candidate, "course_version": newest.id, "bank": bank.id, "key": key.id,
        "kid": signing.kid,
    }  # fmt: skip
    second = await world(first.ctx, first.clock, slug="second", course={**open_course(), "code": "theirs"})
    return second, ids


async def everything(first: World, http: httpx.AsyncClient, ids: dict[str, str]) -> list[Any]:
    headers = {"Authorization": f"Bearer {first.key}"}
    paths = [
        "/v1/organisation", "/v1/api-keys", "/v1/banks", "/v1/courses", "/v1/candidates", "/v1/enrolments",
        "/v1/attempts", "/v1/certificates", "/v1/keys", f"/v1/enrolments/{ids['enrolment']}",
        f"/v1/attempts/{ids['attempt']}", f"/v1/certificates/{ids['certificate']}", "/v1/courses/course",
    ]  # fmt: skip
    answers = [await http.get(path, headers=headers) for path in paths]
    assert all(answer.status_code == 200 for answer in answers), [a.text for a in answers if a.status_code != 200]
    return [answer.json() for answer in answers]


async def test_every_operation_answers_as_if_the_other_were_not_there(first: World, http: httpx.AsyncClient) -> None:
    """All operations of the API that take an id, from its own description, so that a new one is tried too."""
    second, ids = await neighbours(first)
    before = await everything(first, http, ids)
    headers = {"Authorization": f"Bearer {second.key}"}
    described = (await http.get("/v1/openapi.json")).json()
    tried = 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if {"apiKey": []} not in operation.get("security", []) or "{" not in path:
                continue
            for value in ids.values():
                url = re.sub(r"\{[^}]*\}", value, path)
                content = b'{"kind": "certificate", "reason": "misconduct", "learning_complete": false}'
                answer = await http.request(method, url, headers=headers, content=content)
                tried += 1
                assert not _tells(answer, ids, url), (method, url, answer.text)
                assert answer.status_code != 500, (method, url, answer.text)
    assert tried > 100
    assert await everything(first, http, ids) == before


def _tells(answer: httpx.Response, ids: dict[str, str], url: str) -> bool:
    """Whether an answer holds an id of the first organisation that was not in the question."""
    others = [value for value in ids.values() if value not in url]
    return any(value in answer.text for value in others)


async def test_ids_of_another_in_a_body_are_not_found(first: World, http: httpx.AsyncClient) -> None:
    second, ids = await neighbours(first)
    headers = {"Authorization": f"Bearer {second.key}"}
    bodies = [
        ("POST", "/v1/enrolments", {"course": "course", "candidate": {"external_id": "x", **PERSON}}),
        ("POST", "/v1/enrolments", {"course": "theirs", "candidate": ids["candidate"]}),
        ("POST", "/v1/enrolments", {"course": "theirs", "candidate": "two"}),
    ]
    for method, path, body in bodies:
        answer = await http.request(method, path, headers=headers, json=body)
        assert answer.status_code in (404, 409), answer.text
        assert answer.json()["code"] in ("not-found", "not-published")


async def test_lists_hold_only_ones_own(first: World, http: httpx.AsyncClient) -> None:
    second, ids = await neighbours(first)
    headers = {"Authorization": f"Bearer {second.key}"}
    for path in (
        "/v1/organisation", "/v1/api-keys", "/v1/banks", "/v1/courses", "/v1/candidates", "/v1/enrolments",
        "/v1/attempts", "/v1/results", "/v1/certificates", "/v1/keys",
    ):  # fmt: skip
        answer = await http.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.text)
        assert not any(value in answer.text for value in ids.values()), path


async def test_a_candidate_reaches_no_attempt_but_their_own(first: World, http: httpx.AsyncClient) -> None:
    second, ids = await neighbours(first)
    strangers = [await second.session(), await first.session(await first.enrol("neighbour"))]
    async with first.ctx.store.read(first.org) as tx:
        journal = list(await tx.results.journal(ids["attempt"]))
    for token in strangers:
        headers = {"Authorization": f"Bearer {token}"}
        base = f"/v1/candidate/attempts/{ids['attempt']}"
        save = {"epoch": 1, "seq": 9, "responses": {"i1": None}}
        answers = [
            *[
                await http.get(f"{base}{tail}", headers=headers)
                for tail in ("", "/paper", "/result", "/review", "/receipts")
            ],
            await http.post(f"{base}/open", headers=headers),
            await http.post(f"{base}/responses", headers=headers, json=save),
            await http.post(f"{base}/submit", headers=headers, json={"epoch": 1}),
            await http.get(f"/exam/certificates/{ids['certificate']}", headers=headers),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
    async with first.ctx.store.read(first.org) as tx:
        assert list(await tx.results.journal(ids["attempt"])) == journal


async def test_a_session_cannot_be_turned_into_anothers(first: World, http: httpx.AsyncClient) -> None:
    second, _ = await neighbours(first)
    mine = sessions.decode(first.ctx, await first.session())
    forged = msgspec.structs.replace(mine, org=second.org, enrolment=second.enrolment)
    token = sessions.encode(first.ctx, forged).split(".")[0] + "." + sessions.encode(first.ctx, mine).split(".")[1]
    answer = await http.get("/v1/candidate/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


async def test_a_key_works_for_nobody_else_and_not_after_it_was_revoked(first: World, http: httpx.AsyncClient) -> None:
    second, _ = await neighbours(first)
    mixed = first.key.rsplit("_", 1)[0] + "_" + second.key.rsplit("_", 1)[1]
    assert (await http.get("/v1/organisation", headers={"Authorization": f"Bearer {mixed}"})).status_code == 401
    headers = {"Authorization": f"Bearer {first.key}"}
    body = {"name": "short-lived", "scopes": ["results"]}
    made = (await http.post("/v1/api-keys", headers=headers, json=body)).json()
    theirs = {"Authorization": f"Bearer {made['token']}"}
    assert (await http.get("/v1/results", headers=theirs)).status_code == 200
    assert (await http.get("/v1/candidates", headers=theirs)).json()["code"] == "not-allowed"
    assert (await http.delete(f"/v1/api-keys/{made['id']}", headers=headers)).status_code in (200, 204)
    assert (await http.get("/v1/results", headers=theirs)).status_code == 401
