"""Who signs: did:web identifiers, DID documents and JWKS with every public key there ever was.

did:web method specification; Multikey (Controlled Identifiers 1.0); RFC 8037 for the JWK form.
"""

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from exam_service.core.certificates.keys import APART, KeyRecord
from exam_service.core.certificates.model import stamp

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"

DID_CONTEXT = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]


def service_did(base_url: str) -> str:
    """`did:web:HOST` of the service at that public address; a port is percent-encoded. ValueError without a host."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        raise ValueError(f"`{base_url}` is no http or https address")
    path = [quote(segment, safe="") for segment in parts.path.split("/") if segment]
    return ":".join(["did:web", quote(parts.netloc, safe=""), *path])


def organisation_did(base_url: str, slug: str) -> str:
    """`did:web:HOST:orgs:SLUG`, whose document is served at `/orgs/SLUG/did.json`."""
    return f"{service_did(base_url)}:orgs:{quote(slug, safe='')}"


def slug_of(did: str) -> str:
    """The organisation's slug in its DID, or an empty text."""
    before, _, slug = did.rpartition(":orgs:")
    return unquote(slug) if before else ""


def method_id(did: str, kid: str) -> str:
    """The address of one key: `did:web:…#<kid>`."""
    return f"{did}#{kid}"


def did_document(did: str, keys: Iterable[KeyRecord]) -> dict[str, Any]:
    """The DID document with every public key of that DID: active, retired and compromised alike.

    A retired key goes on verifying what it signed. A compromised one stays to be seen, with `revoked`, but asserts
    nothing any more; nor does that of the issuance log, which signs no credential.
    """
    mine = [key for key in keys if key.did == did and key.purpose != APART]
    return {
        "@context": list(DID_CONTEXT),
        "id": did,
        "verificationMethod": [_method(key) for key in mine],
        "assertionMethod": [
            method_id(did, key.kid) for key in mine if key.compromised_at is None and key.purpose != "log"
        ],
    }


def _method(key: KeyRecord) -> dict[str, Any]:
    method = {
        "id": method_id(key.did, key.kid),
        "type": "Multikey",
        "controller": key.did,
        "publicKeyMultibase": multikey(key.public),
    }
    if key.compromised_at is not None:
        method["revoked"] = stamp(key.compromised_at)
    return method


def jwks(keys: Iterable[KeyRecord]) -> dict[str, Any]:
    """Every public key as an RFC 8037 JWK, with whose it is with its dates; not those that stand apart."""
    return {"keys": [_jwk(key) for key in keys if key.purpose != APART]}


def _jwk(key: KeyRecord) -> dict[str, Any]:
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": key.kid,
        "x": base64.urlsafe_b64encode(key.public).rstrip(b"=").decode(),
        "iss": key.did,
        "purpose": key.purpose,
        "state": key.state,
        "created": stamp(key.created_at),
    }
    for name, when in (("retired", key.retired_at), ("compromised", key.compromised_at)):
        if when is not None:
            jwk[name] = stamp(when)
    return jwk


def key_did(public: bytes) -> str:
    """`did:key:z6Mk…`: a name that is the key, and vouches for nobody."""
    return f"did:key:{multikey(public)}"


def multikey(public: bytes) -> str:
    """`z6Mk…`: the Ed25519 public key as a Multikey."""
    return "z" + base58(_ED25519 + public)


def from_multikey(text: str) -> bytes:
    """The 32 bytes of an Ed25519 Multikey; ValueError for anything else."""
    raw = from_base58(text[1:]) if text.startswith("z") else b""
    if len(raw) != 34 or not raw.startswith(_ED25519):
        raise ValueError("not an Ed25519 Multikey")
    return raw[2:]


_58_TO_10 = 58**10


def base58(data: bytes) -> str:
    """Base58 with the Bitcoin alphabet, which multibase calls `z`."""
    number, digits = int.from_bytes(data), []
    # Ten digits at a time: to divide a long number costs the same by a small one.
    while number:
        number, ten = divmod(number, _58_TO_10)
        for _ in range(10):
            ten, digit = divmod(ten, 58)
            digits.append(_ALPHABET[digit])
    text = "".join(reversed(digits)).lstrip("1")
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    """The bytes of a base58 text; ValueError for a foreign character or more than 200 of them."""
    if len(text) > 200:
        raise ValueError("base58 text is too long")
    number = 0
    for character in text:
        digit = _ALPHABET.find(character)
        if digit < 0:
            raise ValueError("a character that base58 does not have")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
