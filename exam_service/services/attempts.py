"""Taking an exam: open, look, paper."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, Open, State, seen, step
from exam_service.core.exams.journal import Saved
from exam_service.core.exams.scoring import JournalEntry, latest
from exam_service.core.exams.timing import seconds_left
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
    saves: int
    """How many saves the attempt has, of all device sessions."""
    responses: dict[str, Any]
    """The latest response to each item, from whatever device."""
    news: int
    """More than none: staff did or said something, and the page asks for contact at once."""
    receipt: str | None = None
    """Of the whole attempt, once it has been handed in or has run out, and been graded."""


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
    """The paper, byte for byte as it was frozen at the start (P5): as it is stored, packed or not (packing.py)."""
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


async def open_in(ctx: Context, tx: Tx, attempt_id: str) -> AttemptView:
    """Open the attempt on the device that asks, in this transaction."""
    attempt = await grading.attempt_of(tx, attempt_id, lock=True)
    after, _ = step(attempt, Open(), ctx.now())
    await tx.attempts.put(after)
    return await view_of(ctx, tx, after)


async def view_of(ctx: Context, tx: Tx, stored: Attempt) -> AttemptView:
    """The attempt as its candidate sees it now."""
    return shown(stored, await tx.results.journal(stored.id), ctx.now())


def shown(stored: Attempt, entries: Sequence[JournalEntry], now: datetime) -> AttemptView:
    """The attempt with these saves as its candidate sees it then."""
    attempt = seen(stored, now)
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
        saves=len(entries),
        responses=_answered(latest(entries)) if attempt.state is State.in_progress else {},
        news=attempt.news,
    )


async def with_receipt(
    ctx: Context, attempt: Attempt, view: AttemptView, saves: Sequence[Saved] | Sequence[JournalEntry]
) -> AttemptView:
    """The view with the receipt of the whole attempt, when it is over for good."""
    if attempt.state is not State.graded:
        return view
    return msgspec.structs.replace(view, receipt=await receipts.of_submission(ctx, attempt, saves))


def _answered(responses: Mapping[str, object]) -> dict[str, object]:
    return {item: response for item, response in responses.items() if response is not None}
