"""Checking receipts in tests, by what docs/reference/receipts.md says and nothing of ours."""

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def receipt_of(receipt: str, jwks: Any) -> dict[str, Any]:
    """What a receipt says. Raises unless it is signed by one of the keys, alone or in its group."""
    head, *rest = receipt.split("~")
    header, payload, signature = head.split(".")
    said = json.loads(unpadded(header))
    assert (said["alg"], said["typ"]) == ("EdDSA", "exam-receipts+jwt" if rest else "exam-receipt+jwt")
    key = next(key for key in jwks["keys"] if key["kid"] == said["kid"] and key["purpose"] == "receipts")
    public = Ed25519PublicKey.from_public_bytes(unpadded(key["x"]))
    public.verify(unpadded(signature), f"{header}.{payload}".encode())
    content = unpadded(payload)
    if rest:
        group, leaf, index, proof = json.loads(content), unpadded(rest[0]), int(rest[1]), unpadded(rest[2])
        assert root_of(leaf, index, group["size"], proof) == unpadded(group["root"])
        content = leaf
    found: dict[str, Any] = json.loads(content)
    return found


def root_of(leaf: bytes, index: int, size: int, proof: bytes) -> bytes:
    """The root of a Merkle tree to which an inclusion proof leads (RFC 9162, section 2.1.3.2)."""
    place, last, found = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for start in range(0, len(proof), 32):
        assert last > 0
        beside = proof[start : start + 32]
        if place % 2 or place == last:
            found = hashlib.sha256(b"\x01" + beside + found).digest()
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + beside).digest()
        place, last = place >> 1, last >> 1
    assert last == 0
    return found


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
