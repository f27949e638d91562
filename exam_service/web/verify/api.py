"""`POST /v1/verify`: the verdict on whatever evidence somebody holds, for anybody."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.exceptions import HTTPException

from exam_service.core.certificates.verdict import Verdict
from exam_service.services.context import Context
from exam_service.web import auth
from exam_service.web.body import invalid, too_deep
from exam_service.web.given import Ctx
from exam_service.web.ndjson import KINDS
from exam_service.web.openapi import documented
from exam_service.web.verify import many
from exam_service.web.verify.evidence import verdict_on_all, verdict_on_document, verdict_on_file, verdict_on_text


class QrEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a QR code says, as it was scanned."""

    qr: str


class CredentialEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A credential as it was downloaded, alone or with what belongs to it; the bare document is taken too."""

    credential: dict[str, object]
    qr: str | None = None
    log_proof: str | None = None
    """That the issuance log has it (c2sp.org/tlog-proof), as `issuance-log.tlog-proof` in its PDF."""


_ANYWHERE = {"Access-Control-Allow-Origin": "*"}
_FILES = ("application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml")
_DOCUMENTS = ("application/json", "application/vc", "application/ld+json", "application/vc+ld+json")


@post(
    "/v1/verify",
    status_code=200,
    summary="Verify a certificate",
    **documented(
        answers={200: Verdict},
        body=(QrEvidence, CredentialEvidence, dict[str, object]),
        media_types=(
            "application/json",
            "application/x-ndjson",
            "text/plain",
            "application/pdf",
            "image/png",
            "image/jpeg",
        ),
        examples={"a QR text": {"qr": "https://exam.example.go.th/v/AEBAGBAFAYDQQCIK#1…"}},
        problems=["unreadable-evidence", "unsupported-media-type", "too-many-requests", "busy"],
    ),
)
async def verify(request: Request[Any, Any, Any], ctx: Ctx) -> Response[Any]:
    """Takes a credential as it was downloaded, `{"qr": "…"}`, `{"credential": {…}}` with or without `qr` and
    `log_proof`, a QR text, a picture or a PDF. What comes together, as the attachment and the QR of a PDF do, is
    compared in a step of its own; so is a proof of the issuance log.

    As `application/x-ndjson` it takes many, each of these JSON forms on a line of its own, and answers in NDJSON: for
    each line its number (`line`) with the `verdict`, or with what it was `refused` for. A call takes 2,000 lines and
    2 MB, and fifty lines count as one call of an address; some hundred are judged a second. A picture or a PDF counts
    as three.

    The answer is the numbered list of steps with the outcome. What is not genuine is an answer, not an error; what
    cannot be read at all is refused as `unreadable-evidence`.
    """
    await auth.limit_public(request)
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    content = await request.body()
    if kind in KINDS:
        lines = many.lines_of(content)
        await auth.limit_public(request, len(lines) // many.FOR_ONE)
        return Response(await many.answers(lines, partial(_json, ctx)), media_type=KINDS[0], headers=_ANYWHERE)
    if kind in _DOCUMENTS:
        verdict = await _json(ctx, content)
    elif kind in _FILES:
        await auth.limit_file(request)
        verdict = await verdict_on_file(ctx, content)
    elif kind == "text/plain":
        verdict = await verdict_on_text(ctx, _text(content))
    else:
        raise HTTPException(status_code=415)
    return Response(verdict, headers=_ANYWHERE)


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
        return await verdict_on_text(ctx, _member("qr", members) or "")
    if "credential" in members and set(members) <= {"credential", "qr", "log_proof"}:
        # An empty one is none: forms send what nobody filled in.
        proof = _member("log_proof", members) or None
        given = bytes(members["credential"]), _member("qr", members), None if proof is None else proof.encode()
        return await verdict_on_all(ctx, *given)
    raise invalid(
        "unknown-evidence",
        "give a credential as it was downloaded, or `qr`, or `credential` with or without `qr` and `log_proof`",
        "โปรดส่งเอกสารวุฒิบัตรตามที่ดาวน์โหลด หรือส่ง `qr` หรือส่ง `credential` ซึ่งมี `qr` และ `log_proof` มาด้วยก็ได้",
    )


def _member(name: str, members: dict[str, msgspec.Raw]) -> str | None:
    """The text of that name; None when it is not there."""
    try:
        return msgspec.json.decode(members[name], type=str) if name in members else None
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        raise invalid("wrong-type", f"`{name}` must be a text", f"`{name}` ต้องเป็นข้อความ", name) from error


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise invalid("not-utf-8", f"the text is not UTF-8: {error}", f"ข้อความไม่ใช่ UTF-8: {error}") from error


router = Router("/", route_handlers=[verify], tags=["Verification"])
