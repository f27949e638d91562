"""The certificate as a page that prints: the same for its holder and for the learning system."""

import base64
from typing import Any

import msgspec
from litestar import Request, Response
from markupsafe import Markup

from exam_service.core.certificates.model import REASON_TEXTS, CertificateState
from exam_service.core.certificates.printed import Printed, printed
from exam_service.core.errors import LettersMissing
from exam_service.core.text import Text
from exam_service.services import printing
from exam_service.services.certificate_views import Faces
from exam_service.services.context import Context
from exam_service.web.pages import page

_STAMPS: dict[CertificateState, Text] = {
    CertificateState.revoked: Text(th="ถูกเพิกถอน", en="Revoked"),
    CertificateState.suspended: Text(th="ถูกระงับชั่วคราว", en="Suspended"),
    CertificateState.superseded: Text(th="มีฉบับใหม่แทนแล้ว", en="Replaced"),
}
_EXPIRED = Text(th="หมดอายุ", en="Expired")


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the page of a certificate."""

    printed: Printed
    name_size: str
    course_size: str
    qr: Markup
    verify_url: str
    withdrawn: Text | None
    reason: Text | None
    superseded_by: str | None


def sheet_of(ctx: Context, faces: Faces) -> Sheet:
    """The sheet of a signed certificate; one that does not stand says so across the page."""
    record, issuance = faces.record, faces.record.issuance
    expired = issuance.valid_until is not None and ctx.now() >= issuance.valid_until
    return Sheet(
        printed=printed(issuance, faces.verify_url),
        name_size=_size(issuance.recipient_name, 36, 60),
        course_size=_size(max(issuance.course_title.th or "", issuance.course_title.en or "", key=len), 64, 110),
        # Our own drawing of modules; nothing in it was written by anybody.
        qr=Markup(ctx.qr.svg(faces.qr_text).decode()),  # noqa: S704
        verify_url=faces.verify_url,
        withdrawn=_STAMPS.get(record.state) or (_EXPIRED if expired else None),
        reason=REASON_TEXTS[record.reason] if record.reason else None,
        superseded_by=record.superseded_by,
    )


async def certificate_page(
    request: Request[Any, Any, Any], ctx: Context, faces: Faces, *, files: str | None, home: bool, language: str | None
) -> Response[str]:
    """The page; `files` is where its downloads are, when who reads it in a browser may have them.

    One with logo, seal or signatures is shown as it is set on paper: this page draws none of these.
    """
    sheet, picture = sheet_of(ctx, faces), None
    if faces.record.issuance.artwork is not None and sheet.withdrawn is None:
        picture = f"{files}/certificate.png" if files else await _inline(ctx, faces)
    return page(request, "certificate.html", language=language, sheet=sheet, files=files, home=home, picture=picture)


async def _inline(ctx: Context, faces: Faces) -> str | None:
    try:
        picture = await printing.png(ctx, faces)
    except LettersMissing:
        # A browser has more letters than the paper's fonts.
        return None
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def download(content: bytes, kind: str, name: str) -> Response[bytes]:
    """A file of a certificate, under a name that holds no person's."""
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def paper_of(ctx: Context, faces: Faces, name: str) -> Response[bytes]:
    """`certificate.pdf`, `certificate.png`, `badge.png` or `badge.svg` of a signed certificate that stands."""
    match name:
        case "certificate.png":
            return download(await printing.png(ctx, faces), "image/png", f"{faces.record.id}.png")
        case "badge.png":
            return download(await printing.badge(ctx, faces, "png"), "image/png", f"{faces.record.id}-badge.png")
        case "badge.svg":
            return download(await printing.badge(ctx, faces, "svg"), "image/svg+xml", f"{faces.record.id}-badge.svg")
    return download(await printing.pdf(ctx, faces), "application/pdf", f"{faces.record.id}.pdf")


def file_of(ctx: Context, faces: Faces, name: str) -> Response[bytes]:
    """`qr.png`, `qr.svg` or `credential.json` of a signed certificate."""
    match name:
        case "qr.png":
            return download(ctx.qr.png(faces.qr_text), "image/png", f"{faces.record.id}-qr.png")
        case "qr.svg":
            return download(ctx.qr.svg(faces.qr_text), "image/svg+xml", f"{faces.record.id}-qr.svg")
    # The stored bytes as they are: writing them again could break the signature.
    return download(faces.record.credential or b"", "application/json", f"{faces.record.id}.json")


def _size(text: str, long: int, longer: int) -> str:
    return "longer" if len(text) > longer else "long" if len(text) > long else ""
