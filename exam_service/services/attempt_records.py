"""Attempts and results as the learning system sees them: whole, with every revision and the journal behind them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from exam_service.core.exams.attempt import Attempt, Look, State, seen, step
from exam_service.core.exams.scoring import Result, SectionScore
from exam_service.core.records import StoredResult
from exam_service.services import finishing, grading
from exam_service.services.context import Context
from exam_service.services.enrolments import candidate_behind, enrolment_of
from exam_service.services.ports import Tx


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt as it is now."""

    attempt: str
    enrolment: str
    exam: str
    number: int
    state: State
    started_at: datetime
    deadline: datetime
    ended_at: datetime | None
    ended_by: State | None
    void_reason: str | None
    extra_seconds: int
    """By how much staff has moved its deadline, on top of the accommodations."""
    percent: float | None
    passed: bool | None


class RevisionView(msgspec.Struct, frozen=True, kw_only=True):
    """One grading; the newest counts, and the others stay."""

    revision: int
    percent: float
    earned: float
    possible: int
    passed: bool | None
    sections: tuple[SectionScore, ...]
    graded_at: datetime
    graded_by: str | None
    reason: str | None


class AttemptDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt with every revision of its result, oldest first."""

    attempt: AttemptRecord
    candidate: str
    """The learning system's id for the person."""
    course: str
    course_version: int
    results: tuple[RevisionView, ...]


class ResultLine(msgspec.Struct, frozen=True, kw_only=True):
    """The current result of a graded attempt."""

    attempt: str
    enrolment: str
    candidate: str
    course: str
    exam: str
    number: int
    ended_at: datetime | None
    ended_by: State | None
    revision: int
    percent: float
    passed: bool | None
    graded_at: datetime


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """What stood where on the paper; no key."""

    item: str
    bank: str
    question: str
    type: str
    section: str
    points: int
    choices: tuple[str, ...]
    """The bank's option ids in the displayed order: c1, c2 …"""


class SaveView(msgspec.Struct, frozen=True, kw_only=True):
    """One save as it was acknowledged."""

    epoch: int
    seq: int
    received_at: datetime
    in_grace: bool
    late: bool
    """It arrived after the grace, and counts by the exam's policy or by decision of staff."""
    digest: str
    """SHA-256 of the responses as they were sent, in hex; the receipt holds the same."""
    responses: dict[str, object]


