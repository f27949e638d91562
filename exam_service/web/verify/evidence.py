"""What somebody brings to be verified: recognised by what it is, and refused when nothing in it can be judged."""

import msgspec

from exam_service.core.certificates.verdict import Verdict
from exam_service.core.certificates.words import FAILED
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.text import Text
from exam_service.services import verification
from exam_service.services.context import Context

_NOTHING_TO_JUDGE = frozenset({"not-a-certificate", "no-token", "not-json"})
"""Of these, "not genuine" would say too much: a bare address may well belong to a genuine certificate."""

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")


async def verdict_on_text(ctx: Context, text: str) -> Verdict:
    """The verdict on a QR text. Raises UnreadableEvidence when nothing signed is in it."""
    return _judged(await verification.by_text(ctx, text))


async def verdict_on_document(ctx: Context, document: bytes) -> Verdict:
    """The verdict on a credential in JSON. Raises UnreadableEvidence when it is no JSON object."""
    return _judged(await verification.by_document(ctx, document))


async def verdict_on_image(ctx: Context, image: bytes) -> Verdict:
    """The verdict on the QR in a picture. Raises UnreadableEvidence when there is none of a certificate."""
    return _judged(await verification.by_image(ctx, image))


async def verdict_on_file(ctx: Context, content: bytes) -> Verdict:
    """The verdict on an uploaded file, by its content and not by its name."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return await verdict_on_document(ctx, start)
    if content.startswith(_PICTURES):
        return await verdict_on_image(ctx, content)
    if content.startswith(b"%PDF"):
        why = Text(
            en="a PDF is not read here; scan its QR code or take a picture of it",
            th="ยังไม่รองรับไฟล์ PDF โปรดสแกน QR หรือถ่ายภาพหน้าวุฒิบัตรแทน",
        )
        raise UnreadableEvidence(why=why)
    try:
        return await verdict_on_text(ctx, content.decode())
    except UnicodeDecodeError as error:
        why = Text(en="it is neither a picture nor JSON", th="ไม่ใช่รูปภาพหรือไฟล์ JSON")
        raise UnreadableEvidence(why=why) from error


def _judged(verdict: Verdict) -> Verdict:
    code = verdict.steps[0].code
    if code in _NOTHING_TO_JUDGE:
        raise UnreadableEvidence(why=FAILED[code], data=msgspec.to_builtins(verdict.steps[0]))
    return verdict
