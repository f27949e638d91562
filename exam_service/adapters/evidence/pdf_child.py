"""The process that opens a PDF: from standard input to JSON on standard output, within bounds of its own."""

import base64
import os
import sys
from collections.abc import Iterable
from itertools import islice

import msgspec
import pypdfium2
import zxingcpp

from exam_service.adapters.evidence.pdf import Found
from exam_service.core.certificates.credential import MAX_DOCUMENT
from exam_service.core.certificates.faces import MOST
from exam_service.core.certificates.issuance_log import PROOF
from exam_service.core.certificates.qr_token import id_of

MEMORY = 1 << 30
CPU_SECONDS = 15
PAGES = 3
"""A certificate has one; so many from the front are looked at."""
DOTS_PER_POINT = 250 / 72
"""250 pixels an inch: a module of the smallest QR that we print has some five."""
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
MOST_PIXELS = 12_000_000
_KIND = b"OpenBadgeCredential"
"""What else is attached is none of ours."""


def main() -> None:
    """Read, look, tell."""
    _bound()
    told = msgspec.json.encode(_look(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(told)


def _bound() -> None:
    if hasattr(os, "nice"):
        # Whoever writes an exam goes first.
        os.nice(15)
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    # It has nothing to write and nobody to call.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _look(content: bytes) -> Found:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return Found([], [], refusal="locked" if "assword" in str(error) else "unreadable")
    texts: dict[str, None] = {}
    for number in range(min(PAGES, len(document))):
        texts |= dict.fromkeys(_texts(document[number]))
    # The codes of certificates first: others beside them must not push them out.
    attached = _attachments(document)
    return Found(
        _in_base64(content for content in attached if _KIND in content),
        sorted(texts, key=lambda text: id_of(text) is None)[:MOST],
        _in_base64(content for content in attached if content.startswith(PROOF)),
    )


def _attachments(document: pypdfium2.PdfDocument) -> list[bytes]:
    numbers = range(min(4 * MOST, document.count_attachments()))
    contents = (bytes(document.get_attachment(number).get_data()) for number in numbers)
    return [content for content in contents if len(content) <= MAX_DOCUMENT]


def _in_base64(contents: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(content).decode() for content in islice(contents, MOST)]


def _texts(page: pypdfium2.PdfPage) -> list[str]:
    width, height = page.get_size()
    scale = min(DOTS_PER_POINT, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    picture = page.render(scale=scale, grayscale=True).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=_QR)]


if __name__ == "__main__":
    main()
