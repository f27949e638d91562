"""Verification for anyone: whatever evidence is given, the numbered list of core.certificates.verify decides."""

from collections.abc import Sequence

from exam_service.core.certificates import credential, qr_token, status
from exam_service.core.certificates.faces import NO_FACE, Evidence, together
from exam_service.core.certificates.keys import APART, KeyRecord
from exam_service.core.certificates.model import from_stamp
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.certificates.trust import Trust, TrustedIssuer
from exam_service.core.certificates.verdict import Record, Register, Verdict
from exam_service.core.certificates.verify import verify_credential, verify_qr
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.records import Organisation
from exam_service.services import keys, status_lists
from exam_service.services.context import Context


async def by_id(ctx: Context, certificate_id: str) -> tuple[Record | None, Verdict | None]:
    """What the register says of an id, with the verdict on its credential; (None, None) for an id never issued."""
    async with ctx.store.directory() as directory:
        org = await directory.org_of_certificate(certificate_id)
        organisation = await directory.organisation(id=org) if org is not None else None
    if organisation is None:
        return None, None
    async with ctx.store.read(organisation.id) as tx:
        stored, known = await tx.certificates.get(certificate_id), await tx.keys.all()
    register = _register_of(stored)
    if stored is None or stored.credential is None:
        return register.record, None
    # Nobody else could have issued it, so nobody else's keys are asked for.
    trust = Trust(made_at=ctx.now(), issuers=_issuers(organisation, known))
    verdict = verify_credential(stored.credential, trust, ctx.now(), ctx.signer.verify, ctx.canonical, register)
    return register.record, verdict


async def by_text(ctx: Context, text: str) -> Verdict:
    """The verdict on a scanned QR text."""
    certificate_id = qr_token.id_of(text)
    register = await _register(ctx, certificate_id) if certificate_id else None
    trust = await _trust_in(ctx, qr_token.kid_of(text))
    return verify_qr(text, trust, ctx.now(), ctx.signer.verify, ctx.canonical, register)


async def by_document(ctx: Context, document: bytes, log_proof: bytes | None = None) -> Verdict:
    """The verdict on an Open Badges credential in JSON."""
    trust = await _trust_in(ctx, credential.kid_of(document))
    first = verify_credential(document, trust, ctx.now(), ctx.signer.verify, ctx.canonical, log_proof=log_proof)
    if first.facts is None or (first.outcome == "unknown" and first.facts.did is None):
        return first
    register = await _register(ctx, first.facts.id)
    return verify_credential(document, trust, ctx.now(), ctx.signer.verify, ctx.canonical, register, log_proof)


async def by_evidence(ctx: Context, evidence: Evidence) -> Verdict:
    """The verdict on all that was found in a file. Raises UnreadableEvidence when nothing in it is a certificate's."""
    given = [await by_document(ctx, document, proof) for document, proof in evidence.documents()]
    codes = evidence.codes()
    given += [await by_text(ctx, text) for text in codes]
    if not given:
        raise UnreadableEvidence(why=NO_FACE)
    return together(given, codes.values())


async def trust_file(ctx: Context, with_lists: bool = True) -> Trust:
    """Everything that verifying offline needs: each organisation's public keys and its signed status list."""
    trust = await _trust(ctx)
    if not with_lists:
        return trust
    lists: list[str] = []
    for organisation, _ in await keys.all_public(ctx):
        if organisation is not None:
            lists.append((await status_lists.published(ctx, organisation, 1)).document.decode())
    return Trust(made_at=trust.made_at, issuers=trust.issuers, status_lists=lists)


async def trust_file_of(ctx: Context, organisation: Organisation, listed: bytes | None = None) -> Trust:
    """The same of one organisation; with `listed` instead of the status list that is published.

    It is as old as its list, so that it stays the same, byte for byte, as long as nothing in it changes.
    """
    document = listed or (await status_lists.published(ctx, organisation, 1)).document
    _, found = status.read_list(document)
    known = await keys.of_organisation(ctx, organisation)
    return Trust(
        made_at=from_stamp(found.valid_from),
        issuers=_issuers(organisation, known),
        status_lists=[document.decode()],
    )


async def _trust_in(ctx: Context, kid: str | None) -> Trust:
    """Whoever has that key, with all that they ever had: nobody else can have signed what names it."""
    async with ctx.store.directory() as directory:
        org = await directory.org_of_key(kid) if kid else None
        organisation = await directory.organisation(id=org) if org else None
    issuers = _issuers(organisation, await keys.of_organisation(ctx, organisation)) if organisation else []
    return Trust(made_at=ctx.now(), issuers=issuers)


async def _trust(ctx: Context) -> Trust:
    issuers = [
        issuer
        for organisation, known in await keys.all_public(ctx)
        if organisation is not None
        for issuer in _issuers(organisation, known)
    ]
    return Trust(made_at=ctx.now(), issuers=issuers)


def _issuers(organisation: Organisation, known: Sequence[KeyRecord]) -> list[TrustedIssuer]:
    """By the DID that each key was made under: what was signed at an earlier public address verifies for ever."""
    ours = [key for key in known if key.purpose != APART]
    return [
        TrustedIssuer(did=did, name=organisation.name, keys=[key for key in ours if key.did == did])
        for did in dict.fromkeys(key.did for key in ours)
    ]


async def _register(ctx: Context, certificate_id: str) -> Register:
    async with ctx.store.directory() as directory:
        org = await directory.org_of_certificate(certificate_id)
    if org is None:
        return Register(record=None)
    async with ctx.store.read(org) as tx:
        return _register_of(await tx.certificates.get(certificate_id))


def _register_of(stored: CertificateRecord | None) -> Register:
    if stored is None:
        return Register(record=None)
    return Register(
        record=Record(
            issuance=stored.issuance,
            state=stored.state,
            reason=stored.reason,
            changed_at=stored.state_changed_at,
            superseded_by=stored.superseded_by,
        )
    )
