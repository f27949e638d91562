"""Starting an attempt, or going on with the one that runs.

Starts of one organisation are decided together (docs/decisions/0006): one transaction with a handful of statements,
whatever the number of candidates. Whether one may start is the core's decision, taken for each alone.
"""

import logging
from asyncio import sleep
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, Look, Open, State, seen, step
from exam_service.core.exams.model import Course, CourseVersion, Exam
from exam_service.core.exams.paper import Form
from exam_service.core.exams.scoring import Result
from exam_service.core.exams.standing import Standing, refusal_to_start, running
from exam_service.core.exams.timing import deadline
from exam_service.core.records import Enrolment, Paper
from exam_service.core.rules import Value
from exam_service.services import attempts, certificates, grading
from exam_service.services.attempts import AttemptView
from exam_service.services.context import Context
from exam_service.services.group_commit import Apart, GroupCommit
from exam_service.services.packing import pack
from exam_service.services.ports import Tx
from exam_service.services.standing_view import without_hidden_scores

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=3)
MOST_WAITING = 10_000
MOST_TOGETHER = 64
APART = Apart(seconds=0.006, enough=24)
"""Nobody feels six milliseconds before an exam, and a group of a few costs nearly what a larger one does."""


class Start(NamedTuple):
    """Somebody who wants to start an exam."""

    enrolment: str
    exam: str


async def start(ctx: Context, org: str, enrolment_id: str, exam_code: str) -> AttemptView:
    """Start an attempt, or open the one that is running on the device that asks. Raises why it may not start."""
    return await _queue(ctx, org).put(Start(enrolment_id, exam_code))


def _queue(ctx: Context, org: str) -> GroupCommit[Start, AttemptView]:
    return ctx.queues.of(
        f"starts/{org}",
        lambda: GroupCommit(
            partial(_start_all, ctx, org),
            refuse=lambda: errors.Unavailable(retry_at=ctx.now() + RETRY_AFTER),
            most_waiting=MOST_WAITING,
            most_together=MOST_TOGETHER,
            apart=APART,
        ),
    )


async def _start_all(ctx: Context, org: str, starts: Sequence[Start]) -> list[AttemptView | Exception]:
    async with ctx.store.begin(org) as tx:
        group = _Group(ctx, tx)
        await group.load({start.enrolment for start in starts})
        outcomes = [group.decide(start) for start in starts]
        await group.write()
        views = await group.views(outcomes)
    for enrolment_id in group.settled:
        try:
            await certificates.issue_at_once(ctx, org, enrolment_id)
        except Exception:
            # They are in their exam; whoever looks next issues it.
            log.exception("a certificate could not be issued at once")
    return views


