"""Enrolments: one candidate in one course, with the time they are given and the standing they aim at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from exam_service.core.banks.interactions.base import Code
from exam_service.core.errors import Fault, Invalid, NotFound
from exam_service.core.exams.model import Accommodation, Course
from exam_service.core.records import Candidate, Enrolment
from exam_service.core.text import Text
from exam_service.services import accommodations, audit, candidates, finishing
from exam_service.services.candidates import CandidateView, ExternalId, Line, NewCandidate
from exam_service.services.context import Context
from exam_service.services.ports import Tx
from exam_service.services.standing import course_of, load_standing
from exam_service.services.standing_view import (
    CertificateStanding,
    CourseLine,
    ExamStanding,
    FactView,
    certificate_standing,
    course_line,
    exam_standings,
    fact_views,
)

Accommodations = Annotated[tuple[Accommodation, ...], msgspec.Meta(max_length=50)]


class _EnrolmentFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    course: Code
    target_standing: Line | UnsetType | None = UNSET
    """The academic standing that the person prepares for; rules may depend on it."""
    accommodations: Accommodations | UnsetType = UNSET


class EnrolmentBody(_EnrolmentFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Enrol a candidate who is known. Enrolling again answers the same enrolment, changed by what is written."""

    candidate: ExternalId


class EnrolmentWithCandidateBody(_EnrolmentFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Enrol a candidate and say who it is, in one step."""

    candidate: NewCandidate


class EnrolmentChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays. Time given or taken moves running attempts at once."""

    target_standing: Line | UnsetType | None = UNSET
    accommodations: Accommodations | UnsetType = UNSET


class EnrolmentView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    candidate: str
    """The learning system's id for the person."""
    course: str
    target_standing: str | None
    accommodations: tuple[Accommodation, ...]
    created_at: datetime


class EnrolmentStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person stands in the course: what was reported, each exam, and what a certificate still wants."""

    id: str
    candidate: CandidateView
    course: CourseLine
    course_version: int
    target_standing: str | None
    accommodations: tuple[Accommodation, ...]
    created_at: datetime
    now: datetime
    facts: tuple[FactView, ...]
    exams: tuple[ExamStanding, ...]
    certificate: CertificateStanding | None


async def enrol(ctx: Context, tx: Tx, body: EnrolmentBody | EnrolmentWithCandidateBody, actor: str) -> EnrolmentView:
    """Enrol the candidate, once: again, it is the same enrolment. Raises NotPublished, NotFound, Invalid."""
    version = await course_of(tx, body.course)
    faults = list(check_accommodations(version.course, body.accommodations))
    if isinstance(body, EnrolmentWithCandidateBody):
        faults += candidates.check(body.candidate.external_id, body.candidate, "candidate.")
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    if isinstance(body, EnrolmentWithCandidateBody):
        candidate = await candidates.put(ctx, tx, body.candidate.external_id, body.candidate)
    else:
        candidate = await candidates.candidate_of(tx, body.candidate)
    before = await tx.enrolments.find(candidate.id, body.course)
    if before is not None:
        changes = EnrolmentChanges(target_standing=body.target_standing, accommodations=body.accommodations)
        return view(await _apply(ctx, tx, before, changes, actor), candidate)
    enrolment = Enrolment(
        id=ctx.new_id("enr"),
        candidate=candidate.id,
        course=body.course,
        target_standing=None if body.target_standing is UNSET else body.target_standing,
        accommodations=() if body.accommodations is UNSET else body.accommodations,
        created_at=ctx.now(),
    )
    await tx.enrolments.put(enrolment)
    return view(enrolment, candidate)


async def change(ctx: Context, tx: Tx, enrolment_id: str, changes: EnrolmentChanges, actor: str) -> EnrolmentView:
    """Change what is given; running attempts have their new deadline at the next request. Raises NotFound, Invalid."""
    enrolment = await enrolment_of(tx, enrolment_id, lock=True)
    version = await course_of(tx, enrolment.course)
    faults = check_accommodations(version.course, changes.accommodations)
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    after = await _apply(ctx, tx, enrolment, changes, actor)
    return view(after, await candidate_behind(tx, after))


async def page(tx: Tx, course: str | None, after: str | None, limit: int) -> list[EnrolmentView]:
    """Enrolments in the order in which they were made."""
    found = await tx.enrolments.page(course, after, limit)
    return [view(enrolment, await candidate_behind(tx, enrolment)) for enrolment in found]


async def show(ctx: Context, org: str, enrolment_id: str) -> EnrolmentStanding:
    """Where the person stands, with the whole decision on the certificate. Raises NotFound, NotPublished."""
    await finishing.catch_up(ctx, org, enrolment_id)
    async with ctx.store.read(org) as tx:
        enrolment = await enrolment_of(tx, enrolment_id)
        standing, version = await load_standing(ctx, tx, enrolment)
        certificates = await tx.certificates.of(enrolment.id)
        candidate = await candidate_behind(tx, enrolment)
    return EnrolmentStanding(
        id=enrolment.id,
        candidate=candidates.view(candidate),
        course=course_line(standing.course),
        course_version=version.number,
        target_standing=enrolment.target_standing,
        accommodations=enrolment.accommodations,
        created_at=enrolment.created_at,
        now=standing.now,
        facts=fact_views(standing),
        exams=exam_standings(standing, enrolment, staff=True),
        certificate=certificate_standing(standing, certificates, ctx.policy.public_url, staff=True),
    )


async def enrolment_of(tx: Tx, enrolment_id: str, *, lock: bool = False) -> Enrolment:
    """The enrolment. Raises NotFound, also for another organisation's."""
    enrolment = await tx.enrolments.get(enrolment_id, lock=lock)
    if enrolment is None:
        raise NotFound(what="enrolment", id=enrolment_id)
    return enrolment


async def candidate_behind(tx: Tx, enrolment: Enrolment) -> Candidate:
    """The person who is enrolled."""
    candidate = await tx.candidates.get(enrolment.candidate)
    if candidate is None:
        raise LookupError(f"enrolment {enrolment.id} has no candidate")
    return candidate


def check_accommodations(course: Course, given: Sequence[Accommodation] | UnsetType) -> list[Fault]:
    """A fault for each accommodation at an exam that the course has not, or with a reason that is no text."""
    faults = []
    known = ", ".join(exam.code for exam in course.exams)
    for index, one in enumerate(() if given is UNSET else given):
        if one.exam is not None and course.exam(one.exam) is None:
            text = Text(
                en=f"course `{course.code}` has no exam `{one.exam}`; it has {known}",
                th=f"หลักสูตร `{course.code}` ไม่มีการสอบ `{one.exam}` ที่มีคือ {known}",
            )
            faults.append(Fault(code="unknown-exam", path=f"accommodations[{index}].exam", message=text))
        if one.reason is not None and "\x00" in one.reason:
            text = Text(en="use printable characters only", th="ใช้เฉพาะอักขระที่พิมพ์ได้")
            faults.append(Fault(code="wrong-value", path=f"accommodations[{index}].reason", message=text))
    return faults


def view(enrolment: Enrolment, candidate: Candidate) -> EnrolmentView:
    return EnrolmentView(
        id=enrolment.id,
        candidate=candidate.external_id,
        course=enrolment.course,
        target_standing=enrolment.target_standing,
        accommodations=enrolment.accommodations,
        created_at=enrolment.created_at,
    )


async def _apply(ctx: Context, tx: Tx, enrolment: Enrolment, changes: EnrolmentChanges, actor: str) -> Enrolment:
    after = enrolment
    if changes.target_standing is not UNSET:
        after = msgspec.structs.replace(after, target_standing=changes.target_standing)
    if changes.accommodations is not UNSET:
        after = msgspec.structs.replace(after, accommodations=changes.accommodations)
    if after == enrolment:
        return enrolment
    await tx.enrolments.put(after)
    await audit.record(ctx, tx, actor, "enrolment.change", enrolment.id)
    if after.accommodations != enrolment.accommodations:
        await accommodations.reschedule(ctx, tx, after)
    return after
