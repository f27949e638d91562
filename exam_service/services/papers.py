"""Papers drawn before their attempts begin, so that a start on the day needs no draw.

A prepared paper is used only if nothing has happened since that the draw depends on: the same version of the course,
the same number of the attempt, and no other attempt that drew from the same banks. Else the start draws as always, so
to prepare, to prepare twice, to stop half way or to do it in several processes changes nothing but speed.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, State, seen
from exam_service.core.exams.model import CourseVersion, Exam
from exam_service.core.exams.scoring import Result
from exam_service.core.exams.standing import Standing, refusal_to_start
from exam_service.core.records import Enrolment, Paper, PreparedAttempt
from exam_service.services.context import Context
from exam_service.services.ports import Tx
from exam_service.services.standing import course_of
from exam_service.services.starting import drawn, next_number

log = logging.getLogger(__name__)

TOGETHER = 25
EVERY_SECONDS = 60
BREATH_SECONDS = 0.02
"""Between two transactions, so that nobody who saves has to wait for more than one."""

Progress = Callable[[int, int], None]
"""How many candidates have been looked at, of how many."""


class PreparedView(msgspec.Struct, frozen=True, kw_only=True):
    """How the papers of an exam stand."""

    course: str
    exam: str
    opens_at: datetime | None
    ready: int
    """Candidates whose next paper is prepared."""
    without: int
    """Candidates for whom there is none: they may not start, or their paper is drawn when they do."""


async def prepare(
    ctx: Context, org: str, course: str, exam_code: str, progress: Progress | None = None
) -> PreparedView:
    """Draw and store the next paper of everybody who may start the exam, now or when its time has come.

    What is there and still good stays. Raises NotPublished, NotFound.
    """
    async with ctx.store.read(org) as tx:
        version, exam = await _exam(tx, course, exam_code)
        lacking = list(await tx.prepared.lacking(course, exam_code, version.id))
    # In an order of its own, so that replicas that begin together do not draw for the same people.
    Random(ctx.entropy(8)).shuffle(lacking)  # noqa: S311 - what is drawn is not decided by it
    for n in range(0, len(lacking), TOGETHER):
        if progress is not None:
            progress(n, len(lacking))
        await _prepare_some(ctx, org, version, exam, lacking[n : n + TOGETHER])
        await asyncio.sleep(BREATH_SECONDS)
    if progress is not None:
        progress(len(lacking), len(lacking))
    return await state(ctx, org, course, exam_code)


async def state(ctx: Context, org: str, course: str, exam_code: str) -> PreparedView:
    """How many papers of an exam are prepared. Raises NotPublished, NotFound."""
    async with ctx.store.read(org) as tx:
        version, exam = await _exam(tx, course, exam_code)
        ready = await tx.prepared.count(course, exam_code, version.id)
        without = len(await tx.prepared.lacking(course, exam_code, version.id))
    return PreparedView(course=course, exam=exam_code, opens_at=exam.window.opens_at, ready=ready, without=without)


async def opening(ctx: Context, org: str, until: datetime) -> list[tuple[str, str]]:
    """(course, exam) of the organisation's exams whose window opens from now until then, the next one first."""
    async with ctx.store.directory() as directory:
        newest = [version for of, version in await directory.newest_versions() if of == org]
    found: list[tuple[datetime, str, str]] = []
    async with ctx.store.read(org) as tx:
        for version_id in newest:
            version = await ctx.documents.course(tx, version_id)
            found += [(at, version.course.code, exam) for exam, at in _opens(version) if ctx.now() < at <= until]
    return [(course, exam) for _, course, exam in sorted(found)]


