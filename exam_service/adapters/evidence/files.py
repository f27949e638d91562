"""Files, recognised by what is in them: a credential, a picture, a PDF, or the text of a QR code."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from exam_service.adapters.evidence import pdf
from exam_service.core.certificates import baked
from exam_service.core.certificates.faces import Evidence
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.text import Text

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
_BEFORE = b"\xef\xbb\xbf \t\r\n"


class EvidenceFiles:
    """The Evidences port."""

    def __init__(self) -> None:
        # One at a time: a large picture takes a second and 200 MB, and anybody may send one.
        self._pictures = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        self._pdfs = asyncio.Semaphore(1)

    async def read(self, content: bytes) -> Evidence:
        """Every face in it; none when it is something else that can be read. Raises UnreadableEvidence."""
        start = content.lstrip(_BEFORE)
        if start.startswith(b"{"):
            return Evidence(credentials=(start,))
        if content.startswith(_PICTURES):
            return await asyncio.get_running_loop().run_in_executor(self._pictures, _picture, content)
        if start.startswith(b"<"):
            # A drawing is not drawn here: its QR code is judged when somebody takes a picture of it.
            held = baked.in_svg(content)
            return Evidence(credentials=(held,) if held is not None else ())
        if pdf.MARK in content[: pdf.MARK_WITHIN]:
            async with self._pdfs:
                return await pdf.read(content)
        try:
            return Evidence(qr_texts=(content.decode(),))
        except UnicodeDecodeError as error:
            why = Text(en="it is neither a PDF, a picture nor JSON", th="ไม่ใช่ไฟล์ PDF รูปภาพ หรือ JSON")
            raise UnreadableEvidence(why=why) from error


def _picture(content: bytes) -> Evidence:
    # Loaded by the first picture: an exam needs none of it.
    from exam_service.adapters.qr import decode

    held = baked.in_png(content)
    return Evidence(credentials=(held,) if held is not None else (), qr_texts=tuple(decode.texts(content)))
