"""The trust file: everything that an offline verification needs, and nothing secret."""

from collections.abc import Iterator

import msgspec

from exam_service.core.certificates.keys import KeyRecord, Moment
from exam_service.core.errors import Fault, Invalid
from exam_service.core.text import Text


class TrustedIssuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An organisation whose signature is believed, with every public key it ever had."""

    did: str
    name: Text
    keys: list[KeyRecord] = []


class Trust(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom to believe, and the signed status lists as they were published."""

    made_at: Moment
    issuers: list[TrustedIssuer] = []
    status_lists: list[str] = []
    """Signed status list credentials, each the JSON text exactly as published."""

    def keys_named(self, kid: str) -> Iterator[tuple[TrustedIssuer, KeyRecord]]:
        """Every key of that short name: two could share it, and then each is tried."""
        return ((issuer, key) for issuer in self.issuers for key in issuer.keys if key.kid == kid)

    def issuer(self, did: str) -> TrustedIssuer | None:
        return next((issuer for issuer in self.issuers if issuer.did == did), None)


def to_file(trust: Trust) -> bytes:
    """The trust file, readable by people."""
    return msgspec.json.format(msgspec.json.encode(trust), indent=2)


def from_file(raw: bytes) -> Trust:
    """A trust file; Invalid, saying what and where, when it is none."""
    try:
        return msgspec.json.decode(raw, type=Trust)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fault = Fault(
            code="broken-trust-file",
            message=Text(en=f"This is no trust file: {error}", th=f"ไม่ใช่ไฟล์กุญแจที่เชื่อถือ: {error}"),
        )
        raise Invalid(count=1, faults=[fault]) from error
