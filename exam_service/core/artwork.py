"""Pictures of an organisation that its certificates show: its logo and seal, and the signatures of who signs for it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from exam_service.core.text import Text

ArtworkKind = Literal["logo", "seal", "signature"]

ArtworkDigest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
"""SHA-256 of a picture as it is kept, in hex."""

MOST_SIGNERS = 3
LONGEST_NAME = 100
LONGEST_TITLE = 150
"""Of a signer, in characters: what three columns of a certificate can hold."""


class Signer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who signs certificates, as it stands under the line."""

    name: Text
    title: Text
    """The office that the person holds."""
    signature: ArtworkDigest | None = None
    """The picture of the signature; without one the room above the line stays free for a pen."""


class Artwork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one certificate shows of its organisation."""

    logo: ArtworkDigest | None = None
    seal: ArtworkDigest | None = None
    signers: Annotated[tuple[Signer, ...], msgspec.Meta(max_length=MOST_SIGNERS)] = ()

    def pictures(self) -> Iterator[tuple[str, ArtworkKind, ArtworkDigest]]:
        """Each picture that is named: where, of which kind, and which."""
        if self.logo is not None:
            yield "logo", "logo", self.logo
        if self.seal is not None:
            yield "seal", "seal", self.seal
        for number, signer in enumerate(self.signers):
            if signer.signature is not None:
                yield f"signers[{number}].signature", "signature", signer.signature


class Redrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as it is kept: drawn anew as PNG, with nothing else in it."""

    png: bytes
    width: int
    """In pixels."""
    height: int


class ArtworkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A kept picture. It never changes: what it is called is what is in it."""

    kind: ArtworkKind
    digest: ArtworkDigest
    width: int
    height: int
    size: int
    """In bytes."""
    created_at: datetime
