"""Who did what to which thing, written in the transaction that does it."""

from exam_service.core.records import AuditEvent
from exam_service.services.context import Context
from exam_service.services.ports import Tx


async def record(ctx: Context, tx: Tx, actor: str, action: str, subject: str, reason: str | None = None) -> None:
    """Add an event to the organisation's audit log. No personal data belongs in it, only ids."""
    event = AuditEvent(id=ctx.new_id("evt"), at=ctx.now(), actor=actor, action=action, subject=subject, reason=reason)
    await tx.log.audit(event)
