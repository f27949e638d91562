"""What staff does to attempts: extra time for one or for all who write, void, reopen. Each with who, when and why.

Whatever a sweeper should have done before is done first, under the same lock, so that nothing depends on when it ran.
"""

from typing import Annotated

import msgspec

from exam_service.core import errors
from exam_service.core.certificates.model import CertificateState
from exam_service.core.exams.attempt import (
    Attempt,
    Event,
    GiveTime,
    Look,
    Reopen,
    State,
    Void,
    seen,
    step,
)
from exam_service.core.records import Enrolment
from exam_service.core.text import Text, is_readable
from exam_service.services import audit, grading
from exam_service.services.attempt_records import AttemptDetail, detail
from exam_service.services.context import Context
from exam_service.services.grading import REOPENED
from exam_service.services.ports import Tx
from exam_service.services.standing import exam_of

TOGETHER = 500
"""So many attempts are given time by one statement."""

_CONTROLS = frozenset(map(chr, (*range(32), *range(127, 160)))) - {"\t", "\n", "\r"}

ReasonText = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class VoidBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the attempt is taken out of account."""

    reason: ReasonText


class MinutesBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much time, and why."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=60 * 24)]
    reason: ReasonText


class GivenToAll(msgspec.Struct, frozen=True, kw_only=True):
    """How many who are taking the exam have been given time."""

    course: str
    exam: str
    minutes: int
    attempts: int


async def give_time(ctx: Context, tx: Tx, attempt_id: str, body: MinutesBody, actor: str) -> AttemptDetail:
    """Extra time for one. When time had run out, it counts from now, and the work is open again.

    Raises Invalid, NotFound, AttemptEnded when it was handed in, AttemptVoided, and what `reopen` raises.
    """
    reason = said(body.reason)
    attempt, enrolment = await _locked(ctx, tx, attempt_id)
    after = await _act(ctx, tx, attempt, enrolment, GiveTime(body.minutes * 60))
    action = "attempt.extra-time" if after.epoch == attempt.epoch else REOPENED
    return await _done(ctx, tx, after, actor, action, f"+{body.minutes} min: {reason}")


async def reopen(ctx: Context, tx: Tx, attempt_id: str, body: MinutesBody, actor: str) -> AttemptDetail:
    """Let an attempt that has ended, or was voided, go on. Its results stay; what comes next is another revision.

    Raises Invalid, NotFound, AttemptRunning, OtherAttemptRunning, and CertificateStands when one rests on its result.
    """
    reason = said(body.reason)
    attempt, enrolment = await _locked(ctx, tx, attempt_id)
    after = await _act(ctx, tx, attempt, enrolment, Reopen(body.minutes * 60))
    return await _done(ctx, tx, after, actor, REOPENED, f"+{body.minutes} min: {reason}")


async def void(ctx: Context, tx: Tx, attempt_id: str, body: VoidBody, actor: str) -> AttemptDetail:
    """Take an attempt out of account; it uses up none of the allowed ones. What was saved stays in the journal.

    Voided once more it stays as it is, with the first reason. Raises NotFound, Invalid.
    """
    reason = said(body.reason)
    attempt, enrolment = await _locked(ctx, tx, attempt_id)
    after = await _act(ctx, tx, attempt, enrolment, Void(reason))
    if after == attempt:
        return await detail(ctx, tx, after)
    return await _done(ctx, tx, after, actor, "attempt.void", reason)


async def give_time_to_all(ctx: Context, tx: Tx, course: str, exam: str, body: MinutesBody, actor: str) -> GivenToAll:
    """Extra time for everybody who is writing, or whose time was up within the grace. Raises NotFound, Invalid.

    All of them or none; saves go on meanwhile.
    """
    await exam_of(tx, course, exam)
    reason, given = f"+{body.minutes} min: {said(body.reason)}", 0
    ids = await tx.running.ids(course, exam, ctx.now())
    for start in range(0, len(ids), TOGETHER):
        locked, now = await tx.running.lock(ids[start : start + TOGETHER]), ctx.now()
        moved = [
            step(attempt, GiveTime(body.minutes * 60), now)[0]
            for attempt in locked
            if attempt.state is State.in_progress and now < attempt.grace_ends_at
        ]
        await tx.attempts.put_all(moved)
        await tx.log.audit_all([audit.event(ctx, actor, audit.FOR_ALL, one.id, reason) for one in moved])
        given += len(moved)
    await audit.record(ctx, tx, actor, "exam.extra-time", f"{course}/{exam}", reason)
    return GivenToAll(course=course, exam=exam, minutes=body.minutes, attempts=given)


def said(reason: str) -> str:
    """A reason as it is kept: on one line, in printable characters. Raises Invalid.

    It may be written on several lines. Other control characters are refused, also those that Python takes for spaces.
    """
    one_line = " ".join(reason.split())
    if not is_readable(one_line) or not set(reason).isdisjoint(_CONTROLS):
        text = Text(en="give the reason in printable characters", th="ระบุเหตุผลด้วยอักขระที่พิมพ์ได้")
        raise errors.Invalid(count=1, faults=[errors.Fault(code="wrong-value", path="reason", message=text)])
    return one_line


async def standing_certificate(ctx: Context, tx: Tx, attempt: Attempt) -> str | None:
    """The certificate that rests on the attempt's result; None when there is none, or it has been revoked.

    It does when it was issued after the attempt had ended, by a rule that asks about the exam.
    """
    history = await tx.results.history(attempt.id)
    if not history:
        return None
    for one in await tx.certificates.of(attempt.enrolment):
        if one.state in (CertificateState.revoked, CertificateState.superseded):
            continue
        version = await ctx.documents.course(tx, one.course_version)
        policy = version.course.certificate
        asks = any(name.startswith(f"exam.{attempt.exam}.") for name in policy.rule.asks()) if policy else True
        if asks and one.issuance.issued_at >= history[0].graded_at:
            return one.id
    return None


async def _locked(ctx: Context, tx: Tx, attempt_id: str) -> tuple[Attempt, Enrolment]:
    """The attempt and its enrolment, both locked in the order in which a start locks them, and graded if it is due."""
    enrolment = await tx.enrolments.get((await grading.attempt_of(tx, attempt_id)).enrolment, lock=True)
    attempt = await grading.attempt_of(tx, attempt_id, lock=True)
    if enrolment is None:
        raise LookupError(f"attempt {attempt_id} has no enrolment")
    after, effects = step(attempt, Look(), ctx.now())
    return (await grading.carry_out(ctx, tx, after, effects) if effects else attempt), enrolment


async def _act(ctx: Context, tx: Tx, attempt: Attempt, enrolment: Enrolment, event: Event) -> Attempt:
    after, _ = step(attempt, event, ctx.now())
    if after.epoch != attempt.epoch:
        await _may_go_on(ctx, tx, attempt, enrolment)
    if after != attempt:
        await tx.attempts.put(after)
    return after


async def _may_go_on(ctx: Context, tx: Tx, attempt: Attempt, enrolment: Enrolment) -> None:
    for other in await tx.attempts.of(enrolment.id):
        runs = seen(other, ctx.now()).state is State.in_progress
        if runs and other.id != attempt.id and other.exam == attempt.exam:
            raise errors.OtherAttemptRunning(number=other.number)
    certificate = await standing_certificate(ctx, tx, attempt)
    if certificate is not None:
        raise errors.CertificateStands(certificate=certificate)


async def _done(ctx: Context, tx: Tx, after: Attempt, actor: str, action: str, reason: str) -> AttemptDetail:
    await audit.record(ctx, tx, actor, action, after.id, reason)
    return await detail(ctx, tx, after)
