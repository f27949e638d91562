"""Files, recognised by what is in them: a credential, a picture, a PDF, or the text of a QR code."""

from collections.abc import Callable
from datetime import datetime

from exam_service.adapters.aside import Turns
from exam_service.adapters.evidence.found import NO_PDF, NO_PICTURE, look
from exam_service.core.certificates import baked
from exam_service.core.certificates.faces import Evidence
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.text import Text

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
_PDF, _PDF_WITHIN = b"%PDF-", 1024
"""A PDF may have something before its mark; readers look so far (ISO 32000-1, annex H.3.4.1)."""
_BEFORE = b"\xef\xbb\xbf \t\r\n"


class EvidenceFiles:
    """The Evidences port."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        # One at a time: a large picture takes a second and 200 MB, and anybody may send one.
        self._turns = Turns(clock)

    async def read(self, content: bytes) -> Evidence:
        """Every face in it; none when it is something else that can be read. Raises UnreadableEvidence, Busy."""
        start = content.lstrip(_BEFORE)
        if start.startswith(b"{"):
            return Evidence(credentials=(start,))
        if content.startswith(_PICTURES):
            async with self._turns.turn():
                return await look("exam_service.adapters.evidence.picture_aside", content, NO_PICTURE)
        if start.startswith(b"<"):
            # A drawing is not drawn here: its QR code is judged when somebody takes a picture of it.
            held = baked.in_svg(content)
            return Evidence(credentials=(held,) if held is not None else ())
        if _PDF in content[:_PDF_WITHIN]:
            async with self._turns.turn():
                return await look("exam_service.adapters.evidence.pdf_aside", content, NO_PDF)
        try:
            return Evidence(qr_texts=(content.decode(),))
        except UnicodeDecodeError as error:
            why = Text(en="it is neither a PDF, a picture nor JSON", th="ไม่ใช่ไฟล์ PDF รูปภาพ หรือ JSON")
            raise UnreadableEvidence(why=why) from error
