"""What was found in a file that was opened aside."""

import msgspec

from exam_service.adapters import aside
from exam_service.core.certificates.faces import Evidence
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.text import Text

NO_PDF = Text(en="the PDF cannot be read", th="อ่านไฟล์ PDF ไม่ได้")
NO_PICTURE = Text(en="not a readable image", th="ไม่ใช่รูปภาพที่อ่านได้")
_SLOW = Text(en="it takes too long to read", th="ไฟล์นี้ใช้เวลาอ่านนานเกินไป")


class Found(msgspec.Struct, frozen=True):
    """What the other process tells."""

    attachments: list[bytes] = []
    texts: list[str] = []
    """Of QR codes."""
    proofs: list[bytes] = []
    """Of the issuance log."""
    refusal: Text | None = None


async def look(module: str, content: bytes, broken: Text) -> Evidence:
    """Its faces, as that module finds them. Raises UnreadableEvidence: with `broken` when it ends without a word."""
    try:
        found = await aside.ask(module, content, Found)
    except aside.TooSlow as error:
        raise UnreadableEvidence(why=_SLOW) from error
    except aside.Ended as error:
        raise UnreadableEvidence(why=broken) from error
    if found.refusal is not None:
        raise UnreadableEvidence(why=found.refusal)
    return Evidence(credentials=tuple(found.attachments), qr_texts=tuple(found.texts), log_proofs=tuple(found.proofs))
