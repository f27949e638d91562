"""Compact JWS with EdDSA (RFC 7515, RFC 8037): what is signed, and reading it back without tolerance."""

import base64
import binascii
import json
from typing import Any

import msgspec

from exam_service.core.certificates.words import Unreadable

MAX_TEXT = 512 * 1024


class Jws(msgspec.Struct, frozen=True, kw_only=True):
    """A compact JWS as it was read; nothing about it is verified yet."""

    header: dict[str, Any]
    payload: bytes
    signed: bytes
    """The signing input: what the signature is over."""
    signature: bytes

    @property
    def kid(self) -> str:
        return str(self.header["kid"])


def signing_input(typ: str, kid: str, payload: bytes) -> bytes:
    """What Ed25519 signs: header and payload in base64url with a dot between them."""
    header = json.dumps({"alg": "EdDSA", "kid": kid, "typ": typ}, separators=(",", ":")).encode()
    return f"{b64(header)}.{b64(payload)}".encode()


def compact(signed: bytes, signature: bytes) -> str:
    """The finished JWS."""
    return f"{signed.decode()}.{b64(signature)}"


def parse(text: str, typ: str) -> Jws:
    """The parts of a JWS of that type signed with EdDSA; Unreadable for any other."""
    parts = text.strip().split(".") if len(text) <= MAX_TEXT else []
    if len(parts) != 3:
        raise Unreadable("unknown-shape", "no compact JWS")
    try:
        raw_header, payload, signature = (unb64(part) for part in parts)
        header = json.loads(raw_header)
    except (ValueError, RecursionError) as error:
        raise Unreadable("unknown-shape", str(error)) from error
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        raise Unreadable("unknown-shape", "the header must have alg, kid and typ")
    if header["alg"] != "EdDSA" or header["typ"] != typ or not isinstance(header["kid"], str) or len(signature) != 64:
        raise Unreadable("unknown-shape", f"not `{typ}` signed with EdDSA")
    return Jws(header=header, payload=payload, signed=f"{parts[0]}.{parts[1]}".encode(), signature=signature)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    # Three of these for every save: half of what the standard library's own function for it costs.
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding; ValueError for anything but its one form."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    # Two texts can stand for the same bytes when the last character's spare bits differ; only one of them is accepted.
    if b64(data) != text:
        raise ValueError("not in its one base64url form")
    return data
