"""Somebody with a did:key, who signs credentials and presentations that are nothing of ours."""

import hashlib
from dataclasses import dataclass
from typing import Any

from exam_service import resources
from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.open_document import OpenDocument
from exam_service.core.certificates import did

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
