"""A corrected certificate that takes the place of another: a new one, which names the one that it supersedes.

Nothing that was issued is changed. The new one is stored first; it is signed, and the old one replaced, in the next
transaction. A crash in between leaves the old one standing, and who asks again completes the new one.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Literal

import msgspec

from exam_service.core import errors
from exam_service.core.certificates.did import organisation_did
from exam_service.core.certificates.keys import KeyState
from exam_service.core.certificates.model import CertificateState, Issuance, RevocationReason, whole_seconds
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.records import Organisation
from exam_service.services import certificate_views, certificates, issuing, keys, organisations, status_lists
from exam_service.services.certificate_views import CertificateView
from exam_service.services.context import Context
from exam_service.services.once import RepeatKey, once
from exam_service.services.ports import Tx
from exam_service.services.withdrawals import Why

log = logging.getLogger(__name__)

Correction = Literal["name_corrected", "course_corrected", "key_compromised", "renewed"]
"""What the new one says differently: the person's name; the course and the issuer; nothing, but under a new key; until
when it is valid."""

_SAID = ("recipient_name", "course_title", "hours", "objective", "organisation_name", "kind", "valid_until", "artwork")
PAGE = 500
TOGETHER = 25
BREATH_SECONDS = 0.1
"""Between two groups, so that others write: SQLite keeps no line, but whoever waits looks every tenth of a second."""


class Reissued(msgspec.Struct, kw_only=True):
    """How far the certificates of one key have been replaced."""

    kid: str
    looked_at: int = 0
    replaced: int = 0
    failed: list[str] = msgspec.field(default_factory=list)
    """Certificates for which something went wrong; the log says what. Run it again."""


async def replace(
    ctx: Context, org: str, certificate_id: str, correction: Correction, note: str | None, actor: str,
    repeat: RepeatKey | None = None,
) -> CertificateView:  # fmt: skip
    """The new certificate, made of what the record of the person and of the course says now.

    It stands for as long as the old one would have, unless it is renewed; one that has expired can only be renewed.
    Raises NotFound, NotRevocable, CertificateSuspended, NothingToCorrect, NotRenewable, SigningFailed.
    """
    await keys.ensure(ctx, org, "certificates")
    organisation = await organisations.named(ctx, org)
    why = Why(reason=RevocationReason(correction), note=note, actor=actor)

    async def prepared(tx: Tx) -> CertificateView:
        record = await _prepare(ctx, tx, organisation, certificate_id, why)
        return certificate_views.view(ctx, issuing.as_signed(record))

    answer = await once(ctx, org, repeat, CertificateView, prepared)
    made = await certificates.complete(ctx, org, answer.id)
    if made.credential is None:
        # The old one was withdrawn at the same moment, and this one with it.
        raise errors.NotRevocable()
    return answer


async def reissue(
    ctx: Context, org: str, kid: str, note: str | None, actor: str, progress: Callable[[Reissued], None] | None = None
) -> Reissued:
    """Replace every certificate that a compromised key signed and that stands. To be run again after a stop.

    Raises NotFound, KeyNotUsable when the key is not compromised.
    """
    async with ctx.store.read(org) as tx:
        key = next((one for one in await tx.keys.all() if one.kid == kid), None)
    if key is None:
        raise errors.NotFound(what="key", id=kid)
    if key.state is not KeyState.compromised:
        raise errors.KeyNotUsable(kid=kid, state=key.state)
    await keys.ensure(ctx, org, "certificates")
    organisation = await organisations.named(ctx, org)
    why = Why(reason=RevocationReason.key_compromised, note=note, actor=actor)
    found, after = Reissued(kid=kid), None
    while True:
        async with ctx.store.read(org) as tx:
            page = await tx.certificates.page(after, PAGE)
        if not page:
            return found
        after = page[-1].id
        theirs = [one.id for one in page if one.kid == kid and _stands(one, ctx.now())]
        for start in range(0, len(theirs), TOGETHER):
            await _replace_some(ctx, organisation, theirs[start : start + TOGETHER], why, found)
            if progress is not None:
                progress(found)
            await asyncio.sleep(BREATH_SECONDS)
        found.looked_at += len(page)
        if progress is not None:
            progress(found)


async def _replace_some(ctx: Context, organisation: Organisation, some: list[str], why: Why, found: Reissued) -> None:
    try:
        found.replaced += await _together(ctx, organisation, some, why)
    except errors.Unavailable:
        raise
    except Exception:
        if len(some) == 1:
            log.exception("replacing certificate %s failed", some[0])
            found.failed += some
            return
        log.exception("replacing certificates: some failed, they are tried one by one")
        for one in some:
            await _replace_some(ctx, organisation, [one], why, found)


async def _together(ctx: Context, organisation: Organisation, some: list[str], why: Why) -> int:
    """How many were replaced, in two transactions, with one status list for all of them."""
    org = organisation.id
    new: list[str] = []
    async with ctx.store.begin(org) as tx:
        for one in some:
            # Since the page was read somebody else may have replaced or withdrawn it: then there is nothing to do.
            with suppress(errors.NotRevocable, errors.CertificateSuspended):
                new.append((await _prepare(ctx, tx, organisation, one, why)).id)
    await issuing.sign_ahead(ctx, org, new)
    async with ctx.store.begin(org) as tx:
        # What somebody else has signed meanwhile, who does the same, is theirs to count.
        left = await tx.certificates.several(new, lock=True)
        made = await issuing.sign(ctx, tx, [id for id in new if left[id].state is CertificateState.pending])
    return sum(one.credential is not None for one in made)


async def _prepare(
    ctx: Context, tx: Tx, organisation: Organisation, certificate_id: str, why: Why
) -> CertificateRecord:
    old = await tx.certificates.get(certificate_id, lock=True)
    if old is None:
        raise errors.NotFound(what="certificate", id=certificate_id)
    if old.state is CertificateState.suspended:
        raise errors.CertificateSuspended()
    renewed = why.reason is RevocationReason.renewed
    if not (_stands(old, ctx.now()) or (renewed and old.state is CertificateState.stands)):
        raise errors.NotRevocable()
    enrolment = await tx.enrolments.get(old.enrolment)
    version = await tx.courses.newest(enrolment.course) if enrolment else None
    candidate = await tx.candidates.get(enrolment.candidate) if enrolment else None
    if version is None or candidate is None:
        raise errors.NotFound(what="enrolment", id=old.enrolment)
    says = old.issuance
    if why.reason is RevocationReason.name_corrected:
        says = msgspec.structs.replace(says, recipient_name=candidate.name.display)
    elif why.reason is RevocationReason.course_corrected:
        course = version.course
        says = msgspec.structs.replace(
            says,
            course_title=course.title,
            hours=course.hours or 0,
            objective=course.objective.within("th") if course.objective else "",
            organisation_name=organisation.name,
            artwork=course.certificate.artwork if course.certificate else None,
        )
    elif renewed:
        policy = version.course.certificate
        until = _renewed_until(old.issuance, policy.valid_months if policy else None, whole_seconds(ctx.now()))
        says = msgspec.structs.replace(says, valid_until=until)
    if says == old.issuance and not await _compromised(tx, old.kid):
        raise errors.NothingToCorrect()
    for one in await tx.certificates.of(old.enrolment):
        if one.issuance.supersedes == old.id and one.state is CertificateState.pending:
            # A crash came between.
            if one.reason is why.reason and _says_the_same(one.issuance, says):
                return one
            # Nothing of it was signed, and meanwhile something else is to be said.
            given_up = {"state": CertificateState.revoked, "state_changed_at": ctx.now(), "state_changed_by": why.actor}
            await tx.certificates.put_all([msgspec.structs.replace(one, **given_up)])
    (index,) = await issuing.free_indexes(ctx, tx, 1)
    issuance: Issuance = msgspec.structs.replace(
        says,
        id=ctx.new_certificate_id(),
        did=organisation_did(ctx.policy.public_url, organisation.slug),
        issued_at=whole_seconds(ctx.now()),
        status_list=status_lists.NUMBER,
        status_index=index,
        supersedes=old.id,
    )
    (record,) = await issuing.store(ctx, tx, [(issuance, old.enrolment, version)], why)
    return record


def _renewed_until(issuance: Issuance, months: int | None, now: datetime) -> datetime:
    """Another period, from the end of the one before, so that nobody loses by coming early. Raises NotRenewable."""
    until = issuance.valid_until
    if until is None or months is None:
        raise errors.NotRenewable()
    if until > issuing.months_later(now, months):
        # Renewed once already: a second press of the button must not add up.
        raise errors.NotRenewable()
    return issuing.months_later(max(until, now), months)


def _says_the_same(one: Issuance, other: Issuance) -> bool:
    """Whether two say the same of the person and the course."""
    return all(getattr(one, name) == getattr(other, name) for name in _SAID)


def _stands(record: CertificateRecord, now: datetime) -> bool:
    until = record.issuance.valid_until
    return record.state is CertificateState.stands and (until is None or until > now)


async def _compromised(tx: Tx, kid: str) -> bool:
    return any(key.kid == kid and key.state is KeyState.compromised for key in await tx.keys.all())
