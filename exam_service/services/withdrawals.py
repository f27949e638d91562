"""What becomes of a certificate after it was issued: revoked for good, suspended and reinstated, or replaced.

Each is a change of the register, which the verify page shows at once, with reason, who and when in the trail; the
published status list is signed anew in the same transaction.
"""

from collections.abc import Awaitable, Callable

import msgspec

from exam_service.core import errors
from exam_service.core.certificates.model import CertificateState, RevocationReason
from exam_service.core.certificates.record import CertificateRecord
from exam_service.services import audit, organisations, status_lists
from exam_service.services.context import Context
from exam_service.services.ports import Tx


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a certificate does not stand, and who says so."""

    reason: RevocationReason
    note: str | None
    """The organisation's own words; no public page shows them."""
    actor: str


async def revoke(ctx: Context, tx: Tx, certificate_id: str, why: Why) -> CertificateRecord:
    """Withdraw a certificate for good. Said again for the same reason it changes nothing.

    Raises NotFound, NotRevocable.
    """
    record = await _of(tx, certificate_id)
    if record.state is CertificateState.revoked and record.reason is why.reason:
        return record
    if record.state not in (CertificateState.stands, CertificateState.suspended, CertificateState.pending):
        raise errors.NotRevocable()
    return await _changed(ctx, tx, record, CertificateState.revoked, why, "certificate.revoke")


async def suspend(ctx: Context, tx: Tx, certificate_id: str, note: str | None, actor: str) -> CertificateRecord:
    """It does not stand until it is reinstated or revoked: somebody looks into it. Raises NotFound, NotRevocable."""
    record = await _of(tx, certificate_id)
    if record.state is CertificateState.suspended:
        return record
    if record.state is not CertificateState.stands:
        raise errors.NotRevocable()
    why = Why(reason=RevocationReason.under_review, note=note, actor=actor)
    return await _changed(ctx, tx, record, CertificateState.suspended, why, "certificate.suspend")


async def reinstate(ctx: Context, tx: Tx, certificate_id: str, note: str | None, actor: str) -> CertificateRecord:
    """It stands again, as if it had not been suspended. Raises NotFound, NotSuspended."""
    record = await _of(tx, certificate_id)
    if record.state is CertificateState.stands:
        return record
    if record.state is not CertificateState.suspended:
        raise errors.NotSuspended()
    return await _changed(ctx, tx, record, CertificateState.stands, None, "certificate.reinstate", note, actor)


async def take_place(
    ctx: Context, tx: Tx, record: CertificateRecord, sign: Callable[[CertificateRecord], Awaitable[CertificateRecord]]
) -> CertificateRecord:
    """The new certificate signed, and the one that it supersedes replaced, both or neither; who calls stores the new
    one, and signs the status list anew.

    When that one has been withdrawn for another reason meanwhile, nothing takes its place: the new one goes with it.
    """
    old = await _of(tx, record.issuance.supersedes or "")
    if old.state is CertificateState.suspended:
        # Nobody gets another one until that is decided; this one waits as it is.
        raise errors.CertificateSuspended()
    if old.state is not CertificateState.stands or record.reason is None:
        return msgspec.structs.replace(
            record, state=CertificateState.revoked, reason=old.reason, state_changed_at=ctx.now()
        )
    signed = await sign(record)
    why = Why(reason=record.reason, note=record.note, actor=record.state_changed_by or "system")
    replaced = msgspec.structs.replace(old, superseded_by=record.id)
    await _changed(ctx, tx, replaced, CertificateState.superseded, why, "certificate.replace", publish=False)
    return signed


async def _of(tx: Tx, certificate_id: str) -> CertificateRecord:
    record = await tx.certificates.get(certificate_id, lock=True)
    if record is None:
        raise errors.NotFound(what="certificate", id=certificate_id)
    return record


async def _changed(
    ctx: Context, tx: Tx, record: CertificateRecord, state: CertificateState, why: Why | None, action: str,
    note: str | None = None, actor: str | None = None, *, publish: bool = True,
) -> CertificateRecord:  # fmt: skip
    changed = msgspec.structs.replace(
        record,
        state=state,
        reason=why.reason if why else None,
        note=why.note if why else note,
        state_changed_at=ctx.now(),
        state_changed_by=why.actor if why else actor,
    )
    await tx.certificates.put_all([changed])
    words = [str(changed.reason)] if changed.reason else []
    said = ": ".join([*words, *([changed.note] if changed.note else [])])
    await audit.record(ctx, tx, changed.state_changed_by or "system", action, record.id, said or None)
    if publish:
        await status_lists.publish(ctx, tx, await organisations.named(ctx, tx.org), record.issuance.status_list)
    return changed
