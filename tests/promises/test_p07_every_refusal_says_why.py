"""P7: every refusal has a stable code, a sentence in Thai and English, and `retry_at` when waiting cures it."""

import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from exam_service.core import errors
from exam_service.web.problems import STATUS
from tests.support.service import START, World, open_course, small_course

THAI = re.compile("[\u0e01-\u0e5b]")


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, which must have everything that every refusal has."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    found: dict[str, Any] = answer.json()
    assert (found["status"], found["code"]) == (status, code)
    assert found["type"].endswith(f"/problems/{code}")
    assert found["title"]
    assert found["detail"] == found["message"]["en"]
    assert THAI.search(found["message"]["th"])
    assert "{" not in found["message"]["th"] + found["message"]["en"]
    return found


def test_every_refusal_has_its_status() -> None:
    codes = {kind.code for kind in errors.Refusal.__subclasses__() if kind.__module__.startswith(f"{errors.__name__}.")}
    assert codes == set(STATUS)


async def candidate(first: World) -> dict[str, str]:
    return {"Authorization": f"Bearer {await first.session()}"}


async def test_cooling_down_says_until_when(first: World, http: httpx.AsyncClient) -> None:
    headers = await candidate(first)
    await first.take("post", right=0)
    ended = first.clock()
    refused = await http.post("/v1/candidate/exams/post/attempts", headers=headers)
    found = problem(refused, 409, "cooling-down")
    retry_at = datetime.fromisoformat(found["retry_at"])
    assert retry_at == ended + timedelta(minutes=60)
    assert refused.headers["retry-after"] == "3601"
    first.clock.at = retry_at - timedelta(milliseconds=1)
    problem(await http.post("/v1/candidate/exams/post/attempts", headers=headers), 409, "cooling-down")
    first.clock.at = retry_at
    assert (await http.post("/v1/candidate/exams/post/attempts", headers=headers)).status_code == 201


async def test_a_window_says_when_it_opens_and_when_it_closed(first: World, http: httpx.AsyncClient) -> None:
    opens, closes = START + timedelta(hours=1), START + timedelta(hours=2)
    await first.publish(open_course(window={"opens_at": opens.isoformat(), "closes_at": closes.isoformat()}))
    headers = await candidate(first)
    early = await http.post("/v1/candidate/exams/post/attempts", headers=headers)
    assert datetime.fromisoformat(problem(early, 409, "window-not-open")["retry_at"]) == opens
    first.clock.at = closes
    late = problem(await http.post("/v1/candidate/exams/post/attempts", headers=headers), 409, "window-closed")
    assert "retry_at" not in late


async def test_conditions_are_told_as_data_and_as_sentences(first: World, http: httpx.AsyncClient) -> None:
    await first.publish(small_course())
    headers = await candidate(first)
    refused = await http.post("/v1/candidate/exams/post/attempts", headers=headers)
    found = problem(refused, 409, "conditions-not-met")
    assert [missing["en"] for missing in found["data"]["missing"]] == ["take “Pre-test”", "Learning complete"]
    me = (await http.get("/v1/candidate/me", headers=headers)).json()
    post = next(exam for exam in me["exams"] if exam["code"] == "post")
    assert (post["can_start"], post["refusal"]["code"]) == (False, "conditions-not-met")
    assert [m["th"] for m in post["refusal"]["missing"]] == ["ทำ “ก่อนเรียน”", "เรียนครบ"]


async def test_limit_and_pass_end_it(first: World, http: httpx.AsyncClient) -> None:
    await first.publish(open_course(attempts={"limit": 1}))
    headers = await candidate(first)
    await first.take("post", right=0)
    problem(await http.post("/v1/candidate/exams/post/attempts", headers=headers), 409, "attempts-exhausted")
    await first.publish(open_course(attempts={"limit": 5}))
    await first.take("post")
    problem(await http.post("/v1/candidate/exams/post/attempts", headers=headers), 409, "already-passed")


@pytest.mark.parametrize(
    "method, path, content, status, code",
    [
        ("GET", "/v1/nowhere", None, 404, "not-found"),
        ("DELETE", "/v1/candidate/me", None, 405, "method-not-allowed"),
        ("POST", "/v1/candidate/attempts/att_0/submit", b"{", 422, "invalid-input"),
        ("POST", "/v1/candidate/attempts/att_0/submit", b'{"epoch": "x"}', 422, "invalid-input"),
        ("POST", "/v1/candidate/attempts/att_0/submit", b'{"epoch": 1, "more": 2}', 422, "invalid-input"),
        ("POST", "/v1/candidate/attempts/att_0/submit", b'{"epoch": 1}', 404, "not-found"),
        (
            "POST",
            "/v1/candidate/attempts/att_0/responses",
            b'{"epoch": 1, "seq": 0, "responses": {}}',
            422,
            "invalid-input",
        ),
        ("POST", "/v1/candidate/exams/none/attempts", None, 404, "not-found"),
        ("POST", "/v1/candidate/certificates", b'{"kind": "medal"}', 422, "invalid-input"),
        ("POST", "/v1/candidate/certificates", b'{"kind": "certificate"}', 409, "not-yet-earned"),
    ],
)
async def test_bad_requests_of_a_candidate(
    first: World, http: httpx.AsyncClient, method: str, path: str, content: bytes | None, status: int, code: str
) -> None:
    answer = await http.request(method, path, content=content, headers=await candidate(first))
    problem(answer, status, code)


async def test_without_a_session_or_with_a_changed_one(first: World, http: httpx.AsyncClient) -> None:
    problem(await http.get("/v1/candidate/me"), 401, "not-authenticated")
    token = await first.session()
    for changed in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "x" + token, token.split(".")[0], "." + token):
        headers = {"Authorization": f"Bearer {changed}"}
        problem(await http.get("/v1/candidate/me", headers=headers), 401, "not-authenticated")
    first.clock.pass_(hours=13)
    headers = {"Authorization": f"Bearer {token}"}
    problem(await http.get("/v1/candidate/me", headers=headers), 401, "not-authenticated")


async def test_a_launch_can_be_used_once_and_not_too_late(first: World, http: httpx.AsyncClient) -> None:
    token = await first.launch()
    assert (await http.post("/v1/launches/redeem", json={"token": token})).status_code == 200
    problem(await http.post("/v1/launches/redeem", json={"token": token}), 410, "launch-used")
    late = await first.launch()
    first.clock.pass_(minutes=10)
    problem(await http.post("/v1/launches/redeem", json={"token": late}), 410, "launch-expired")
    problem(await http.post("/v1/launches/redeem", json={"token": "x" + late[1:]}), 404, "launch-unknown")


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(http: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        for _ in range(400):
            read += 1
            yield b"x" * 10_000

    headers = {"Content-Length": "4000000", "Content-Type": "text/plain"}
    problem(await http.post("/v1/verify", content=endless(), headers=headers), 413, "too-large")


async def test_responses_nested_too_deeply_are_refused_as_any_other_fault(
    first: World, http: httpx.AsyncClient
) -> None:
    headers = await candidate(first)
    view = (await http.post("/v1/candidate/exams/post/attempts", headers=headers)).json()
    body = b'{"epoch": 1, "seq": 1, "responses": {"i1": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}"
    url = f"/v1/candidate/attempts/{view['attempt']}/responses"
    found = problem(await http.post(url, headers=headers, content=body), 422, "invalid-input")
    assert [fault["code"] for fault in found["faults"]] == ["too-deep"]
