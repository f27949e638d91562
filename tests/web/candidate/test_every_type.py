"""An attempt at a paper with every question type: over HTTP, from the start to the review."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from exam_service.adapters.formats import native
from exam_service.core.banks.interactions import TYPES
from exam_service.services import banks
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.problems import faults_of
from tests.support.service import PUBLIC_URL, TestClock, World, open_course, right_responses, service, world

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "bank-format.md"
OPEN = {"score": "at_once", "responses": "at_once", "correctness": "at_once", "key": "at_once"}


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    clock = TestClock()
    example = re.search(r"```yaml\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    bank = native.read_bank(example[1].encode(), "example.yaml")
    section = {"code": "all", "title": {"en": "All"}, "strata": [{"bank": bank.code, "count": len(bank.questions)}]}
    async with service(database_url, tmp_path, clock) as ctx:
        made = await world(ctx, clock)
        async with ctx.store.begin(made.org) as tx:
            await banks.store(ctx, tx, bank, "test")
        await made.publish(open_course(sections=[section], review=OPEN))
        yield made


@pytest.fixture
async def http(w: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=cast(Any, create_app(w.ctx, sweeps=False, limits=Limits(candidate=10_000))))
    headers = {"authorization": f"Bearer {await w.session()}"}
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
        yield client


async def test_from_the_start_to_the_review(w: World, http: httpx.AsyncClient) -> None:
    begun = (await http.post("/v1/candidate/exams/post/attempts", json={})).json()
    attempt = f"/v1/candidate/attempts/{begun['attempt']}"
    paper = (await http.get(f"{attempt}/paper")).json()
    (section,) = paper["sections"]
    items = {item["type"]: item for item in section["items"]}
    assert set(items) == set(TYPES)

    # What is not of its type is refused by its place, all at once, and nothing is kept.
    wrong: dict[str, Any] = {
        items["matching"]["item"]: {"c1": "c1"},
        items["ordering"]["item"]: ["c1", "c1"],
        items["gap_text"]["item"]: {"g9": "x"},
        items["multiple_response"]["item"]: "c1",
    }
    asked = {"epoch": begun["epoch"], "seq": 1, "responses": wrong}
    answer = await http.post(f"{attempt}/responses", json=asked)
    assert sorted(faults_of(answer)) == sorted((f"responses.{item}", "bad-response") for item in wrong)

    # A part of it right: one pair of two, one of two pairs of neighbours, two gaps of three.
    right = await right_responses(w.ctx, w.org, begun["attempt"])
    pairs, order, gaps = (right[items[kind]["item"]] for kind in ("matching", "ordering", "gap_text"))
    partly = {
        **right,
        items["matching"]["item"]: dict(list(pairs.items())[:1]),
        items["ordering"]["item"]: [*order[1:], order[0]],
        items["gap_text"]["item"]: {**gaps, "g2": "4"},
    }
    ordered = items["ordering"]["item"]
    for seq, responses in enumerate((partly, {ordered: None}, {ordered: partly[ordered]}), 1):
        asked = {"epoch": begun["epoch"], "seq": seq, "responses": responses}
        saved = await http.post(f"{attempt}/responses", json=asked)
        assert saved.status_code == 200, saved.text
    assert (await http.post(f"{attempt}/submit", json={"epoch": begun["epoch"]})).json()["state"] == "graded"

    result = (await http.get(f"{attempt}/result")).json()
    possible = result["possible"]
    assert result["earned"] == pytest.approx(possible - 1 / 2 - 1 / 2 - 1 / 3, abs=0.0001)

    review = {one["type"]: one for one in (await http.get(f"{attempt}/review")).json()["items"]}
    assert (review["matching"]["earned"], review["ordering"]["earned"]) == (0.5, 0.5)
    assert review["gap_text"]["earned"] == 0.6666
    for kind in ("matching", "ordering", "gap_text"):
        shown = {name: value for name, value in review[kind].items() if name in items[kind]}
        assert shown == items[kind], "the review shows what the paper showed"
        assert review[kind]["response"] == partly[items[kind]["item"]]
    assert (review["matching"]["key"], review["ordering"]["key"]) == (pairs, order)


async def test_what_is_right_earns_everything(w: World, http: httpx.AsyncClient) -> None:
    taken = await w.take("post")
    result = (await http.get(f"/v1/candidate/attempts/{taken.attempt}/result")).json()
    assert (result["percent"], result["passed"], result["answered"]) == (100, True, len(TYPES))