class _Group:
    """Candidates who start at the same moment, in one transaction."""

    def __init__(self, ctx: Context, tx: Tx) -> None:
        self._ctx = ctx
        self._tx = tx
        self._now: datetime = ctx.now()
        self._enrolments: dict[str, Enrolment] = {}
        self._versions: dict[str, CourseVersion] = {}
        """By the code of the course."""
        self._attempts: dict[str, Attempt] = {}
        """By id, as they are stored or will be."""
        self._of: dict[str, list[str]] = {}
        """enrolment -> its attempts, in the order in which they began"""
        self._results: dict[str, Result] = {}
        self._reported: dict[str, dict[str, Value]] = {}
        self._new: dict[str, tuple[Exam, CourseVersion, tuple[str, ...]]] = {}
        """attempt -> of what exam it is, and the attempts that were before it"""
        self._opened: set[str] = set()
        self.settled: list[str] = []
        """Enrolments with an attempt that had run out and was graded here."""

    async def load(self, enrolment_ids: set[str]) -> None:
        """Lock the enrolments, so that a second start at the same moment waits and then finds this one; read the rest.

        What ran out is graded first, so that it has its result.
        """
        tx, documents = self._tx, self._ctx.documents
        self._enrolments = dict(await tx.enrolments.several(list(enrolment_ids), lock=True))
        ids = list(self._enrolments)
        newest = await tx.courses.newest_ids(sorted({one.course for one in self._enrolments.values()}))
        self._versions = {code: await documents.course(tx, version) for code, version in newest.items()}
        found = await tx.attempts.of_all(ids)
        self._of = {id: [one.id for one in found.get(id, ())] for id in ids}
        self._attempts = {one.id: one for of in found.values() for one in of}
        unsettled = [one.id for one in self._attempts.values() if one.state is State.in_progress or self._due(one)]
        if unsettled:
            await self._settle(unsettled)
        graded = [one.id for one in self._attempts.values() if one.state is State.graded]
        if graded:
            stored = await tx.results.current(graded)
            self._results = {id: msgspec.json.decode(one.document, type=Result) for id, one in stored.items()}
        if any(version.course.facts for version in self._versions.values()):
            self._reported = {id: dict(facts) for id, facts in (await tx.enrolments.facts_of(ids)).items()}

    def decide(self, start: Start) -> Attempt | Exception:
        """The attempt that was begun or opened, or why there is none. Whoever is refused changes nothing.

        It is as this device has it: the next one in the group may open it again.
        """
        try:
            return self._decide(start)
        except errors.Refusal as refusal:
            return refusal

    async def write(self) -> None:
        """Write what was decided: new attempts with the papers that were prepared for them, or drawn now."""
        tx = self._tx
        opened = [self._attempts[id] for id in self._opened - self._new.keys()]
        if opened:
            await tx.attempts.put_all(opened)
        if not self._new:
            return
        papers: dict[str, Paper | str] = dict(await self._prepared())
        missing = [id for id in self._new if id not in papers]
        before = sorted({one for id in missing for one in self._new[id][2]})
        forms = await self._ctx.documents.forms(tx, before) if before else {}
        for id in missing:
            papers[id] = await self._draw(id, [forms[one] for one in self._new[id][2]])
        await tx.attempts.add_all([(self._attempts[id], papers[id]) for id in self._new])

    async def views(self, outcomes: Sequence[Attempt | Exception]) -> list[AttemptView | Exception]:
        """What each is told."""
        journals = await self._tx.results.journals(sorted(self._opened)) if self._opened else {}
        return [
            attempts.shown(one, journals.get(one.id, ()), self._now) if isinstance(one, Attempt) else one
            for one in outcomes
        ]

    def _decide(self, start: Start) -> Attempt:
        enrolment = self._enrolments.get(start.enrolment)
        if enrolment is None:
            raise errors.NotFound(what="enrolment", id=start.enrolment)
        version = self._versions.get(enrolment.course)
        if version is None:
            raise errors.NotPublished(course=enrolment.course)
        exam = version.course.exam(start.exam)
        if exam is None:
            raise errors.NotFound(what="exam", id=start.exam)
        standing = self._standing(enrolment, version.course)
        current = running(standing, exam)
        if current is not None:
            self._attempts[current.id], _ = step(self._attempts[current.id], Open(), self._now)
            self._opened.add(current.id)
            return self._attempts[current.id]
        refusal = refusal_to_start(standing, exam)
        if refusal is not None:
            raise without_hidden_scores(standing, refusal)
        before = self._of[enrolment.id]
        number = next_number((self._attempts[id] for id in before), exam)
        attempt = _new_attempt(self._ctx, enrolment, version.id, exam, number, self._now)
        self._new[attempt.id] = (exam, version, tuple(before))
        self._attempts[attempt.id] = attempt
        before.append(attempt.id)
        return attempt

    def _standing(self, enrolment: Enrolment, course: Course) -> Standing:
        mine = self._of[enrolment.id]
        return Standing(
            course=course,
            attempts=tuple(seen(self._attempts[id], self._now) for id in mine),
            results={id: self._results[id] for id in mine if id in self._results},
            reported=self._reported.get(enrolment.id, {}),
            target_standing=enrolment.target_standing,
            now=self._now,
        )

    def _due(self, attempt: Attempt) -> bool:
        return bool(step(attempt, Look(), self._now)[1])

    async def _settle(self, attempt_ids: list[str]) -> None:
        locked = await self._tx.attempts.several(attempt_ids, lock=True)
        due = [attempt for attempt in locked.values() if self._due(attempt)]
        graded = await grading.settle_all(self._ctx, self._tx, due)
        self._attempts |= dict(locked) | {attempt.id: attempt for attempt in graded}
        self.settled = list(dict.fromkeys(attempt.enrolment for attempt in graded))

    async def _prepared(self) -> dict[str, str]:
        """attempt -> the prepared paper that it gets. What was prepared for others of its exams that draw from the
        same banks goes: it was drawn before this attempt's questions were seen."""
        wanted: dict[tuple[str, str], str] = {}
        outdated: set[tuple[str, str]] = set()
        for id, (exam, version, _) in self._new.items():
            enrolment = self._attempts[id].enrolment
            wanted[enrolment, exam.code] = id
            outdated |= {(enrolment, other) for other in sharing(version.course, exam)}
        found = await self._tx.prepared.take([*wanted, *(outdated - wanted.keys())])
        used: dict[str, str] = {}
        useless = []
        for one in found:
            attempt = self._attempts.get(wanted.get((one.enrolment, one.exam), ""))
            if attempt is not None and (one.course_version, one.number) == (attempt.course_version, attempt.number):
                used[attempt.id] = one.attempt
            else:
                useless.append(one)
        await self._tx.prepared.drop(useless)
        return used

    async def _draw(self, attempt_id: str, before: Sequence[Form]) -> Paper:
        exam, version, _ = self._new[attempt_id]
        # Drawing takes the better part of a millisecond: whoever saves meanwhile is not to wait for all of them.
        await sleep(0)
        return await drawn(self._ctx, self._tx, version, exam, before)


async def drawn(ctx: Context, tx: Tx, version: CourseVersion, exam: Exam, before: Sequence[Form]) -> Paper:
    """A paper of the exam for somebody who has met the questions of those forms in this course, at any of its exams."""
    blueprint = await ctx.documents.blueprint(tx, version, exam)
    met = {(item.bank, item.question) for form in before for item in form.items}
    form, view = blueprint.frozen(ctx.entropy(16), met)
    return Paper(form=pack(msgspec.json.encode(form)), view=pack(view))


def next_number(before: Iterable[Attempt], exam: Exam) -> int:
    """The number of the next attempt at the exam. Voided attempts keep their numbers."""
    return 1 + max((one.number for one in before if one.exam == exam.code), default=0)


def sharing(course: Course, exam: Exam) -> set[str]:
    """The other exams of the course that draw from a bank that this one draws from."""
    banks = _banks(exam)
    return {other.code for other in course.exams if other.code != exam.code and banks & _banks(other)}


def _banks(exam: Exam) -> set[str]:
    return {stratum.bank for section in exam.sections for stratum in section.strata}


def _new_attempt(ctx: Context, enrolment: Enrolment, version: str, exam: Exam, number: int, now: datetime) -> Attempt:
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
        late_responses=exam.late_responses.policy,
        late_seconds=60 * (exam.late_responses.minutes or 0),
        epoch=1,
    )
