"""Issuing certificates; what becomes of them later is in withdrawals.py.

What is signed is stored first, in a transaction of its own; then it is signed, verified, and stored beside it, never
encoded again. A crash in between leaves a `pending` certificate, which whoever asks for it next completes from the
stored bytes.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from exam_service.core import errors
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import qr_token, quads, status
from exam_service.core.certificates.did import organisation_did
from exam_service.core.certificates.model import (
    KIND_TEXTS,
    CertificateState,
    Issuance,
    stamp,
    whole_seconds,
)
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.exams.model import CertificateKind, CertificatePolicy, CourseVersion
from exam_service.core.exams.standing import certificate_decision
from exam_service.core.records import Enrolment, Organisation
from exam_service.core.text import Text
from exam_service.services import grading, keys, organisations, status_lists, withdrawals
from exam_service.services.context import Context
from exam_service.services.once import RepeatKey, once
from exam_service.services.ports import Tx
from exam_service.services.standing import load_standing
from exam_service.services.standing_view import IssuedView, issued_view, missing_texts
from exam_service.services.withdrawals import Why


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
    there is, CertificateWithdrawn when its holder asks for another one.
    """
    await keys.ensure(ctx, org, "certificates")
    await grading.settle(ctx, org, enrolment_id)
    organisation = await organisations.named(ctx, org)

    async def prepared(tx: Tx) -> IssuedView:
        record = await prepare(ctx, tx, organisation, enrolment_id, kind, by_holder=by_holder)
        # What the answer says when everything below went well; else there is no answer.
        return issued_view(msgspec.structs.replace(record, state=CertificateState.stands), ctx.policy.public_url)

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
    try:
        await request(ctx, org, enrolment_id, policy.kinds[0])
    except errors.NotYetEarned:
        return


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
    async with ctx.store.begin(org) as tx:
        return await sign(ctx, tx, certificate_id)


async def sign(ctx: Context, tx: Tx, certificate_id: str, *, publish: bool = True) -> CertificateRecord:
    """The certificate, signed in this transaction unless it has been. Raises NotFound, SigningFailed.

    One that supersedes another takes its place now; without `publish`, who calls signs the status list anew.
    """
    record = await tx.certificates.get(certificate_id, lock=True)
    if record is None:
        raise errors.NotFound(what="certificate", id=certificate_id)
    if record.state is not CertificateState.pending:
        # Somebody else asked for it at the same moment and has completed it.
        return record
    if any(key.kid == record.kid and key.compromised_at is not None for key in await tx.keys.all()):
        record = await _anew(ctx, tx, record)
    if record.issuance.supersedes is None:
        signed = await _sign(ctx, tx, record)
    else:
        signed = await withdrawals.take_place(ctx, tx, record, lambda: _sign(ctx, tx, record), publish=publish)
    await tx.certificates.put(signed)
    return signed


async def _anew(ctx: Context, tx: Tx, record: CertificateRecord) -> CertificateRecord:
    """The same certificate, of which nothing has been signed, as of now and for the key that signs now."""
    issuance = msgspec.structs.replace(record.issuance, issued_at=whole_seconds(ctx.now()))
    key = await keys.active(tx, issuance.did, "certificates")
    fresh = msgspec.structs.replace(
        record,
        issuance=issuance,
        kid=key.kid,
        state_changed_at=issuance.issued_at,
        unsigned=_unsigned(ctx, issuance),
        qr_claims=_claims(ctx, issuance),
    )
    await tx.certificates.put(fresh)
    return fresh


def qr_text(ctx: Context, record: CertificateRecord) -> str:
    """What the QR of a signed certificate says."""
    if record.qr_token is None:
        raise errors.NotFound(what="certificate", id=record.id)
    return qr_token.url(ctx.policy.public_url, record.id, record.qr_token)


async def prepare(
    ctx: Context, tx: Tx, organisation: Organisation, enrolment_id: str, kind: CertificateKind, *, by_holder: bool
) -> CertificateRecord:
    """The certificate that stands, or one whose facts are frozen in this transaction, to be signed in the next.

    Raises NotFound, KindNotOffered, NotYetEarned, CertificateSuspended, and CertificateWithdrawn unless the
    organisation itself decides.
    """
    enrolment = await tx.enrolments.get(enrolment_id, lock=True)
    if enrolment is None:
        raise errors.NotFound(what="enrolment", id=enrolment_id)
    version, policy = await _earned(ctx, tx, enrolment)
    if kind not in policy.kinds:
        raise errors.KindNotOffered(kind=KIND_TEXTS[kind])
    issued = await tx.certificates.of(enrolment_id)
    record = _standing_one(issued, kind)
    if record is None and any(one.issuance.kind == kind and one.state is CertificateState.suspended for one in issued):
        raise errors.CertificateSuspended()
    if record is None and by_holder and _withdrawn(issued):
        raise errors.CertificateWithdrawn()
    if record is not None:
        return record
    issuance = await _issuance(ctx, tx, organisation, enrolment, version, policy, kind)
    return await store(ctx, tx, issuance, enrolment.id, version)


async def _earned(ctx: Context, tx: Tx, enrolment: Enrolment) -> tuple[CourseVersion, CertificatePolicy]:
    standing, version = await load_standing(ctx, tx, enrolment)
    decision, policy = certificate_decision(standing), version.course.certificate
    if policy is None or decision is None:
        raise errors.KindNotOffered(kind=KIND_TEXTS["certificate"])
    if not decision.met:
        missing = missing_texts(standing, decision, staff=False)
        words = Text(th=" และ ".join(m.within("th") for m in missing), en="; ".join(m.within("en") for m in missing))
        raise errors.NotYetEarned(missing=words, data={"missing": missing})
    return version, policy


