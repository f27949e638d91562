from typing import Any

import msgspec
import pytest

from exam_service.adapters.formats.roster import COLUMNS
from exam_service.core.records import Job
from exam_service.services import enrolments, rosters
from exam_service.services.jobs import JobStarted
from tests.support.people import national_id
from tests.support.problems import faults_of, refused
from tests.web.lms.conftest import Lms

CSV = {"Content-Type": "text/csv; charset=utf-8"}
NDJSON = {"Content-Type": "application/x-ndjson"}
BULK = "/v1/enrolments/bulk?course=course"
HEADER = ",".join(COLUMNS)


async def _finished(lms: Lms, started: JobStarted | dict[str, object]) -> dict[str, object]:
    await lms.world.ctx.background.idle()
    job = started["job"] if isinstance(started, dict) else started.job
    view: dict[str, object] = (await lms.get(f"/v1/jobs/{job}")).json()
    assert view["state"] == "finished"
    return view


async def test_a_roster_enrols_everybody_in_it(lms_on_both: Lms) -> None:
    lms = lms_on_both
    lines = [HEADER] + [f"u-{n},นาย,ชื่อ{n},นามสกุล,,ครู,,โรงเรียน,สพป.,expert,25,10" for n in range(250)]
    started = await lms.post(BULK, content="\n".join(lines), headers=CSV)
    assert started.status_code == 202, started.text
    assert started.json()["total"] == 250
    view = await _finished(lms, started.json())
    assert (view["total"], view["done"], view["failed"], view["errors"]) == (250, 250, 0, [])
    listed = (await lms.get("/v1/enrolments?course=course&limit=500")).json()["items"]
    assert len(listed) == 251
    (some,) = [line for line in listed if line["candidate"] == "u-249"]
    assert some["target_standing"] == "expert"
    assert [(a["extra_percent"], a["extra_minutes"]) for a in some["accommodations"]] == [(25, 10)]


async def test_a_line_that_fails_stops_no_other(lms_on_both: Lms) -> None:
    lms = lms_on_both
    lines = [
        '{"external_id": "u-1", "given": "ก"}',
        "",
        '{"external_id": "u-2"}',
        "not json",
        '{"external_id": "u-3", "given": "ข", "extra_percent": "25"}',
        '{"external_id": "u-1", "given": "ก"}',
        '{"external_id": "u 4", "given": "ค", "national_id": "12", "colour": 1}',
        "[1, 2]",
        '{"external_id": "u-5", "given": "ง", "national_id": "1"}',
        '{"external_id": "u-6", "given": "จ"}',
    ]
    started = (await lms.post(BULK, content="\n".join(lines), headers=NDJSON)).json()
    view = await _finished(lms, started)
    assert (view["total"], view["done"], view["failed"]) == (9, 2, 7)
    errors = [(e["line"], e["code"]) for e in view["errors"]]  # type: ignore[attr-defined]
    assert errors == [
        (3, "missing-field"), (4, "not-json"), (5, "wrong-value"), (6, "stands-twice"), (7, "unknown-field"),
        (7, "wrong-value"), (8, "not-an-object"), (9, "bad-national-id"),
    ]  # fmt: skip
    assert all(error["message"]["th"] and error["message"]["en"] for error in view["errors"])  # type: ignore[attr-defined]


async def test_a_dry_run_tells_the_same_and_does_nothing(lms: Lms) -> None:
    taken = national_id("110170020345")
    holder = {"external_id": "holder", "name": {"given": "ก"}, "national_id": taken}
    made = await lms.post("/v1/enrolments", json={"candidate": holder, "course": "course"})
    assert made.status_code == 201, made.text
    roster = f"external_id,given,national_id\nu-1,ก,\nu-2,,\nu-3,ค,{taken}\n"
    said = await lms.post(f"{BULK}&dry_run=true", content=roster, headers=CSV)
    assert said.status_code == 200
    assert (said.json()["total"], said.json()["failed"]) == (3, 2)
    assert [(e["line"], e["code"]) for e in said.json()["errors"]] == [(3, "missing-field"), (4, "national-id-taken")]
    assert len((await lms.get("/v1/enrolments")).json()["items"]) == 2
    done = await _finished(lms, (await lms.post(BULK, content=roster, headers=CSV)).json())
    assert done["errors"] == said.json()["errors"]


