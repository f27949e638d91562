"""What comes after an attempt: its result, its review as far as the policy has opened it, and its receipts."""

from asyncio import sleep
from datetime import datetime
from typing import Any

import msgspec

from exam_service.core import errors
from exam_service.core.banks.interactions import ItemView
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import Exam, ReviewTime
from exam_service.core.exams.scoring import Result, latest, pass_decision, questions_of
from exam_service.core.exams.standing import Opened, Standing, opened
from exam_service.core.text import Text
from exam_service.services import finishing, grading, late, receipts
from exam_service.services.context import Context
from exam_service.services.ports import Tx
from exam_service.services.standing import load_standing
from exam_service.services.standing_view import LateAnswers, Reason, reason_of, review_is_open


class SectionResultView(msgspec.Struct, frozen=True, kw_only=True):
    title: Text
    percent: float
    earned: float
    possible: int


class ResultView(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that is over, as its candidate may see it now; what the policy keeps back is null."""

    attempt: str
    exam: str
    title: Text
    number: int
    state: State
    ended_at: datetime | None
    ended_by: State | None
    answered: int
    questions: int
    percent: float | None = None
    earned: float | None = None
    possible: int | None = None
    passed: bool | None = None
    sections: tuple[SectionResultView, ...] = ()
    pass_decision: Reason | None = None
    review_open: bool = False
    score_opens: ReviewTime | None = None
    """When the score will be shown, while it is not."""
    late: LateAnswers | None = None
    """When responses arrived late; the result may change while some are held."""


class ReviewItem(ItemView, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a review. A member that the policy keeps back is not there at all."""

    response: Any = None
    earned: float | None = None
    possible: int | None = None
    key: Any = None
    rationale: Text | None = None
    source: str | None = None


class ReviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What is open now, and the items with as much of it."""

    attempt: str
    title: Text
    opened: Opened
    items: tuple[ReviewItem, ...]


class ReceiptsView(msgspec.Struct, frozen=True, kw_only=True):
    """Every receipt of an attempt, in order, as compact JWS."""

    attempt: str
    receipts: tuple[str, ...]


async def result(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> ResultView:
    """The result. Raises AttemptRunning, or AttemptVoided."""
    standing, attempt, exam, stored = await _finished(ctx, org, enrolment_id, attempt_id)
    what = opened(standing, exam, attempt)
    async with ctx.store.read(org) as tx:
        form = await ctx.documents.form(tx, attempt_id)
        responses = latest(await tx.results.journal(attempt_id))
        late_answers = (await late.answers_of(tx, [attempt_id])).get(attempt_id)
    view = ResultView(
        attempt=attempt.id,
        exam=exam.code,
        title=exam.title,
        number=attempt.number,
        state=attempt.state,
        ended_at=attempt.ended_at,
        ended_by=attempt.ended_by,
        answered=sum(value is not None for value in responses.values()),
        questions=len(form.items),
        review_open=review_is_open(what),
        score_opens=None if what.score else exam.review.score,
        late=late_answers,
    )
    if stored is None or not what.score:
        return view
    titles = {section.code: section.title for section in exam.sections}
    decision = pass_decision(exam, stored)
    return msgspec.structs.replace(
        view,
        percent=stored.percent,
        earned=stored.earned,
        possible=stored.possible,
        passed=stored.passed,
        pass_decision=None if decision is None else reason_of(decision.because),
        sections=tuple(
            SectionResultView(title=titles[s.section], percent=s.percent, earned=s.earned, possible=s.possible)
            for s in stored.sections
        ),
    )


async def review(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> ReviewView:
    """The items with responses, correctness, key and rationale as far as each is open. Raises ReviewNotOpen."""
    standing, attempt, exam, stored = await _finished(ctx, org, enrolment_id, attempt_id)
    what = opened(standing, exam, attempt)
    if stored is None or not review_is_open(what):
        raise errors.ReviewNotOpen()
    async with ctx.store.read(org) as tx:
        version = await ctx.documents.course(tx, attempt.course_version)
        form = await ctx.documents.form(tx, attempt_id)
        pool = await ctx.documents.pool(tx, version, {place.bank for place in form.items})
        responses = latest(await tx.results.journal(attempt_id))
    questions = questions_of(form, pool)
    scores = {one.item: one for one in stored.items}
    items = []
    for place in form.items:
        question = questions[place.item]
        shown = question.view(place.item, place.layout)
        # `reveal` and the score are asked for only when they are open: what is not computed cannot leak.
        items.append(
            ReviewItem(
                **{field: getattr(shown, field) for field in shown.__struct_fields__},
                response=responses.get(place.item) if what.responses else None,
                earned=scores[place.item].earned if what.correctness else None,
                possible=scores[place.item].possible if what.correctness else None,
                key=question.reveal(place.layout) if what.key else None,
                rationale=question.rationale if what.key else None,
                source=question.source if what.key else None,
            )
        )
    return ReviewView(attempt=attempt.id, title=exam.title, opened=what, items=tuple(items))


async def receipts_of(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> ReceiptsView:
    """Every receipt of the attempt, as it was given; the last one, when it is over, is of the whole."""
    await finishing.catch_up(ctx, org, enrolment_id)
    async with ctx.store.read(org) as tx:
        attempt = await grading.attempt_of(tx, attempt_id, enrolment_id)
        saves = await tx.results.saves_with_receipts(attempt_id)
    signed = []
    for saved in saves:
        signed.append(await receipts.of_save(ctx, saved))
        # Each takes a fraction of a millisecond, and a whole class asks as it hands in: others save meanwhile.
        await sleep(0)
    if attempt.state is State.graded:
        signed.append(await receipts.of_submission(ctx, attempt, saves))
    return ReceiptsView(attempt=attempt_id, receipts=tuple(signed))


async def _finished(
    ctx: Context, org: str, enrolment_id: str, attempt_id: str
) -> tuple[Standing, Attempt, Exam, Result | None]:
    """An attempt that is over, where its enrolment stands, its exam as it was then, and its result if it has one."""
    await finishing.catch_up(ctx, org, enrolment_id)
    async with ctx.store.read(org) as tx:
        attempt = await grading.attempt_of(tx, attempt_id, enrolment_id)
        enrolment = await tx.enrolments.get(enrolment_id)
        if enrolment is None:
            raise errors.NotFound(what="enrolment", id=enrolment_id)
        standing, _ = await load_standing(ctx, tx, enrolment)
        exam = await _exam_of(ctx, tx, attempt)
    as_seen = next(a for a in standing.attempts if a.id == attempt_id)
    if as_seen.state is State.voided:
        raise errors.AttemptVoided()
    if as_seen.state is State.in_progress:
        raise errors.AttemptRunning()
    return standing, as_seen, exam, standing.results.get(attempt_id)


async def _exam_of(ctx: Context, tx: Tx, attempt: Attempt) -> Exam:
    version = await ctx.documents.course(tx, attempt.course_version)
    exam = version.course.exam(attempt.exam)
    if exam is None:
        raise LookupError(f"course version {version.id} has no exam {attempt.exam}")
    return exam