class Ahead:
    """The worker that prepares papers before windows open, in every organisation."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._opens: dict[tuple[str, str], tuple[str, list[tuple[str, datetime]]]] = {}
        """(organisation, course version) -> the course and its windows; a version never changes"""

    async def run(self) -> None:
        """Prepare until cancelled. One round that fails is logged, and the next one tries again."""
        while True:
            try:
                await self.round()
            except Exception:
                log.exception("preparing papers failed; the next round follows in %s s", EVERY_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)

    async def round(self) -> list[PreparedView]:
        """Prepare every exam whose window opens soon."""
        now, until = self._ctx.now(), self._ctx.now() + self._ctx.policy.prepare_before
        async with self._ctx.store.directory() as directory:
            newest = await directory.newest_versions()
        self._opens = {key: self._opens[key] for key in newest if key in self._opens}
        done = []
        for org, version_id in newest:
            if (org, version_id) not in self._opens:
                async with self._ctx.store.read(org) as tx:
                    version = await tx.courses.version(version_id)
                if version is None:
                    continue
                self._opens[org, version_id] = (version.course.code, _opens(version))
            course, windows = self._opens[org, version_id]
            for exam, opens_at in windows:
                if now < opens_at <= until:
                    done.append(await prepare(self._ctx, org, course, exam))
        return done


def _opens(version: CourseVersion) -> list[tuple[str, datetime]]:
    return [(exam.code, at) for exam in version.course.exams if (at := exam.window.opens_at) is not None]


async def _exam(tx: Tx, course: str, exam_code: str) -> tuple[CourseVersion, Exam]:
    version = await course_of(tx, course)
    exam = version.course.exam(exam_code)
    if exam is None:
        raise errors.NotFound(what="exam", id=exam_code)
    return version, exam


async def _prepare_some(
    ctx: Context, org: str, version: CourseVersion, exam: Exam, enrolment_ids: Sequence[str]
) -> None:
    """Draw from what is known now, then store what still holds once nobody can start any more."""
    async with ctx.store.read(org) as tx:
        enrolments = await tx.enrolments.several(enrolment_ids)
        before = await tx.attempts.of_all(list(enrolments))
        ready = await tx.prepared.of(list(enrolments), exam.code)
        standings = await _standings(ctx, tx, version, list(enrolments.values()), before)
        wanted = [
            id for id in enrolments
            if _may_start(standings[id], exam) and not _fresh(ready.get(id), version, exam, before.get(id, ()))
        ]  # fmt: skip
        met = await ctx.documents.forms(tx, [one.id for id in wanted for one in before.get(id, ())])
        papers: dict[str, Paper] = {}
        for id in wanted:
            papers[id] = await drawn(ctx, tx, version, exam, [met[one.id] for one in before.get(id, ())])
            await asyncio.sleep(0)
    if not papers:
        return
    async with ctx.store.begin(org) as tx:
        await tx.enrolments.several(list(papers), lock=True)
        newest = await tx.courses.newest_ids([version.course.code])
        now_there = await tx.attempts.of_all(list(papers))
        ready = await tx.prepared.of(list(papers), exam.code)
        kept = [
            (_prepared(ctx, id, version, exam, before.get(id, ())), paper)
            for id, paper in papers.items()
            if newest.get(version.course.code) == version.id
            # Who has started something since then has seen more questions.
            and [one.id for one in now_there.get(id, ())] == [one.id for one in before.get(id, ())]
            and not _fresh(ready.get(id), version, exam, before.get(id, ()))
        ]
        if kept:
            await tx.prepared.put_all(kept)
    ctx.meter.count("papers_prepared", len(kept))


async def _standings(
    ctx: Context,
    tx: Tx,
    version: CourseVersion,
    enrolments: Sequence[Enrolment],
    before: Mapping[str, Sequence[Attempt]],
) -> dict[str, Standing]:
    now = ctx.now()
    graded = [one.id for of in before.values() for one in of if one.state is State.graded]
    results = {
        id: msgspec.json.decode(one.document, type=Result) for id, one in (await tx.results.current(graded)).items()
    }
    reported = await tx.enrolments.facts_of([one.id for one in enrolments]) if version.course.facts else {}
    return {
        one.id: Standing(
            course=version.course,
            attempts=tuple(seen(attempt, now) for attempt in before.get(one.id, ())),
            results={a.id: results[a.id] for a in before.get(one.id, ()) if a.id in results},
            reported=reported.get(one.id, {}),
            target_standing=one.target_standing,
            now=now,
        )
        for one in enrolments
    }


def _may_start(standing: Standing, exam: Exam) -> bool:
    """Now, or without anything but waiting."""
    refusal = refusal_to_start(standing, exam)
    return refusal is None or refusal.retry_at is not None


def _fresh(ready: PreparedAttempt | None, version: CourseVersion, exam: Exam, before: Sequence[Attempt]) -> bool:
    return ready is not None and (ready.course_version, ready.number) == (version.id, next_number(before, exam))


def _prepared(
    ctx: Context, enrolment: str, version: CourseVersion, exam: Exam, before: Sequence[Attempt]
) -> PreparedAttempt:
    return PreparedAttempt(
        enrolment=enrolment,
        exam=exam.code,
        attempt=ctx.new_id("att"),
        course_version=version.id,
        number=next_number(before, exam),
        prepared_at=ctx.now(),
    )
