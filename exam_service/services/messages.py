"""Words of staff to candidates, and the contact by which a page learns of them and of all that staff changed."""

from asyncio import Future
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, State, seen
from exam_service.core.exams.timing import seconds_left
from exam_service.core.records import StaffMessage
from exam_service.core.text import Text, is_readable
from exam_service.services import audit, grading
from exam_service.services.context import Context
from exam_service.services.enrolments import enrolment_of
from exam_service.services.group_commit import GroupCommit
from exam_service.services.invigilation import ReasonText, said
from exam_service.services.ports import Tx
from exam_service.services.standing import exam_of

LONGEST = 1000

MOST = 100
"""So many messages to one attempt, or to everybody at an exam, within a day: pages are sent all of them."""
WITHIN = timedelta(days=1)
OVERLAP = timedelta(minutes=1)
"""Clocks of processes differ, and what was sent first may be stored last."""

RETRY_AFTER = timedelta(seconds=3)
MOST_TOGETHER = 256


class _Asked(NamedTuple):
    enrolment: str
    attempt: str


class _Told(NamedTuple):
    attempt: Attempt
    saves: int
    messages: Sequence[StaffMessage]


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
    saves: int
    """How many the attempt has, of all device sessions. Less than were acknowledged: the database is a restored one."""
    deadline: datetime
    seconds_left: int
    news: int
    messages: tuple[MessageView, ...]


async def contact(
    ctx: Context, org: str, enrolment_id: str, attempt_id: str, epoch: int | None, after: str | None = None
) -> ContactView:
    """For a page to ask often; also when the attempt is over, for staff may let it go on. Raises NotFound.

    `after` is a message that the page has: it is told those that were sent later, and for good measure those of the
    minute before. Those who ask at the same moment are answered from one read.
    """
    stored, saves, sent = await _queue(ctx, org).put(_Asked(enrolment_id, attempt_id))
    now = ctx.now()
    ctx.presence.heard(org, attempt_id, now)
    attempt = seen(stored, now)
    runs = attempt.state is State.in_progress
    return ContactView(
        attempt=attempt.id,
        state=attempt.state,
        epoch=attempt.epoch,
        writes_here=runs and epoch == attempt.epoch,
        saves=saves,
        deadline=attempt.deadline,
        seconds_left=seconds_left(attempt.deadline, now) if runs else 0,
        news=attempt.news,
        messages=tuple(MessageView(id=one.id, text=one.text, sent_at=one.sent_at) for one in _after(sent, after)),
    )


def _after(sent: Sequence[StaffMessage], after: str | None) -> Sequence[StaffMessage]:
    """What was sent after that message or shortly before it; all when there is no such message to this attempt."""
    known = next((one for one in sent if one.id == after), None)
    if known is None:
        return sent
    return [one for one in sent if one.sent_at > known.sent_at - OVERLAP and one.id != after]


def _queue(ctx: Context, org: str) -> GroupCommit[_Asked, _Told]:
    return ctx.queues.of(
        f"contacts/{org}",
        lambda: GroupCommit(
            partial(_read, ctx, org),
            refuse=lambda: errors.Unavailable(retry_at=ctx.now() + RETRY_AFTER),
            most_together=MOST_TOGETHER,
        ),
    )


async def _read(ctx: Context, org: str, asked: Sequence[_Asked]) -> list[_Told | Exception | Future[_Told]]:
    async with ctx.store.read(org) as tx:
        found = await tx.attempts.several(list({one.attempt for one in asked}))
        # Every message is news, so who has no news has no message.
        told = [attempt.id for attempt in found.values() if attempt.news]
        sent = await tx.messages.to(told) if told else {}
        saves = await tx.live.saves(list(found))
    answers: list[_Told | Exception | Future[_Told]] = []
    for one in asked:
        attempt = found.get(one.attempt)
        if attempt is None or attempt.enrolment != one.enrolment:
            answers.append(errors.NotFound(what="attempt", id=one.attempt))
        else:
            answers.append(_Told(attempt, saves.get(attempt.id, 0), sent.get(attempt.id, ())))
    return answers


async def send(ctx: Context, tx: Tx, attempt_id: str, body: MessageBody, actor: str) -> SentView:
    """A message to one candidate; their page learns of it with its next save or contact. Raises NotFound, Invalid."""
    attempt = await grading.attempt_of(tx, attempt_id, lock=True)
    course = (await enrolment_of(tx, attempt.enrolment)).course
    await tx.attempts.put(msgspec.structs.replace(attempt, news=attempt.news + 1))
    return await _send(ctx, tx, course, attempt.exam, attempt_id, body, actor, told=1)


async def send_to_all(ctx: Context, tx: Tx, course: str, exam: str, body: MessageBody, actor: str) -> SentView:
    """A message to everybody who is taking the exam now. Raises NotFound, Invalid."""
    await exam_of(tx, course, exam)
    told = await tx.running.tell(course, exam, ctx.now())
    return await _send(ctx, tx, course, exam, None, body, actor, told=told)


async def sent_at_exam(tx: Tx, course: str, exam: str, after: str | None, limit: int) -> list[SentView]:
    """What was said at an exam, to everybody and to single candidates, oldest first. Raises NotFound."""
    await exam_of(tx, course, exam)
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
    times = await tx.messages.sent(course, exam, attempt, ctx.now() - WITHIN, MOST)
    if len(times) >= MOST:
        raise errors.TooManyMessages(most=MOST, retry_at=times[-1] + WITHIN)
    await tx.messages.add(message)
    action, subject = ("exam.message", f"{course}/{exam}") if attempt is None else ("attempt.message", attempt)
    await audit.record(ctx, tx, actor, action, subject, reason)
    return msgspec.structs.replace(_view(message), told=told)


def _readable(text: Text) -> Text:
    """The text if a person can read it: of some length, on lines, without control characters. Raises Invalid."""
    faults = []
    for language, words in (("th", text.th), ("en", text.en)):
        if words and words.strip() and (len(words) > LONGEST or not is_readable(words.replace("\n", ""))):
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