class JournalView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was saved in an attempt, in order, for whoever has to check a result."""

    attempt: str
    paper: tuple[PlaceView, ...]
    saves: tuple[SaveView, ...]


async def page(
    ctx: Context, org: str, course: str | None, after: str | None, limit: int
) -> tuple[list[AttemptRecord], str | None]:
    """Attempts in the order in which they began, and where the next page begins."""
    found, cursor = await _settled_page(ctx, org, course, after, limit)
    async with ctx.store.read(org) as tx:
        current = await tx.results.current([attempt.id for attempt in found])
    return [_record(ctx, attempt, current.get(attempt.id)) for attempt in found], cursor


async def results_page(
    ctx: Context, org: str, course: str | None, after: str | None, limit: int
) -> tuple[list[ResultLine], str | None]:
    """The current results of graded attempts. A page may hold fewer than `limit` and still have a next one."""
    found, cursor = await _settled_page(ctx, org, course, after, limit)
    lines = []
    async with ctx.store.read(org) as tx:
        current = await tx.results.current([attempt.id for attempt in found])
        for attempt in found:
            result = current.get(attempt.id)
            if result is None or attempt.state is not State.graded:
                continue
            enrolment = await enrolment_of(tx, attempt.enrolment)
            lines.append(
                ResultLine(
                    attempt=attempt.id,
                    enrolment=enrolment.id,
                    candidate=(await candidate_behind(tx, enrolment)).external_id,
                    course=enrolment.course,
                    exam=attempt.exam,
                    number=attempt.number,
                    ended_at=attempt.ended_at,
                    ended_by=attempt.ended_by,
                    revision=result.revision,
                    percent=result.percent,
                    passed=result.passed,
                    graded_at=result.graded_at,
                )
            )
    return lines, cursor


async def show(ctx: Context, org: str, attempt_id: str) -> AttemptDetail:
    """One attempt with its revisions. Raises NotFound."""
    async with ctx.store.read(org) as tx:
        enrolment = (await grading.attempt_of(tx, attempt_id)).enrolment
    await finishing.catch_up(ctx, org, enrolment)
    async with ctx.store.read(org) as tx:
        return await detail(ctx, tx, await grading.attempt_of(tx, attempt_id))


async def journal(ctx: Context, tx: Tx, attempt_id: str) -> JournalView:
    """Every save, with what stood on the paper. Raises NotFound."""
    attempt = await grading.attempt_of(tx, attempt_id)
    form = await ctx.documents.form(tx, attempt.id)
    responses = {(entry.epoch, entry.seq): entry.responses for entry in await tx.results.journal(attempt.id)}
    return JournalView(
        attempt=attempt.id,
        paper=tuple(
            PlaceView(
                item=place.item,
                bank=place.bank,
                question=place.question,
                type=place.type,
                section=place.section,
                points=place.points,
                choices=place.order,
            )
            for place in form.items
        ),
        saves=tuple(
            SaveView(
                epoch=saved.epoch,
                seq=saved.seq,
                received_at=saved.received_at,
                in_grace=saved.in_grace,
                late=saved.late,
                digest=saved.digest.hex(),
                responses=responses[saved.epoch, saved.seq],
            )
            for saved in await tx.results.saves(attempt.id)
        ),
    )


async def _settled_page(
    ctx: Context, org: str, course: str | None, after: str | None, limit: int
) -> tuple[Sequence[Attempt], str | None]:
    """A page of attempts, those that are over graded."""
    async with ctx.store.read(org) as tx:
        found = await tx.attempts.page(course, after, limit + 1)
    shown = found[:limit]
    due = {attempt.enrolment for attempt in shown if step(attempt, Look(), ctx.now())[1]}
    for enrolment in due:
        await finishing.catch_up(ctx, org, enrolment)
    if due:
        async with ctx.store.read(org) as tx:
            shown = (await tx.attempts.page(course, after, limit))[: len(shown)]
    return shown, shown[-1].id if len(found) > limit else None


async def detail(ctx: Context, tx: Tx, attempt: Attempt) -> AttemptDetail:
    """An attempt that was read in this transaction, with all its revisions."""
    enrolment = await enrolment_of(tx, attempt.enrolment)
    history = await tx.results.history(attempt.id)
    version = await ctx.documents.course(tx, attempt.course_version)
    return AttemptDetail(
        attempt=_record(ctx, attempt, history[-1] if history else None),
        candidate=(await candidate_behind(tx, enrolment)).external_id,
        course=enrolment.course,
        course_version=version.number,
        results=tuple(_revision(stored) for stored in history),
    )


def _record(ctx: Context, stored: Attempt, result: StoredResult | None) -> AttemptRecord:
    attempt = seen(stored, ctx.now())
    # One that was reopened has its earlier results still, but none that counts before it is graded anew.
    current = result if attempt.state in (State.graded, State.voided) else None
    return AttemptRecord(
        attempt=attempt.id,
        enrolment=attempt.enrolment,
        exam=attempt.exam,
        number=attempt.number,
        state=attempt.state,
        started_at=attempt.started_at,
        deadline=attempt.deadline,
        ended_at=attempt.ended_at,
        ended_by=attempt.ended_by,
        void_reason=attempt.void_reason,
        extra_seconds=attempt.extra_seconds,
        percent=None if current is None else current.percent,
        passed=None if current is None else current.passed,
    )


def _revision(stored: StoredResult) -> RevisionView:
    result = msgspec.json.decode(stored.document, type=Result)
    return RevisionView(
        revision=stored.revision,
        percent=result.percent,
        earned=result.earned,
        possible=result.possible,
        passed=result.passed,
        sections=result.sections,
        graded_at=stored.graded_at,
        graded_by=stored.graded_by,
        reason=stored.reason,
    )
