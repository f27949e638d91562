"""P14: what an operator reads of a whole story names nobody: no national ID, no name, no token."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from exam_service.core.people import national_id_is_valid
from tests.support.running import RunningService, running_service
from tests.support.site import EXAM, Site, make_site
from tests.support.taker import Sitting, Taker

ID = next("110170020345" + str(digit) for digit in range(10) if national_id_is_valid("110170020345" + str(digit)))
GIVEN, FAMILY, EXTERNAL = "สมหญิงเท่านั้น", "ไม่ปรากฏ", "person-7391"


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[Site, RunningService]]:
    told = {"EXAM_LOG_LEVEL": "debug", "EXAM_LOG_FORMAT": "json"}
    with running_service(sqlite_url, tmp_path, **told) as service:
        made = await make_site(lambda: service.url, sqlite_url, tmp_path)
        yield made, service
        await made.close()


async def story(site: Site) -> tuple[list[str], Sitting]:
    """A candidate comes, takes the exam and goes wrong in every way; the secrets that were used, and the attempt."""
    name = {"given": GIVEN, "family": FAMILY}
    enrolment = await site.enrol(EXTERNAL)
    await site.ask("PUT", f"/v1/candidates/{EXTERNAL}", json={"name": name, "national_id": ID})
    await site.ask("POST", "/v1/candidates/search", json={"national_id": ID})
    launch = await site.launch(enrolment)
    page = await site.http.get(f"{site.url()}/l/{launch}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    token = await site.session(enrolment)
    taker = Taker(site.url, token, site.http, random.Random(1))
    sitting = await taker.start()
    await taker.save(sitting, taker.some(sitting))
    await taker.submit(sitting)
    await site.ask("GET", f"/v1/attempts/{sitting.attempt}")
    staff = {"Authorization": f"Bearer {site.key}"}
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/v1/candidate/attempts/{sitting.attempt}/responses", {"content": f'{{"epoch":1,"seq":"{ID}"}}'}),
        ("POST", f"/v1/candidate/exams/{ID}/attempts", {}),
        ("GET", f"/v1/candidate/attempts/{ID}", {}),
        ("GET", f"/{ID}/{FAMILY}?name={GIVEN}", {}),
        ("PUT", f"/v1/candidates/{EXTERNAL}-2", {"json": {"name": name, "national_id": ID}, "headers": staff}),
        ("PUT", f"/v1/candidates/{EXTERNAL}", {"content": f'{{"name": "{FAMILY}', "headers": staff}),
        ("GET", f"/v1/candidates/{EXTERNAL}-{ID}", {"headers": staff}),
        ("GET", f"/l/{launch}x", {}),
        ("GET", "/v1/courses", {"headers": {"Authorization": f"Bearer {site.key}x", "X-Request-Id": ID}}),
    ]
    for method, path, given in wrong:
        headers = {"Authorization": f"Bearer {token}", **given.pop("headers", {})}
        answer = await site.http.request(method, site.url() + path, headers=headers, **given)
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
    return [launch, token, site.key, site.key.split("_")[-1]], sitting


async def test_no_line_of_the_log_names_anybody(site: tuple[Site, RunningService]) -> None:
    secrets, sitting = await story(site[0])
    await asyncio.to_thread(site[1].stop)
    log = site[1].output
    lines = [json.loads(line) for line in log.splitlines()]
    for word in (ID, ID[:12], GIVEN, FAMILY, EXTERNAL, *secrets, sitting.attempt):
        for form in (word, json.dumps(word).strip('"'), httpx.QueryParams({"x": word})["x"]):
            assert form not in log, word
    # And yet it tells what an operator needs.
    refused = [line for line in lines if line["message"] == "refused"]
    assert {"not-authenticated", "not-found", "invalid-input", "national-id-taken"} <= {
        line["code"] for line in refused
    }
    assert all({"request_id", "kind", "status", "ms"} <= line.keys() for line in refused)
    assert "/v1/candidates/{external_id}" in {line.get("route") for line in refused}
    answered = [line for line in lines if line["message"] == "answered"]
    assert "start" in {line["kind"] for line in answered}


async def test_an_answer_and_its_line_share_an_id(site: tuple[Site, RunningService]) -> None:
    made, service = site
    ours = await made.http.get(f"{made.url()}/v1/courses")
    theirs = await made.http.get(f"{made.url()}/v1/courses", headers={"X-Request-Id": "proxy-42.a_b"})
    assert theirs.headers["x-request-id"] == theirs.json()["request_id"] == "proxy-42.a_b"
    assert ours.headers["x-request-id"] == ours.json()["request_id"] != "proxy-42.a_b"
    assert EXAM not in ours.headers["x-request-id"]
    await asyncio.to_thread(service.stop)
    written = [json.loads(line).get("request_id") for line in service.output.splitlines()]
    assert written.count("proxy-42.a_b") == written.count(ours.headers["x-request-id"]) == 1
