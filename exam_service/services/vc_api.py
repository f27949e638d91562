"""The VC-API (W3C CCG): any credential secured with a key that stands apart, and anybody's verified.

What it signs is never taken for a certificate: docs/decisions/0016-vc-api.md. Nothing is fetched from anywhere.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from exam_service.core import errors
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import did as dids
from exam_service.core.certificates import vc_model, vc_proof
from exam_service.core.certificates.keys import APART, KeyRecord, fault_at
from exam_service.core.certificates.model import stamp, whole_seconds
from exam_service.core.certificates.vc_faults import fault, not_verified
from exam_service.core.certificates.vc_proof import Proof, Wanted
from exam_service.core.errors import Fault, Invalid
from exam_service.services import keys, organisations, vc_status, verification
from exam_service.services.context import Context
from exam_service.services.ports import Tx

_OURS_TO_MAKE = ("BitstringStatusListCredential", "OpenBadgeCredential", "AchievementCredential")
"""A status list is published here, not handed in; and a badge is what our certificates are."""

Work = Callable[[Tx], Awaitable[dict[str, Any]]]


class Asked(NamedTuple):
    """What a verifier's options ask for; what else stands in them is nothing to us."""

    checks: tuple[str, ...] = ()
    purpose: str | None = None
    challenge: str | None = None
    domain: str | None = None


class Checked(NamedTuple):
    """What was looked at, and what could not be told."""

    checks: list[str]
    warnings: list[Fault]


# Issuing


async def prepared(ctx: Context, org: str, credential: dict[str, Any], actor: str) -> Work:
    """Check and canonicalise a credential; what is left is to sign it in a transaction.

    Raises Invalid with every fault, and NotFound when this service signs no such things.
    """
    if not ctx.policy.vc_api:
        raise errors.NotFound(what="VC-API issuer (EXAM_VC_API is off)", id=org)
    organisation = await organisations.named(ctx, org)
    document = dict(credential)
    faults = vc_model.credential_faults(document, ctx.any_canonical.digest)
    if "proof" in document:
        faults.append(fault("already-secured", "proof"))
    faults += _of_ours(ctx, document)
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    key = await keys.ensure(ctx, org, APART)
    document["issuer"] = _issued_by(document["issuer"], key.did)
    if vc_model.is_v1(document):
        # Its context defines neither our proofs nor our status lists: the first is brought along, the second left out.
        document["@context"] = vc_model.with_proof_context(document["@context"])
    elif "credentialStatus" not in document:
        document["credentialStatus"] = vc_status.entry(ctx, organisation.slug)
    now = whole_seconds(ctx.now())
    config = keys.apart_config(key, stamp(now))
    try:
        message = await ctx.any_canonical.hash_data(document, config)
    except ValueError as error:
        raise Invalid(count=1, faults=[fault("no-canonical-form", "", str(error)[:300])]) from error

    async def work(tx: Tx) -> dict[str, Any]:
        await vc_status.begin(ctx, tx, organisation)
        # Verified before anybody sees it.
        signature = await keys.sign(ctx, tx, key, now, message)
        proof = {**config, "proofValue": "z" + dids.base58(signature)}
        subject = f"sha256:{hashlib.sha256(message).hexdigest()}"
        await keys.audited(ctx, tx, actor, "credential.issue", subject, None)
        return {**document, "proof": proof}

    return work


def _issued_by(given: object, did: str) -> object:
    """Nobody else's name is signed for: whatever issuer was given, it is this key's own."""
    return {**given, "id": did} if isinstance(given, dict) else did


def _of_ours(ctx: Context, document: Mapping[str, Any]) -> list[Fault]:
    """What a reader could take for something this service publishes itself."""
    types = vc_model.listed(document.get("type"))
    found = [fault("ours-to-make", "type", one) for one in _OURS_TO_MAKE if one in types]
    base = ctx.policy.public_url.lower()
    left: list[tuple[Any, str]] = [(document, "")]
    while left:
        value, path = left.pop()
        if isinstance(value, dict):
            left += [(one, f"{path}.{name}" if path else name) for name, one in value.items()]
        elif isinstance(value, list):
            left += [(one, f"{path}[{n}]") for n, one in enumerate(value)]
        elif isinstance(value, str) and (value.lower() == base or value.lower().startswith((f"{base}/", f"{base}#"))):
            found.append(fault("looks-like-ours", path))
    return found


async def change_status(ctx: Context, org: str, list_url: str, index: int, withdrawn: bool, actor: str) -> None:
    """Set or clear the bit of something the organisation's key signed. Raises NotFound for another's list."""
    organisation = await organisations.named(ctx, org)
    if not ctx.policy.vc_api or vc_status.slug_of(ctx, list_url) != organisation.slug:
        raise errors.NotFound(what="status list", id=list_url)
    await vc_status.change(ctx, org, index, withdrawn, actor)


# Verifying


async def verify_credential(ctx: Context, document: dict[str, Any], asked: Asked) -> Checked:
    """Whether a credential's proofs are right and one is its issuer's, and it is in force. Raises NotVerified."""
    _refuse(vc_model.credential_faults(document, ctx.any_canonical.digest))
    return await _credential(ctx, document, asked, "")


