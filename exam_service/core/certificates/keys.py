"""Signing keys: what each may sign, and when it was good."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

Purpose = Literal["certificates", "receipts", "status", "log", "vc-api"]

APART: Purpose = "vc-api"
"""Signs what the VC-API is handed, under a did:key of its own: in no DID document, key set or trust file of ours."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""With its time zone: one without could not be compared with what certificates say."""


class KeyState(StrEnum):
    """A key's life. None is ever forgotten: what it signed while it was good must verify for ever."""

    created = "created"
    active = "active"
    retired = "retired"
    compromised = "compromised"


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The public half of a signing key with its dates. The private half is elsewhere, sealed."""

    kid: str
    """First 8 bytes of SHA-256 of the public key, in hex."""
    did: str
    organisation_id: str = ""
    """Empty for the service's own keys."""
    purpose: Purpose
    public: bytes
    state: KeyState
    created_at: Moment
    retired_at: Moment | None = None
    compromised_at: Moment | None = None

    def __post_init__(self) -> None:
        if len(self.public) != 32 or self.kid != kid_of(self.public):
            raise ValueError("`kid` must be the first 8 bytes of SHA-256 of the 32-byte public key, in hex")
        if self.state == KeyState.compromised and self.compromised_at is None:
            raise ValueError("a compromised key needs `compromised_at`")
        if self.state == KeyState.retired and self.retired_at is None:
            raise ValueError("a retired key needs `retired_at`")


def kid_of(public: bytes) -> str:
    """The key's short name: 8 bytes of SHA-256, in hex."""
    return hashlib.sha256(public).digest()[:8].hex()


STOLEN = ("key-compromised", "key-compromised-since")
"""Faults of a key that somebody else may have: what they sign is right, and proves nothing."""


def fault_at(key: KeyRecord, when: datetime) -> str | None:
    """Why a signature that says it was made at `when` may not be believed under this key, or None when it may.

    `key-compromised-since` means: it claims an earlier time, but whoever stole the key could claim that too, so only
    the issuer's own record can tell.
    """
    if when < key.created_at.replace(microsecond=0):
        return "key-not-yet-valid"
    if key.compromised_at is not None:
        return "key-compromised" if when >= key.compromised_at else "key-compromised-since"
    if key.retired_at is not None and when > key.retired_at:
        return "key-retired"
    return None


def may_sign(key: KeyRecord) -> bool:
    """Whether new things may be signed with this key."""
    return key.state == KeyState.active and key.compromised_at is None and key.retired_at is None
