"""Where one person stands in one course, loaded: what the candidate reads, what the LMS reads, and what may start."""

from exam_service.core.errors import NotFound, NotPublished
from exam_service.core.exams.model import Course, CourseVersion, Exam
from exam_service.core.exams.standing import Standing
from exam_service.core.records import Enrolment
from exam_service.core.rules import Value
from exam_service.services import grading
from exam_service.services.context import Context
from exam_service.services.ports import Tx


async def load_standing(ctx: Context, tx: Tx, enrolment: Enrolment) -> tuple[Standing, CourseVersion]:
    """Everything known of the enrolment now, under the newest version of its course. Raises NotPublished.

    Whoever asks settles the enrolment's attempts first (`grading.settle`), so that what ran out has its result.
    """
    version = await course_of(tx, enrolment.course)
    attempts, results = await grading.results_of(ctx, tx, list(await tx.attempts.of(enrolment.id)))
    standing = Standing(
        course=version.course,
        attempts=tuple(attempts),
        results=results,
        reported=await reported(tx, enrolment.id),
        target_standing=enrolment.target_standing,
        now=ctx.now(),
        still_writing=await _still_writing(ctx, tx, version.course),
    )
    return standing, version


async def _still_writing(ctx: Context, tx: Tx, course: Course) -> frozenset[str]:
    """The exams whose answers somebody who still writes must not hear of; asked of the few that run, when due."""
    now, found = ctx.now(), set()
    for exam in course.exams:
        closes, review = exam.window.closes_at, exam.review
        waits = "after_window" in (review.responses, review.correctness, review.key)
        if waits and closes is not None and now >= closes and await tx.running.closes_at(course.code, exam.code, now):
            found.add(exam.code)
    return frozenset(found)


async def course_of(tx: Tx, code: str) -> CourseVersion:
    """The newest published version of a course. Raises NotPublished."""
    version = await tx.courses.newest(code)
    if version is None:
        raise NotPublished(course=code)
    return version


async def exam_of(tx: Tx, code: str, exam: str) -> tuple[CourseVersion, Exam]:
    """The exam in the newest version of the course that has it. Raises NotFound, NotPublished.

    Whoever began before it was taken out of the course goes on with it, and staff looks after them.
    """
    if await tx.courses.get(code) is None:
        raise NotFound(what="course", id=code)
    version: CourseVersion | None = await course_of(tx, code)
    while version is not None:
        found = version.course.exam(exam)
        if found is not None:
            return version, found
        version = await tx.courses.numbered(code, version.number - 1)
    raise NotFound(what="exam", id=exam)


async def reported(tx: Tx, enrolment_id: str) -> dict[str, Value]:
    """The newest report of each fact."""
    return {fact.name: fact.value for fact in await tx.enrolments.facts(enrolment_id)}
