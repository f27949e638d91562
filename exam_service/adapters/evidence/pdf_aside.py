"""The process that opens a PDF, with PDFium, the browser's library: documents that are attached, and QR codes that are
printed.
"""

from collections.abc import Iterable
from itertools import islice

import pypdfium2
import zxingcpp

from exam_service.adapters import aside
from exam_service.adapters.evidence.found import NO_PDF, Found
from exam_service.core.certificates.credential import MAX_DOCUMENT
from exam_service.core.certificates.faces import MOST
from exam_service.core.certificates.issuance_log import PROOF
from exam_service.core.certificates.qr_token import id_of
from exam_service.core.text import Text

PAGES = 3
"""A certificate has one; so many from the front are looked at."""
DOTS_PER_POINT = 250 / 72
"""250 pixels an inch: a module of the smallest QR that we print has some five."""
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
MOST_PIXELS = 12_000_000
_KIND = b"OpenBadgeCredential"
"""What else is attached is none of ours."""
_LOCKED = Text(en="the PDF is locked with a password", th="ไฟล์ PDF ถูกล็อกด้วยรหัสผ่าน")


def look(content: bytes) -> Found:
    """Its first pages and attachments."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return Found(refusal=_LOCKED if "assword" in str(error) else NO_PDF)
    texts: dict[str, None] = {}
    for number in range(min(PAGES, len(document))):
        texts |= dict.fromkeys(_texts(document[number]))
    # The codes of certificates first: others beside them must not push them out.
    attached = _attachments(document)
    return Found(
        _first(content for content in attached if _KIND in content),
        sorted(texts, key=lambda text: id_of(text) is None)[:MOST],
        _first(content for content in attached if content.startswith(PROOF)),
    )


def _attachments(document: pypdfium2.PdfDocument) -> list[bytes]:
    numbers = range(min(4 * MOST, document.count_attachments()))
    contents = (bytes(document.get_attachment(number).get_data()) for number in numbers)
    return [content for content in contents if len(content) <= MAX_DOCUMENT]


def _first(contents: Iterable[bytes]) -> list[bytes]:
    return list(islice(contents, MOST))


def _texts(page: pypdfium2.PdfPage) -> list[str]:
    width, height = page.get_size()
    scale = min(DOTS_PER_POINT, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    picture = page.render(scale=scale, grayscale=True).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=_QR)]


if __name__ == "__main__":
    aside.tell(look(aside.given()))
