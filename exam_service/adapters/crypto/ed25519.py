"""Ed25519 (RFC 8032): make a key, sign, verify."""

import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def generate() -> tuple[bytes, bytes]:
    """A new key: its private seed and its public key, 32 bytes each."""
    seed = secrets.token_bytes(32)
    return seed, public_of(seed)


def public_of(seed: bytes) -> bytes:
    """The public key of a private seed; ValueError unless it has 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64 bytes of the signature over exactly these bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is right. A malformed key or signature is simply not right: this never raises."""
    try:
        _public_key(bytes(public)).verify(bytes(signature), bytes(message))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


@lru_cache(maxsize=256)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)
