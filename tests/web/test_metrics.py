"""The figures for Prometheus: who may read them, that they are true, and that counting can never hurt anybody."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from exam_service.adapters.metrics.catalogue import METRICS
from exam_service.adapters.metrics.prometheus import PrometheusMeter
from exam_service.web.app import create_app
from tests.support.service import PUBLIC_URL, TestClock, World, open_course, service, world

Sample = tuple[str, tuple[tuple[str, str], ...]]


@asynccontextmanager
async def asked(first: World, host: str = "127.0.0.1", **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client at this address."""
    app = create_app(first.ctx, sweeps=False, **settings)
    transport = httpx.ASGITransport(app=cast(Any, app), client=(host, 4000))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


@pytest.fixture
async def first(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await world(ctx, clock, course=open_course())


async def figures(client: httpx.AsyncClient) -> Mapping[Sample, float]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


async def test_without_a_token_only_this_machine_is_answered(first: World) -> None:
    async with asked(first) as here:
        assert (await here.get("/metrics")).headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        # A proxy on this machine asks for others.
        assert (await here.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 401
    async with asked(first, "203.0.113.9") as elsewhere:
        assert (await elsewhere.get("/metrics")).json()["code"] == "not-authenticated"


async def test_with_a_token_nobody_else_is_answered(first: World) -> None:
    async with asked(first, "203.0.113.9", metrics_token="a-long-word") as elsewhere:
        for header in ({}, {"Authorization": "Bearer a-long-wor"}, {"Authorization": "Basic a-long-word"}):
            assert (await elsewhere.get("/metrics", headers=header)).status_code == 401
        good = await elsewhere.get("/metrics", headers={"Authorization": "Bearer a-long-word"})
        assert good.status_code == 200
    async with asked(first, metrics_token="a-long-word") as here:
        assert (await here.get("/metrics")).status_code == 401


async def test_what_happened_is_what_is_told(first: World) -> None:
    candidate = {"Authorization": f"Bearer {await first.session()}"}
    async with asked(first) as client:
        started = await client.post("/v1/candidate/exams/post/attempts", headers=candidate)
        attempt = started.json()["attempt"]
        save = {"epoch": 1, "seq": 1, "responses": {}}
        path = f"/v1/candidate/attempts/{attempt}"
        for body in (save, save, {**save, "epoch": 9}):
            await client.post(f"{path}/responses", headers=candidate, json=body)
        assert (await client.get(f"{path}/paper", headers=candidate)).status_code == 200
        await client.get("/v1/courses")
        told = await figures(client)
        assert told["exam_attempts", (("state", "in_progress"),)] == 1
        assert told["exam_attempts", (("state", "graded"),)] == 0
        assert told["exam_requests_total", (("kind", "start"), ("status", "201"))] == 1
        assert told["exam_requests_total", (("kind", "save"), ("status", "200"))] == 2
        assert told["exam_requests_total", (("kind", "save"), ("status", "409"))] == 1
        assert told["exam_request_seconds_count", (("kind", "save"),)] == 3
        assert told["exam_refusals_total", (("code", "moved-to-other-device"),)] == 1
        assert told["exam_refusals_total", (("code", "not-authenticated"),)] == 1
        assert told["exam_requests_in_flight", (("kind", "save"),)] == 0
        assert told["exam_saves_total", ()] == 2, "the one that was refused is none"
        assert told["exam_save_group_size_sum", ()] == 3
        assert told["exam_save_group_seconds_count", ()] == told["exam_save_group_size_count", ()]
        assert told["exam_receipts_signed_total", ()] >= 1
        assert told["exam_queue_waiting", (("queue", "saves"),)] == 0
        assert told["exam_crashes_total", ()] == 0
        assert told["exam_draining", ()] == 0
        assert ("exam_rate_limiter_shared", ()) not in told, "there is no Redis"
        buckets = [value for (name, _), value in told.items() if name == "exam_save_group_seconds_bucket"]
        assert buckets == sorted(buckets), "each bucket holds what the smaller ones hold"


async def test_attempts_are_counted_again_only_after_a_while(first: World) -> None:
    async with asked(first) as client:
        assert (await figures(client))["exam_attempts", (("state", "in_progress"),)] == 0
        await first.start()
        assert (await figures(client))["exam_attempts", (("state", "in_progress"),)] == 0
    async with asked(first) as client:
        assert (await figures(client))["exam_attempts", (("state", "in_progress"),)] == 1
        first.clock.pass_(hours=2)
    async with asked(first) as client:
        told = await figures(client)
        assert told["exam_attempts", (("state", "in_progress"),)] == 0
        assert told["exam_attempts", (("state", "overdue"),)] == 1


async def test_two_applications_of_one_process_count_apart(first: World, tmp_path: Path) -> None:
    meter = PrometheusMeter()
    meter.count("saves", 3)
    assert (meter.value("saves"), PrometheusMeter().value("saves")) == (3, 0)


def test_a_figure_that_nobody_described_is_counted_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    meter = PrometheusMeter()
    meter.count("saves", 1, colour="red")
    meter.observe("never_heard_of", 0.5, kind="x")
    meter.observe("never_heard_of", 0.5, kind="x")
    assert meter.value("never_heard_of", kind="x") == 2
    assert b"exam_never_heard_of_count" in meter.exposition()[1]
    assert "never_heard_of" in caplog.text


def test_every_figure_is_counted_somewhere_and_described_in_the_runbook(repository: Path) -> None:
    used: set[str] = set()
    for path in (repository / "exam_service").rglob("*.py"):
        used |= set(
            re.findall(
                r"meter\.(?:counter|histogram|count|observe|gauge)\(\s*\"(\w+)\"", path.read_text(encoding="utf-8")
            )
        )
    assert used == {metric.name for metric in METRICS}
    runbook = (repository / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [metric.exposed for metric in METRICS if metric.exposed not in runbook] == []
