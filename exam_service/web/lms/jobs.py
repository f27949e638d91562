"""Work on many: begun by one call, done in the background, asked about by another."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from exam_service.core.exams.model import CertificateKind
from exam_service.services import certificate_jobs, jobs
from exam_service.services.jobs import JobStarted, JobView
from exam_service.services.once import once
from exam_service.web.body import read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented


class IssueAllRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which document everybody gets."""

    kind: CertificateKind | None = None
    """Left out: the first that the course offers."""


@post(
    "/courses/{course:str}/certificates",
    status_code=202,
    summary="Issue certificates to everybody in a course",
    **documented(
        scope="certificates",
        body=IssueAllRequest,
        examples={"the first kind that the course offers": {}, "letters of attestation": {"kind": "attestation"}},
        problems=["not-published", "kind-not-offered"],
        example={"job": "job_01kanmq3x0000000000000000z", "total": 99850},
    ),
)
async def issue_to_all(
    course: FromPath[str], request: Request[Any, Any, Any], ctx: Ctx, caller: Staff, repeat: Repeat
) -> Response[JobStarted]:
    """Whoever has earned one and has none gets one; whose certificate was revoked or is suspended gets none.

    Answers at once; ask the job how far it is. Work that was cut off by a restart of the service stays `running`:
    repeat the same call, with the same Idempotency-Key, and it goes on; a new key makes a new job. Nobody gets two.
    """
    caller.must("certificates")
    body = await read_body(request, IssueAllRequest)
    view = await once(
        ctx, caller.org, repeat, JobStarted, lambda tx: certificate_jobs.begin(ctx, tx, course, body.kind)
    )
    await certificate_jobs.resume(ctx, caller.org, view.job, body.kind)
    return Response(view, status_code=202)


@get("/jobs/{job:str}", summary="How far work on many is", **documented(scope=("enrolments", "certificates")))
async def show(job: FromPath[str], ctx: Ctx, caller: Staff) -> JobView:
    """With the lines of a roster that failed, by number, or with what became of a course's candidates."""
    async with ctx.store.read(caller.org) as tx:
        found = await jobs.of(tx, job)
    caller.must(found.kind)
    return jobs.view(found)


HANDLERS = [issue_to_all, show]
