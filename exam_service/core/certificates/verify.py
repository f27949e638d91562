"""Verification, as one numbered list for every kind of evidence; every step names its failure and none is skipped:

(1) parse  (2) key known  (3) key good at that time  (4) signature over the exact bytes  (5) status  (6) expiry

(7) is of several faces together (`faces.together`); (8) is of a proof of the issuance log, when one is given.

Pure: the cryptography comes in as two functions, the time as a parameter.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import did as dids
from exam_service.core.certificates import issuance_log, qr_token, status
from exam_service.core.certificates.keys import STOLEN, KeyRecord, fault_at
from exam_service.core.certificates.model import CertificateState, from_stamp
from exam_service.core.certificates.trust import Trust, TrustedIssuer
from exam_service.core.certificates.verdict import (
    Facts,
    Record,
    Register,
    Standing,
    Step,
    Verdict,
    added,
    concluded,
    differences,
    failed,
    forged,
    passed,
    stopped,
    untold,
)
from exam_service.core.certificates.words import Unreadable

Check = Callable[[bytes, bytes, bytes], bool]
"""`check(public, message, signature)`: whether Ed25519 says the signature is right; never raises."""
Canonical = Callable[[dict[str, Any], dict[str, Any]], bytes]
"""`canonical(document, proof_config)`: the 64 bytes that an eddsa-rdfc-2022 proof signs, or ValueError."""

_CLOCK_SKEW = timedelta(minutes=5)


def verify_qr(
    text: str, trust: Trust, now: datetime, check: Check, canonical: Canonical, register: Register | None = None
) -> Verdict:
    """The verdict on a scanned QR text (whole address, fragment or digits).

    With `register` the status is first-hand; without it, it comes from a signed status list in the trust file, if there
    is a fresh one.
    """
    # (1) parse
    try:
        token = qr_token.parse(text)
    except Unreadable as error:
        return stopped([failed("parse", error.code)], "not_genuine", None)
    facts = Facts(
        id=token.id,
        recipient_name=token.name,
        course_title=token.title,
        course_code=token.course_code,
        issued_at=token.issued_at,
        valid_until=token.valid_until,
        status_list=token.status_list,
        status_index=token.status_index,
        kid=token.kid,
    )
    # (2) key known
    candidates = [found for found in trust.keys_named(token.kid) if found[1].purpose == "certificates"]
    if not candidates:
        return stopped([passed("parse", "parsed"), failed("key_known", "key-unknown")], "unknown", facts)
    # Two keys could share the eight bytes: the one under which the signature is right is meant.
    signer = next((found for found in candidates if check(found[1].public, token.signed, token.signature)), None)
    return _after_key(
        facts, signer or candidates[0], signer is not None, token.issued_at, trust, now, check, canonical, register
    )


def verify_credential(
    document: bytes, trust: Trust, now: datetime, check: Check, canonical: Canonical, register: Register | None = None,
    log_proof: bytes | None = None,
) -> Verdict:  # fmt: skip
    """The verdict on an Open Badges credential, given as the bytes that were stored or downloaded.

    With `log_proof` it is known since when the issuance log has had it: what was there before a key was stolen stands.
    """
    # (1) parse
    try:
        raw, found = credentials.read(document)
        facts, issued, signature = _facts(found)
        message = canonical({k: v for k, v in raw.items() if k != "proof"}, credentials.proof_config(found))
    except Unreadable as error:
        return stopped([failed("parse", error.code)], "not_genuine", None)
    except ValueError:
        return stopped([failed("parse", "unknown-shape")], "not_genuine", None)
    # (2) key known
    issuer = trust.issuer(found.issuer.id)
    keys = [key for key in issuer.keys if key.kid == facts.kid and key.purpose == "certificates"] if issuer else []
    if issuer is None or not keys:
        return stopped([passed("parse", "parsed"), failed("key_known", "key-unknown")], "unknown", facts)
    if found.proof is None or found.proof[0].verification_method != dids.method_id(issuer.did, facts.kid):
        return stopped([passed("parse", "parsed"), failed("key_known", "key-of-other-issuer")], "not_genuine", facts)
    right = check(keys[0].public, message, signature)
    step, since = _logged(log_proof, issuer, message, signature, check) if log_proof is not None else (None, None)
    verdict = _after_key(facts, (issuer, keys[0]), right, issued, trust, now, check, canonical, register, since)
    if step is None:
        return verdict
    return forged(verdict, step) if step.passed is False else added(verdict, step)


def _logged(
    proof: bytes, issuer: TrustedIssuer, message: bytes, signature: bytes, check: Check
) -> tuple[Step, datetime | None]:
    """Step (8), and since when the log has had it as far as that can be told."""
    try:
        found = issuance_log.logged(issuance_log.read_proof(proof), issuer.did, message, signature, issuer.keys, check)
    except Unreadable as error:
        return failed("log", error.code), None
    if found is None:
        return untold("log", "log-unknown"), None
    return passed("log", "logged", number=found.number, at=found.at), found.at


def facts_of(document: bytes) -> Facts:
    """What a credential says, whoever signed it; ValueError when it is none."""
    _, found = credentials.read(document)
    return _facts(found)[0]


def _facts(found: credentials.Credential) -> tuple[Facts, datetime, bytes]:
    """The facts, when the proof was made, and its signature; ValueError when one is not well formed."""
    if found.proof is None:
        raise Unreadable("no-proof")
    proof, subject, entry = found.proof[0], found.credential_subject, found.credential_status
    did, _, kid = proof.verification_method.partition("#")
    signature = dids.from_base58(proof.proof_value[1:]) if proof.proof_value.startswith("z") else b""
    issued, made = from_stamp(found.valid_from), from_stamp(proof.created)
    # One certificate, one moment: a proof that claims another time than the document could dodge the key's dates.
    if len(signature) != 64 or made < issued or entry.id != f"{entry.status_list_credential}#{entry.status_list_index}":
        raise Unreadable("unknown-shape", "proof or status entry")
    number = entry.status_list_credential.rpartition("/status/")[2]
    if not (number.isascii() and number.isdigit()):
        raise Unreadable("unknown-shape", "`statusListCredential` does not end in a number")
    facts = Facts(
        id=credentials.id_of(found),
        recipient_name=subject.identifier[0].identity_hash,
        course_title=subject.achievement.name,
        course_code=subject.achievement.human_code,
        issued_at=issued,
        valid_until=from_stamp(found.valid_until) if found.valid_until else None,
        status_list=int(number),
        status_index=int(entry.status_list_index),
        kid=kid,
        did=did,
        kind=credentials.kind_of(found),
        hours=subject.credits_earned or 0.0,
        supersedes=found.evidence[0].id.rpartition("/v/")[2] if found.evidence else None,
    )
    return facts, made, signature


def _after_key(
    facts: Facts,
    signer: tuple[TrustedIssuer, KeyRecord],
    right: bool,
    made_at: datetime,
    trust: Trust,
    now: datetime,
    check: Check,
    canonical: Canonical,
    register: Register | None,
    logged_at: datetime | None = None,
) -> Verdict:
    issuer, key = signer
    # (2) key known
    steps = [passed("parse", "parsed"), passed("key_known", "key-known", issuer=issuer.name)]
    # (3) key good at that time
    fault = fault_at(key, made_at)
    recorded = register is not None and register.record is not None
    if fault == "key-compromised-since" and logged_at and key.compromised_at and logged_at < key.compromised_at:
        # Nobody who has the key could have put it there: the log has a key of its own.
        fault = None
        steps.append(passed("key_good", "key-logged", at=logged_at))
    else:
        steps.append(_key_good(fault, recorded))
    # (4) signature over the exact bytes; it is looked at even when the key was not good, so that the answer is complete
    steps.append(passed("signature", "signature-good") if right else failed("signature", "signature-wrong"))
    if not right:
        return stopped(steps, "not_genuine", None)
    facts = _of(facts, issuer)
    if fault and fault not in STOLEN:
        return stopped(steps, "not_genuine", facts)
    if fault and register is None:
        # Whoever has the key could have made it, and so could the issuer.
        return stopped(steps, "unknown", facts, headline=fault)
    # (5) status
    if register is not None:
        told = _from_register(facts, register, now)
    else:
        told = _from_list(facts, issuer, trust, now, check, canonical)
    step, standing, as_of = told
    steps.append(step)
    if step.code in ("not-on-record", "differs-from-record"):
        return stopped(steps, "not_genuine", facts)
    if fault == "key-compromised" and standing == "stands":
        # The issuer made it, after its key was lost: a reader must not learn to rely on such ones.
        return stopped(steps, "unknown", facts, headline=fault)
    # (6) expiry
    steps.append(_expiry(facts, now))
    if steps[-1].code == "expired" and standing in ("stands", "unknown"):
        standing, as_of = "expired", now
    elif steps[-1].code == "not-yet-valid" and standing == "stands":
        standing, as_of = "unknown", None
    return concluded(steps, facts, standing, as_of=as_of, record=register.record if register else None)


def _key_good(fault: str | None, recorded: bool) -> Step:
    match fault:
        case None:
            return passed("key_good", "key-good")
        case "key-compromised-since" if recorded:
            return passed("key_good", "key-vouched")
        case "key-compromised-since":
            return untold("key_good", fault)
    return failed("key_good", fault)


def _of(facts: Facts, issuer: TrustedIssuer) -> Facts:
    # Only after the signature is right may the issuer's name stand beside the facts.
    return msgspec.structs.replace(facts, did=issuer.did, organisation_name=issuer.name)


def _expiry(facts: Facts, now: datetime) -> Step:
    if facts.issued_at > now + _CLOCK_SKEW:
        return failed("expiry", "not-yet-valid", issued_at=facts.issued_at)
    if facts.valid_until is None:
        return passed("expiry", "no-expiry")
    if now >= facts.valid_until:
        return failed("expiry", "expired", valid_until=facts.valid_until)
    return passed("expiry", "not-expired")


def _from_register(facts: Facts, register: Register, now: datetime) -> tuple[Step, Standing, datetime | None]:
    record = register.record
    if record is None:
        return failed("status", "not-on-record"), "unknown", None
    unequal = differences(facts, record.issuance)
    if unequal:
        return failed("status", "differs-from-record", fields=", ".join(unequal)), "unknown", None
    match record.state:
        case CertificateState.stands:
            return passed("status", "stands", as_of=now), "stands", now
        case CertificateState.revoked:
            return failed("status", "revoked"), "revoked", now
        case CertificateState.suspended:
            return failed("status", "suspended"), "suspended", now
        case CertificateState.superseded:
            return failed("status", "superseded"), "superseded", now
    return untold("status", "pending"), "unknown", None


def _from_list(
    facts: Facts, issuer: TrustedIssuer, trust: Trust, now: datetime, check: Check, canonical: Canonical
) -> tuple[Step, Standing, datetime | None]:
    """What the newest rightly signed list says. A set bit counts even in an old one; a clear one must be fresh."""
    newest: tuple[datetime, datetime, bool] | None = None
    broken = False
    for text in trust.status_lists:
        try:
            found = _read_list(text.encode(), facts, issuer, check, canonical)
        except ValueError:
            broken = True
            continue
        if found and found[0] <= now + _CLOCK_SKEW and (newest is None or found[0] > newest[0]):
            newest = found
    if newest is None:
        return untold("status", "status-list-broken" if broken else "status-unknown"), "unknown", None
    as_of, until, withdrawn = newest
    if withdrawn:
        return failed("status", "withdrawn", as_of=as_of), "revoked", as_of
    if now >= until:
        return untold("status", "status-list-stale", until=until), "unknown", None
    return passed("status", "stands", as_of=as_of), "stands", as_of


def _read_list(
    document: bytes, facts: Facts, issuer: TrustedIssuer, check: Check, canonical: Canonical
) -> tuple[datetime, datetime, bool] | None:
    """When that list was made, until when it is fresh and whether the bit is set; None when it is another list.

    ValueError when it claims to be the right list and is not rightly signed. The same first four steps as above.
    """
    # (1) parse
    raw, found = status.read_list(document)
    slug = dids.slug_of(issuer.did)
    if found.issuer != issuer.did or not found.id.endswith(f"/orgs/{slug}/status/{facts.status_list}"):
        return None
    proof = found.proof[0]
    made, until = from_stamp(found.valid_from), from_stamp(found.valid_until)
    # (2) key known
    keys = [k for k in issuer.keys if dids.method_id(issuer.did, k.kid) == proof.verification_method]
    key = next((k for k in keys if k.purpose in ("certificates", "status")), None)
    # (3) key good at that time
    if key is None or fault_at(key, made) is not None or from_stamp(proof.created) < made:
        raise Unreadable("key-unknown")
    # (4) signature over the exact bytes
    config = {k: v for k, v in raw["proof"][0].items() if k != "proofValue"}
    message = canonical({k: v for k, v in raw.items() if k != "proof"}, config)
    value = proof.proof_value
    if not value.startswith("z") or not check(key.public, message, dids.from_base58(value[1:])):
        raise Unreadable("signature-wrong")
    return made, until, status.is_set(status.decode(found.credential_subject.encoded_list), facts.status_index)


__all__ = ["Canonical", "Check", "Record", "Register", "facts_of", "verify_credential", "verify_qr"]
