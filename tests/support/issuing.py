"""An issuer for tests: fixed key, fixed facts, every face of a certificate, without storage or clock."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from exam_service import resources
from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.data_integrity import DataIntegrity
from exam_service.core.certificates import credential, did, qr_token, status, verify
from exam_service.core.certificates.keys import KeyRecord, KeyState, Purpose, kid_of
from exam_service.core.certificates.model import Issuance, new_id, stamp
from exam_service.core.certificates.trust import Trust, TrustedIssuer
from exam_service.core.certificates.verdict import Register, Verdict
from exam_service.core.text import Text

BASE = "https://exam.example.go.th"
SLUG = "otepc"
DID = did.organisation_did(BASE, SLUG)
NOW = datetime(2026, 11, 22, 3, 0, 0, tzinfo=UTC)
NAME = Text(th="สำนักงานคณะกรรมการข้าราชการครู", en="Office of the Teacher Civil Service")
DI = DataIntegrity(resources.certs() / "contexts")


def issuance(**changes: Any) -> Issuance:
    """Typical facts of one certificate; name what should differ."""
    facts: dict[str, Any] = {
        "id": new_id(bytes(range(1, 11))),
        "organisation_id": "org_01h00000000000000000000000",
        "organisation_slug": SLUG,
        "organisation_name": NAME,
        "did": DID,
        "course_code": "measurement-1",
        "course_title": Text(th="การวัดและประเมินผลการเรียนรู้ในชั้นเรียน", en="Classroom measurement and evaluation"),
        "kind": "certificate",
        "recipient_name": "นางสาวน้ำผึ้ง เปี๊ยกสำราญ",
        "hours": 12,
        "objective": "present-work",
        "issued_at": NOW,
        "valid_until": NOW + timedelta(days=5 * 365),
        "status_list": 1,
        "status_index": 4711,
    }
    return Issuance(**{**facts, **changes})


@dataclass
class Issuer:
    """Signs with one Ed25519 key that is derived from its name, so that every run makes the same bytes."""

    name: str = "test issuer"
    made_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    purpose: Purpose = "certificates"
    seed: bytes = field(init=False)
    key: KeyRecord = field(init=False)

    def __post_init__(self) -> None:
        self.seed = hashlib.sha256(self.name.encode()).digest()
        public = ed25519.public_of(self.seed)
        self.key = KeyRecord(
            kid=kid_of(public),
            did=DID,
            organisation_id="org_01h00000000000000000000000",
            purpose=self.purpose,
            public=public,
            state=KeyState.active,
            created_at=self.made_at,
        )

    def sign(self, message: bytes) -> bytes:
        return ed25519.sign(self.seed, message)

    def secure(self, unsigned: dict[str, Any], made_at: datetime) -> bytes:
        """A document with its proof, as the bytes that would be stored."""
        config = credential.new_proof_config(DID, self.key.kid, stamp(made_at))
        signature = self.sign(DI.hash_data(unsigned, config))
        return credential.canonical_bytes(credential.with_proof(unsigned, config, signature))

    def credential(self, facts: Issuance) -> bytes:
        return self.secure(credential.unsigned(facts, BASE, status.url(BASE, SLUG, facts.status_list)), facts.issued_at)

    def token(self, facts: Issuance, base: str = BASE) -> bytes:
        claims = qr_token.payload(facts, qr_token.budget_for(base))
        kid = self.key.kid
        return qr_token.token(kid, claims, self.sign(qr_token.to_be_signed(kid, claims)))

    def qr(self, facts: Issuance, base: str = BASE) -> str:
        return qr_token.url(base, facts.id, self.token(facts, base))

    def status_list(self, indexes: Iterable[int], valid_from: datetime, hours: float = 24, number: int = 1) -> str:
        until = valid_from + timedelta(hours=hours)
        encoded = status.encode(status.bits(indexes))
        unsigned = status.unsigned_list(DID, status.url(BASE, SLUG, number), encoded, valid_from, until)
        return self.secure(unsigned, valid_from).decode()

    def trust(self, *lists: str, key: KeyRecord | None = None) -> Trust:
        issuer = TrustedIssuer(did=DID, name=NAME, keys=[key or self.key])
        return Trust(made_at=NOW, issuers=[issuer], status_lists=list(lists))


def verdict_on(evidence: str | bytes, trust: Trust, now: datetime = NOW, register: Register | None = None) -> Verdict:
    """The verdict on a QR text or a credential document."""
    if isinstance(evidence, bytes):
        return verify.verify_credential(evidence, trust, now, ed25519.verify, DI.hash_data, register)
    return verify.verify_qr(evidence, trust, now, ed25519.verify, DI.hash_data, register)
