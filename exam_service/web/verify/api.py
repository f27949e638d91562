"""`POST /v1/verify`: the verdict on whatever evidence somebody holds, for anybody."""

from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.exceptions import HTTPException

from exam_service.core.certificates.verdict import Verdict
from exam_service.services.context import Context
from exam_service.web import auth
from exam_service.web.body import invalid, too_deep
from exam_service.web.given import Ctx
from exam_service.web.openapi import documented
from exam_service.web.verify.evidence import verdict_on_both, verdict_on_document, verdict_on_file, verdict_on_text


class QrEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a QR code says, as it was scanned."""

    qr: str


class CredentialEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A credential as it was downloaded; the bare document is taken too."""

    credential: dict[str, object]


_FILES = ("application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml")
_DOCUMENTS = ("application/json", "application/vc", "application/ld+json", "application/vc+ld+json")


@post(
    "/v1/verify",
    status_code=200,
    summary="Verify a certificate",
    **documented(
        body=(QrEvidence, CredentialEvidence, dict[str, object]),
        media_types=("application/json", "text/plain", "application/pdf", "image/png", "image/jpeg"),
        examples={"a QR text": {"qr": "https://exam.example.go.th/v/AEBAGBAFAYDQQCIK#1…"}},
        problems=["unreadable-evidence", "unsupported-media-type", "too-many-requests"],
    ),
)
async def verify(request: Request[Any, Any, Any], ctx: Ctx) -> Response[Verdict]:
    """Takes a credential as it was downloaded, `{"qr": "…"}`, `{"credential": {…}}`, both, a QR text, a picture or a
    PDF. What comes together, as the attachment and the QR of a PDF do, is compared in a step of its own.

    The answer is the numbered list of steps with the outcome. What is not genuine is an answer, not an error; what
    cannot be read at all is refused as `unreadable-evidence`.
    """
    await auth.limit_public(request)
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    content = await request.body()
    if kind in _DOCUMENTS:
        verdict = await _json(ctx, content)
    elif kind in _FILES:
        verdict = await verdict_on_file(ctx, content)
    elif kind == "text/plain":
        verdict = await verdict_on_text(ctx, _text(content))
    else:
        raise HTTPException(status_code=415)
    return Response(verdict, headers={"Access-Control-Allow-Origin": "*"})


async def _json(ctx: Context, content: bytes) -> Verdict:
    try:
        members = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid("not-json", f"the body is no JSON object: {error}", f"เนื้อหาไม่ใช่ออบเจ็กต์ JSON: {error}") from error
    except RecursionError as error:
        raise too_deep() from error
    if "@context" in members:
        return await verdict_on_document(ctx, content)
    if set(members) == {"credential"}:
        # The bytes between the braces are what was signed, whatever spaces stand in them.
        return await verdict_on_document(ctx, bytes(members["credential"]))
    if set(members) == {"qr"}:
        return await verdict_on_text(ctx, _qr(members["qr"]))
    if set(members) == {"credential", "qr"}:
        return await verdict_on_both(ctx, bytes(members["credential"]), _qr(members["qr"]))
    raise invalid(
        "unknown-evidence",
        "give a credential as it was downloaded, or `qr`, or `credential`, or these two",
        "โปรดส่งเอกสารวุฒิบัตรตามที่ดาวน์โหลด หรือส่ง `qr` หรือ `credential` หรือทั้งสองอย่าง",
    )


def _qr(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.ValidationError as error:
        raise invalid("wrong-type", "`qr` must be a text", "`qr` ต้องเป็นข้อความ", "qr") from error


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise invalid("not-utf-8", f"the text is not UTF-8: {error}", f"ข้อความไม่ใช่ UTF-8: {error}") from error


router = Router("/", route_handlers=[verify], tags=["Verification"])
