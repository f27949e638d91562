"""Asking for certificates. How they are made is in issuing.py, what becomes of them later in withdrawals.py."""

import logging
from collections.abc import Collection
from contextlib import suppress

import msgspec

from exam_service.core import errors
from exam_service.core.certificates import qr_token
from exam_service.core.certificates.model import (
    CertificateState,
)
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.exams.model import CertificateKind
from exam_service.services import grading, issuing, keys, organisations
from exam_service.services.context import Context
from exam_service.services.issued import IssuedView, issued_view
from exam_service.services.once import RepeatKey, once
from exam_service.services.ports import Tx

log = logging.getLogger(__name__)


async def request(
    ctx: Context,
    org: str,
    enrolment_id: str,
    kind: CertificateKind,
    repeat: RepeatKey | None = None,
    *,
    by_holder: bool = False,
) -> IssuedView:
    """A certificate of that kind, or the one that stands.

    Raises KindNotOffered, NotYetEarned with what is missing, CertificateSuspended while it is decided about the one
    there is, CertificateExpired, CertificateWithdrawn when its holder asks for another one.
    """
    await keys.ensure(ctx, org, "certificates")
    await grading.settle(ctx, org, enrolment_id)
    organisation = await organisations.named(ctx, org)

    async def prepared(tx: Tx) -> IssuedView:
        record = await issuing.prepare(ctx, tx, organisation, enrolment_id, kind, by_holder=by_holder)
        # What the answer says when everything below went well; else there is no answer.
        signed = msgspec.structs.replace(record, state=CertificateState.stands)
        return issued_view(signed, ctx.policy.public_url, ctx.now())

    answer = await once(ctx, org, repeat, IssuedView, prepared)
    await complete(ctx, org, answer.id)
    return answer


async def issue_at_once(ctx: Context, org: str, enrolment_id: str) -> None:
    """Issue what the course issues without being asked, if it has been earned and is not there yet. Safe to repeat."""
    async with ctx.store.read(org) as tx:
        enrolment = await tx.enrolments.get(enrolment_id)
        version = await tx.courses.newest(enrolment.course) if enrolment else None
        policy = version.course.certificate if version else None
        if policy is None or policy.issue != "at_once" or await tx.certificates.of(enrolment_id):
            return
    if ctx.signer.hsm == "none":
        with suppress(errors.NotYetEarned):
            await request(ctx, org, enrolment_id, policy.kinds[0])
    else:
        # Whoever hands in waits for no device, and is not refused while one is away.
        work = _issue_behind(ctx, org, enrolment_id, policy.kinds[0])
        ctx.background.start(f"certificate/{enrolment_id}", work)


async def _issue_behind(ctx: Context, org: str, enrolment_id: str, kind: CertificateKind) -> None:
    """As `request`; what cannot be signed now is signed when it is opened."""
    try:
        await request(ctx, org, enrolment_id, kind)
    except errors.NotYetEarned:
        return
    except errors.Refusal as refusal:
        log.warning("a certificate of enrolment %s waits to be signed: %s", enrolment_id, refusal)


async def courses_at_once(ctx: Context, tx: Tx, version_ids: Collection[str]) -> set[str]:
    """Those of the course versions whose course, as it is now, issues a certificate without being asked."""
    codes = {id: (await ctx.documents.course(tx, id)).course.code for id in version_ids}
    newest = await tx.courses.newest_ids(sorted(set(codes.values()))) if codes else {}
    policies = {code: (await ctx.documents.course(tx, id)).course.certificate for code, id in newest.items()}
    return {id for id, code in codes.items() if (policy := policies.get(code)) and policy.issue == "at_once"}


async def complete(ctx: Context, org: str, certificate_id: str) -> CertificateRecord:
    """The certificate with all its faces; one that a crash left pending is signed now.

    Raises NotFound, SigningFailed.
    """
    async with ctx.store.read(org) as tx:
        record = await tx.certificates.get(certificate_id)
    if record is None:
        raise errors.NotFound(what="certificate", id=certificate_id)
    if record.state is not CertificateState.pending:
        return record
    await issuing.sign_ahead(ctx, org, [certificate_id])
    async with ctx.store.begin(org) as tx:
        (signed,) = await issuing.sign(ctx, tx, [certificate_id])
    return signed


def qr_text(ctx: Context, record: CertificateRecord) -> str:
    """What the QR of a signed certificate says."""
    if record.qr_token is None:
        raise errors.NotFound(what="certificate", id=record.id)
    return qr_token.url(ctx.policy.public_url, record.id, record.qr_token)
