"""Work on many that goes on after its call was answered, and how far it is."""

from datetime import datetime
from typing import Literal

import msgspec

from exam_service.core.errors import NotFound
from exam_service.core.records import Job, JobError
from exam_service.services.ports import Tx


class JobStarted(msgspec.Struct, frozen=True, kw_only=True):
    """It was taken; ask `/v1/jobs/{job}` how far it is."""

    job: str
    total: int


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is. `done` counts what did not fail; of what failed the first 1000 are listed.

    `errors` are of the lines of a roster; of certificates `counts` says what became of the candidates: `issued`,
    `standing` (had one), `not_yet_earned`, `withdrawn`.
    """

    job: str
    kind: Literal["enrolments", "certificates"]
    course: str
    state: Literal["running", "stopped", "finished"]
    """`stopped` by what `errors` says; it goes on when the call is repeated."""
    total: int
    done: int
    failed: int
    errors: tuple[JobError, ...]
    counts: dict[str, int] | None
    created_at: datetime
    finished_at: datetime | None


async def of(tx: Tx, job_id: str) -> Job:
    """Raises NotFound."""
    job = await tx.jobs.get(job_id)
    if job is None:
        raise NotFound(what="job", id=job_id)
    return job


def view(job: Job) -> JobView:
    """As it may be seen by who has the scope of its kind."""
    return JobView(
        job=job.id,
        kind=job.kind,
        course=job.course,
        state=job.state,
        total=job.total,
        done=job.done,
        failed=job.failed,
        errors=job.errors,
        counts=job.counts,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
