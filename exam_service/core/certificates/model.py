"""One certificate: the facts that were frozen when it was issued, and the states it can be in."""

import base64
import math
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from exam_service.core.artwork import Artwork
from exam_service.core.text import Text

Kind = Literal["certificate", "attestation"]
"""วุฒิบัตร or หนังสือรับรองความรู้, as the course says."""

CertificateId = Annotated[str, msgspec.Meta(pattern=r"^[A-Z2-7]{16}$")]
"""Ten random bytes in RFC 4648 base32: what stands after `/v/` in the address."""

SECONDS = "%Y-%m-%dT%H:%M:%SZ"

KIND_TEXTS: dict[str, Text] = {
    "certificate": Text(th="วุฒิบัตร", en="Certificate"),
    "attestation": Text(th="หนังสือรับรองความรู้", en="Letter of attestation"),
}


class CertificateState(StrEnum):
    """Where a certificate stands. Names equal values, so that a column may store either."""

    pending = "pending"
    stands = "stands"
    revoked = "revoked"
    suspended = "suspended"
    superseded = "superseded"


class RevocationReason(StrEnum):
    """Why a certificate was withdrawn: a closed list, so that every page can say it in both languages."""

    issued_in_error = "issued_in_error"
    result_annulled = "result_annulled"
    misconduct = "misconduct"
    requirements_not_met = "requirements_not_met"
    recipient_request = "recipient_request"
    name_corrected = "name_corrected"
    course_corrected = "course_corrected"
    key_compromised = "key_compromised"
    renewed = "renewed"
    under_review = "under_review"


REASON_TEXTS: dict[RevocationReason, Text] = {
    RevocationReason.issued_in_error: Text(th="ออกโดยผิดพลาด", en="It was issued in error."),
    RevocationReason.result_annulled: Text(th="ผลการสอบถูกยกเลิก", en="The exam result was annulled."),
    RevocationReason.misconduct: Text(th="พบการทุจริตในการสอบ", en="Misconduct in the exam was established."),
    RevocationReason.requirements_not_met: Text(
        th="ตรวจสอบภายหลังพบว่าไม่ครบเงื่อนไขของหลักสูตร", en="The course's requirements turned out not to be met."
    ),
    RevocationReason.recipient_request: Text(th="เจ้าของวุฒิบัตรขอให้ยกเลิก", en="The recipient asked for it."),
    RevocationReason.name_corrected: Text(
        th="แก้ไขชื่อ จึงออกฉบับใหม่แทน", en="The name was corrected; a new certificate replaces it."
    ),
    RevocationReason.course_corrected: Text(
        th="แก้ไขข้อมูลหลักสูตรหรือผู้ออก จึงออกฉบับใหม่แทน",
        en="What it says of the course or the issuer was corrected; a new certificate replaces it.",
    ),
    RevocationReason.key_compromised: Text(
        th="กุญแจที่ใช้ลงนามไม่ปลอดภัย จึงออกฉบับใหม่แทน", en="The signing key was compromised; a new one replaces it."
    ),
    RevocationReason.renewed: Text(th="ต่ออายุแล้ว จึงออกฉบับใหม่แทน", en="It was renewed; a new certificate replaces it."),
    RevocationReason.under_review: Text(th="อยู่ระหว่างการตรวจสอบ", en="It is under review."),
}

STATE_TEXTS: dict[CertificateState, Text] = {
    CertificateState.pending: Text(th="กำลังออก", en="being issued"),
    CertificateState.stands: Text(th="ยังมีผลอยู่", en="stands"),
    CertificateState.revoked: Text(th="ถูกเพิกถอน", en="revoked"),
    CertificateState.suspended: Text(th="ถูกระงับชั่วคราว", en="suspended"),
    CertificateState.superseded: Text(th="มีฉบับใหม่แทนแล้ว", en="superseded"),
}


class Issuance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The frozen facts of one certificate; each of its faces is a function of these. No national id is among them.

    Times are whole seconds in UTC, the recipient's name is in NFC.
    """

    id: CertificateId
    organisation_id: str
    organisation_slug: str
    organisation_name: Text
    did: str
    """Who signs: `did:web:HOST:orgs:SLUG`."""
    course_code: str
    course_title: Text
    kind: Kind
    recipient_name: str
    """Title, given and family name as printed."""
    hours: float
    objective: str = ""
    """Code of the development objective the course serves."""
    issued_at: datetime
    valid_until: datetime | None = None
    status_list: Annotated[int, msgspec.Meta(ge=0)]
    status_index: Annotated[int, msgspec.Meta(ge=0, lt=1 << 20)]
    supersedes: CertificateId | None = None
    thai_digits: bool = False
    """On paper and on the page only: what is signed says the same in either."""
    artwork: Artwork | None = None
    """On paper only: the course may name other pictures later, this certificate keeps these."""

    def __post_init__(self) -> None:
        name = unicodedata.normalize("NFC", " ".join(self.recipient_name.split()))
        if not name:
            raise ValueError("`recipient_name` must not be empty")
        if not (math.isfinite(self.hours) and self.hours >= 0):
            raise ValueError("`hours` must be a number from 0 on")
        msgspec.structs.force_setattr(self, "recipient_name", name)
        msgspec.structs.force_setattr(self, "issued_at", whole_seconds(self.issued_at))
        if self.valid_until is not None:
            msgspec.structs.force_setattr(self, "valid_until", whole_seconds(self.valid_until))
            if self.valid_until <= self.issued_at:
                raise ValueError("`valid_until` must be after `issued_at`")


def whole_seconds(when: datetime) -> datetime:
    """The instant in UTC without its fraction; ValueError when it has no time zone."""
    if when.tzinfo is None:
        raise ValueError("a time needs a time zone")
    return when.astimezone(UTC).replace(microsecond=0)


def stamp(when: datetime) -> str:
    """ISO 8601 in UTC, to the second: `2026-11-22T02:30:00Z`, the form that is signed."""
    return whole_seconds(when).strftime(SECONDS)


def from_stamp(text: str) -> datetime:
    """The instant that `stamp` wrote; ValueError for every other form."""
    when = datetime.strptime(text, SECONDS).replace(tzinfo=UTC)
    if stamp(when) != text:
        raise ValueError(f"`{text}` is not written as 2026-11-22T02:30:00Z")
    return when


def new_id(dice: bytes) -> str:
    """A certificate id from ten random bytes."""
    if len(dice) != 10:
        raise ValueError("a certificate id needs 10 random bytes")
    return base64.b32encode(dice).decode()


def id_bytes(certificate_id: str) -> bytes:
    """The ten bytes of a certificate id; ValueError when it is none."""
    if len(certificate_id) != 16:
        raise ValueError("a certificate id has 16 characters")
    return base64.b32decode(certificate_id)
