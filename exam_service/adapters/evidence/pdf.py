"""What a PDF holds: documents that are attached, and QR codes that are printed.

PDFs come from anybody, and the library that reads them (PDFium, the browser's) is a large program. So it runs in a
process of its own, which knows no secret, gets little memory and little time, and whose end ends nothing else.
"""

import asyncio
import base64
import contextlib
import logging
import os
import sys
from pathlib import Path

import msgspec

import exam_service
from exam_service.core.certificates.faces import Evidence
from exam_service.core.errors import UnreadableEvidence
from exam_service.core.text import Text

log = logging.getLogger(__name__)

MARK, MARK_WITHIN = b"%PDF-", 1024
"""A PDF may have something before its mark; readers look so far (ISO 32000-1, annex H.3.4.1)."""
PATIENCE_SECONDS = 20.0


class Found(msgspec.Struct, frozen=True):
    """What the other process tells."""

    attachments: list[str]
    """In base64."""
    texts: list[str]
    proofs: list[str] = []
    """Of the issuance log, in base64."""
    refusal: str | None = None
    """`locked` or `unreadable`."""


_REFUSALS = {
    "locked": Text(en="the PDF is locked with a password", th="ไฟล์ PDF ถูกล็อกด้วยรหัสผ่าน"),
    "unreadable": Text(en="the PDF cannot be read", th="อ่านไฟล์ PDF ไม่ได้"),
    "slow": Text(en="the PDF takes too long to read", th="ไฟล์ PDF ใช้เวลาอ่านนานเกินไป"),
}


async def read(content: bytes) -> Evidence:
    """Its faces. Raises UnreadableEvidence when it is locked, broken or takes too long."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "exam_service.adapters.evidence.pdf_child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            told, _ = await child.communicate(content)
    except TimeoutError as error:
        raise _refused("slow") from error
    finally:
        # Also when whoever asked has gone.
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    try:
        found = msgspec.json.decode(told, type=Found)
    except msgspec.MsgspecError as error:
        # It ran into its bounds, or met its end in the library; or it could not start, which is our own fault.
        log.warning("the process that reads PDFs ended with %s and without an answer", child.returncode)
        raise _refused("unreadable") from error
    if found.refusal is not None:
        raise _refused(found.refusal)
    documents, proofs = (tuple(base64.b64decode(one) for one in some) for some in (found.attachments, found.proofs))
    return Evidence(credentials=documents, qr_texts=tuple(found.texts), log_proofs=proofs)


def _environment() -> dict[str, str]:
    """What Python needs to start, and nothing of ours."""
    kept = {name: value for name in ("PATH", "SYSTEMROOT", "VIRTUAL_ENV") if (value := os.environ.get(name))}
    # Where this very package lies: it need not be installed where Python would find it by itself (the Dockerfile).
    return kept | {"PYTHONPATH": str(Path(exam_service.__file__).parent.parent)}


def _refused(code: str) -> UnreadableEvidence:
    return UnreadableEvidence(why=_REFUSALS[code])
