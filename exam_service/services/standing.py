"""Where people stand in their courses, loaded: what the candidate reads, what the LMS reads, and what may start."""

from collections.abc import Iterable

from exam_service.core.errors import NotFound, NotPublished
from exam_service.core.exams.attempt import Attempt
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
    found = await load_standings(ctx, tx, [enrolment])
    if not found:
        raise NotPublished(course=enrolment.course)
    return found[enrolment.id]


async def load_standings(
    ctx: Context, tx: Tx, enrolments: Iterable[Enrolment]
) -> dict[str, tuple[Standing, CourseVersion]]:
    """By enrolment, whatever their number in a few questions; without those whose course is not published."""
    every = list(enrolments)
    newest = await tx.courses.newest_ids(sorted({one.course for one in every}))
    versions = {code: await ctx.documents.course(tx, version) for code, version in newest.items()}
    still_writing = {code: await _still_writing(ctx, tx, version.course) for code, version in versions.items()}
    ids = [one.id for one in every if one.course in versions]
    taken = await tx.attempts.of_all(ids)
    seen, results = await grading.results_of(ctx, tx, [one for some in taken.values() for one in some])
    attempts: dict[str, list[Attempt]] = {}
    for attempt in seen:
        attempts.setdefault(attempt.enrolment, []).append(attempt)
    facts = await tx.enrolments.facts_of(ids)
    found = {}
    for one in every:
        if (version := versions.get(one.course)) is None:
            continue
        own = tuple(attempts.get(one.id, ()))
        standing = Standing(
            course=version.course,
            attempts=own,
            results={attempt.id: results[attempt.id] for attempt in own if attempt.id in results},
            reported=dict(facts.get(one.id, {})),
            target_standing=one.target_standing,
            now=ctx.now(),
            still_writing=still_writing[one.course],
        )
        found[one.id] = (standing, version)
    return found


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
