"""A receipt: what the service says it received, when, signed so that anybody can check it with the public key.

It names an attempt by its opaque id and a digest; no person and no response. Two forms:

- alone: a compact JWS over the receipt, `typ` exam-receipt+jwt;
- in a group: saves that became durable together share one signature. `JWS~RECEIPT~INDEX~PROOF`, where the JWS, `typ`
  exam-receipts+jwt, signs the root and size of a Merkle tree (RFC 9162) over the receipts of the group, and the proof
  leads from this receipt to that root. Everything but the index is base64url.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from exam_service.core.certificates import jws, merkle
from exam_service.core.certificates.jws import b64
from exam_service.core.certificates.words import Unreadable
from exam_service.core.exams.journal import Attested, InGroup

TYP = "exam-receipt+jwt"
GROUP_TYP = "exam-receipts+jwt"
_Hash = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One acknowledged save or submission."""

    attempt: str
    session: Annotated[int, msgspec.Meta(ge=0)]
    """Which device session of the attempt; a new one begins when the attempt moves to another device."""
    seq: Annotated[int, msgspec.Meta(ge=0)]
    digest: _Hash
    """SHA-256 of the body as it was received, in base64url."""
    received_at: datetime
    seconds_left: float
    in_grace: bool = False
    """It came after the deadline and within the grace for responses in flight."""
    late: bool = False
    """It came after the grace too, and counts by the exam's policy for late responses."""
    held: bool = False
    """It came too late to count by itself; it is kept, and staff decides."""
    saves: int = 0
    """Of a whole attempt: how many saves count at the moment it is signed, and `digest` is over those."""


class _Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    root: _Hash
    size: Annotated[int, msgspec.Meta(ge=1)]


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What of a receipt is to be verified, with the key `kid`."""

    kid: str
    signed: bytes
    signature: bytes


encode = msgspec.json.Encoder().encode
"""The bytes of a receipt, which are signed."""


def to_be_signed(receipt: Receipt, kid: str) -> bytes:
    """What the service's receipt key signs for one receipt alone."""
    return jws.signing_input(TYP, kid, encode(receipt))


def together(payloads: Sequence[bytes], kid: str, sign: Callable[[bytes], bytes]) -> Attested:
    """The receipts of a group, under one signature. `payloads` are the receipts as JSON, `sign` the receipt key."""
    tree = merkle.Tree.over(payloads)
    group = msgspec.json.encode(_Group(root=b64(tree.root), size=len(payloads)))
    message = jws.signing_input(GROUP_TYP, kid, group)
    head = jws.compact(message, sign(message))
    texts = [
        f"{head}~{b64(data)}~{place}~{b64(proof)}"
        for place, (data, proof) in enumerate(zip(payloads, tree.proofs(), strict=True))
    ]
    return Attested(head, tree.leaves, texts)


def again(payload: bytes, given: InGroup) -> str | None:
    """The receipt that `together` gave, from what is stored of its group; None when these are not its bytes."""
    try:
        proof = merkle.Tree.stored(given.leaves).proof(given.place)
        text = f"{given.head}~{b64(payload)}~{given.place}~{b64(proof)}"
        # This leads from the bytes over the leaves to the root that was signed, so nothing else can come of it.
        parse(text)
    except (Unreadable, ValueError):
        return None
    return text


def parse(text: str) -> tuple[Receipt, Signed]:
    """The receipt, and what of it is signed; Unreadable when it is none. The signature is not yet checked.

    In a group, the way from the receipt to the signed root has been checked.
    """
    head, *rest = text.strip().split("~")
    found = jws.parse(head, GROUP_TYP if rest else TYP)
    payload = _in_group(found.payload, rest) if rest else found.payload
    try:
        receipt = msgspec.json.decode(payload, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("unknown-shape", str(error)) from error
    return receipt, Signed(kid=found.kid, signed=found.signed, signature=found.signature)


def _in_group(signed: bytes, rest: list[str]) -> bytes:
    """The receipt's own bytes, which the proof has shown to be in the group."""
    try:
        group = msgspec.json.decode(signed, type=_Group)
        leaf, place, proof = rest
        index = int(place)
        payload, path, root = jws.unb64(leaf), jws.unb64(proof), jws.unb64(group.root)
    except (ValueError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable("unknown-shape", str(error)) from error
    if str(index) != place:
        raise Unreadable("unknown-shape", "the place in the group is a number")
    if merkle.root_from(payload, index, group.size, path) != root:
        raise Unreadable("signature-wrong", "the receipt is not in the group that was signed")
    return payload
