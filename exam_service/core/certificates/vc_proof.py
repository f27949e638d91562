"""The embedded proofs of anybody's documents: Data Integrity 1.0 with eddsa-rdfc-2022, and nothing else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from exam_service.core.certificates import did as dids
from exam_service.core.certificates.vc_faults import fault, not_verified
from exam_service.core.certificates.vc_model import is_url, time_of

MOST = 4
"""Proofs that one document may carry: each is a canonical form and a signature to be checked."""


class Wanted(NamedTuple):
    """What a verifier asks of a proof besides being right."""

    purpose: str
    challenge: str | None = None
    domain: str | None = None


class Proof(NamedTuple):
    """One proof, read: what is hashed beside the document, and the signature over both."""

    config: dict[str, Any]
    signature: bytes
    method: str
    created: datetime | None
    path: str
    previous: tuple[dict[str, Any], ...] = ()
    """The proofs it names as coming before it, whole: it is made over the document with them in it."""

    @property
    def controller(self) -> str:
        """The DID whose key it is."""
        return self.method.partition("#")[0]


def read_proofs(document: Mapping[str, Any], wanted: Wanted, now: datetime, at: str = "") -> list[Proof]:
    """Every proof of the document; NotVerified when there is none, or one that may not be believed whoever made it."""
    given = document.get("proof")
    several = given if isinstance(given, list) else [given]
    if given is None or not several:
        raise not_verified("unsigned", fault("no-proof", f"{at}proof"))
    if len(several) > MOST:
        raise not_verified("malformed", fault("too-many-proofs", f"{at}proof", str(MOST)))
    places = [f"{at}proof[{n}]" if isinstance(given, list) else f"{at}proof" for n in range(len(several))]
    found = [_read(one, wanted, now, place) for one, place in zip(several, places, strict=True)]
    return [proof._replace(previous=_previous(proof, several)) for proof in found]


def _previous(proof: Proof, several: list[Any]) -> tuple[dict[str, Any], ...]:
    """Data Integrity 1.0, section 4.6: every proof that `previousProof` names stands beside this one, once."""
    if "previousProof" not in proof.config:
        return ()
    given = proof.config["previousProof"]
    names = given if isinstance(given, list) else [given]
    place = f"{proof.path}.previousProof"
    if not names or not all(is_url(name) for name in names):
        raise not_verified("malformed", fault("not-a-url", place))
    named = tuple(one for one in several if one.get("id") in names)
    if len(named) != len(names) or len({one["id"] for one in named}) != len(names):
        raise not_verified("proof", fault("no-previous-proof", place))
    return named


def _read(proof: object, wanted: Wanted, now: datetime, path: str) -> Proof:
    if not isinstance(proof, dict):
        raise not_verified("malformed", fault("not-an-object", path))
    for member in ("type", "cryptosuite", "proofPurpose", "verificationMethod", "proofValue"):
        if not isinstance(proof.get(member), str):
            raise not_verified("malformed", fault("not-a-text", f"{path}.{member}"))
    if proof["type"] != "DataIntegrityProof" or proof["cryptosuite"] != "eddsa-rdfc-2022":
        raise not_verified("proof", fault("unknown-suite", path))
    if proof["proofPurpose"] != wanted.purpose:
        raise not_verified("proof", fault("other-purpose", f"{path}.proofPurpose", wanted.purpose))
    if "id" in proof and not is_url(proof["id"]):
        raise not_verified("malformed", fault("not-a-url", f"{path}.id"))
    created = _times(proof, now, path)
    _for_whom(proof, wanted, path)
    value = proof["proofValue"]
    try:
        signature = dids.from_base58(value[1:]) if value.startswith("z") else b""
    except ValueError:
        signature = b""
    if len(signature) != 64 or "z" + dids.base58(signature) != value:
        raise not_verified("proof", fault("not-a-proof-value", f"{path}.proofValue"))
    config = {name: one for name, one in proof.items() if name != "proofValue"}
    return Proof(config, signature, proof["verificationMethod"], created, path)


def _times(proof: Mapping[str, Any], now: datetime, path: str) -> datetime | None:
    times: dict[str, datetime] = {}
    for member in ("created", "expires"):
        if member in proof:
            when = time_of(proof[member], offset=False)
            if when is None:
                raise not_verified("malformed", fault("not-a-time", f"{path}.{member}"))
            times[member] = when
    if "expires" in times and times["expires"] <= now:
        raise not_verified("proof", fault("proof-expired", f"{path}.expires"))
    return times.get("created")


def _for_whom(proof: Mapping[str, Any], wanted: Wanted, path: str) -> None:
    """A presentation that was made for somebody else, or at another time, must not be played again here."""
    domain = proof.get("domain")
    domains = domain if isinstance(domain, list) else [] if domain is None else [domain]
    if not all(isinstance(one, str) for one in domains):
        raise not_verified("malformed", fault("not-a-text", f"{path}.domain"))
    if not isinstance(proof.get("challenge", ""), str):
        raise not_verified("malformed", fault("not-a-text", f"{path}.challenge"))
    if wanted.domain is not None and wanted.domain not in domains:
        raise not_verified("domain", fault("other-domain", f"{path}.domain"))
    if wanted.challenge is not None and wanted.challenge != proof.get("challenge"):
        raise not_verified("challenge", fault("other-challenge", f"{path}.challenge"))


def key_of_did(proof: Proof) -> bytes | None:
    """The key of a did:key method, `did:key:z6Mk…#z6Mk…`; None for any other DID. NotVerified when it is malformed."""
    if not proof.method.startswith("did:key:"):
        return None
    name, _, fragment = proof.method.removeprefix("did:key:").partition("#")
    try:
        public = dids.from_multikey(name)
    except ValueError as error:
        raise not_verified("method", fault("not-a-did-key", f"{proof.path}.verificationMethod")) from error
    if fragment != name or dids.multikey(public) != name:
        raise not_verified("method", fault("not-a-did-key", f"{proof.path}.verificationMethod"))
    return public
