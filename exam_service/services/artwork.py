"""Logos, seals and signatures: kept once, under what is in them, and never changed."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from exam_service.core.artwork import Artwork, ArtworkDigest, ArtworkKind, ArtworkRecord, Redrawn
from exam_service.core.errors import NotFound
from exam_service.services import audit
from exam_service.services.context import Context
from exam_service.services.ports import Tx


class ArtworkView(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that courses may name for their certificates."""

    kind: ArtworkKind
    digest: ArtworkDigest
    """What a course names it by: SHA-256 of the PNG that is kept, in hex."""
    width: int
    """In pixels, without its empty margins."""
    height: int
    bytes: int
    created_at: datetime


class ArtworkAdded(ArtworkView, frozen=True, kw_only=True):
    created: bool
    """False when it was there already."""


async def store(ctx: Context, tx: Tx, kind: ArtworkKind, drawn: Redrawn, actor: str) -> ArtworkAdded:
    """Keep the picture, unless it is kept already."""
    digest = hashlib.sha256(drawn.png).hexdigest()
    record = ArtworkRecord(
        kind=kind, digest=digest, width=drawn.width, height=drawn.height, size=len(drawn.png), created_at=ctx.now()
    )
    created = await tx.artwork.add(record, drawn.png)
    if created:
        await audit.record(ctx, tx, actor, "artwork.add", f"{kind}/{digest}")
    kept = record if created else await _kept(tx, kind, digest)
    return ArtworkAdded(created=created, **_fields(kept))


async def page(tx: Tx, after: str | None, limit: int) -> list[ArtworkView]:
    """By kind and digest; `after` is what `cursor` made."""
    kind, _, digest = (after or "").partition(".")
    found = await tx.artwork.page((kind, digest) if after else None, limit)
    return [ArtworkView(**_fields(one)) for one in found]


def cursor(view: ArtworkView) -> str:
    """Where a page of the list ends."""
    return f"{view.kind}.{view.digest}"


async def picture(tx: Tx, kind: str, digest: str) -> bytes:
    """The PNG as it is kept. Raises NotFound."""
    found = await tx.artwork.content(kind, digest)
    if found is None:
        raise NotFound(what=f"{kind} picture", id=digest)
    return found


async def pictures(tx: Tx, artwork: Artwork) -> dict[tuple[str, str], Redrawn]:
    """Every picture that is named, by kind and digest. Raises NotFound."""
    found: dict[tuple[str, str], Redrawn] = {}
    for _, kind, digest in artwork.pictures():
        kept = await _kept(tx, kind, digest)
        png = await picture(tx, kind, digest)
        found[kind, digest] = Redrawn(png=png, width=kept.width, height=kept.height)
    return found


async def _kept(tx: Tx, kind: str, digest: str) -> ArtworkRecord:
    found = await tx.artwork.get(kind, digest)
    if found is None:
        raise NotFound(what=f"{kind} picture", id=digest)
    return found


def _fields(record: ArtworkRecord) -> dict[str, Any]:
    return {
        "kind": record.kind,
        "digest": record.digest,
        "width": record.width,
        "height": record.height,
        "bytes": record.size,
        "created_at": record.created_at,
    }
