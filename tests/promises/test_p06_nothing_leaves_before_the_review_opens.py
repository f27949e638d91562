"""P6: no key, rationale, score or scoring rule leaves the server before the review policy opens it."""

import re

import httpx
import pytest

from tests.support.service import World, open_course

SECRETS = re.compile(
    r"RATIONALE|SOURCE-|KEYWORD|คำตอบลับ|bankid|optid|tagmarker|31\.25|\"key\"|tolerance|scoring|partial|difficulty|case_sensitive"
)
SCORES = re.compile(r"\"(percent|earned|possible|passed)\":(?!null|\{)")
HIDDEN = {"score": "never", "responses": "never", "correctness": "never", "key": "never"}


async def everything(first: World, http: httpx.AsyncClient, attempt: str, headers: dict[str, str]) -> dict[str, str]:
    """All that a candidate can ask for, as text."""
    base = f"/v1/candidate/attempts/{attempt}"
    paths = ["/v1/candidate/me", base, f"{base}/paper", f"{base}/result", f"{base}/review", f"{base}/receipts"]
    pages = ["/exam", f"/exam/attempts/{attempt}", f"/exam/attempts/{attempt}/result"]
    return {path: (await http.get(path, headers=headers)).text for path in paths + pages}


async def test_while_it_runs_nothing_tells_a_key(first: World, http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {await first.session()}"}
    view = (await http.post("/v1/candidate/exams/post/attempts", headers=headers)).json()
    saved = await http.post(
        f"/v1/candidate/attempts/{view['attempt']}/responses",
        headers=headers,
        json={"epoch": 1, "seq": 1, "responses": {"i1": "nonsense"}},
    )
    texts = await everything(first, http, view["attempt"], headers) | {"save": saved.text, "start": str(view)}
    for path, text in texts.items():
        assert not SECRETS.search(text), path
        assert not SCORES.search(text), path


async def test_a_right_and_a_wrong_response_are_acknowledged_alike(first: World, http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {await first.session()}"}
    attempt = (await http.post("/v1/candidate/exams/post/attempts", headers=headers)).json()["attempt"]
    view = await first.start()
    key = await first.key_of(view)
    answers = []
    for seq, response in enumerate((key["i1"], None), 1):
        body = {"epoch": view.epoch, "seq": seq, "responses": {"i1": response}}
        answers.append(
            (await http.post(f"/v1/candidate/attempts/{attempt}/responses", headers=headers, json=body)).json()
        )
    for answer in answers:
        del answer["receipt"], answer["seq"]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_after_it_everything_hidden_stays_hidden(first: World, http: httpx.AsyncClient) -> None:
    await first.publish(open_course(review=HIDDEN))
    headers = {"Authorization": f"Bearer {await first.session()}"}
    view = await first.take("post", right=7)
    for path, text in (await everything(first, http, view.attempt, headers)).items():
        assert not SECRETS.search(text), path
        assert not SCORES.search(text), path
    review = await http.get(f"/v1/candidate/attempts/{view.attempt}/review", headers=headers)
    assert (review.status_code, review.json()["code"]) == (403, "review-not-open")


async def test_a_hidden_score_is_not_told_by_what_is_still_missing(first: World, http: httpx.AsyncClient) -> None:
    course = open_course(review=HIDDEN)
    course["certificate"] = {"rule": {"rule": "percent", "exam": "post", "at_least": 91.5}}
    await first.publish(course)
    headers = {"Authorization": f"Bearer {await first.session()}"}
    await first.take("post", right=9)
    me = (await http.get("/v1/candidate/me", headers=headers)).text
    asked = (await http.post("/v1/candidate/certificates", headers=headers, json={"kind": "certificate"})).text
    for text in (me, asked):
        assert "91.5" in text
        assert not re.search(r"\b(90|9)(\.0)?\b[^-:]", text.replace("91.5", "")), text


async def test_each_part_opens_by_its_own_rule(first: World, http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {await first.session()}"}
    review = {"score": "at_once", "responses": "at_once", "correctness": "at_once", "key": "after_pass_or_last"}
    await first.publish(open_course(review=review, attempts={"limit": 2}))
    failed = await first.take("post", right=2)
    shown = (await http.get(f"/v1/candidate/attempts/{failed.attempt}/review", headers=headers)).json()
    assert shown["opened"] == {"score": True, "responses": True, "correctness": True, "key": False}
    assert not re.search("RATIONALE|SOURCE-|bankid|optid", str(shown))
    assert not any("key" in item for item in shown["items"])
    assert sum(item["earned"] for item in shown["items"]) == 2.0
    await first.take("post", right=3)
    open_now = (await http.get(f"/v1/candidate/attempts/{failed.attempt}/review", headers=headers)).json()
    assert open_now["opened"]["key"] is True
    assert {item["rationale"]["en"][:10] for item in open_now["items"]} == {"RATIONALE-"}
    assert all(item["key"] is not None for item in open_now["items"])


async def test_what_staff_of_the_learning_system_lists_of_a_bank_holds_no_key(
    first: World, http: httpx.AsyncClient
) -> None:
    headers = {"Authorization": f"Bearer {first.key}"}
    for path in ("/v1/banks", "/v1/banks/small", "/v1/banks/small/versions", "/v1/courses/course/exams"):
        answer = await http.get(path, headers=headers)
        assert answer.status_code == 200
        assert not re.search('RATIONALE|SOURCE-|KEYWORD|optid|31\\.25|"key"', answer.text), path
