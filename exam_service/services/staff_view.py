"""What the pages of programme staff show besides the live view: the exams there are, one attempt, and what was done."""

import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeVar

import msgspec

from exam_service.core.errors import NotFound
from exam_service.core.exams.attempt import Attempt, State, seen
from exam_service.core.exams.model import Course, Exam
from exam_service.core.exams.timing import seconds_left
from exam_service.core.text import Text
from exam_service.services import audit, late, messages
from exam_service.services.attempt_records import AttemptDetail, detail
from exam_service.services.audit import AuditView
from exam_service.services.context import Context
from exam_service.services.enrolments import candidate_behind, enrolment_of
from exam_service.services.grading import attempt_of
from exam_service.services.late import LateSaveView
from exam_service.services.messages import SentView
from exam_service.services.ports import Tx
from exam_service.services.staff_sessions import StaffSession
from exam_service.services.standing import exam_of

T = TypeVar("T", AuditView, SentView)

SHOWN = 50
"""The newest of what was done at an exam; the API has all of it."""
OVER = timedelta(days=7)
"""An exam whose window has closed is listed for so long."""
TOGETHER = 500


class ExamLine(msgspec.Struct, frozen=True, kw_only=True):
    """An exam that is open, will open, or was over a few days ago."""

    course: str
    exam: str
    course_title: Text
    title: Text
    opens_at: datetime | None
    closes_at: datetime | None
    when: Literal["open", "coming", "over"]
    writing: int
    """How many attempts are running."""


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as staff who decide about it need it."""

    course: str
    exam: str
    course_title: Text
    exam_title: Text
    name: str
    detail: AttemptDetail
    state: State
    runs: bool
    extra_seconds: int
    seconds_left: int
    saves: int
    late: Sequence[LateSaveView]
    trail: Sequence[AuditView]
    """Newest first."""


class PersonNow(msgspec.Struct, frozen=True, kw_only=True):
    """What changes on the page of one person while it is open."""

    at: datetime
    state: State
    deadline: datetime
    seconds_left: int | None
    """Null when it does not run."""
    saves: int
    mark: str
    """Another one when there is something to load: a deed, a late save, an end, a result."""


class ExamDay(msgspec.Struct, frozen=True, kw_only=True):
    """What stands below the live view of an exam."""

    course_title: Text
    undecided: Sequence[LateSaveView]
    more_undecided: bool
    waiting: int
    """How many late saves are to be decided in all."""
    deeds: int
    """The length of the whole trail."""
    sent: Sequence[SentView]
    """To everybody, newest first."""
    trail: Sequence[AuditView]
    """Newest first."""


async def exams(ctx: Context, session: StaffSession) -> list[ExamLine]:
    """Every exam that the session may see: the open ones first, then what comes, then what was over lately."""
    now, found, after = ctx.now(), list[ExamLine](), None
    async with ctx.store.read(session.org) as tx:
        writing = await tx.live.writing(now)
        while page := await tx.courses.page(after, TOGETHER):
            after = page[-1].code
            codes = [one.code for one in page if one.published and session.course in (None, one.code)]
            for code, newest in (await tx.courses.newest_ids(codes)).items():
                course = (await ctx.documents.course(tx, newest)).course
                for exam in course.exams:
                    if session.may_see(code, exam.code) and (when := _when(exam, now)) is not None:
                        found.append(_line(course, exam, when, writing))
        known = {(one.course, one.exam) for one in found}
        for code, name in writing.keys() - known:
            # Taken out of the course, or long over, and somebody writes all the same.
            if session.may_see(code, name):
                version, exam = await exam_of(tx, code, name)
                found.append(_line(version.course, exam, "open", writing))
    return sorted(found, key=lambda one: _rank(one, now))


async def person(ctx: Context, session: StaffSession, course: str, exam: str, attempt_id: str) -> PersonView:
    """One attempt at that exam with everything that was done to it. Raises NotFound."""
    async with ctx.store.read(session.org) as tx:
        attempt = await attempt_at(tx, session, course, exam, attempt_id)
        version = await ctx.documents.course(tx, attempt.course_version)
        of_exam = version.course.exam(exam)
        now = ctx.now()
        shown = seen(attempt, now)
        return PersonView(
            course=course,
            exam=exam,
            course_title=version.course.title,
            exam_title=of_exam.title if of_exam else Text(en=exam),
            name=(await candidate_behind(tx, await enrolment_of(tx, attempt.enrolment))).name.display,
            detail=await detail(ctx, tx, attempt),
            state=shown.state,
            runs=shown.state is State.in_progress,
            extra_seconds=attempt.extra_seconds,
            seconds_left=seconds_left(attempt.deadline, now) if shown.state is State.in_progress else 0,
            saves=(await tx.live.saves([attempt_id])).get(attempt_id, 0),
            late=await late.of_attempt(tx, attempt_id),
            trail=(await audit.of_attempt(tx, attempt_id))[::-1],
        )


def now_of(found: PersonView, at: datetime) -> PersonNow:
    """What the page is to know of that moment."""
    attempt = found.detail.attempt
    late_ones = [(one.epoch, one.seq, one.decision) for one in found.late]
    about = (found.state, attempt.deadline, attempt.percent, late_ones, [one.id for one in found.trail])
    return PersonNow(
        at=at,
        state=found.state,
        deadline=attempt.deadline,
        seconds_left=found.seconds_left if found.runs else None,
        saves=found.saves,
        mark=hashlib.sha256(msgspec.json.encode(about)).hexdigest()[:16],
    )


async def exam_day(ctx: Context, session: StaffSession, course: str, exam: str) -> ExamDay:
    """What staff have to decide and what was done at the exam. Raises NotFound."""
    async with ctx.store.read(session.org) as tx:
        version = await tx.courses.newest(course)
        if version is None or not session.may_see(course, exam):
            raise NotFound(what="exam", id=f"{course}/{exam}")
        undecided, more = await late.at_exam(tx, course, exam, True, None, SHOWN)
        return ExamDay(
            course_title=version.course.title,
            undecided=undecided,
            more_undecided=more is not None,
            waiting=await tx.live.undecided(course, exam),
            deeds=await tx.live.deeds(course, exam, audit.FOR_ALL),
            sent=[
                one
                for one in await _newest(lambda after: messages.sent_at_exam(tx, course, exam, after, TOGETHER))
                if one.attempt is None
            ],
            trail=await _newest(lambda after: audit.at_exam(tx, course, exam, after, TOGETHER)),
        )


async def attempt_at(tx: Tx, session: StaffSession, course: str, exam: str, attempt_id: str) -> Attempt:
    """The attempt, if it is one at that exam and the session may see it. Raises NotFound."""
    attempt = await attempt_of(tx, attempt_id)
    at = (await enrolment_of(tx, attempt.enrolment)).course
    if (at, attempt.exam) != (course, exam) or not session.may_see(course, exam):
        raise NotFound(what="attempt", id=attempt_id)
    return attempt


async def _newest(page: Callable[[str | None], Awaitable[list[T]]]) -> list[T]:
    """The last ones of a list that is read from its beginning, the newest first."""
    kept: deque[T] = deque(maxlen=SHOWN)
    after: str | None = None
    while found := await page(after):
        kept.extend(found)
        after = found[-1].id
        if len(found) < TOGETHER:
            break
    return list(kept)[::-1]


def _line(
    course: Course, exam: Exam, when: Literal["open", "coming", "over"], writing: Mapping[tuple[str, str], int]
) -> ExamLine:
    return ExamLine(
        course=course.code,
        exam=exam.code,
        course_title=course.title,
        title=exam.title,
        opens_at=exam.window.opens_at,
        closes_at=exam.window.closes_at,
        when=when,
        writing=writing.get((course.code, exam.code), 0),
    )


def _when(exam: Exam, now: datetime) -> Literal["open", "coming", "over"] | None:
    opens, closes = exam.window.opens_at, exam.window.closes_at
    if opens is not None and now < opens:
        return "coming"
    if closes is None or now < closes:
        return "open"
    return "over" if now - closes < OVER else None


def _rank(one: ExamLine, now: datetime) -> tuple[int, bool, float, str, str]:
    """Open ones with somebody writing first, then by what happens next."""
    order = ("open", "coming", "over").index(one.when)
    at = one.opens_at if one.when == "coming" else one.closes_at
    away = abs((at - now).total_seconds()) if at else float("inf")
    return order, one.writing == 0, away, one.course, one.exam
