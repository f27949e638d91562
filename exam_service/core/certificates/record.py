"""A certificate as it is stored: what is signed comes first, byte for byte, and is never encoded again."""

from datetime import datetime

import msgspec

from exam_service.core.certificates.model import CertificateState, Issuance, RevocationReason


class KeptDesign(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate design as it was when something was issued in it: a later change alters nothing that was issued."""

    digest: str
    """SHA-256 of its name and files, in hex."""
    name: str
    files: dict[str, str]
    """Its source, by path below the folder of all designs."""


class CertificateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate with its faces. `pending` until both faces are signed and have been verified."""

    id: str
    enrolment: str
    course_version: str
    issuance: Issuance
    kid: str
    unsigned: bytes
    """The credential without its proof, stored before anything is signed."""
    qr_claims: bytes
    """The CWT claims of the QR, stored before anything is signed."""
    state: CertificateState
    credential: bytes | None = None
    """The signed credential, exactly as it is handed out."""
    qr_token: bytes | None = None
    """The COSE_Sign1 of the QR."""
    log_proof: bytes | None = None
    """That it is in the issuance log (c2sp.org/tlog-proof), as of the checkpoint that was signed with it."""
    reason: RevocationReason | None = None
    note: str | None = None
    """The organisation's own words about the reason; never shown in public."""
    state_changed_at: datetime
    state_changed_by: str | None = None
    superseded_by: str | None = None
    design: str | None = None
    """The digest of the design that it is printed in; None for those from before designs were kept."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private key as it is kept: sealed."""

    kid: str
    sealed: bytes


class StatusListRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A published status list: signed, with the moment up to which it may be believed."""

    number: int
    document: bytes
    valid_until: datetime


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an organisation's issuance log, numbered from 0 on."""

    number: int
    digest: bytes
    """What the entry is: a salted hash. The leaf of the tree is the hash of this."""
    certificate: str


class LogHead(msgspec.Struct, frozen=True, kw_only=True):
    """An issuance log as it is now: how many entries, the peaks of its tree, and its newest checkpoint."""

    size: int
    peaks: bytes
    note: bytes
    signed_at: datetime
