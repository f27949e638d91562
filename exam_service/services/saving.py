"""The hot path: responses become durable, and their receipt is given."""

from asyncio import Future
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import msgspec

from exam_service.core import errors
from exam_service.core.exams.journal import Save, Saved
from exam_service.core.exams.late import Evidence
from exam_service.core.exams.shape import Shape, shape_of
from exam_service.core.exams.timing import seconds_left
from exam_service.core.text import Text
from exam_service.services import late, receipts
from exam_service.services.context import Context
from exam_service.services.group_commit import Apart, GroupCommit

RETRY_AFTER = timedelta(seconds=3)
MOST_WAITING = 10_000
MOST_TOGETHER = 256
APART = Apart(seconds=0.006, enough=24)
"""A candidate does not feel six milliseconds; a group of four costs the process nearly what one of sixteen does."""

_responses = msgspec.json.Decoder(dict[str, object])


class SaveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of responses: those that changed since the last acknowledged save."""

    epoch: Annotated[int, msgspec.Meta(ge=1, le=1_000_000, description="The device session that opening gave.")]
    seq: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000, description="1, 2, 3 … within the device session.")]
    responses: msgspec.Raw
    """item -> response; null clears it. The receipt's digest is of exactly these bytes."""
    offline: Evidence | None = None
    """Only when it could not be sent at once: what the device knows of when the responses were given."""


class SavedView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The acknowledgement of a save: what it holds is durable, and the receipt proves it."""

    seq: int
    received_at: datetime
    seconds_left: int
    deadline: datetime
    in_grace: bool
    receipt: str
    news: int
    """Goes up when staff said or changed something: then ask for `contact`."""
    late: bool = False
    """It came after the deadline and its grace, and counts by the exam's policy."""
    held: bool = False
    """It came after the deadline and its grace; it is kept, and staff decides whether it counts."""


async def save(
    ctx: Context,
    org: str,
    enrolment_id: str,
    attempt_id: str,
    epoch: int,
    seq: int,
    body: bytes,
    evidence: Evidence | None = None,
) -> SavedView:
    """Make a batch of responses durable and give its receipt. `body` is the JSON of item -> response as it was sent.

    What comes after the deadline and its grace is left to the exam's policy for late responses; what comes to a voided
    attempt, or in the end from a device that was left, is kept all the same. Raises NotFound,
    Invalid, SequenceReused, Unavailable, and what `core.exams.attempt.admit` raises.
    """
    received_at = ctx.now()
    shape = ctx.documents.shape_at_hand(org, enrolment_id, attempt_id)
    if shape is None:
        shape = await _load_shape(ctx, org, enrolment_id, attempt_id)
    try:
        faults = shape.faults(_responses.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _invalid_body(str(error)) from error
    if faults:
        raise errors.Invalid(count=len(faults), faults=faults)
    wanted = Save(
        org=org, enrolment=enrolment_id, attempt=attempt_id, epoch=epoch, seq=seq, body=body, received_at=received_at
    )
    try:
        saved = await queue_of(ctx).put(wanted)
    except (errors.DeadlinePassed, errors.AttemptVoided, errors.MovedToOtherDevice, errors.AttemptEnded) as refusal:
        if evidence is None and isinstance(refusal, errors.MovedToOtherDevice):
            # It is connected, so it learns at once where the attempt is, and keeps what it has.
            raise
        saved = await late.receive(ctx, wanted, None if evidence is None else msgspec.json.encode(evidence))
    ctx.presence.heard(org, attempt_id, received_at)
    return await view_of(ctx, saved)


async def view_of(ctx: Context, saved: Saved) -> SavedView:
    """What is told of a save that is durable."""
    return SavedView(
        seq=saved.seq,
        received_at=saved.received_at,
        seconds_left=seconds_left(saved.deadline, ctx.now()),
        deadline=saved.deadline,
        in_grace=saved.in_grace,
        receipt=saved.receipt or await receipts.of_save(ctx, saved),
        news=saved.news,
        late=saved.late,
        held=saved.held,
    )


def status_of(view: SavedView) -> int:
    """The HTTP status of an acknowledgement: 202 while staff has to decide about it."""
    return 202 if view.held else 200


def queue_of(ctx: Context) -> GroupCommit[Save, Saved]:
    """The process's queue of saves."""
    return ctx.queues.of("saves", partial(_queue, ctx))


def _queue(ctx: Context) -> GroupCommit[Save, Saved]:
    async def write(saves: Sequence[Save]) -> Sequence[object]:
        key = await receipts.key_at_hand(ctx)
        outcomes = await ctx.journal.write(saves, partial(receipts.attest, ctx, key))
        ctx.meter.count("saves", sum(isinstance(outcome, Saved) for outcome in outcomes))
        for outcome in outcomes:
            if isinstance(outcome, Future):
                outcome.add_done_callback(waited)
        return outcomes

    def waited(done: "Future[Saved]") -> None:
        if not done.cancelled() and done.exception() is None:
            ctx.meter.count("saves", 1)

    def wrote(size: int, seconds: float) -> None:
        ctx.meter.observe("save_group_size", size)
        ctx.meter.observe("save_group_seconds", seconds)

    return GroupCommit(
        write,  # type: ignore[arg-type]  # object stands for the outcomes, which the journal's types name
        refuse=partial(_unavailable, ctx),
        most_waiting=MOST_WAITING,
        most_together=MOST_TOGETHER,
        lanes=ctx.journal.lanes,
        halves=True,
        apart=APART,
        wrote=wrote,
    )


async def _load_shape(ctx: Context, org: str, enrolment_id: str, attempt_id: str) -> Shape:
    """What responses the attempt's paper takes; kept, so that a save need not read it. Raises NotFound.

    First saves come by the thousand in one minute, so those of one moment are read together.
    """
    reading = ctx.queues.of(
        f"shapes/{org}",
        lambda: GroupCommit(
            partial(_read_shapes, ctx, org), refuse=partial(_unavailable, ctx), most_together=MOST_TOGETHER
        ),
    )
    found: tuple[str, Shape] = await reading.put(attempt_id)
    owner, shape = found
    if owner != enrolment_id:
        raise errors.NotFound(what="attempt", id=attempt_id)
    ctx.documents.keep_shape(org, enrolment_id, attempt_id, shape)
    return shape


async def _read_shapes(ctx: Context, org: str, attempt_ids: Sequence[str]) -> list[tuple[str, Shape] | Exception]:
    """Of each attempt whose it is, and what its paper takes."""
    async with ctx.store.read(org) as tx:
        there = await tx.attempts.several(sorted(set(attempt_ids)))
        forms = await ctx.documents.forms(tx, list(there))
    shapes = {id: (one.enrolment, shape_of(forms[id])) for id, one in there.items()}
    return [shapes.get(id) or errors.NotFound(what="attempt", id=id) for id in attempt_ids]


def _unavailable(ctx: Context) -> errors.Unavailable:
    return errors.Unavailable(retry_at=ctx.now() + RETRY_AFTER)


def _invalid_body(message: str) -> errors.Invalid:
    text = Text(en=message, th=f"รูปแบบข้อมูลไม่ถูกต้อง: {message}")
    return errors.Invalid(count=1, faults=[errors.Fault(code="wrong-value", path="responses", message=text)])
