"""Handing in an attempt.

What an organisation's candidates hand in at the same moment is graded together (docs/decisions/0006): one transaction
that locks the attempts, so that it waits for saves in flight and later ones wait for it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, State, Submit, step
from exam_service.core.exams.scoring import JournalEntry
from exam_service.services import attempts, certificates, grading
from exam_service.services.attempts import AttemptView
from exam_service.services.context import Context
from exam_service.services.group_commit import GroupCommit

RETRY_AFTER = timedelta(seconds=3)
MOST_WAITING = 10_000
MOST_TOGETHER = 32
"""Grading takes half a millisecond each, in which nobody else is served."""


class HandIn(NamedTuple):
    """Somebody who hands in, and when that arrived."""

    enrolment: str
    attempt: str
    epoch: int
    at: datetime


class HandedIn(NamedTuple):
    """An attempt that was handed in, with its saves, and whether a certificate may have to be issued now."""

    attempt: Attempt
    saves: Sequence[JournalEntry]
    certificate: bool


async def submit(ctx: Context, org: str, enrolment_id: str, attempt_id: str, epoch: int) -> AttemptView:
    """Hand in, grade, issue what is issued at once, and give the receipt. Handing in again gives the same answer.

    It counts from the moment it arrived. A crash after the grading costs nobody the certificate: the next look issues
    it.
    """
    handed_in = await _queue(ctx, org).put(HandIn(enrolment_id, attempt_id, epoch, ctx.now()))
    if handed_in.certificate:
        await certificates.issue_at_once(ctx, org, enrolment_id)
    view = attempts.shown(handed_in.attempt, handed_in.saves, ctx.now())
    return await attempts.with_receipt(ctx, handed_in.attempt, view, handed_in.saves)


def _queue(ctx: Context, org: str) -> GroupCommit[HandIn, HandedIn]:
    return ctx.queues.of(
        f"submits/{org}",
        lambda: GroupCommit(
            partial(_submit_all, ctx, org),
            refuse=lambda: errors.Unavailable(retry_at=ctx.now() + RETRY_AFTER),
            most_waiting=MOST_WAITING,
            most_together=MOST_TOGETHER,
        ),
    )


async def _submit_all(ctx: Context, org: str, submits: Sequence[HandIn]) -> list[HandedIn | Exception]:
    async with ctx.store.begin(org) as tx:
        stored = dict(await tx.attempts.several(sorted({one.attempt for one in submits}), lock=True))
        journals = await tx.results.journals(list(stored))
        ended: dict[str, Attempt] = {}
        told: list[str | Exception] = []
        for one in submits:
            try:
                told.append(_hand_in(one, stored, ended))
            except errors.Refusal as refusal:
                told.append(refusal)
        for graded in await grading.grade_all(ctx, tx, list(ended.values()), journals):
            stored[graded.id] = graded
        versions = {stored[one].course_version for one in told if isinstance(one, str)}
        at_once = await certificates.courses_at_once(ctx, tx, versions)
    return [
        one
        if isinstance(one, Exception)
        else HandedIn(stored[one], journals.get(one, ()), stored[one].course_version in at_once)
        for one in told
    ]


def _hand_in(one: HandIn, stored: Mapping[str, Attempt], ended: dict[str, Attempt]) -> str:
    """Note the attempt as ended; one that was handed in before, maybe within this group, stays as it is."""
    attempt = ended.get(one.attempt) or stored.get(one.attempt)
    if attempt is None or attempt.enrolment != one.enrolment:
        raise errors.NotFound(what="attempt", id=one.attempt)
    after, effects = step(attempt, Submit(one.epoch), one.at)
    if effects and after.state is not State.graded:
        ended[one.attempt] = after
    return one.attempt
