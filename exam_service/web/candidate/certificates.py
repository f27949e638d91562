"""The holder's certificate: the page that prints, and the files behind it."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import Provide
from litestar.params import FromPath

from exam_service.services import certificate_views
from exam_service.services.certificate_views import Faces
from exam_service.services.context import Context
from exam_service.services.sessions import CandidateSession
from exam_service.web import auth
from exam_service.web.certificate_page import certificate_page, file_of, paper_of
from exam_service.web.given import Candidate, Ctx

Plain = Request[Any, Any, Any]


@get("/exam/certificates/{certificate:str}", include_in_schema=False)
async def show(certificate: FromPath[str], request: Plain, ctx: Ctx, session: Candidate) -> Response[Any]:
    faces = await _faces(ctx, session, certificate)
    files = f"/exam/certificates/{faces.record.id}"
    return await certificate_page(request, ctx, faces, files=files, home=True, language=session.language)


@get("/exam/certificates/{certificate:str}/certificate.pdf", include_in_schema=False)
async def pdf(certificate: FromPath[str], ctx: Ctx, session: Candidate) -> Response[bytes]:
    return await paper_of(ctx, await _faces(ctx, session, certificate), "certificate.pdf")


@get("/exam/certificates/{certificate:str}/certificate.png", include_in_schema=False)
async def png(certificate: FromPath[str], ctx: Ctx, session: Candidate) -> Response[bytes]:
    return await paper_of(ctx, await _faces(ctx, session, certificate), "certificate.png")


@get("/exam/certificates/{certificate:str}/badge.png", include_in_schema=False)
async def badge_png(certificate: FromPath[str], ctx: Ctx, session: Candidate) -> Response[bytes]:
    return await paper_of(ctx, await _faces(ctx, session, certificate), "badge.png")


@get("/exam/certificates/{certificate:str}/badge.svg", include_in_schema=False)
async def badge_svg(certificate: FromPath[str], ctx: Ctx, session: Candidate) -> Response[bytes]:
    return await paper_of(ctx, await _faces(ctx, session, certificate), "badge.svg")


@get("/exam/certificates/{certificate:str}/qr.png", include_in_schema=False)
async def qr_png(certificate: FromPath[str], ctx: Ctx, session: Candidate) -> Response[bytes]:
    return file_of(ctx, await _faces(ctx, session, certificate), "qr.png")


@get("/exam/certificates/{certificate:str}/qr.svg", include_in_schema=False)
async def qr_svg(certificate: FromPath[str], ctx: Ctx, session: Candidate) -> Response[bytes]:
    return file_of(ctx, await _faces(ctx, session, certificate), "qr.svg")


@get("/exam/certificates/{certificate:str}/credential.json", include_in_schema=False)
async def credential(certificate: FromPath[str], ctx: Ctx, session: Candidate) -> Response[bytes]:
    return file_of(ctx, await _faces(ctx, session, certificate), "credential.json")


async def _faces(ctx: Context, session: CandidateSession, certificate: str) -> Faces:
    """Another's certificate is as unknown as one that does not exist."""
    return await certificate_views.faces(ctx, session.org, certificate, holder=session.enrolment)


router = Router(
    "/",
    route_handlers=[show, pdf, png, badge_png, badge_svg, qr_png, qr_svg, credential],
    dependencies={"session": Provide(auth.session)},
)
