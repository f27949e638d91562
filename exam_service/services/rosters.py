"""Enrolling many at once: a roster is checked line by line and written in chunks, while the caller asks how far it is.

Every line is an upsert, so a roster may be sent again: after lines were mended, or when the service was stopped midway.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from exam_service.core.documents import read
from exam_service.core.errors import Fault, Invalid, NationalIdTaken, Refusal
from exam_service.core.exams.model import Accommodation
from exam_service.core.people import PersonName
from exam_service.core.records import Job, JobError
from exam_service.core.text import Text
from exam_service.services import candidates, enrolments
from exam_service.services.candidates import ExternalId, Line, NewCandidate
from exam_service.services.context import Context
from exam_service.services.enrolments import EnrolmentWithCandidateBody
from exam_service.services.jobs import JobStarted
from exam_service.services.ports import Tx
from exam_service.services.standing import course_of

log = logging.getLogger(__name__)

CHUNK = 100
MOST_ERRORS = 1000


class RosterLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a roster: a person, and what they are given in the course. CSV has the same names as columns."""

    external_id: ExternalId
    given: str
    title: str = ""
    family: str = ""
    national_id: str | UnsetType = UNSET
    """Left out, what is stored stays."""
    position: Line | None = None
    standing: Line | None = None
    school: Line | None = None
    affiliation: Line | None = None
    target_standing: Line | UnsetType | None = UNSET
    extra_percent: Annotated[int, msgspec.Meta(ge=0, le=400)] | None = None
    """More time at every exam; left out together with `extra_minutes`, what is stored stays."""
    extra_minutes: Annotated[int, msgspec.Meta(ge=0, le=60 * 24)] | None = None


class RosterCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a roster would do, of which nothing was done."""

    course: str
    total: int
    failed: int
    errors: tuple[JobError, ...]


class Entry(msgspec.Struct, frozen=True):
    """A line that can be enrolled, or everything that is wrong with it."""

    line: int
    body: EnrolmentWithCandidateBody | tuple[JobError, ...]


def read_entries(ctx: Context, course: str, content: bytes, kind: Literal["csv", "ndjson"]) -> list[Entry]:
    """Every line of the roster. Raises Invalid when the whole cannot be read, or holds no line."""
    entries = list(_entries(ctx, course, content, kind))
    if not entries:
        text = Text(en="the roster has no lines", th="รายชื่อนี้ไม่มีข้อมูล")
        raise Invalid(count=1, faults=[Fault(code="no-lines", message=text)])
    return entries


async def check(ctx: Context, org: str, course: str, entries: Sequence[Entry]) -> RosterCheck:
    """Every fault that enrolling would meet, without enrolling anybody. Raises NotPublished."""
    errors: list[JobError] = []
    for start in range(0, len(entries), CHUNK):
        async with ctx.store.read(org) as tx:
            await course_of(tx, course)
            for entry in entries[start : start + CHUNK]:
                errors += await _would_fail(ctx, tx, entry)
    failed = len({error.line for error in errors})
    return RosterCheck(course=course, total=len(entries), failed=failed, errors=tuple(errors[:MOST_ERRORS]))


async def begin(ctx: Context, tx: Tx, course: str, entries: Sequence[Entry]) -> JobStarted:
    """Note that the roster was taken. Raises NotPublished."""
    await course_of(tx, course)
    job = Job(
        id=ctx.new_id("job"),
        kind="enrolments",
        course=course,
        state="running",
        total=len(entries),
        created_at=ctx.now(),
    )
    await tx.jobs.put(job)
    return JobStarted(job=job.id, total=job.total)


async def resume(ctx: Context, org: str, job_id: str, entries: Sequence[Entry], actor: str) -> None:
    """Do the work of a job in the background, unless it is finished or under way here.

    Also called when the call that took the roster is repeated, so that a job whose process was stopped goes on.
    """
    async with ctx.store.read(org) as tx:
        job = await tx.jobs.get(job_id)
    if job is not None and job.state == "running":
        ctx.background.start(job.id, run(ctx, org, job, entries, actor))


async def run(ctx: Context, org: str, job: Job, entries: Sequence[Entry], actor: str) -> None:
    """Enrol line by line, a transaction for each chunk; a line that fails stops no other."""
    job = msgspec.structs.replace(job, done=0, failed=0, errors=())
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        last = start + CHUNK >= len(entries)
        try:
            job = await _write(ctx, org, job, chunk, actor, last)
        except Exception:
            log.exception("bulk enrolment %s: a chunk failed, its lines are tried one by one", job.id)
            for number, entry in enumerate(chunk):
                job = await _write_alone(ctx, org, job, entry, actor, last and number == len(chunk) - 1)
        # Let requests in between: on SQLite there is one writer for all.
        await asyncio.sleep(0)


async def _write(ctx: Context, org: str, job: Job, chunk: Sequence[Entry], actor: str, last: bool) -> Job:
    errors: list[JobError] = []
    async with ctx.store.begin(org) as tx:
        for entry in chunk:
            if isinstance(entry.body, tuple):
                errors += entry.body
                continue
            try:
                # Enrolling refuses before it writes, so a refusal leaves nothing behind in the chunk's transaction.
                await enrolments.enrol(ctx, tx, entry.body, actor)
            except Refusal as refusal:
                errors += _errors(entry.line, refusal)
        job = _moved(ctx, job, len(chunk), errors, last)
        await tx.jobs.put(job)
    return job


async def _write_alone(ctx: Context, org: str, job: Job, entry: Entry, actor: str, last: bool) -> Job:
    try:
        return await _write(ctx, org, job, [entry], actor, last)
    except Exception:
        log.exception("bulk enrolment %s: line %s failed", job.id, entry.line)
        text = Text(en="this line could not be written; send it again", th="บันทึกบรรทัดนี้ไม่ได้ โปรดส่งใหม่อีกครั้ง")
        job = _moved(ctx, job, 1, [JobError(line=entry.line, code="internal-error", message=text)], last)
        async with ctx.store.begin(org) as tx:
            await tx.jobs.put(job)
        return job


def _moved(ctx: Context, job: Job, lines: int, errors: Sequence[JobError], last: bool) -> Job:
    failed = len({error.line for error in errors})
    return msgspec.structs.replace(
        job,
        done=job.done + lines - failed,
        failed=job.failed + failed,
        errors=(*job.errors, *errors)[:MOST_ERRORS],
        state="finished" if last else "running",
        finished_at=ctx.now() if last else None,
    )


async def _would_fail(ctx: Context, tx: Tx, entry: Entry) -> tuple[JobError, ...]:
    """What is wrong with the line, and what only the stored people show: a national id that somebody else has."""
    body = entry.body
    if isinstance(body, tuple):
        return body
    if not isinstance(body.candidate.national_id, str):
        return ()
    holder = await candidates.holder_of(ctx, tx, body.candidate.national_id)
    if holder is None or holder.external_id == body.candidate.external_id:
        return ()
    return _errors(entry.line, NationalIdTaken(external_id=holder.external_id))


def _entries(ctx: Context, course: str, content: bytes, kind: Literal["csv", "ndjson"]) -> Iterator[Entry]:
    first: dict[str, int] = {}
    for line, fields in ctx.read_roster(content, kind):
        found = fields if isinstance(fields, Fault) else _body(course, fields)
        if isinstance(found, EnrolmentWithCandidateBody):
            before = first.setdefault(found.candidate.external_id, line)
            if before != line:
                text = Text(en=f"the same person stands in line {before}", th=f"บุคคลเดียวกันนี้อยู่ในบรรทัดที่ {before} แล้ว")
                found = Fault(code="stands-twice", message=text)
        if isinstance(found, Fault):
            found = [found]
        if isinstance(found, list):
            yield Entry(line, tuple(JobError(line=line, code=f.code, message=_placed(f)) for f in found))
        else:
            yield Entry(line, found)


def _body(course: str, fields: dict[str, object]) -> EnrolmentWithCandidateBody | list[Fault]:
    """What the line asks for, or everything that is wrong with it."""
    line, faults = read(fields, RosterLine)
    if line is None:
        return faults
    try:
        name = PersonName(title=line.title, given=line.given, family=line.family)
    except ValueError as error:
        return [Fault(code="wrong-value", message=Text(en=str(error), th=f"ค่าไม่ถูกต้อง: {error}"))]
    person = NewCandidate(
        external_id=line.external_id,
        name=name,
        national_id=line.national_id,
        position=line.position,
        standing=line.standing,
        school=line.school,
        affiliation=line.affiliation,
    )
    faults = candidates.check(person.external_id, person)
    if faults:
        return faults
    more_time = line.extra_percent is not None or line.extra_minutes is not None
    extra = Accommodation(extra_percent=line.extra_percent or 0, extra_minutes=line.extra_minutes or 0)
    return EnrolmentWithCandidateBody(
        candidate=person,
        course=course,
        target_standing=line.target_standing,
        accommodations=(extra,) if more_time else UNSET,
    )


def _errors(line: int, refusal: Refusal) -> tuple[JobError, ...]:
    if refusal.faults:
        return tuple(JobError(line=line, code=fault.code, message=_placed(fault)) for fault in refusal.faults)
    return (JobError(line=line, code=refusal.code, message=refusal.text),)


def _placed(fault: Fault) -> Text:
    """The message with the field it is about."""
    if not fault.path:
        return fault.message
    return Text(th=f"{fault.path}: {fault.message.within('th')}", en=f"{fault.path}: {fault.message.within('en')}")
