"""Running attempts follow the accommodations of their enrolment."""

from exam_service.core.exams.attempt import MoveDeadline, State, step
from exam_service.core.exams.timing import deadline
from exam_service.core.records import Enrolment
from exam_service.services.context import Context
from exam_service.services.ports import Tx


async def reschedule(ctx: Context, tx: Tx, enrolment: Enrolment) -> None:
    """Give running attempts the time that the enrolment's accommodations now say; it holds from the next request on.

    What staff gave while they ran stays on top of it.
    """
    for listed in await tx.attempts.of(enrolment.id):
        attempt = await tx.attempts.get(listed.id, lock=True)
        if attempt is None or attempt.state is not State.in_progress or ctx.now() >= attempt.closes_at:
            continue
        version = await ctx.documents.course(tx, attempt.course_version)
        exam = version.course.exam(attempt.exam)
        if exam is not None:
            until = deadline(exam, attempt.started_at, enrolment.accommodations, attempt.extra_seconds)
            moved, _ = step(attempt, MoveDeadline(until), ctx.now())
            await tx.attempts.put(moved)
