"""Certificates on paper: what a design is given, and which design it is."""

import base64
from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from exam_service.core import errors
from exam_service.core.artwork import MOST_SIGNERS, Artwork, Redrawn
from exam_service.core.certificates import baked, qr_token, samples
from exam_service.core.certificates.model import CertificateState, Issuance, Kind
from exam_service.core.certificates.printed import DESIGNS, Printed, printed
from exam_service.core.certificates.record import CertificateRecord, KeptDesign
from exam_service.services import artwork
from exam_service.services.certificate_views import Faces
from exam_service.services.context import Context
from exam_service.services.ports_faces import Designs, QrCodes

BADGE = "badge"
BADGE_DPI = 152.4
"""600 pixels on a side, of 100 mm."""
SCREEN_DPI = 150
"""A picture to show and to share: 1,754 pixels on its long side, and its QR code can be read."""


class Moment(msgspec.Struct, frozen=True):
    """A time in UTC, in parts, as Typst's `datetime` takes it."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int


Known = Mapping[tuple[str, str], Redrawn]
"""Pictures by kind and digest."""


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation's pictures, each a drawing (SVG) that holds it: a design gets its data as text."""

    logo: str | None
    seal: str | None
    signatures: list[str | None]
    """One for each signer."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a design is given."""

    id: str
    date: Moment
    """When it was issued."""
    lines: Printed
    qr: str
    """The QR code as SVG."""
    credential: str
    """The signed credential, byte for byte: a PDF carries it."""
    log_proof: str
    """That it is in the issuance log: a PDF carries that, too; empty when there is none."""
    pictures: Pictures | None


class Hands(Protocol):
    """What setting a page needs: a Context, or no more than this."""

    @property
    def designs(self) -> Designs: ...
    @property
    def qr(self) -> QrCodes: ...


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A design with the data of nobody."""

    design: str
    name: str
    pdf: bytes
    png: bytes
    too_long: list[str]
    """The lines that do not fit."""


def sheet(
    hands: Hands, issuance: Issuance, qr_text: str, verify_url: str, credential: bytes, log_proof: bytes = b"",
    known: Known | None = None,
) -> bytes:  # fmt: skip
    """The sheet of a certificate, as JSON; `known` has every picture that it names."""
    at = issuance.issued_at
    return msgspec.json.encode(
        Sheet(
            id=issuance.id,
            date=Moment(at.year, at.month, at.day, at.hour, at.minute, at.second),
            lines=printed(issuance, verify_url),
            qr=hands.qr.svg(qr_text).decode(),
            credential=credential.decode(),
            log_proof=log_proof.decode(),
            pictures=_pictures(issuance.artwork, known or {}) if issuance.artwork else None,
        )
    )


def _pictures(named: Artwork, known: Known) -> Pictures:
    def drawn(kind: str, digest: str | None) -> str | None:
        return None if digest is None else _in_svg(known[kind, digest])

    return Pictures(
        logo=drawn("logo", named.logo),
        seal=drawn("seal", named.seal),
        signatures=[drawn("signature", one.signature) for one in named.signers],
    )


def _in_svg(picture: Redrawn) -> str:
    size = f'width="{picture.width}" height="{picture.height}"'
    data = base64.b64encode(picture.png).decode()
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="data:image/png;base64,{data}"/></svg>'


async def pdf(ctx: Context, faces: Faces) -> bytes:
    """The certificate as PDF/A-3b with its credential attached: always the same bytes.

    Signed for PDF readers where the operator has a key for that. Raises CertificateNotStanding, LettersMissing.
    """
    sheet, issued_at = await _sheet_of(ctx, faces), faces.record.issuance.issued_at
    page = await ctx.designs.pdf(await _design_of(ctx, faces.record), sheet, int(issued_at.timestamp()))
    return page if ctx.paper_signer is None else await ctx.paper_signer.signed(page, issued_at)


async def png(ctx: Context, faces: Faces) -> bytes:
    """The certificate as a picture. Raises CertificateNotStanding, LettersMissing."""
    sheet = await _sheet_of(ctx, faces)
    return await ctx.designs.png(await _design_of(ctx, faces.record), sheet, SCREEN_DPI)


async def badge(ctx: Context, faces: Faces, kind: Literal["png", "svg"]) -> bytes:
    """A square badge that carries the credential (Open Badges 3.0). Raises CertificateNotStanding, LettersMissing."""
    page, credential = await _sheet_of(ctx, faces), faces.record.credential or b""
    if kind == "svg":
        return baked.into_svg(await ctx.designs.svg(ctx.designs.named(BADGE), page), credential)
    return baked.into_png(await ctx.designs.png(ctx.designs.named(BADGE), page, BADGE_DPI), credential)


async def previews(hands: Hands, design: str, known: Known) -> list[Preview]:
    """The design with the usual and with the longest data, of the kind that it is made for; with artwork, and without.

    `known` are the sample pictures.
    """
    kind: Kind = next((kind for kind, name in DESIGNS.items() if name == design), "certificate")
    few, much = samples.sample(kind), samples.longest(kind)
    found = {"sample": few, "longest": much}
    for count in range(1, MOST_SIGNERS + 1):
        found[f"{count}-signed"] = msgspec.structs.replace(few, artwork=samples.artwork(count))
    found["longest-signed"] = msgspec.structs.replace(much, artwork=samples.longest_artwork())
    return [await _preview(hands, design, name, issuance, known) for name, issuance in found.items()]


async def _preview(hands: Hands, design: str, name: str, issuance: Issuance, known: Known) -> Preview:
    base = f"https://{issuance.did.split(':')[2]}"
    # As many bytes as a token may have, so that the code is as dense as any.
    qr_text = qr_token.url(base, issuance.id, bytes(range(256))[: qr_token.budget_for(base)])
    page = sheet(hands, issuance, qr_text, f"{base}/v/{issuance.id}", b"{}", known=known)
    kept = hands.designs.named(design)
    return Preview(
        design=design,
        name=name,
        pdf=await hands.designs.pdf(kept, page, int(issuance.issued_at.timestamp())),
        png=await hands.designs.png(kept, page, SCREEN_DPI),
        too_long=await hands.designs.too_long(kept, page),
    )


async def _design_of(ctx: Context, record: CertificateRecord) -> KeptDesign:
    """The design that it was issued in, whatever has become of it since."""
    now = ctx.designs.named(DESIGNS[record.issuance.kind])
    if record.design in (None, now.digest):
        return now
    async with ctx.store.read(record.issuance.organisation_id) as tx:
        kept = await tx.certificates.design(record.design or "")
    if kept is None:
        # In today's design it would be another paper than the one that was issued.
        raise LookupError(f"the design {record.design} of certificate {record.id} is not stored")
    return kept


async def _sheet_of(ctx: Context, faces: Faces) -> bytes:
    record = faces.record
    if record.state is not CertificateState.stands:
        # Paper cannot take back what it says; the page on the screen says across itself that it does not stand.
        raise errors.CertificateNotStanding()
    credential, proof = record.credential or b"", record.log_proof or b""
    known: Known = {}
    if record.issuance.artwork is not None:
        async with ctx.store.read(record.issuance.organisation_id) as tx:
            known = await artwork.pictures(tx, record.issuance.artwork)
    return sheet(ctx, record.issuance, faces.qr_text, faces.verify_url, credential, proof, known)
