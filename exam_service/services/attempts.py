"""Taking an exam: start, open, paper, save, submit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, MoveDeadline, Open, State, Submit, Void, seen, step
from exam_service.core.exams.journal import Save, Saved
from exam_service.core.exams.model import Exam
from exam_service.core.exams.paper import Form, compose, read_responses
from exam_service.core.exams.scoring import latest
from exam_service.core.exams.standing import refusal_to_start, running
from exam_service.core.exams.timing import deadline, seconds_left
from exam_service.core.records import AuditEvent, Enrolment, Paper
from exam_service.core.text import Text
from exam_service.services import finishing, grading, receipts
from exam_service.services.context import Context
from exam_service.services.ports import Tx
from exam_service.services.standing import load_standing
from exam_service.services.standing_view import without_hidden_scores


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


async def start(ctx: Context, org: str, enrolment_id: str, exam_code: str) -> AttemptView:
    """Start an attempt, or open the one that is running on the device that asks. Raises why it may not start."""
    await finishing.catch_up(ctx, org, enrolment_id)
    async with ctx.store.begin(org) as tx:
        # The lock makes a second start at the same moment wait, and then find this one.
        enrolment = await tx.enrolments.get(enrolment_id, lock=True)
        if enrolment is None:
            raise errors.NotFound(what="enrolment", id=enrolment_id)
        standing, version = await load_standing(ctx, tx, enrolment)
        exam = version.course.exam(exam_code)
        if exam is None:
            raise errors.NotFound(what="exam", id=exam_code)
        current = running(standing, exam)
        if current is not None:
            return await _open(ctx, tx, current.id)
        refusal = refusal_to_start(standing, exam)
        if refusal is not None:
            raise without_hidden_scores(standing, refusal)
        attempt = _new_attempt(ctx, enrolment, version.id, exam, 1 + _last_number(standing.attempts, exam))
        seed = ctx.entropy(16)
        pool = await ctx.documents.pool(tx, version)
        form, view = compose(exam, pool, seed, await _seen_questions(ctx, tx, enrolment_id))
        await tx.attempts.add(attempt, Paper(form=msgspec.json.encode(form), view=msgspec.json.encode(view)))
        return await _view(ctx, tx, attempt)


async def open_here(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> AttemptView:
    """Make the asking device the one that writes (P4). The device before it is told so at its next save."""
    async with ctx.store.begin(org) as tx:
        await grading.attempt_of(tx, attempt_id, enrolment_id)
        return await _open(ctx, tx, attempt_id)


async def look(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> AttemptView:
    """The attempt as it is seen now."""
    await finishing.catch_up(ctx, org, enrolment_id)
    async with ctx.store.read(org) as tx:
        attempt = await grading.attempt_of(tx, attempt_id, enrolment_id)
        view, saves = await _view(ctx, tx, attempt), await tx.results.saves(attempt_id)
    return await _with_receipt(ctx, attempt, view, saves)


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


async def submit(ctx: Context, org: str, enrolment_id: str, attempt_id: str, epoch: int) -> AttemptView:
    """Hand in, grade, and give the receipt. Handing in again gives the same answer."""
    async with ctx.store.begin(org) as tx:
        attempt = await grading.attempt_of(tx, attempt_id, enrolment_id, lock=True)
        after, effects = step(attempt, Submit(epoch), ctx.now())
        if effects:
            after = await grading.carry_out(ctx, tx, after, effects)
        view, saves = await _view(ctx, tx, after), await tx.results.saves(attempt_id)
    return await _with_receipt(ctx, after, view, saves)


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


def _new_attempt(ctx: Context, enrolment: Enrolment, version: str, exam: Exam, number: int) -> Attempt:
    now = ctx.now()
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
        epoch=1,
    )


def _last_number(attempts: tuple[Attempt, ...], exam: Exam) -> int:
    """Voided attempts keep their numbers."""
    return max((a.number for a in attempts if a.exam == exam.code), default=0)


async def _seen_questions(ctx: Context, tx: Tx, enrolment_id: str) -> set[tuple[str, str]]:
    """What the candidate has met in this course, at any of its exams."""
    forms = [await ctx.documents.form(tx, a.id) for a in await tx.attempts.of(enrolment_id)]
    return {(item.bank, item.question) for form in forms for item in form.items}


async def _open(ctx: Context, tx: Tx, attempt_id: str) -> AttemptView:
    attempt = await grading.attempt_of(tx, attempt_id, lock=True)
    after, _ = step(attempt, Open(), ctx.now())
    await tx.attempts.put(after)
    return await _view(ctx, tx, after)


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


async def _view(ctx: Context, tx: Tx, stored: Attempt) -> AttemptView:
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


async def _with_receipt(ctx: Context, attempt: Attempt, view: AttemptView, saves: Sequence[Saved]) -> AttemptView:
    """The view with the receipt of the whole attempt, when it is over for good."""
    if attempt.state is not State.graded:
        return view
    return msgspec.structs.replace(view, receipt=await receipts.of_submission(ctx, attempt, saves))


def _answered(responses: Mapping[str, object]) -> dict[str, object]:
    return {item: response for item, response in responses.items() if response is not None}


def _invalid_body(message: str) -> errors.Invalid:
    text = Text(en=message, th=f"รูปแบบข้อมูลไม่ถูกต้อง: {message}")
    return errors.Invalid(count=1, faults=[errors.Fault(code="wrong-value", path="responses", message=text)])
