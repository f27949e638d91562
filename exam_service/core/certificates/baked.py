"""Pictures that carry their credential (Open Badges 3.0, section 5.3 "Baking"): PNG and SVG.

PNG: an iTXt chunk (PNG 1.2, section 11.3.4.5) with the keyword `openbadgecredential`, not compressed, before the
picture's data. SVG: `<openbadges:credential>` as the first thing in the root, with the document as CDATA. The bytes of
the credential go in and come out as they are.
"""

import re
import struct
import zlib

KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = 8 + 12 + 13
"""The signature, and the first chunk, which is always the header with its 13 bytes."""
_OPENS, _CDATA, _CLOSES = b"<openbadges:credential", b"<![CDATA[", b"]]>"
_ROOT = re.compile(rb"<svg\b[^>]*>")


def into_png(picture: bytes, credential: bytes) -> bytes:
    """The same picture with the credential in it; ValueError when it is no PNG."""
    if not picture.startswith(_SIGNATURE) or picture[12:16] != b"IHDR":
        raise ValueError("this is no PNG")
    # Keyword, no compression, no language, no translated keyword; then the text.
    chunk = _chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + credential)
    return picture[:_HEADER] + chunk + picture[_HEADER:]


def into_svg(picture: bytes, credential: bytes) -> bytes:
    """The same picture with the credential in it; ValueError when it is no SVG."""
    root = _ROOT.search(picture)
    if root is None:
        raise ValueError("this is no SVG")
    opened = root[0][:-1].rstrip(b"/") + b' xmlns:openbadges="%s">' % NAMESPACE.encode()
    # What would end it goes on in the next one.
    text = credential.replace(_CLOSES, b"]]" + _CLOSES + _CDATA + b">")
    held = b"<openbadges:credential><![CDATA[%s]]></openbadges:credential>" % text
    return picture[: root.start()] + opened + held + picture[root.end() :]


def in_png(picture: bytes) -> bytes | None:
    """The credential in a PNG; None when there is none, or none as it is put in above."""
    at = len(_SIGNATURE)
    while at + 12 <= len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        kind, content = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        if kind == b"iTXt" and content.startswith(KEYWORD + b"\0"):
            return _text(content) if at + 12 + length <= len(picture) else None
        if kind in (b"IDAT", b"IEND"):
            # It may stand behind the picture, too, but nobody has to look through that.
            return None
        at += 12 + length
    return None


def in_svg(picture: bytes) -> bytes | None:
    """The credential in an SVG, or None. It is found as a text: nothing in the file is expanded or followed."""
    # The first one only, so that however often it begins in a file, it is looked through once.
    opened = picture.find(_OPENS)
    begins = picture.find(_CDATA, opened) if opened >= 0 else -1
    ends = picture.find(b"</openbadges:credential>", begins) if begins >= 0 else -1
    held = picture[begins + len(_CDATA) : ends].rstrip() if ends >= 0 else b""
    return held.removesuffix(_CLOSES).replace(_CLOSES + _CDATA, b"") if held.endswith(_CLOSES) else None


def _text(content: bytes) -> bytes | None:
    compressed, method = content[len(KEYWORD) + 1 : len(KEYWORD) + 3].ljust(2, b"\xff")
    _, _, rest = content[len(KEYWORD) + 3 :].partition(b"\0")
    _, mark, text = rest.partition(b"\0")
    return text if mark and (compressed, method) == (0, 0) else None


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