def _withdrawn(issued: Sequence[CertificateRecord]) -> bool:
    """Whether one was revoked and the organisation has issued none since."""
    revoked = [record.state_changed_at for record in issued if record.state is CertificateState.revoked]
    return bool(revoked) and all(record.issuance.issued_at <= max(revoked) for record in issued)


def _standing_one(issued: Sequence[CertificateRecord], kind: CertificateKind) -> CertificateRecord | None:
    # One that is still to take its place comes after the one that stands.
    for state in (CertificateState.stands, CertificateState.pending):
        for record in issued:
            if record.issuance.kind == kind and record.state is state:
                return record
    return None


async def store(
    ctx: Context, tx: Tx, issuance: Issuance, enrolment_id: str, version: CourseVersion, why: Why | None = None
) -> CertificateRecord:
    """Store everything that will be signed. `why` is for one that takes another one's place."""
    key = await keys.active(tx, issuance.did, "certificates")
    record = CertificateRecord(
        id=issuance.id,
        enrolment=enrolment_id,
        course_version=version.id,
        issuance=issuance,
        kid=key.kid,
        unsigned=_unsigned(ctx, issuance),
        qr_claims=_claims(ctx, issuance),
        state=CertificateState.pending,
        state_changed_at=issuance.issued_at,
        reason=why.reason if why else None,
        note=why.note if why else None,
        state_changed_by=why.actor if why else None,
    )
    await tx.certificates.add(record)
    ctx.meter.count("certificates_issued", kind=record.issuance.kind)
    return record


def _unsigned(ctx: Context, issuance: Issuance) -> bytes:
    list_url = status.url(ctx.policy.public_url, issuance.organisation_slug, issuance.status_list)
    return credentials.canonical_bytes(credentials.unsigned(issuance, ctx.policy.public_url, list_url))


def _claims(ctx: Context, issuance: Issuance) -> bytes:
    return qr_token.payload(issuance, qr_token.budget_for(ctx.policy.public_url))


async def _issuance(
    ctx: Context, tx: Tx, organisation: Organisation, enrolment: Enrolment, version: CourseVersion,
    policy: CertificatePolicy, kind: CertificateKind,
) -> Issuance:  # fmt: skip
    candidate = await tx.candidates.get(enrolment.candidate)
    if candidate is None:
        raise errors.NotFound(what="candidate", id=enrolment.candidate)
    now = whole_seconds(ctx.now())
    return Issuance(
        id=ctx.new_certificate_id(),
        organisation_id=organisation.id,
        organisation_slug=organisation.slug,
        organisation_name=organisation.name,
        did=organisation_did(ctx.policy.public_url, organisation.slug),
        course_code=version.course.code,
        course_title=version.course.title,
        kind=kind,
        recipient_name=candidate.name.display,
        hours=version.course.hours or 0,
        objective=version.course.objective.within("th") if version.course.objective else "",
        issued_at=now,
        valid_until=_months_later(now, policy.valid_months) if policy.valid_months else None,
        status_list=status_lists.NUMBER,
        status_index=await free_index(ctx, tx),
    )


async def free_index(ctx: Context, tx: Tx) -> int:
    """A random index, so that it says nothing of when or to whom."""
    for _ in range(1000):
        index = int.from_bytes(ctx.entropy(3)) % status.SIZE
        if await tx.certificates.index_is_free(status_lists.NUMBER, index):
            return index
    raise errors.Unavailable(retry_at=ctx.now())


async def _sign(ctx: Context, tx: Tx, record: CertificateRecord) -> CertificateRecord:
    """Sign the stored bytes with the key they were prepared for; `keys.sign` verifies what it signed."""
    key = next((one for one in await tx.keys.all() if one.kid == record.kid), None)
    if key is None:
        raise errors.SigningFailed()
    document = credentials.read_json(record.unsigned)
    config = credentials.new_proof_config(record.issuance.did, key.kid, stamp(record.issuance.issued_at))
    signature = await keys.sign(ctx, tx, key, record.issuance.issued_at, quads.to_be_signed(document, config))
    qr_signature = await keys.sign(
        ctx, tx, key, record.issuance.issued_at, qr_token.to_be_signed(key.kid, record.qr_claims)
    )
    return msgspec.structs.replace(
        as_signed(record),
        credential=credentials.canonical_bytes(credentials.with_proof(document, config, signature)),
        qr_token=qr_token.token(key.kid, record.qr_claims, qr_signature),
    )


def as_signed(record: CertificateRecord) -> CertificateRecord:
    """What the register says of it once it is signed: why it was made is then told by the one that it supersedes."""
    return msgspec.structs.replace(
        record,
        state=CertificateState.stands,
        state_changed_at=record.issuance.issued_at,
        reason=None,
        note=None,
        state_changed_by=None,
    )


def _months_later(when: datetime, months: int) -> datetime:
    """The same day so many months on, or the last day of a shorter month."""
    year, month = divmod(when.month - 1 + months, 12)
    for day in range(when.day, 0, -1):
        try:
            return when.replace(year=when.year + year, month=month + 1, day=day)
        except ValueError:
            continue
    raise ValueError("no such month")
