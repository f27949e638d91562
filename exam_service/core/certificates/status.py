"""Whether a certificate still stands: W3C Bitstring Status List v1.0.

One list per organisation and number, 2^20 bits; bit 0 is the leftmost bit of the first byte. A set bit means "does not
stand at present": revoked, superseded or suspended; the verify page says which, and why. The index of a certificate is
random, so that it leaks no order.
"""

import base64
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from exam_service.core.certificates.credential import VC_CONTEXT, Proof, read_json
from exam_service.core.certificates.model import from_stamp, stamp
from exam_service.core.certificates.words import Unreadable

SIZE = 1 << 20
BYTES = SIZE // 8
_GZIP = 31
"""zlib's window for a gzip wrapper; the header it writes carries no time."""


class ListSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    id: str
    type: Literal["BitstringStatusList"]
    status_purpose: Literal["revocation"]
    encoded_list: str


class StatusListCredential(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A signed status list exactly as it is published."""

    context: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1)] = msgspec.field(name="@context")
    id: str
    type: list[str]
    issuer: str
    valid_from: str
    valid_until: str
    credential_subject: ListSubject
    proof: Annotated[list[Proof], msgspec.Meta(min_length=1, max_length=1)]


def url(base_url: str, slug: str, number: int) -> str:
    """Where an organisation's status list of that number is published."""
    return f"{base_url.rstrip('/')}/orgs/{slug}/status/{number}"


def bits(indexes: Iterable[int]) -> bytes:
    """The list in which exactly these indexes are set; ValueError for one outside of it."""
    found = bytearray(BYTES)
    for index in indexes:
        if not 0 <= index < SIZE:
            raise ValueError(f"a status index lies between 0 and {SIZE - 1}, not at {index}")
        found[index >> 3] |= 0x80 >> (index & 7)
    return bytes(found)


def is_set(raw: bytes, index: int) -> bool:
    """Whether that bit is set; ValueError when the list has no such bit."""
    if not 0 <= index < len(raw) * 8:
        raise ValueError(f"the status list has no index {index}")
    return bool(raw[index >> 3] & (0x80 >> (index & 7)))


def encode(raw: bytes) -> str:
    """`u` and base64url of the gzip, as specified; it carries no time, so the same bits give the same text."""
    return "u" + base64.urlsafe_b64encode(zlib.compress(raw, 9, _GZIP)).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bits again; ValueError when it is no list, and without unpacking more than one list's size of it."""
    if not text.startswith("u") or len(text) > 2 * BYTES:
        raise ValueError("an encoded list begins with `u` and is not longer than the list")
    try:
        packed = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
        unpacking = zlib.decompressobj(_GZIP)
        raw = unpacking.decompress(packed, BYTES + 1)
    except (ValueError, zlib.error) as error:
        raise ValueError(f"the encoded list cannot be unpacked: {error}") from error
    if len(raw) != BYTES or not unpacking.eof or unpacking.unused_data:
        raise ValueError(f"a status list has {BYTES} bytes, and nothing after them")
    return raw


def unsigned_list(did: str, list_url: str, encoded: str, valid_from: datetime, valid_until: datetime) -> dict[str, Any]:
    """The status list credential without its proof. After `valid_until` it says nothing any more."""
    return {
        "@context": [VC_CONTEXT],
        "id": list_url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did,
        "validFrom": stamp(valid_from),
        "validUntil": stamp(valid_until),
        "credentialSubject": {
            "id": f"{list_url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded,
        },
    }


def read_list(document: bytes) -> tuple[dict[str, Any], StatusListCredential]:
    """A signed list as JSON and as Struct; Unreadable unless it has exactly this form."""
    raw = read_json(document)
    try:
        found = msgspec.convert(raw, StatusListCredential)
    except msgspec.ValidationError as error:
        raise Unreadable("unknown-shape", str(error)) from error
    if found.context != [VC_CONTEXT] or found.type != ["VerifiableCredential", "BitstringStatusListCredential"]:
        raise Unreadable("unknown-shape", "another context or type")
    return raw, found


def jwt_payload(document: dict[str, Any]) -> bytes:
    """The same list as claims of a JWT credential (Open Badges 3.0 section 8.2), which some verifiers ask for."""
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    claims = {
        "iss": document["issuer"],
        "jti": document["id"],
        "sub": document["credentialSubject"]["id"],
        "nbf": _seconds(document["validFrom"]),
        "exp": _seconds(document["validUntil"]),
        **unsigned,
    }
    return msgspec.json.encode(claims)


def _seconds(text: str) -> int:
    return int(from_stamp(text).timestamp())
