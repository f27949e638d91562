"""Words of staff to candidates, and the contact by which a page learns of them and of all that staff changed."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import State, seen
from exam_service.core.exams.timing import seconds_left
from exam_service.core.records import StaffMessage
from exam_service.core.text import Text
from exam_service.services import audit, grading
from exam_service.services.context import Context
from exam_service.services.enrolments import enrolment_of
from exam_service.services.invigilation import ReasonText, must_exist, said
from exam_service.services.ports import Tx

LONGEST = 1000


class MessageBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What candidates are to read, in Thai or English or both."""

    text: Text
    reason: ReasonText | None = None
    """For the trail only; candidates don't see it."""


class SentView(msgspec.Struct, frozen=True, kw_only=True):
    """A message as staff sees it."""

    id: str
    course: str
    exam: str
    attempt: str | None
    """Null: to everybody who was taking the exam."""
    text: Text
    sent_at: datetime
    sent_by: str
    told: int | None = None
    """When it is sent: how many running attempts it was sent to."""


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its candidate sees it."""

    id: str
    text: Text
    sent_at: datetime


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """How the attempt stands with the server now, and what staff said."""

    attempt: str
    state: State
    epoch: int
    """The device session that may write."""
    writes_here: bool
    """Whether that is the one that asks, and the attempt runs."""
    deadline: datetime
    seconds_left: int
    news: int
    messages: tuple[MessageView, ...]


async def contact(ctx: Context, org: str, enrolment_id: str, attempt_id: str, epoch: int | None) -> ContactView:
    """One small read, for a page asks often; also when the attempt is over, for staff may let it go on."""
    now = ctx.now()
    async with ctx.store.read(org) as tx:
        stored = await grading.attempt_of(tx, attempt_id, enrolment_id)
        # Every message is news, so without news there is none to be read.
        sent: Sequence[StaffMessage] = await tx.messages.to(attempt_id) if stored.news else ()
    ctx.presence.heard(org, attempt_id, now)
    attempt = seen(stored, now)
    runs = attempt.state is State.in_progress
    return ContactView(
        attempt=attempt.id,
        state=attempt.state,
        epoch=attempt.epoch,
        writes_here=runs and epoch == attempt.epoch,
        deadline=attempt.deadline,
        seconds_left=seconds_left(attempt.deadline, now) if runs else 0,
        news=attempt.news,
        messages=tuple(MessageView(id=one.id, text=one.text, sent_at=one.sent_at) for one in sent),
    )


async def send(ctx: Context, tx: Tx, attempt_id: str, body: MessageBody, actor: str) -> SentView:
    """A message to one candidate; their page learns of it with its next save or contact. Raises NotFound, Invalid."""
    attempt = await grading.attempt_of(tx, attempt_id, lock=True)
    course = (await enrolment_of(tx, attempt.enrolment)).course
    await tx.attempts.put(msgspec.structs.replace(attempt, news=attempt.news + 1))
    return await _send(ctx, tx, course, attempt.exam, attempt_id, body, actor, told=1)


async def send_to_all(ctx: Context, tx: Tx, course: str, exam: str, body: MessageBody, actor: str) -> SentView:
    """A message to everybody who is taking the exam now. Raises NotFound, Invalid."""
    await must_exist(tx, course, exam)
    told = await tx.running.tell(course, exam, ctx.now())
    return await _send(ctx, tx, course, exam, None, body, actor, told=told)


async def sent_at_exam(tx: Tx, course: str, exam: str, after: str | None, limit: int) -> list[SentView]:
    """What was said at an exam, to everybody and to single candidates, oldest first. Raises NotFound."""
    await must_exist(tx, course, exam)
    return [_view(one) for one in await tx.messages.at(course, exam, after, limit)]


async def _send(
    ctx: Context, tx: Tx, course: str, exam: str, attempt: str | None, body: MessageBody, actor: str, *, told: int
) -> SentView:
    reason = None if body.reason is None else said(body.reason)
    message = StaffMessage(
        id=ctx.new_id("msg"),
        course=course,
        exam=exam,
        attempt=attempt,
        text=_readable(body.text),
        sent_at=ctx.now(),
        sent_by=actor,
    )
    await tx.messages.add(message)
    action, subject = ("exam.message", f"{course}/{exam}") if attempt is None else ("attempt.message", attempt)
    await audit.record(ctx, tx, actor, action, subject, reason)
    return msgspec.structs.replace(_view(message), told=told)


def _readable(text: Text) -> Text:
    """The text if a person can read it: of some length, on lines, without control characters. Raises Invalid."""
    faults = []
    for language, words in (("th", text.th), ("en", text.en)):
        if words is not None and (len(words) > LONGEST or not words.replace("\n", "").isprintable()):
            message = Text(
                en=f"up to {LONGEST} printable characters, on lines",
                th=f"ไม่เกิน {LONGEST} อักขระที่พิมพ์ได้ ขึ้นบรรทัดใหม่ได้",
            )
            faults.append(errors.Fault(code="wrong-value", path=f"text.{language}", message=message))
    if faults:
        raise errors.Invalid(count=len(faults), faults=faults)
    return text


def _view(message: StaffMessage) -> SentView:
    return SentView(
        id=message.id,
        course=message.course,
        exam=message.exam,
        attempt=message.attempt,
        text=message.text,
        sent_at=message.sent_at,
        sent_by=message.sent_by,
    )
