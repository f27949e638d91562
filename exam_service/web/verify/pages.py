"""The public verify pages: they work on any phone, without JavaScript, and say what is so as plainly as they can."""

import re
from datetime import timedelta
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect

from exam_service.core.certificates.names import is_same
from exam_service.core.certificates.qr_token import capitals, id_in
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.errors import NotFound, Unavailable, UnreadableEvidence
from exam_service.core.text import Text
from exam_service.services import verification
from exam_service.services.certificate_views import veiled
from exam_service.services.context import Context
from exam_service.services.packing import pack
from exam_service.web import auth
from exam_service.web.body import form_of
from exam_service.web.encodings import PACKED, takes_gzip
from exam_service.web.given import Ctx
from exam_service.web.openapi import documented
from exam_service.web.pages import language_of, rendered, shown, wants_json
from exam_service.web.problems import STATUS
from exam_service.web.texts import area
from exam_service.web.verify.evidence import verdict_on_file, verdict_on_text
from exam_service.web.verify.kept import KeptPages, Ready, variant
from exam_service.web.verify.look import Look, look
from exam_service.web.verify.shell import CHECKING, page_of

Plain = Request[Any, Any, Any]
MODULES = ["offline.js", *(f"verify/{name}.js" for name in CHECKING)]
"""What verify.js imports: named in the page, so that they are fetched at once instead of one after the other."""


@get("/v/{certificate:str}", summary="Whether a certificate is genuine and stands",
     **documented(answers={200: Verdict}, problems=["too-many-requests"]))  # fmt: skip
async def show(certificate: FromPath[str], request: Plain, ctx: Ctx) -> Response[Any]:
    """The page behind the QR code; the verdict in JSON for who asks for that. The name is in first letters only."""
    await auth.limit_public(request)
    certificate, reads = capitals(certificate), language_of(request)
    pages: KeptPages[Ready] = request.app.state.verify_pages
    chosen = request.query_params.get("lang") == reads
    asked = variant(reads, chosen=chosen, packed=takes_gzip(request))
    data, judged_at = wants_json(request), pages.now()
    if not data and (kept := pages.get(certificate, asked)) is not None:
        return kept
    record, verdict = await verification.by_id(ctx, certificate)
    if data:
        if record is None:
            raise NotFound(what="certificate", id=certificate)
        if verdict is None:
            raise Unavailable(retry_at=ctx.now() + timedelta(minutes=1))
        return Response(veiled(verdict), headers={"Access-Control-Allow-Origin": "*", "Vary": "Accept"})
    if record is None:
        return _none(request, ctx, certificate)
    html = _html(request, "verify.html", reads, **_values(ctx, look(record, verdict), certificate))
    page = Ready(_sent(request, html, reads), request)
    pages.put(certificate, asked, page, judged_at)
    return page


@post("/v/{certificate:str}", status_code=200, include_in_schema=False)
async def compare_name(certificate: FromPath[str], request: Plain, ctx: Ctx) -> Response[Any]:
    """Whether the typed name is the printed one; then it is shown in full, since it is known already."""
    await auth.limit_public(request)
    certificate = capitals(certificate)
    record, verdict = await verification.by_id(ctx, certificate)
    if record is None:
        return _none(request, ctx, certificate)
    typed = str((await form_of(request)).get("name", ""))[:400]
    printed = record.issuance.recipient_name
    same = is_same(typed, printed)
    found = look(record, verdict, name=printed if same else None)
    return _answer(request, ctx, found, certificate, same=same, typed="" if same else typed)


@get("/verify", include_in_schema=False)
async def form(request: Plain, ctx: Ctx) -> Response[Any]:
    return _form(request, ctx)


@post("/verify", status_code=200, include_in_schema=False)
async def check(request: Plain, ctx: Ctx) -> Response[Any]:
    """The verdict on a typed number, a QR text or an uploaded file; a file with a text is judged as one certificate."""
    await auth.limit_public(request)
    sent = await form_of(request)
    text, file = str(sent.get("text", "")).strip(), sent.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    bare = id_in("".join(text.split()))
    if bare is not None and "#" not in text:
        if not content:
            return Redirect(f"/v/{bare}", status_code=303)
        text = bare
    if not text and not content:
        return _form(request, ctx, area("verify")["verify.form_empty"])
    if content:
        await auth.limit_file(request)
    try:
        verdict = await (verdict_on_file(ctx, content, text) if content else verdict_on_text(ctx, text))
    except UnreadableEvidence as refusal:
        return _form(request, ctx, refusal.text, STATUS[refusal.code])
    return await _judged(request, ctx, verdict)


async def _judged(request: Plain, ctx: Context, verdict: Verdict) -> Response[Any]:
    if verdict.outcome != "genuine" or verdict.facts is None:
        return _answer(request, ctx, look(None, verdict), "", check_name=False)
    record, _ = await verification.by_id(ctx, verdict.facts.id)
    # Who brought the evidence has the name before their eyes.
    name = record.issuance.recipient_name if record else None
    return _answer(request, ctx, look(record, verdict, name=name), verdict.facts.id, check_name=False)


def _answer(
    request: Plain, ctx: Context, found: Look, certificate: str, *,
    check_name: bool = True, same: bool | None = None, typed: str = "",
) -> Response[Any]:  # fmt: skip
    values = _values(ctx, found, certificate, check_name=check_name, same=same, typed=typed)
    return _page(request, "verify.html", **values)


def _values(
    ctx: Context, found: Look, certificate: str, *, check_name: bool = True, same: bool | None = None, typed: str = ""
) -> dict[str, Any]:
    return {
        "look": found,
        "id": certificate,
        "public_url": ctx.policy.public_url,
        "check_name": check_name and found.facts is not None,
        "modules": MODULES,
        "same": same,
        "typed": typed,
    }


def _none(request: Plain, ctx: Context, certificate: str) -> Response[Any]:
    # Only what could be a number is repeated: a link must not put words of its own on this page.
    number = certificate if re.fullmatch(r"[A-Z0-9]{1,32}", certificate) else "–"
    return _page(request, "verify_none.html", 404, id=number, public_url=ctx.policy.public_url)


def _form(request: Plain, ctx: Context, refusal: Text | None = None, status: int = 200) -> Response[Any]:
    return _page(request, "verify_form.html", status, public_url=ctx.policy.public_url, refusal=refusal)


def _page(request: Plain, template: str, status: int = 200, **values: Any) -> Response[Any]:
    reads = language_of(request)
    return _sent(request, _html(request, template, reads, **values), reads, status)


def _html(request: Plain, template: str, language: str, **values: Any) -> bytes:
    """The page as it is sent to who asks."""
    ctx: Context = request.app.state.ctx
    # Its files are of the same version as what opens without network: most of that is there already when it is kept.
    html = page_of(ctx.policy.public_url).addressed(rendered(template, language, **values)).encode()
    return pack(html) if takes_gzip(request) else html


def _sent(request: Plain, html: bytes, reads: str, status: int = 200) -> Response[Any]:
    headers = {"Vary": "Accept-Language, Cookie, Accept-Encoding"}
    return shown(request, html, reads, status=status, headers=headers | (PACKED if takes_gzip(request) else {}))


router = Router("/", route_handlers=[show, compare_name, form, check], tags=["Verification"])
