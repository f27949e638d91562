"""Who did what to which thing, written in the transaction that does it, and read by staff."""

from datetime import datetime

import msgspec

from exam_service.core.records import AuditEvent
from exam_service.services.context import Context
from exam_service.services.ports import Tx

FOR_ALL = "attempt.extra-time-for-all"
"""The action in the trail of each attempt; the exam's own trail has one event for all of them."""


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done."""

    id: str
    at: datetime
    actor: str
    """An API key id, or a person of staff."""
    action: str
    subject: str
    """An attempt, or `course/exam`."""
    reason: str | None


async def record(ctx: Context, tx: Tx, actor: str, action: str, subject: str, reason: str | None = None) -> None:
    """Add an event to the organisation's audit log. No personal data belongs in it, only ids."""
    await tx.log.audit(event(ctx, actor, action, subject, reason))


def event(ctx: Context, actor: str, action: str, subject: str, reason: str | None = None) -> AuditEvent:
    """Something that is done now."""
    return AuditEvent(id=ctx.new_id("evt"), at=ctx.now(), actor=actor, action=action, subject=subject, reason=reason)


async def of_attempt(tx: Tx, attempt_id: str) -> list[AuditView]:
    """Everything that was done to an attempt, oldest first."""
    return [_view(one) for one in await tx.log.audited(attempt_id)]


async def at_exam(tx: Tx, course: str, exam: str, after: str | None, limit: int) -> list[AuditView]:
    """Everything that was done to an exam and to its attempts, oldest first; what was done to all of them, once."""
    return [_view(one) for one in await tx.log.audited_at(course, exam, FOR_ALL, after, limit)]


def _view(one: AuditEvent) -> AuditView:
    return AuditView(id=one.id, at=one.at, actor=one.actor, action=one.action, subject=one.subject, reason=one.reason)
