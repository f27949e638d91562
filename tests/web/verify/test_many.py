"""Thousands at once: NDJSON in, NDJSON out."""

import json

import httpx
import pytest

from exam_service.core.certificates.verdict import Verdict
from exam_service.services import verification
from exam_service.services.context import Context
from exam_service.web.kinds import BOUNDS, EVIDENCE, MANY
from exam_service.web.ndjson import is_ndjson
from tests.support.certified import FULL, Holder, another, client
from tests.support.problems import faults_of, refused

NDJSON = {"content-type": "application/x-ndjson"}


async def test_each_line_has_an_answer_of_its_own(certified: Holder, web: httpx.AsyncClient) -> None:
    document, qr = await certified.credential(), await certified.qr()
    other = await another(certified, "attestation")
    proof = ((await certified.record()).log_proof or b"").decode()
    lines = [
        document,
        json.dumps({"qr": qr}).encode(),
        b"",
        b'{"credential": %s, "qr": %s}' % (document, json.dumps(await other.qr()).encode()),
        b'{"credential": %s, "log_proof": %s}' % (document, json.dumps(proof).encode()),
        b"not json",
        b"[" * 100_000,
        b'{"qr": 5}',
        b'{"qr": "https://example.org/"}',
        b'{"qr": "\xff\xfe"}',
        b'{"credential": %s, "log_proof": ""}' % document,
        document.replace(FULL.encode(), "นายสมชาย ใจร้าย".encode()),
    ]
    answer = await web.post("/v1/verify", content=b"\r\n".join(lines), headers=NDJSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["access-control-allow-origin"] == "*"
    found = {one["line"]: one for one in map(json.loads, answer.text.splitlines())}
    assert list(found) == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    outcomes = {line: one["verdict"]["outcome"] for line, one in found.items() if "verdict" in one}
    assert outcomes == {1: "genuine", 2: "genuine", 4: "not_genuine", 5: "genuine", 11: "genuine", 12: "not_genuine"}
    codes = {line: one["refused"]["code"] for line, one in found.items() if "refused" in one}
    assert codes == dict.fromkeys((6, 7, 8, 10), "invalid-input") | {9: "unreadable-evidence"}
    assert found[8]["refused"]["faults"][0]["path"] == "qr"
    assert found[9]["refused"]["message"]["th"]


async def test_nothing_is_answered_with_nothing(web: httpx.AsyncClient) -> None:
    answer = await web.post("/v1/verify", content=b"\n\n", headers=NDJSON)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_a_thousand_go_through(certified: Holder, web: httpx.AsyncClient) -> None:
    line = json.dumps({"qr": await certified.qr()}).encode()
    answer = await web.post("/v1/verify", content=b"\n".join([line] * 1_000), headers=NDJSON)
    lines = answer.text.splitlines()
    assert len(lines) == 1_000
    assert {json.loads(one)["verdict"]["status"] for one in lines} == {"stands"}


async def test_one_line_that_breaks_something_costs_the_others_nothing(
    certified: Holder, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = verification.by_text

    async def breaking(ctx: Context, text: str) -> Verdict:
        if text.endswith("7"):
            raise ZeroDivisionError
        return await real(ctx, text)

    monkeypatch.setattr(verification, "by_text", breaking)
    qr = await certified.qr()
    lines = [json.dumps({"qr": one}).encode() for one in ("7", qr)]
    found = [
        json.loads(one)
        for one in (await web.post("/v1/verify", content=b"\n".join(lines), headers=NDJSON)).text.splitlines()
    ]
    assert (found[0]["refused"]["code"], found[1]["verdict"]["outcome"]) == ("internal-error", "genuine")


async def test_more_than_two_thousand_are_refused_before_any_is_judged(web: httpx.AsyncClient) -> None:
    answer = await web.post("/v1/verify", content=b"{}\n" * 2_001, headers=NDJSON)
    assert faults_of(answer) == [("", "too-many-lines")]
    assert "2000" in answer.json()["faults"][0]["message"]["en"]
    assert (await web.post("/v1/verify", content=b"\n" * 100_000, headers=NDJSON)).status_code == 200


async def test_many_lines_count_as_many_calls(certified: Holder) -> None:
    async with client(certified.world, public=5) as one:
        lines = b"{}\n" * 150
        assert (await one.post("/v1/verify", content=lines, headers=NDJSON)).status_code == 200
        refused(await one.post("/v1/verify", content=lines, headers=NDJSON), 429, "too-many-requests")


def test_they_have_a_line_of_their_own() -> None:
    for kind in ("application/x-ndjson", "application/jsonl; charset=utf-8", "Application/NDJSON"):
        assert is_ndjson(kind)
    assert not is_ndjson("application/json")
    assert BOUNDS[MANY].together < BOUNDS[EVIDENCE].together