async def verify_presentation(ctx: Context, document: dict[str, Any], asked: Asked) -> Checked:
    """Whether a presentation is signed by its holder, and every credential in it verifies. Raises NotVerified."""
    _refuse(vc_model.presentation_faults(document, ctx.any_canonical.digest))
    wanted = Wanted(asked.purpose or "authentication", asked.challenge, asked.domain)
    proofs = await _proofs(ctx, document, wanted, "")
    holder = vc_model.holder_of(document)
    if holder is not None and any(proof.controller != holder for proof in proofs):
        raise not_verified("proof", fault("key-of-another", "holder"))
    checked = Checked(["proof"], [])
    inside = document.get("verifiableCredential", [])
    for n, one in enumerate(vc_model.listed(inside)):
        at = f"verifiableCredential[{n}]." if isinstance(inside, list) else "verifiableCredential."
        found = await _credential(ctx, one, Asked(asked.checks), at)
        checked.warnings.extend(found.warnings)
    return checked


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise not_verified("malformed", *faults)


async def _credential(ctx: Context, document: dict[str, Any], asked: Asked, at: str) -> Checked:
    wanted = Wanted(asked.purpose or "assertionMethod", asked.challenge, asked.domain)
    issuer = vc_model.issuer_of(document)
    if "OpenBadgeCredential" in vc_model.listed(document.get("type")) and await _is_ours(ctx, issuer):
        return await _certificate(ctx, document, wanted, at)
    proofs = await _proofs(ctx, document, wanted, at)
    if all(proof.controller != issuer for proof in proofs):
        # Others may sign besides the issuer, as links of a chain do; without the issuer's own proof it is nobody's.
        raise not_verified("proof", fault("key-of-another", f"{at}issuer"))
    now = ctx.now()
    for member, when in vc_model.period_of(document).items():
        if member in ("validFrom", "issuanceDate") and when is not None and when > now:
            raise not_verified("out-of-time", fault("not-yet-valid", f"{at}{member}"))
        if member in ("validUntil", "expirationDate") and when is not None and when <= now:
            raise not_verified("out-of-time", fault("expired", f"{at}{member}"))
    return await _status(ctx, document, asked, at)


async def _is_ours(ctx: Context, issuer: str | None) -> bool:
    return issuer is not None and (await verification.trust_file(ctx, with_lists=False)).issuer(issuer) is not None


async def _certificate(ctx: Context, document: dict[str, Any], wanted: Wanted, at: str) -> Checked:
    """One of our own, or what says so: all that is known of it decides, and not its proof alone."""
    vc_proof.read_proofs(document, wanted, ctx.now(), at)
    verdict = await verification.by_document(ctx, credentials.canonical_bytes(document))
    if verdict.outcome != "genuine" or verdict.status != "stands":
        step = next((one.code for one in verdict.steps if one.passed is not True), verdict.status)
        kind = "status" if verdict.outcome == "genuine" else "proof"
        raise not_verified(kind, fault("not-on-record", at, step))
    return Checked(["proof", "credentialStatus"], [])


async def _proofs(ctx: Context, document: dict[str, Any], wanted: Wanted, at: str) -> list[Proof]:
    """Every proof of it, each found right. Raises NotVerified at the first that is not."""
    proofs = vc_proof.read_proofs(document, wanted, ctx.now(), at)
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    known = [key for _, several in await keys.all_public(ctx) for key in several]
    for proof in proofs:
        public = _key(ctx, proof, known)
        # A link of a chain is made over the document with the proofs that come before it.
        signed = {**unsecured, "proof": list(proof.previous)} if proof.previous else unsecured
        try:
            message = await ctx.any_canonical.hash_data(signed, proof.config)
        except ValueError as error:
            raise not_verified("transformation", fault("no-canonical-form", at, str(error)[:300])) from error
        if not ctx.signer.verify(public, message, proof.signature):
            raise not_verified("proof", fault("signature-wrong", proof.path))
    return proofs


def _key(ctx: Context, proof: Proof, known: list[KeyRecord]) -> bytes:
    """The key that a proof names: a did:key is its own, that of one of our organisations is in the register."""
    public = vc_proof.key_of_did(proof)
    if public is not None:
        record = next((key for key in known if key.public == public), None)
    else:
        named = (key for key in known if dids.method_id(key.did, key.kid) == proof.method)
        record = next((key for key in named if key.purpose in ("certificates", "status")), None)
        if record is None:
            raise not_verified("method", fault("unknown-did", f"{proof.path}.verificationMethod"))
    if record is not None and fault_at(record, proof.created or ctx.now()) is not None:
        raise not_verified("method", fault("key-not-good", f"{proof.path}.verificationMethod"))
    return record.public if record is not None else public or b""


async def _status(ctx: Context, document: Mapping[str, Any], asked: Asked, at: str) -> Checked:
    """A list of ours is looked at whether or not that was asked for; of any other it is said that it is not known."""
    checked = Checked(["proof"], [])
    for entry in vc_model.listed(document.get("credentialStatus", [])):
        list_url, place = entry.get("statusListCredential"), f"{at}credentialStatus"
        slug, index = vc_status.slug_of(ctx, str(list_url)), str(entry.get("statusListIndex"))
        withdrawn = None if slug is None else await vc_status.is_set(ctx, slug, vc_status.index_of(index))
        if withdrawn:
            raise not_verified("status", fault("withdrawn", place))
        if withdrawn is None and "credentialStatus" in asked.checks:
            raise not_verified("no-status", fault("status-unknown", place))
        if withdrawn is None:
            checked.warnings.append(fault("status-unknown", place))
        else:
            checked.checks.append("credentialStatus")
    return checked
