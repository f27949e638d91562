"""The process that opens a picture: a credential that is baked in, and QR codes that are to be seen."""

from exam_service.adapters import aside
from exam_service.adapters.evidence.found import NO_PICTURE, Found
from exam_service.adapters.qr import decode
from exam_service.core.certificates import baked
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.text import Text


def look(content: bytes) -> Found:
    """As what it is: one that nobody can read may still hold a credential, but is refused like others."""
    held = baked.in_png(content)
    try:
        texts = decode.texts(content)
    except UnreadableEvidence as error:
        why = error.facts["why"]
        return Found(refusal=why if isinstance(why, Text) else NO_PICTURE)
    return Found([held] if held is not None else [], texts)


if __name__ == "__main__":
    aside.tell(look(aside.given()))