async def test_a_mended_roster_may_be_sent_again(lms: Lms) -> None:
    for given in ("ก", "ข"):
        roster = f"external_id,given,school\nu-1,{given},\nu-2,{given},โรงเรียน\n"
        await _finished(lms, (await lms.post(BULK, content=roster, headers=CSV)).json())
    people = {person["external_id"]: person for person in (await lms.get("/v1/candidates")).json()["items"]}
    assert people["u-1"]["name"]["given"] == people["u-2"]["name"]["given"] == "ข"
    assert len((await lms.get("/v1/enrolments")).json()["items"]) == 3


async def test_the_same_call_again_is_the_same_job(lms: Lms) -> None:
    head = CSV | {"Idempotency-Key": "roster"}
    first = (await lms.post(BULK, content="external_id,given\nu-1,ก\n", headers=head)).json()
    await _finished(lms, first)
    assert (await lms.post(BULK, content="external_id,given\nu-1,ก\n", headers=head)).json() == first
    refused(await lms.post(BULK, content="external_id,given\nu-2,ก\n", headers=head), 409, "idempotency-key-reused")


async def test_a_job_that_was_cut_off_goes_through_when_the_call_is_repeated(lms: Lms) -> None:
    ctx, org = lms.world.ctx, lms.world.org
    content = "external_id,given\n" + "".join(f"u-{n},ก\n" for n in range(150))
    entries = rosters.read_entries(ctx, "course", content.encode(), "csv")
    async with ctx.store.begin(org) as tx:
        started = await rosters.begin(ctx, tx, "course", entries)
    await rosters.resume(ctx, org, started.job, entries[:100], "test")
    await ctx.background.close()
    async with ctx.store.begin(org) as tx:
        half = await tx.jobs.get(started.job)
        assert half is not None
        await tx.jobs.put(msgspec.structs.replace(half, state="running", finished_at=None))
    await rosters.resume(ctx, org, started.job, entries, "test")
    view = await _finished(lms, started)
    assert (view["done"], view["failed"]) == (150, 0)
    assert len((await lms.get("/v1/enrolments?limit=500")).json()["items"]) == 151


async def test_lines_around_a_failing_one_are_written_one_by_one(lms: Lms, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx, org = lms.world.ctx, lms.world.org
    enrol = enrolments.enrol

    async def breaks(ctx: Any, tx: Any, body: Any, actor: str) -> object:
        if body.candidate.external_id == "u-1":
            raise RuntimeError("the database is away")
        return await enrol(ctx, tx, body, actor)

    monkeypatch.setattr(enrolments, "enrol", breaks)
    entries = rosters.read_entries(ctx, "course", b"external_id,given\nu-0,a\nu-1,b\nu-2,c\n", "csv")
    async with ctx.store.begin(org) as tx:
        started = await rosters.begin(ctx, tx, "course", entries)
    async with ctx.store.read(org) as tx:
        job = await tx.jobs.get(started.job)
    assert isinstance(job, Job)
    await rosters.run(ctx, org, job, entries, "test")
    view = await _finished(lms, started)
    assert (view["done"], view["failed"]) == (2, 1)
    assert [(e["line"], e["code"]) for e in view["errors"]] == [(3, "internal-error")]  # type: ignore[attr-defined]


async def test_what_cannot_be_read_as_a_whole_is_refused_whole(lms: Lms) -> None:
    async def said(content: str | bytes, headers: dict[str, str] = CSV) -> list[tuple[str, str]]:
        return faults_of(await lms.post(BULK, content=content, headers=headers))

    assert await said("external_id,given\nu-1,มาลี\n".encode("cp874")) == [("", "not-utf-8")]
    assert await said("") == [("", "missing-column"), ("", "missing-column")]
    assert await said("external_id,given\n") == [("", "no-lines")]
    assert await said("x", {"Content-Type": "text/plain"}) == [("", "unknown-format")]
    refused(
        await lms.post("/v1/enrolments/bulk?course=none", content="external_id,given\nu,a\n", headers=CSV),
        409,
        "not-published",
    )
    refused(await lms.post("/v1/enrolments/bulk", content="external_id,given\nu,a\n", headers=CSV), 400, "bad-request")
    refused(await lms.get("/v1/jobs/job_none"), 404, "not-found")


async def test_a_roster_needs_both_scopes(lms: Lms) -> None:
    for scope in ("enrolments", "candidates"):
        narrow = await lms.key(scope)
        answer = await lms.post(BULK, content="external_id,given\nu,a\n", headers=CSV, key=narrow)
        refused(answer, 403, "not-allowed")
