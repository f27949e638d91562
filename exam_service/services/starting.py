"""Starting an attempt, or going on with the one that runs."""

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import Exam
from exam_service.core.exams.paper import compose
from exam_service.core.exams.standing import refusal_to_start, running
from exam_service.core.exams.timing import deadline
from exam_service.core.records import Enrolment, Paper
from exam_service.services import attempts, finishing
from exam_service.services.attempts import AttemptView
from exam_service.services.context import Context
from exam_service.services.ports import Tx
from exam_service.services.standing import load_standing
from exam_service.services.standing_view import without_hidden_scores


async def start(ctx: Context, org: str, enrolment_id: str, exam_code: str) -> AttemptView:
    """Start an attempt, or open the one that is running on the device that asks. Raises why it may not start."""
    await finishing.catch_up(ctx, org, enrolment_id)
    async with ctx.store.begin(org) as tx:
        # The lock makes a second start at the same moment wait, and then find this one.
        enrolment = await tx.enrolments.get(enrolment_id, lock=True)
        if enrolment is None:
            raise errors.NotFound(what="enrolment", id=enrolment_id)
        standing, version = await load_standing(ctx, tx, enrolment)
        exam = version.course.exam(exam_code)
        if exam is None:
            raise errors.NotFound(what="exam", id=exam_code)
        current = running(standing, exam)
        if current is not None:
            return await attempts.open_in(ctx, tx, current.id)
        refusal = refusal_to_start(standing, exam)
        if refusal is not None:
            raise without_hidden_scores(standing, refusal)
        attempt = _new_attempt(ctx, enrolment, version.id, exam, 1 + _last_number(standing.attempts, exam))
        seed = ctx.entropy(16)
        pool = await ctx.documents.pool(tx, version)
        form, view = compose(exam, pool, seed, await _seen_questions(ctx, tx, enrolment_id))
        await tx.attempts.add(attempt, Paper(form=msgspec.json.encode(form), view=msgspec.json.encode(view)))
        return await attempts.view_of(ctx, tx, attempt)


def _new_attempt(ctx: Context, enrolment: Enrolment, version: str, exam: Exam, number: int) -> Attempt:
    now = ctx.now()
    grace = exam.grace_seconds if exam.grace_seconds is not None else int(ctx.policy.grace.total_seconds())
    return Attempt(
        id=ctx.new_id("att"),
        enrolment=enrolment.id,
        course_version=version,
        exam=exam.code,
        number=number,
        state=State.in_progress,
        started_at=now,
        deadline=deadline(exam, now, enrolment.accommodations),
        grace_seconds=grace,
        epoch=1,
        late_responses=exam.late_responses.policy,
        late_seconds=60 * (exam.late_responses.minutes or 0),
    )


def _last_number(attempts: tuple[Attempt, ...], exam: Exam) -> int:
    """Voided attempts keep their numbers."""
    return max((a.number for a in attempts if a.exam == exam.code), default=0)


async def _seen_questions(ctx: Context, tx: Tx, enrolment_id: str) -> set[tuple[str, str]]:
    """What the candidate has met in this course, at any of its exams."""
    forms = [await ctx.documents.form(tx, a.id) for a in await tx.attempts.of(enrolment_id)]
    return {(item.bank, item.question) for form in forms for item in form.items}
