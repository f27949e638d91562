"""Certificates as the learning system asks for, lists, hands out and withdraws them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from exam_service.core.certificates.model import RevocationReason
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.exams.model import CertificateKind
from exam_service.services import certificate_views, certificates, keys, replacements, withdrawals
from exam_service.services.api_keys import Caller
from exam_service.services.certificate_views import CertificateView, Faces
from exam_service.services.context import Context
from exam_service.services.issued import IssuedView
from exam_service.services.once import RepeatKey, once
from exam_service.services.ports import Tx
from exam_service.services.replacements import Correction
from exam_service.services.withdrawals import Why
from exam_service.web.body import read_body
from exam_service.web.certificate_page import certificate_page, file_of, paper_of
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.paging import After, Limit, Page, page_of

Plain = Request[Any, Any, Any]
Note = Annotated[str, msgspec.Meta(max_length=1000)] | None


Withdrawal = Literal["issued_in_error", "result_annulled", "misconduct", "requirements_not_met", "recipient_request"]
"""Of the reasons those for which a certificate is withdrawn for good, and nothing takes its place."""


class IssueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which document the candidate gets."""

    kind: CertificateKind


class RevokeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is withdrawn."""

    reason: Withdrawal
    """Said in public, in both languages."""
    note: Note = None
    """Your own words, for the record; no public page shows them. Leave personal data out."""


class NoteRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Your own words, for the record."""

    note: Note = None


class ReplaceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was corrected."""

    reason: Correction
    """`name_corrected`: the person; `course_corrected`: title, hours, objective, issuer; `key_compromised`: nothing;
    `renewed`: until when it is valid, also of one that has expired."""
    note: Note = None


Change = Callable[[Context, Tx, str, str | None, str], Awaitable[CertificateRecord]]


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
        problems=["not-yet-earned", "kind-not-offered", "certificate-expired", "signing-failed"],
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
        why = Why(reason=RevocationReason(body.reason), note=body.note, actor=caller.key_id)
        record = await withdrawals.revoke(ctx, tx, certificate, why)
        return certificate_views.view(ctx, record)

    return await once(ctx, caller.org, repeat, CertificateView, revoked)


@post(
    "/certificates/{certificate:str}/suspend",
    status_code=200,
    summary="Suspend a certificate",
    **documented(
        scope="certificates",
        body=NoteRequest,
        examples={"a complaint": {"note": "รอผลการตรวจสอบตามข้อร้องเรียนที่ 12/2569"}},
        problems=["not-revocable"],
    ),
)
async def suspend(
    certificate: FromPath[str], request: Plain, ctx: Ctx, caller: Staff, repeat: Repeat
) -> CertificateView:
    """While somebody looks into it the verify page says "suspended"; then it is reinstated or revoked."""
    return await _changed(request, ctx, caller, repeat, withdrawals.suspend, certificate)


@post(
    "/certificates/{certificate:str}/reinstate",
    status_code=200,
    summary="Reinstate a suspended certificate",
    **documented(
        scope="certificates",
        body=NoteRequest,
        examples={"nothing found": {"note": "ตรวจสอบแล้วไม่พบความผิดปกติ"}},
        problems=["not-suspended"],
    ),
)
async def reinstate(
    certificate: FromPath[str], request: Plain, ctx: Ctx, caller: Staff, repeat: Repeat
) -> CertificateView:
    """It stands again, on the page at once and in the status list that is signed now."""
    return await _changed(request, ctx, caller, repeat, withdrawals.reinstate, certificate)


@post(
    "/certificates/{certificate:str}/replace",
    summary="Correct or renew a certificate",
    **documented(
        scope="certificates",
        body=ReplaceRequest,
        examples={
            "a name": {"reason": "name_corrected", "note": "ตามบัตรประชาชน"},
            "a renewal": {"reason": "renewed", "note": "อบรมต่อเนื่องครบ 20 ชั่วโมง"},
        },
        problems=["not-revocable", "certificate-suspended", "nothing-to-correct", "not-renewable", "signing-failed"],
    ),
)
async def replace(
    certificate: FromPath[str], request: Plain, ctx: Ctx, caller: Staff, repeat: Repeat
) -> CertificateView:
    """Correct the candidate (`PUT /v1/candidates/…`) or publish the corrected course first: the new certificate says
    what they say now, for as long as the old one would have stood. The old one is superseded; their pages link to each
    other. The person need not earn it again.

    `renewed` makes it valid for another period of the course, from the day on which the old one ends, or from now when
    it has ended. A whole period must not be left of it."""
    caller.must("certificates")
    body = await read_body(request, ReplaceRequest)
    return await replacements.replace(ctx, caller.org, certificate, body.reason, body.note, caller.key_id, repeat)


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
    "/certificates/{certificate:str}/badge.png",
    summary="The badge as PNG, with the credential baked in",
    media_type="image/png",
    **documented(scope="certificates", problems=["certificate-not-standing", "letters-missing"]),
)
async def badge_png(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    """Open Badges 3.0: a square picture that carries the signed credential, which names the person. The picture itself
    does not. Platforms that show pictures often take out what they carry: hand the file on as a file."""
    return await paper_of(ctx, await _faces(ctx, caller, certificate), "badge.png")


@get(
    "/certificates/{certificate:str}/badge.svg",
    summary="The badge as SVG, with the credential baked in",
    media_type="image/svg+xml",
    **documented(scope="certificates", problems=["certificate-not-standing", "letters-missing"]),
)
async def badge_svg(certificate: FromPath[str], ctx: Ctx, caller: Staff) -> Response[bytes]:
    return await paper_of(ctx, await _faces(ctx, caller, certificate), "badge.svg")


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
    return await certificate_page(request, ctx, faces, files=None, home=False, language=None)


async def _changed(
    request: Plain, ctx: Context, caller: Caller, repeat: RepeatKey | None, change: Change, certificate: str
) -> CertificateView:
    caller.must("certificates")
    body = await read_body(request, NoteRequest)
    await keys.ensure(ctx, caller.org, "certificates")

    async def changed(tx: Tx) -> CertificateView:
        return certificate_views.view(ctx, await change(ctx, tx, certificate, body.note, caller.key_id))

    return await once(ctx, caller.org, repeat, CertificateView, changed)


async def _faces(ctx: Context, caller: Caller, certificate: str) -> Faces:
    caller.must("certificates")
    return await certificate_views.faces(ctx, caller.org, certificate)


HANDLERS = [
    list_all, show, request_certificate, revoke, suspend, reinstate, replace,
    pdf, png, badge_png, badge_svg, qr_png, qr_svg, credential, printable,
]  # fmt: skip
