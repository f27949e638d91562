"""What a certificate says is frozen and stored, and signed in the next transaction, of many at once.

A crash in between leaves `pending` certificates, which whoever asks for them next completes from the stored bytes.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from exam_service.core import errors
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import qr_token, quads, status
from exam_service.core.certificates.did import organisation_did
from exam_service.core.certificates.model import KIND_TEXTS, CertificateState, Issuance, stamp, whole_seconds
from exam_service.core.certificates.printed import DESIGNS
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.exams.model import CertificateKind, CertificatePolicy, CourseVersion
from exam_service.core.exams.standing import Standing, certificate_decision
from exam_service.core.records import Candidate, Enrolment, Organisation
from exam_service.core.text import Text
from exam_service.services import issuance_log, keys, organisations, status_lists, withdrawals
from exam_service.services.context import Context
from exam_service.services.keys import Pair
from exam_service.services.ports import Tx
from exam_service.services.standing import load_standings
from exam_service.services.standing_view import missing_texts
from exam_service.services.withdrawals import Why


async def prepare(
    ctx: Context, tx: Tx, organisation: Organisation, enrolment_id: str, kind: CertificateKind, *, by_holder: bool
) -> CertificateRecord:
    """The certificate that stands, or one whose facts are frozen in this transaction, to be signed in the next.

    Raises NotFound, NotPublished, KindNotOffered, NotYetEarned, CertificateSuspended, CertificateExpired, and
    CertificateWithdrawn unless the organisation itself decides.
    """
    (outcome,) = await prepare_all(ctx, tx, organisation, [enrolment_id], kind, by_holder=by_holder)
    if isinstance(outcome, errors.Refusal):
        raise outcome
    return outcome


async def prepare_all(
    ctx: Context, tx: Tx, organisation: Organisation, enrolment_ids: Sequence[str], kind: CertificateKind,
    *, by_holder: bool,
) -> list[CertificateRecord | errors.Refusal]:  # fmt: skip
    """As `prepare`, of several enrolments in a few statements; of each the certificate, or why it has none."""
    enrolments = await tx.enrolments.several(enrolment_ids, lock=True)
    standings = await load_standings(ctx, tx, enrolments.values())
    issued = await tx.certificates.of_all(list(enrolments))
    outcomes: dict[str, CertificateRecord | errors.Refusal] = {}
    earned: dict[str, tuple[CourseVersion, CertificatePolicy]] = {}
    for id in enrolment_ids:
        try:
            if id not in enrolments:
                raise errors.NotFound(what="enrolment", id=id)
            if id not in standings:
                raise errors.NotPublished(course=enrolments[id].course)
            facts = _earned(*standings[id], kind)
            there = _there(issued.get(id, ()), kind, ctx.now(), by_holder=by_holder)
        except errors.Refusal as refusal:
            outcomes[id] = refusal
        else:
            if there is None:
                earned[id] = facts
            else:
                outcomes[id] = there
    new = await _issuances(ctx, tx, organisation, {id: enrolments[id] for id in earned}, earned, kind)
    frozen = [(issuance, id, earned[id][0]) for id, issuance in new.items()]
    outcomes |= {record.enrolment: record for record in await store(ctx, tx, frozen)}
    return [outcomes[id] for id in enrolment_ids]


def _earned(
    standing: Standing, version: CourseVersion, kind: CertificateKind
) -> tuple[CourseVersion, CertificatePolicy]:
    decision, policy = certificate_decision(standing), version.course.certificate
    if policy is None or decision is None:
        raise errors.KindNotOffered(kind=KIND_TEXTS["certificate"])
    if not decision.met:
        missing = missing_texts(standing, decision, staff=False)
        words = Text(th=" และ ".join(m.within("th") for m in missing), en="; ".join(m.within("en") for m in missing))
        raise errors.NotYetEarned(missing=words, data={"missing": missing})
    if kind not in policy.kinds:
        raise errors.KindNotOffered(kind=KIND_TEXTS[kind])
    return version, policy


def _there(
    issued: Sequence[CertificateRecord], kind: CertificateKind, now: datetime, *, by_holder: bool
) -> CertificateRecord | None:
    """The one there is; None when one may be made."""
    # What is looked into is the person's achievement, whatever the kind of paper; the organisation may know better.
    suspended = [one.issuance.kind for one in issued if one.state is CertificateState.suspended]
    if kind in suspended or (by_holder and suspended):
        raise errors.CertificateSuspended()
    record = _standing_one(issued, kind)
    if record is None and by_holder and _withdrawn(issued):
        raise errors.CertificateWithdrawn()
    until = record.issuance.valid_until if record is not None else None
    if until is not None and until <= now:
        # Having earned it once is not enough for ever: see replacements.replace for how one is renewed.
        raise errors.CertificateExpired()
    return record


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


async def _issuances(
    ctx: Context, tx: Tx, organisation: Organisation, enrolments: dict[str, Enrolment],
    earned: dict[str, tuple[CourseVersion, CertificatePolicy]], kind: CertificateKind,
) -> dict[str, Issuance]:  # fmt: skip
    """What each of the new certificates will say, by enrolment."""
    if not enrolments:
        return {}
    candidates = await tx.candidates.several(sorted({one.candidate for one in enrolments.values()}))
    indexes = iter(await free_indexes(ctx, tx, len(enrolments)))
    found = {}
    for id, enrolment in enrolments.items():
        candidate = candidates.get(enrolment.candidate)
        if candidate is None:
            raise errors.NotFound(what="candidate", id=enrolment.candidate)
        found[id] = _issuance(ctx, organisation, candidate, *earned[id], kind, next(indexes))
    return found


def _issuance(
    ctx: Context, organisation: Organisation, candidate: Candidate, version: CourseVersion, policy: CertificatePolicy,
    kind: CertificateKind, index: int,
) -> Issuance:  # fmt: skip
    now, course = whole_seconds(ctx.now()), version.course
    return Issuance(
        id=ctx.new_certificate_id(),
        organisation_id=organisation.id,
        organisation_slug=organisation.slug,
        organisation_name=organisation.name,
        did=organisation_did(ctx.policy.public_url, organisation.slug),
        course_code=course.code,
        course_title=course.title,
        kind=kind,
        recipient_name=candidate.name.display,
        hours=course.hours or 0,
        objective=course.objective.within("th") if course.objective else "",
        issued_at=now,
        valid_until=months_later(now, policy.valid_months) if policy.valid_months else None,
        status_list=status_lists.NUMBER,
        status_index=index,
        thai_digits=policy.thai_digits,
        artwork=policy.artwork,
    )


async def free_indexes(ctx: Context, tx: Tx, count: int) -> list[int]:
    """Random indexes, each another, so that they say nothing of when or to whom."""
    found: dict[int, None] = {}
    for _ in range(1000):
        drawn = [int.from_bytes(ctx.entropy(3)) % status.SIZE for _ in range(count - len(found))]
        taken = set(await tx.certificates.taken(status_lists.NUMBER, drawn))
        found |= dict.fromkeys(index for index in drawn if index not in taken)
        if len(found) == count:
            return list(found)
    raise errors.Unavailable(retry_at=ctx.now())


async def store(
    ctx: Context, tx: Tx, frozen: Sequence[tuple[Issuance, str, CourseVersion]], why: Why | None = None
) -> list[CertificateRecord]:
    """Store everything that will be signed: of each what it says, the enrolment, and under which version of the course.

    `why` is for those that take another one's place. All are of one organisation.
    """
    if not frozen:
        return []
    key = await keys.active(tx, frozen[0][0].did, "certificates")
    designs = {kind: ctx.designs.named(DESIGNS[kind]) for kind in {issuance.kind for issuance, _, _ in frozen}}
    for design in designs.values():
        await tx.certificates.keep_design(design)
    records = [
        CertificateRecord(
            id=issuance.id,
            enrolment=enrolment,
            course_version=version.id,
            issuance=issuance,
            kid=key.kid,
            unsigned=unsigned(ctx, issuance),
            qr_claims=_claims(ctx, issuance),
            state=CertificateState.pending,
            state_changed_at=issuance.issued_at,
            reason=why.reason if why else None,
            note=why.note if why else None,
            state_changed_by=why.actor if why else None,
            design=designs[issuance.kind].digest,
        )
        for issuance, enrolment, version in frozen
    ]
    await tx.certificates.add_all(records)
    for record in records:
        ctx.meter.count("certificates_issued", kind=record.issuance.kind)
    return records


def unsigned(ctx: Context, issuance: Issuance) -> bytes:
    """The credential that says this, before it has a proof."""
    list_url = status.url(ctx.policy.public_url, issuance.organisation_slug, issuance.status_list)
    return credentials.canonical_bytes(credentials.unsigned(issuance, ctx.policy.public_url, list_url))


def _claims(ctx: Context, issuance: Issuance) -> bytes:
    return qr_token.payload(issuance, qr_token.budget_for(ctx.policy.public_url))


async def sign(ctx: Context, tx: Tx, certificate_ids: Sequence[str]) -> list[CertificateRecord]:
    """The certificates, signed in this transaction unless they have been; one that supersedes another takes its place.

    Raises NotFound, SigningFailed.
    """
    found = await tx.certificates.several(certificate_ids, lock=True)
    if missing := [id for id in certificate_ids if id not in found]:
        raise errors.NotFound(what="certificate", id=", ".join(missing))
    # The others somebody else has completed, who asked at the same moment.
    pending = [record for record in found.values() if record.state is CertificateState.pending]
    if not pending:
        return [found[id] for id in certificate_ids]
    lost = await keys.not_to_be_used(ctx, tx, [record.kid for record in pending])
    pending = [await _anew(ctx, tx, record) if record.kid in lost else record for record in pending]
    pairs = await keys.pairs(tx, (record.kid for record in pending))
    signed, replaced = [], False
    parts: dict[str, issuance_log.Parts] = {}
    checks = keys.Checks(ctx)
    for record in pending:
        how = partial(_signed, ctx, key=pairs.get(record.kid), parts=parts, checks=checks)
        if record.issuance.supersedes is None:
            signed.append(await how(record))
        else:
            replaced = True
            signed.append(await withdrawals.take_place(ctx, tx, record, how))
    # What was given up instead of signed (withdrawals.take_place) is none.
    made = await issuance_log.enter(ctx, tx, [one for one in signed if one.credential is not None], parts)
    entered = {one.id: one for one in made}
    signed = [entered.get(one.id, one) for one in signed]
    await tx.certificates.put_signed(signed)
    if replaced:
        await status_lists.publish(ctx, tx, await organisations.named(ctx, tx.org), status_lists.NUMBER)
    # None of this is there before the transaction ends.
    await checks.passed()
    found = {**found, **{record.id: record for record in signed}}
    return [found[id] for id in certificate_ids]


async def _anew(ctx: Context, tx: Tx, record: CertificateRecord) -> CertificateRecord:
    """The same certificate, of which nothing has been signed, as of now and for the key that signs now."""
    issuance = msgspec.structs.replace(record.issuance, issued_at=whole_seconds(ctx.now()))
    key = await keys.active(tx, issuance.did, "certificates")
    fresh = msgspec.structs.replace(
        record,
        issuance=issuance,
        kid=key.kid,
        state_changed_at=issuance.issued_at,
        unsigned=unsigned(ctx, issuance),
        qr_claims=_claims(ctx, issuance),
    )
    await tx.certificates.put_all([fresh])
    return fresh


async def sign_ahead(ctx: Context, org: str, certificate_ids: Sequence[str]) -> None:
    """Have a hardware security module sign what `sign` will need, so that no transaction waits for it.

    Where there is no module nothing is done. Raises Unavailable, SigningFailed.
    """
    if ctx.signer.hsm == "none":
        return
    async with ctx.store.read(org) as tx:
        found = await tx.certificates.several(certificate_ids)
        pending = [one for one in found.values() if one.state is CertificateState.pending]
        kids = {record.kid for record in pending}
        ours = await keys.pairs(tx, kids - await keys.not_to_be_used(ctx, tx, kids))
    if pending:
        # The log's, too, is made before.
        await keys.ensure(ctx, org, "log")
    for record in pending:
        key = ours.get(record.kid)
        if key is not None and ctx.signer.kept(key.private.sealed) == "hsm":
            await _signed(ctx, record, key, {}, None)


async def _signed(
    ctx: Context, record: CertificateRecord, key: Pair | None, parts: dict[str, issuance_log.Parts],
    checks: keys.Checks | None,
) -> CertificateRecord:  # fmt: skip
    """Sign the stored bytes with the key they were prepared for; what was signed is verified.

    What the issuance log takes of it is put into `parts`.
    """
    credential, parts[record.id] = await secured(ctx, record, key, checks)
    message = qr_token.to_be_signed(record.kid, record.qr_claims)
    signature = await keys.sign_with(ctx, key, record.issuance.issued_at, message, checks)
    return msgspec.structs.replace(
        as_signed(record), credential=credential, qr_token=qr_token.token(record.kid, record.qr_claims, signature)
    )


async def secured(
    ctx: Context, record: CertificateRecord, key: Pair | None, checks: keys.Checks | None
) -> tuple[bytes, issuance_log.Parts]:
    """The credential with its proof, from the bytes that are stored, and the proof's parts. Raises SigningFailed."""
    made_at = record.issuance.issued_at
    # Our own bytes: nobody else wrote them.
    document = msgspec.json.decode(record.unsigned, type=dict[str, Any])
    config = credentials.new_proof_config(record.issuance.did, record.kid, stamp(made_at))
    message = quads.to_be_signed(document, config)
    signature = await keys.sign_with(ctx, key, made_at, message, checks)
    return credentials.canonical_bytes(credentials.with_proof(document, config, signature)), (message, signature)


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


def months_later(when: datetime, months: int) -> datetime:
    """The same day so many months on, or the last day of a shorter month."""
    year, month = divmod(when.month - 1 + months, 12)
    for day in range(when.day, 0, -1):
        try:
            return when.replace(year=when.year + year, month=month + 1, day=day)
        except ValueError:
            continue
    raise ValueError("no such month")
