"""Ed25519 signing keys whose private half is kept sealed: the port that a KMS or PKCS#11 can fill instead."""

from collections import OrderedDict
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.vault import CannotOpen, Vault

_OPENED = 32


class Keyring:
    """Creates keys and signs with them.

    A sealed key is its public key (32 bytes) and the private seed as the vault sealed it for that key.
    The few keys used last stay opened in memory; opening one costs a decryption.
    """

    def __init__(self, vault: Vault, keep: int = _OPENED) -> None:
        self._vault, self._keep = vault, keep
        self._opened: OrderedDict[bytes, Ed25519PrivateKey] = OrderedDict()
        self._lock = Lock()

    def create(self) -> tuple[bytes, bytes]:
        """(public key of 32 bytes, sealed private key)."""
        seed, public = ed25519.generate()
        return public, self.adopt(seed)

    def adopt(self, seed: bytes) -> bytes:
        """An existing private seed, sealed."""
        public = ed25519.public_of(seed)
        return public + self._vault.seal(seed, _context(public))

    def sign(self, sealed: bytes, message: bytes) -> bytes:
        """The signature over exactly these bytes; CannotOpen when the sealed key is not this vault's."""
        with self._lock:
            key = self._opened.get(sealed)
            if key is None:
                key = self._opened[sealed] = self._open(sealed)
                while len(self._opened) > self._keep:
                    self._opened.popitem(last=False)
            else:
                self._opened.move_to_end(sealed)
        return key.sign(message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is right. Never raises: a malformed signature is a bad one."""
        return ed25519.verify(public, message, signature)

    def _open(self, sealed: bytes) -> Ed25519PrivateKey:
        public, box = sealed[:32], sealed[32:]
        seed = self._vault.open(box, _context(public))
        if ed25519.public_of(seed) != public:
            raise CannotOpen("the sealed key is of another public key")
        return Ed25519PrivateKey.from_private_bytes(seed)


def _context(public: bytes) -> str:
    return f"signing-key:{public.hex()}"
