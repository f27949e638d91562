"""Grading: when an attempt is over, its stored paper, journal and keys become its result, once."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from exam_service.core import errors
from exam_service.core.banks.model import Bank
from exam_service.core.exams.attempt import Attempt, Effect, Graded, Look, State, seen, step
from exam_service.core.exams.model import Exam
from exam_service.core.exams.paper import Form
from exam_service.core.exams.scoring import JournalEntry, Result, latest, score
from exam_service.core.records import StoredResult
from exam_service.services.context import Context
from exam_service.services.ports import Tx

log = logging.getLogger(__name__)

SWEPT_TOGETHER = 32

REOPENED = "attempt.reopen"
"""In the audit trail: staff let an attempt go on after its end."""


async def carry_out(ctx: Context, tx: Tx, attempt: Attempt, effects: tuple[Effect, ...]) -> Attempt:
    """Save the attempt after a step, with what the step asked for, in this transaction. The attempt must be locked."""
    if effects:
        await _store_result(ctx, tx, attempt)
        attempt, _ = step(attempt, Graded(), ctx.now())
    await tx.attempts.put(attempt)
    return attempt


async def compute(ctx: Context, tx: Tx, attempt: Attempt) -> Result:
    """The result of the attempt from its stored paper, journal and keys; the same number every time (P9)."""
    form = await ctx.documents.form(tx, attempt.id)
    exam, pool = await _key_of(ctx, tx, attempt, form)
    return score(exam, form, latest(await tx.results.journal(attempt.id)), pool)


async def _key_of(ctx: Context, tx: Tx, attempt: Attempt, form: Form) -> tuple[Exam, dict[str, Bank]]:
    """What the attempt's paper is scored by: its exam, and the bank versions that it was drawn from."""
    version = await ctx.documents.course(tx, attempt.course_version)
    exam = version.course.exam(attempt.exam)
    if exam is None:
        raise LookupError(f"course version {version.id} has no exam {attempt.exam}")
    return exam, await ctx.documents.pool(tx, version, {item.bank for item in form.items})


async def settle(ctx: Context, org: str, enrolment_id: str) -> bool:
    """Grade what is over among an enrolment's attempts; whether there was any.

    Late, twice or never: nobody can tell (P2).
    """
    return await settle_of(ctx, org, [enrolment_id])


async def settle_of(ctx: Context, org: str, enrolment_ids: Sequence[str]) -> bool:
    """As `settle`, of several enrolments."""
    now = ctx.now()
    async with ctx.store.read(org) as tx:
        taken = await tx.attempts.of_all(enrolment_ids)
    due = [one.id for some in taken.values() for one in some if step(one, Look(), now)[1]]
    for attempt_id in due:
        await settle_attempt(ctx, org, attempt_id)
    return bool(due)


async def settle_attempt(ctx: Context, org: str, attempt_id: str) -> Attempt | None:
    """Grade one attempt if it is over and has not been graded; None when there was nothing to do."""
    async with ctx.store.begin(org) as tx:
        attempt = await tx.attempts.get(attempt_id, lock=True)
        if attempt is not None:
            after, effects = step(attempt, Look(), ctx.now())
            if effects:
                return await carry_out(ctx, tx, after, effects)
    return None


