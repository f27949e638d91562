"""Handing in an attempt."""

from exam_service.core.exams.attempt import Submit, step
from exam_service.services import attempts, grading
from exam_service.services.attempts import AttemptView
from exam_service.services.context import Context


async def submit(ctx: Context, org: str, enrolment_id: str, attempt_id: str, epoch: int) -> AttemptView:
    """Hand in, grade, and give the receipt. Handing in again gives the same answer."""
    async with ctx.store.begin(org) as tx:
        attempt = await grading.attempt_of(tx, attempt_id, enrolment_id, lock=True)
        after, effects = step(attempt, Submit(epoch), ctx.now())
        if effects:
            after = await grading.carry_out(ctx, tx, after, effects)
        view, saves = await attempts.view_of(ctx, tx, after), await tx.results.saves(attempt_id)
    return await attempts.with_receipt(ctx, after, view, saves)
