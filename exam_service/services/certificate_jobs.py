"""A whole course's certificates, issued in the background while the caller asks how far it is."""

import asyncio
import logging

import msgspec

from exam_service.core.errors import Refusal
from exam_service.core.exams.model import CertificateKind
from exam_service.core.records import Job, JobError
from exam_service.core.text import Text
from exam_service.services import bulk_issue
from exam_service.services.bulk_issue import IssuedToAll
from exam_service.services.context import Context
from exam_service.services.jobs import JobStarted
from exam_service.services.ports import Tx

log = logging.getLogger(__name__)

TOLD_EVERY_SECONDS = 1.0
MOST_ERRORS = 1_000

_FAILED = Text(
    en="enrolment `{id}`: issuing failed, the log says why",
    th="การลงทะเบียน `{id}`: ออกวุฒิบัตรไม่สำเร็จ ดูสาเหตุในบันทึกของระบบ",
)


async def begin(ctx: Context, tx: Tx, course: str, kind: CertificateKind | None) -> JobStarted:
    """Note that it was asked for. Raises NotPublished, KindNotOffered."""
    await bulk_issue.offered(tx, course, kind)
    job = Job(
        id=ctx.new_id("job"),
        kind="certificates",
        course=course,
        state="running",
        total=await tx.enrolments.count(course),
        created_at=ctx.now(),
    )
    await tx.jobs.put(job)
    return JobStarted(job=job.id, total=job.total)


async def resume(ctx: Context, org: str, job_id: str, kind: CertificateKind | None) -> None:
    """Do it in the background, unless it is finished or under way here.

    Also called when the call is repeated, so that a job whose process was stopped goes on: nobody gets two.
    """
    async with ctx.store.read(org) as tx:
        job = await tx.jobs.get(job_id)
    if job is not None and job.state != "finished":
        ctx.background.start(job.id, run(ctx, org, job, kind))


async def run(ctx: Context, org: str, job: Job, kind: CertificateKind | None) -> None:
    """Issue to everybody, and note once a second how far it is."""
    found: IssuedToAll | None = None

    def heard(now: IssuedToAll) -> None:
        nonlocal found
        found = now

    work = asyncio.create_task(bulk_issue.issue(ctx, org, job.course, kind, heard))
    try:
        while not work.done():
            await asyncio.wait([work], timeout=TOLD_EVERY_SECONDS)
            if found is not None and not work.done():
                await _note(ctx, org, _as_of(job, found))
        found = work.result()
    except Refusal as refusal:
        # The database was away, or the course has changed.
        log.warning("issuing to everybody in %s stopped: %s", job.course, refusal)
        why = JobError(line=0, code=refusal.code, message=refusal.text)
        stopped = job if found is None else _as_of(job, found)
        await _note(ctx, org, msgspec.structs.replace(stopped, state="stopped", errors=(why, *stopped.errors)))
        return
    finally:
        work.cancel()
    ended = msgspec.structs.replace(_as_of(job, found), state="finished", finished_at=ctx.now())
    await _note(ctx, org, ended)


async def _note(ctx: Context, org: str, job: Job) -> None:
    async with ctx.store.begin(org) as tx:
        before = await tx.jobs.get(job.id)
        # Another process may have gone on with it, and be done.
        if before is None or before.state != "finished":
            await tx.jobs.put(job)


def _as_of(job: Job, found: IssuedToAll) -> Job:
    """How far it is; what it issued before it was cut off is its own, and stands now."""
    failed, before = found.failed[:MOST_ERRORS], (job.counts or {}).get("issued", 0)
    return msgspec.structs.replace(
        job,
        state="running",
        total=found.total,
        done=found.done - len(found.failed),
        failed=len(found.failed),
        errors=tuple(
            JobError(line=number, code="not-issued", message=_FAILED.fill({"id": id}))
            for number, id in enumerate(failed, 1)
        ),
        counts={
            "issued": found.issued + before,
            "standing": max(0, found.standing - before),
            "not_yet_earned": found.not_yet_earned,
            "withdrawn": found.withdrawn,
        },
    )
