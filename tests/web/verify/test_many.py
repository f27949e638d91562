"""Thousands at once: NDJSON in, NDJSON out."""

import json

import httpx

from tests.support.certified import FULL, Holder, another

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
        document.replace(FULL.encode(), "นายสมชาย ใจร้าย".encode()),
    ]
    answer = await web.post("/v1/verify", content=b"\r\n".join(lines), headers=NDJSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["access-control-allow-origin"] == "*"
    found = {one["line"]: one for one in map(json.loads, answer.text.splitlines())}
    assert list(found) == [1, 2, 4, 5, 6, 7, 8, 9, 10]
    outcomes = {line: one["verdict"]["outcome"] for line, one in found.items() if "verdict" in one}
    assert outcomes == {1: "genuine", 2: "genuine", 4: "not_genuine", 5: "genuine", 10: "not_genuine"}
    codes = {line: one["refused"]["code"] for line, one in found.items() if "refused" in one}
    assert codes == {6: "invalid-input", 7: "invalid-input", 8: "invalid-input", 9: "unreadable-evidence"}
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
