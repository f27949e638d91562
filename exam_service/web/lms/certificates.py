"""Certificates as the learning system asks for, lists, hands out and withdraws them."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from exam_service.core.certificates.model import RevocationReason
from exam_service.core.exams.model import CertificateKind
from exam_service.services import certificate_views, certificates, keys
from exam_service.services.api_keys import Caller
from exam_service.services.certificate_views import CertificateView, Faces
from exam_service.services.context import Context
from exam_service.services.once import once
from exam_service.services.ports import Tx
from exam_service.services.standing_view import IssuedView
from exam_service.web.body import read_body
from exam_service.web.certificate_page import certificate_page, file_of, paper_of
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

Plain = Request[Any, Any, Any]


class IssueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which document the candidate gets."""

    kind: CertificateKind


class RevokeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is withdrawn."""

    reason: RevocationReason
    """Said in public, in both languages."""
    note: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    """Your own words, for the record; no public page shows them. Leave personal data out."""


@get("/certificates", summary="List the certificates", **documented(scope="certificates"))
async def list_all(ctx: Ctx, caller: Staff, after: After = None, limit: Limit = 100) -> Page[CertificateView]:
    """Every certificate of the organisation, in the order of their numbers, which is random."""
    caller.must("certificates")
    async with ctx.store.read(caller.org) as tx:
        found = await tx.certificates.page(after, limit + 1)
    return page_of(found, limit, lambda one: certificate_views.view(ctx, one), lambda one: one.id)


@get(
    "/certificates/{certificate:str}", summary="A certificate and whether it stands", **documented(scope="certificates")
)
async def show(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> CertificateView:
    caller.must("certificates")
    async with ctx.store.read(caller.org) as tx:
        return await certificate_views.show(ctx, tx, certificate)


@post(
    "/enrolments/{enrolment:str}/certificates",
    summary="Request a certificate for a candidate",
    **documented(
        scope="certificates",
        body=IssueRequest,
        examples={"a certificate": {"kind": "certificate"}, "a letter of attestation": {"kind": "attestation"}},
        problems=["not-yet-earned", "kind-not-offered", "signing-failed"],
    ),
)
async def request_certificate(
    enrolment: FromPath[str], request: Plain, ctx: Ctx, caller: Staff, repeat: Repeat
) -> IssuedView:
    """Issued when the course's conditions are met. Asking again gives the one that stands."""
    caller.must("certificates")
    body = await read_body(request, IssueRequest)
    return await certificates.request(ctx, caller.org, enrolment, body.kind, repeat)


@post(
    "/certificates/{certificate:str}/revoke",
    status_code=200,
    summary="Revoke a certificate",
    **documented(
        scope="certificates",
        body=RevokeRequest,
        examples={"a wrong result": {"reason": "result_annulled", "note": "ตามมติคณะกรรมการ ครั้งที่ 3/2569"}},
        problems=["not-revocable"],
    ),
)
async def revoke(
    certificate: FromPath[str], request: Plain, ctx: Ctx, caller: Staff, repeat: Repeat
) -> CertificateView:
    """The verify page says so at once, and so does the next status list, which is signed now. It cannot be undone."""
    caller.must("certificates")
    body = await read_body(request, RevokeRequest)
    await keys.ensure(ctx, caller.org, "certificates")

    async def revoked(tx: Tx) -> CertificateView:
        record = await certificates.revoke(ctx, tx, certificate, body.reason, body.note, caller.key_id)
        return certificate_views.view(ctx, record)

    return await once(ctx, caller.org, repeat, CertificateView, revoked)


@get(
    "/certificates/{certificate:str}/certificate.pdf",
    summary="The certificate as PDF",
    media_type="application/pdf",
    **documented(scope="certificates", problems=["certificate-not-standing", "letters-missing"]),
)
async def pdf(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    """PDF/A-3b on A4, to print and to keep: the signed credential is attached to it. The same bytes each time."""
    return await paper_of(ctx, await _faces(ctx, caller, certificate), "certificate.pdf")


@get(
    "/certificates/{certificate:str}/certificate.png",
    summary="The certificate as a picture",
    media_type="image/png",
    **documented(scope="certificates", problems=["certificate-not-standing", "letters-missing"]),
)
async def png(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    """For a screen, at 150 pixels an inch. It shows the full name and the QR code: the holder shares it or not."""
    return await paper_of(ctx, await _faces(ctx, caller, certificate), "certificate.png")


@get(
    "/certificates/{certificate:str}/qr.png",
    summary="The QR code as PNG",
    media_type="image/png",
    **documented(scope="certificates"),
)
async def qr_png(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    return file_of(ctx, await _faces(ctx, caller, certificate), "qr.png")


@get(
    "/certificates/{certificate:str}/qr.svg",
    summary="The QR code as SVG",
    media_type="image/svg+xml",
    **documented(scope="certificates"),
)
async def qr_svg(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    """30 mm wide as it stands; print it no smaller."""
    return file_of(ctx, await _faces(ctx, caller, certificate), "qr.svg")


@get(
    "/certificates/{certificate:str}/credential.json",
    summary="The Open Badges 3.0 credential",
    **documented(scope="certificates"),
)
async def credential(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    """The signed document, byte for byte as it was stored. It names the person: hand it to the holder only."""
    return file_of(ctx, await _faces(ctx, caller, certificate), "credential.json")


@get(
    "/certificates/{certificate:str}/page",
    summary="The certificate as a page that prints",
    media_type="text/html",
    **documented(scope="certificates"),
)
async def printable(certificate: FromPath[str], request: Plain, ctx: Ctx, caller: Staff) -> Response[str]:
    """HTML for A4 landscape, as the holder sees it at /exam/certificates."""
    faces = await _faces(ctx, caller, certificate)
    return certificate_page(request, ctx, faces, files=None, home=False, language=None)


async def _faces(ctx: Context, caller: Caller, certificate: str) -> Faces:
    caller.must("certificates")
    return await certificate_views.faces(ctx, caller.org, certificate)


HANDLERS = [list_all, show, request_certificate, revoke, pdf, png, qr_png, qr_svg, credential, printable]
