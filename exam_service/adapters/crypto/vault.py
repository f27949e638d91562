"""What must not be readable in a stolen database: sealed with keys derived from one master key."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class CannotOpen(ValueError):
    """A sealed value that this master key did not seal for this context, or that was changed."""


class Vault:
    """Seals, blinds and authenticates; each with its own key, derived from the master key by HKDF-SHA256 (RFC 5869).

    A sealed value is: version byte 1, 12-byte random nonce, AES-256-GCM ciphertext and tag. The context (what it is,
    and whose) is authenticated with it, so that a value moved to another row or column does not open.
    """

    def __init__(self, master: bytes) -> None:
        """`master` is 32 random bytes; ValueError for any other length."""
        if len(master) != MASTER_BYTES:
            raise ValueError(f"the master key has {MASTER_BYTES} bytes, not {len(master)}")
        self._aead = AESGCM(_derive(master, "seal"))
        self._blind_key = _derive(master, "blind")
        self._mac_key = _derive(master, "mac")

    def seal(self, plain: bytes, context: str) -> bytes:
        """The value encrypted for that context; never twice the same bytes."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, plain, _associated(context))

    def open(self, sealed: bytes, context: str) -> bytes:
        """The value again; CannotOpen when it was changed, or sealed for another context or by another master key."""
        if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
            raise CannotOpen("not a sealed value")
        nonce, box = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, box, _associated(context))
        except InvalidTag:
            raise CannotOpen("changed, or sealed with another key or for another place") from None

    def blind(self, text: str) -> bytes:
        """A keyed hash to look a secret text up by (HMAC-SHA256); without the key nobody can try all numbers."""
        return hmac.digest(self._blind_key, text.encode(), hashlib.sha256)

    def mac(self, data: bytes) -> bytes:
        """HMAC-SHA256 for tokens this service gives out and takes back, as candidate sessions."""
        return hmac.digest(self._mac_key, data, "sha256")

    def mac_is_good(self, data: bytes, tag: bytes) -> bool:
        """Whether the tag is this service's, compared in constant time."""
        return hmac.compare_digest(self.mac(data), tag)


def new_master() -> bytes:
    """A fresh master key."""
    return secrets.token_bytes(MASTER_BYTES)


def _derive(master: bytes, purpose: str) -> bytes:
    info = f"exam-service/1/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(master)


def _associated(context: str) -> bytes:
    return _VERSION + context.encode()
