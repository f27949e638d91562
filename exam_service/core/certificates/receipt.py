"""A receipt: what the service says it received, when, signed so that anybody can check it with the public key.

Compact JWS, `typ` exam-receipt+jwt. It names an attempt by its opaque id and a digest; no person and no response.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from exam_service.core.certificates import jws
from exam_service.core.certificates.words import Unreadable

TYP = "exam-receipt+jwt"


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One acknowledged save or submission."""

    attempt: str
    session: Annotated[int, msgspec.Meta(ge=0)]
    """Which device session of the attempt; a new one begins when the attempt moves to another device."""
    seq: Annotated[int, msgspec.Meta(ge=0)]
    digest: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    """SHA-256 of the body as it was received, in base64url."""
    received_at: datetime
    seconds_left: float
    in_grace: bool = False
    """It came after the deadline and within the grace for responses in flight."""


def to_be_signed(receipt: Receipt, kid: str) -> bytes:
    """What the service's receipt key signs."""
    return jws.signing_input(TYP, kid, msgspec.json.encode(receipt))


def parse(text: str) -> tuple[Receipt, jws.Jws]:
    """The receipt and its signed parts; Unreadable when it is none. The signature is not yet checked."""
    found = jws.parse(text, TYP)
    try:
        return msgspec.json.decode(found.payload, type=Receipt), found
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("unknown-shape", str(error)) from error
