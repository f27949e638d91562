"""Somebody with a did:key, who signs credentials and presentations that are nothing of ours."""

import hashlib
from dataclasses import dataclass
from typing import Any

from exam_service import resources
from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.open_document import OpenDocument
from exam_service.core.certificates import did
from exam_service.core.certificates.vc_model import listed

V2 = "https://www.w3.org/ns/credentials/v2"
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
CREATED = "2026-11-22T01:00:00Z"
OPEN = OpenDocument(resources.certs() / "contexts")


def credential(**changes: Any) -> dict[str, Any]:
    """A small credential of the data model; a change to None takes the member out."""
    made: dict[str, Any] = {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {"id": "did:example:subject"},
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def presentation(*credentials: Any, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"@context": [V2], "type": ["VerifiablePresentation"]}
    if credentials:
        made["verifiableCredential"] = list(credentials)
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


@dataclass(frozen=True)
class Stranger:
    """One key; `name` decides which."""

    name: str = "a stranger"

    @property
    def seed(self) -> bytes:
        return hashlib.sha256(self.name.encode()).digest()

    @property
    def did(self) -> str:
        return did.key_did(ed25519.public_of(self.seed))

    @property
    def method(self) -> str:
        return f"{self.did}#{self.did.removeprefix('did:key:')}"

    def issued(self, **changes: Any) -> dict[str, Any]:
        """A credential of this issuer, with its proof."""
        return self.secured(credential(**{"issuer": self.did, **changes}))

    def begun(self, **changes: Any) -> dict[str, Any]:
        """The same with a proof that a further one can name."""
        return self.secured(credential(**{"issuer": self.did, **changes}), id="urn:link:1")

    def presented(self, *credentials: Any, proof: Any = None, **changes: Any) -> dict[str, Any]:
        """A presentation with the proof of its holder."""
        unsigned = presentation(*credentials, **{"holder": self.did, **changes})
        return self.secured(unsigned, **{"proofPurpose": "authentication", **(proof or {})})

    def secured(self, unsigned: dict[str, Any], **options: Any) -> dict[str, Any]:
        """The document with a proof; an option of None takes it out."""
        config: dict[str, Any] = {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "created": CREATED,
            "verificationMethod": self.method,
            "proofPurpose": "assertionMethod",
        }
        config = {name: value for name, value in {**config, **options}.items() if value is not None}
        try:
            message = OPEN.hash_data(unsigned, config)
        except ValueError:
            # What cannot be signed rightly is signed somehow: a verifier must refuse it whatever the signature is.
            message = bytes(64)
        value = "z" + did.base58(ed25519.sign(self.seed, message))
        return {**unsigned, "proof": {**config, "proofValue": value}}


def chained(document: dict[str, Any], by: Stranger, **options: Any) -> dict[str, Any]:
    """The document with one proof more, which names the last of those that it has."""
    earlier = listed(document["proof"])
    return linked(document, by, earlier[-1:], **{"id": f"urn:link:{len(earlier) + 1}", **options})


def linked(document: dict[str, Any], by: Stranger, previous: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    """The document with one proof more over it and these."""
    names = [one["id"] for one in previous]
    unsigned = {**document, "proof": previous}
    more = by.secured(unsigned, **{"previousProof": names if len(names) > 1 else names[0], **options})["proof"]
    return {**document, "proof": [*listed(document["proof"]), more]}
