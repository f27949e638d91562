"""Taking an exam: open, look, paper, save; and what staff do to one attempt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, MoveDeadline, Open, State, Void, seen, step
from exam_service.core.exams.journal import Save, Saved
from exam_service.core.exams.paper import Form, read_responses
from exam_service.core.exams.scoring import latest
from exam_service.core.exams.timing import deadline, seconds_left
from exam_service.core.records import AuditEvent, Enrolment
from exam_service.core.text import Text
from exam_service.services import finishing, grading, receipts
from exam_service.services.context import Context
from exam_service.services.ports import Tx


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt as its candidate sees it."""

    attempt: str
    exam: str
    number: int
    state: State
    epoch: int
    """The device session that may write."""
    started_at: datetime
    deadline: datetime
    seconds_left: int
    ended_at: datetime | None
    ended_by: State | None
    saved_seq: int
    """The highest save number of this epoch that has been acknowledged."""
    responses: dict[str, Any]
    """The latest response to each item, from whatever device."""
    receipt: str | None = None
    """Of the whole attempt, once it has been handed in or has run out, and been graded."""


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """The acknowledgement of a save: what it holds is durable, and the receipt proves it."""

    seq: int
    received_at: datetime
    seconds_left: int
    deadline: datetime
    in_grace: bool
    receipt: str


async def open_here(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> AttemptView:
    """Make the asking device the one that writes (P4). The device before it is told so at its next save."""
    async with ctx.store.begin(org) as tx:
        await grading.attempt_of(tx, attempt_id, enrolment_id)
        return await open_in(ctx, tx, attempt_id)


async def look(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> AttemptView:
    """The attempt as it is seen now."""
    await finishing.catch_up(ctx, org, enrolment_id)
    async with ctx.store.read(org) as tx:
        attempt = await grading.attempt_of(tx, attempt_id, enrolment_id)
        view, saves = await view_of(ctx, tx, attempt), await tx.results.saves(attempt_id)
    return await with_receipt(ctx, attempt, view, saves)


async def paper(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> bytes:
    """The paper, byte for byte as it was frozen at the start (P5)."""
    async with ctx.store.read(org) as tx:
        attempt = seen(await grading.attempt_of(tx, attempt_id, enrolment_id), ctx.now())
        if attempt.state is State.voided:
            raise errors.AttemptVoided()
        if attempt.state is not State.in_progress:
            raise errors.AttemptEnded()
        stored = await tx.attempts.paper(attempt_id)
    if stored is None:
        raise LookupError(f"attempt {attempt_id} has no paper")
    return stored.view


async def save(
    ctx: Context, org: str, enrolment_id: str, attempt_id: str, epoch: int, seq: int, body: bytes
) -> SavedView:
    """Make a batch of responses durable and give its receipt. `body` is the JSON of item -> response as it was sent."""
    received_at = ctx.now()
    form = await _form(ctx, org, enrolment_id, attempt_id)
    try:
        responses = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise _invalid_body(str(error)) from error
    _, faults = read_responses(form, responses)
    if faults:
        raise errors.Invalid(count=len(faults), faults=faults)
    saved = await ctx.journal.append(
        Save(
            org=org,
            enrolment=enrolment_id,
            attempt=attempt_id,
            epoch=epoch,
            seq=seq,
            body=body,
            received_at=received_at,
        )
    )
    return SavedView(
        seq=saved.seq,
        received_at=saved.received_at,
        seconds_left=seconds_left(saved.deadline, ctx.now()),
        deadline=saved.deadline,
        in_grace=saved.in_grace,
        receipt=await receipts.sign(ctx, saved),
    )


async def reschedule(ctx: Context, tx: Tx, enrolment: Enrolment) -> None:
    """Give running attempts the time that the enrolment's accommodations now say; it holds from the next request on."""
    for listed in await tx.attempts.of(enrolment.id):
        attempt = await tx.attempts.get(listed.id, lock=True)
        if attempt is None or attempt.state is not State.in_progress or ctx.now() >= attempt.closes_at:
            continue
        version = await ctx.documents.course(tx, attempt.course_version)
        exam = version.course.exam(attempt.exam)
        if exam is not None:
            until = deadline(exam, attempt.started_at, enrolment.accommodations)
            moved, _ = step(attempt, MoveDeadline(until), ctx.now())
            await tx.attempts.put(moved)


async def void(ctx: Context, tx: Tx, attempt_id: str, reason: str, actor: str) -> Attempt:
    """Take an attempt out of account, by staff and with a reason; what was saved stays in the journal."""
    attempt = await grading.attempt_of(tx, attempt_id, lock=True)
    after, _ = step(attempt, Void(reason), ctx.now())
    if after != attempt:
        await tx.attempts.put(after)
        await tx.log.audit(
            AuditEvent(
                id=ctx.new_id("evt"),
                at=ctx.now(),
                actor=actor,
                action="attempt.void",
                subject=attempt_id,
                reason=reason,
            )
        )
    return after


async def open_in(ctx: Context, tx: Tx, attempt_id: str) -> AttemptView:
    """Open the attempt on the device that asks, in this transaction."""
    attempt = await grading.attempt_of(tx, attempt_id, lock=True)
    after, _ = step(attempt, Open(), ctx.now())
    await tx.attempts.put(after)
    return await view_of(ctx, tx, after)


async def _form(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> Form:
    """The attempt's form, from what is at hand when it was asked for before, so that a save need not read it."""
    key = f"{org}/{enrolment_id}/{attempt_id}"

    async def load() -> Form | None:
        async with ctx.store.read(org) as tx:
            await grading.attempt_of(tx, attempt_id, enrolment_id)
            return await ctx.documents.form(tx, attempt_id)

    form = await ctx.documents.forms_of_enrolments.get(key, load)
    if form is None:
        raise errors.NotFound(what="attempt", id=attempt_id)
    return form


async def view_of(ctx: Context, tx: Tx, stored: Attempt) -> AttemptView:
    """The attempt as its candidate sees it now."""
    now = ctx.now()
    attempt = seen(stored, now)
    entries = await tx.results.journal(attempt.id)
    return AttemptView(
        attempt=attempt.id,
        exam=attempt.exam,
        number=attempt.number,
        state=attempt.state,
        epoch=attempt.epoch,
        started_at=attempt.started_at,
        deadline=attempt.deadline,
        seconds_left=seconds_left(attempt.deadline, now) if attempt.state is State.in_progress else 0,
        ended_at=attempt.ended_at,
        ended_by=attempt.ended_by,
        saved_seq=max((e.seq for e in entries if e.epoch == attempt.epoch), default=0),
        responses=_answered(latest(entries)) if attempt.state is State.in_progress else {},
    )


async def with_receipt(ctx: Context, attempt: Attempt, view: AttemptView, saves: Sequence[Saved]) -> AttemptView:
    """The view with the receipt of the whole attempt, when it is over for good."""
    if attempt.state is not State.graded:
        return view
    return msgspec.structs.replace(view, receipt=await receipts.of_submission(ctx, attempt, saves))


def _answered(responses: Mapping[str, object]) -> dict[str, object]:
    return {item: response for item, response in responses.items() if response is not None}


def _invalid_body(message: str) -> errors.Invalid:
    text = Text(en=message, th=f"รูปแบบข้อมูลไม่ถูกต้อง: {message}")
    return errors.Invalid(count=1, faults=[errors.Fault(code="wrong-value", path="responses", message=text)])