async def settle_all(ctx: Context, tx: Tx, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Grade those that are over and have not been graded, and give these. They must be locked."""
    now = ctx.now()
    steps = [step(attempt, Look(), now) for attempt in attempts]
    ended = [after for after, effects in steps if effects]
    return await grade_all(ctx, tx, ended, await tx.results.journals([one.id for one in ended])) if ended else []


async def grade_all(
    ctx: Context, tx: Tx, ended: Sequence[Attempt], journals: Mapping[str, Sequence[JournalEntry]]
) -> list[Attempt]:
    """Store the results of attempts that have ended, whatever their number in a few statements. They must be locked."""
    if not ended:
        return []
    forms = await ctx.documents.forms(tx, [one.id for one in ended])
    results = []
    for attempt in ended:
        exam, pool = await _key_of(ctx, tx, attempt, forms[attempt.id])
        result = score(exam, forms[attempt.id], latest(journals.get(attempt.id, ())), pool)
        results.append(await _first_result(tx, attempt, result))
    await tx.results.add_all(results)
    now = ctx.now()
    graded = [step(attempt, Graded(), now)[0] for attempt in ended]
    await tx.attempts.put_all(graded)
    return graded


async def sweep(ctx: Context, limit: int) -> list[tuple[str, Attempt]]:
    """Grade attempts of all organisations that nobody has looked at since they ran out; with their organisation."""
    async with ctx.store.directory() as directory:
        due = list(await directory.due_attempts(ctx.now(), limit))
    graded: list[tuple[str, Attempt]] = []
    for org in dict.fromkeys(org for org, _ in due):
        of_org = [attempt_id for due_org, attempt_id in due if due_org == org]
        for n in range(0, len(of_org), SWEPT_TOGETHER):
            graded += [(org, one) for one in await _sweep_group(ctx, org, of_org[n : n + SWEPT_TOGETHER])]
    return graded


async def _sweep_group(ctx: Context, org: str, attempt_ids: list[str]) -> list[Attempt]:
    try:
        async with ctx.store.begin(org) as tx:
            locked = await tx.attempts.several(attempt_ids, lock=True)
            return await settle_all(ctx, tx, list(locked.values()))
    except errors.Unavailable:
        raise
    except Exception:
        if len(attempt_ids) == 1:
            # One that cannot be graded must not keep the others waiting for ever.
            log.exception("attempt %s cannot be graded", attempt_ids[0])
            return []
        return [one for id in attempt_ids for one in await _sweep_group(ctx, org, [id])]


async def regrade(ctx: Context, tx: Tx, attempt: Attempt, actor: str, reason: str) -> StoredResult:
    """Score a graded attempt anew, as the next revision; the results before stay beside it, with who and why (P9)."""
    result, history = await compute(ctx, tx, attempt), await tx.results.history(attempt.id)
    revision = StoredResult(
        attempt=attempt.id,
        revision=len(history) + 1,
        document=msgspec.json.encode(result),
        percent=result.percent,
        passed=result.passed,
        graded_at=ctx.now(),
        graded_by=actor,
        reason=reason,
    )
    await tx.results.add(revision)
    return revision


async def _store_result(ctx: Context, tx: Tx, attempt: Attempt) -> None:
    await tx.results.add(await _first_result(tx, attempt, await compute(ctx, tx, attempt)))


async def _first_result(tx: Tx, attempt: Attempt, result: Result) -> StoredResult:
    """The result of an attempt's end."""
    if attempt.ended_at is None:
        raise ValueError("only an attempt that has ended can be graded")
    before, who, why = await _graded_before(tx, attempt)
    return StoredResult(
        attempt=attempt.id,
        revision=before + 1,
        document=msgspec.json.encode(result),
        percent=result.percent,
        passed=result.passed,
        # Not the time of the grading: when that happens to run must not be visible.
        graded_at=attempt.ended_at,
        graded_by=who,
        reason=why,
    )


async def _graded_before(tx: Tx, attempt: Attempt) -> tuple[int, str | None, str | None]:
    """How many results the attempt has, and who opened it again, and why."""
    if attempt.news == 0:
        # Staff never touched it, so it was not opened again: nearly all are like that.
        return 0, None, None
    before = len(await tx.results.history(attempt.id))
    opened = [event for event in await tx.log.audited(attempt.id) if event.action == REOPENED] if before else []
    return (before, opened[-1].actor, opened[-1].reason) if opened else (before, None, None)


async def attempt_of(tx: Tx, attempt_id: str, enrolment: str | None = None, *, lock: bool = False) -> Attempt:
    """The attempt, if it is there and belongs to the enrolment. Raises NotFound."""
    attempt = await tx.attempts.get(attempt_id, lock=lock)
    if attempt is None or (enrolment is not None and attempt.enrolment != enrolment):
        raise errors.NotFound(what="attempt", id=attempt_id)
    return attempt


async def results_of(ctx: Context, tx: Tx, attempts: list[Attempt]) -> tuple[list[Attempt], dict[str, Result]]:
    """The attempts as seen now, and the current result of each graded one."""
    now = ctx.now()
    as_seen = [seen(attempt, now) for attempt in attempts]
    graded = [a.id for a in as_seen if a.state is State.graded]
    stored = await tx.results.current(graded)
    return as_seen, {id: msgspec.json.decode(r.document, type=Result) for id, r in stored.items()}
