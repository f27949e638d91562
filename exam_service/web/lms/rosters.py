"""Enrolling many at once, and how far that is."""

import asyncio
from typing import Annotated, Any, Literal

from litestar import Request, Response, post
from litestar.params import QueryParameter

from exam_service.services import rosters
from exam_service.services.jobs import JobStarted
from exam_service.services.once import once
from exam_service.services.rosters import RosterCheck
from exam_service.web.body import invalid
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented

_KINDS: dict[str, Literal["csv", "ndjson"]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
}

_CSV = """\
external_id,title,given,family,national_id,position,standing,school,affiliation,target_standing,extra_percent,extra_minutes
u-1024,นางสาว,สมหญิง,ใจดี,,ครู,professional,โรงเรียนบ้านหนองไผ่,สพป. ขอนแก่น เขต 1,senior_professional,25,
"""
_NDJSON = """\
{"external_id": "u-1024", "title": "นางสาว", "given": "สมหญิง", "family": "ใจดี", "extra_percent": 25}
"""


@post(
    "/enrolments/bulk",
    status_code=202,
    summary="Enrol a roster",
    **documented(
        scope="enrolments",
        body=bytes,
        media_types=("text/csv", "application/x-ndjson"),
        examples={"csv": _CSV, "ndjson": _NDJSON},
        answers={200: RosterCheck, 202: JobStarted},
        problems=["not-published"],
        example={"job": "job_01kanmq3x0000000000000000z", "total": 998},
    ),
)
async def enrol(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    caller: Staff,
    repeat: Repeat,
    course: Annotated[str, QueryParameter(description="The course's code; it must be published.")],
    dry_run: Annotated[
        bool, QueryParameter(description="Only check: answers 200 with every line that would fail.")
    ] = False,
) -> Response[Any]:
    """CSV with a header, or one JSON object a line, in UTF-8. Needs the scope `candidates` too.

    Answers at once; ask the job how far it is. A line that fails stops no other. Every line adds or changes, so the
    roster may be sent again. Work that was cut off by a restart of the service stays `running`: repeat the same call,
    with the same Idempotency-Key or a new one, and it goes through.
    """
    caller.must("enrolments")
    caller.must("candidates")
    content, kind = await request.body(), _kind(request)
    entries = await asyncio.to_thread(rosters.read_entries, ctx, course, content, kind)
    if dry_run:
        return Response(await rosters.check(ctx, caller.org, course, entries), status_code=200)
    view = await once(ctx, caller.org, repeat, JobStarted, lambda tx: rosters.begin(ctx, tx, course, entries))
    await rosters.resume(ctx, caller.org, view.job, entries, caller.key_id)
    return Response(view, status_code=202)


def _kind(request: Request[Any, Any, Any]) -> Literal["csv", "ndjson"]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _KINDS:
        raise invalid(
            "unknown-format",
            "say what this is: Content-Type text/csv or application/x-ndjson",
            "ระบุชนิดข้อมูลด้วย Content-Type text/csv หรือ application/x-ndjson",
        )
    return _KINDS[media_type]


HANDLERS = [enrol]
