"""Certificates as their organisation, their holder and the public may see them."""

from datetime import datetime
from typing import Any

import msgspec

from exam_service.core import errors
from exam_service.core.certificates.model import REASON_TEXTS, Kind, RevocationReason
from exam_service.core.certificates.names import masked
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.text import Text
from exam_service.services import certificates
from exam_service.services.context import Context
from exam_service.services.ports import Tx


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate as the learning system that it belongs to sees it."""

    id: str
    enrolment: str
    kind: Kind
    state: str
    recipient_name: str
    course: str
    course_title: Text
    hours: float
    issued_at: datetime
    valid_until: datetime | None
    kid: str
    """The key that signed it."""
    reason: RevocationReason | None
    reason_text: Text | None
    note: str | None
    """The organisation's own words about the reason; no public page shows them."""
    state_changed_at: datetime
    state_changed_by: str | None
    supersedes: str | None
    superseded_by: str | None
    verify_url: str


class Faces(msgspec.Struct, frozen=True, kw_only=True):
    """What a certificate is shown and handed out with; the record is signed."""

    record: CertificateRecord
    qr_text: str
    verify_url: str


def view(ctx: Context, record: CertificateRecord) -> CertificateView:
    """The record without its signed bytes."""
    issuance = record.issuance
    return CertificateView(
        id=record.id,
        enrolment=record.enrolment,
        kind=issuance.kind,
        state=record.state,
        recipient_name=issuance.recipient_name,
        course=issuance.course_code,
        course_title=issuance.course_title,
        hours=issuance.hours,
        issued_at=issuance.issued_at,
        valid_until=issuance.valid_until,
        kid=record.kid,
        reason=record.reason,
        reason_text=REASON_TEXTS[record.reason] if record.reason else None,
        note=record.note,
        state_changed_at=record.state_changed_at,
        state_changed_by=record.state_changed_by,
        supersedes=issuance.supersedes,
        superseded_by=record.superseded_by,
        verify_url=verify_url(ctx, record.id),
    )


async def show(ctx: Context, tx: Tx, certificate_id: str) -> CertificateView:
    """One of the organisation's certificates. Raises NotFound."""
    record = await tx.certificates.get(certificate_id)
    if record is None:
        raise errors.NotFound(what="certificate", id=certificate_id)
    return view(ctx, record)


async def faces(ctx: Context, org: str, certificate_id: str, *, holder: str | None = None) -> Faces:
    """The signed certificate; one that a crash left pending is completed. Raises NotFound.

    With `holder`, the certificate of another enrolment is as unknown as one that does not exist.
    """
    if holder is not None:
        async with ctx.store.read(org) as tx:
            found = await tx.certificates.get(certificate_id)
        if found is None or found.enrolment != holder:
            raise errors.NotFound(what="certificate", id=certificate_id)
    record = await certificates.complete(ctx, org, certificate_id)
    return Faces(record=record, qr_text=certificates.qr_text(ctx, record), verify_url=verify_url(ctx, record.id))


def verify_url(ctx: Context, certificate_id: str) -> str:
    """The page on which anybody checks it."""
    return f"{ctx.policy.public_url}/v/{certificate_id}"


def veiled(verdict: Verdict) -> Verdict:
    """The verdict for those who bring no evidence but the id: the name in first letters only."""
    if verdict.facts is None:
        return verdict
    facts: Any = msgspec.structs.replace(verdict.facts, recipient_name=masked(verdict.facts.recipient_name))
    return msgspec.structs.replace(verdict, facts=facts)
