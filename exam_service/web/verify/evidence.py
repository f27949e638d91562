"""What somebody brings to be verified: refused when nothing in it can be judged."""

import msgspec

from exam_service.core.certificates.faces import NO_FACE, Evidence, together
from exam_service.core.certificates.qr_token import id_of
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.certificates.words import FAILED, NOTHING_TO_JUDGE
from exam_service.core.errors import UnreadableEvidence
from exam_service.services import verification
from exam_service.services.context import Context


async def verdict_on_text(ctx: Context, text: str) -> Verdict:
    """The verdict on a QR text. Raises UnreadableEvidence when nothing signed is in it."""
    return _judged(await verification.by_text(ctx, text))


async def verdict_on_document(ctx: Context, document: bytes) -> Verdict:
    """The verdict on a credential in JSON. Raises UnreadableEvidence when it is no JSON object."""
    return _judged(await verification.by_document(ctx, document))


async def verdict_on_file(ctx: Context, content: bytes, text: str = "") -> Verdict:
    """The verdict on all faces in a file, by its content and not by its name. Raises UnreadableEvidence.

    With `text`, a QR text or a number, it is also of that certificate: the file of another one is no proof of it.
    """
    found = await ctx.evidences.read(content)
    if text:
        if id_of(text) is None:
            raise UnreadableEvidence(why=FAILED["not-a-certificate"])
        if not (found.credentials or found.codes()):
            raise UnreadableEvidence(why=NO_FACE)
        found = msgspec.structs.replace(found, qr_texts=(text, *found.qr_texts))
    return _judged(await verification.by_evidence(ctx, found))


async def verdict_on_all(ctx: Context, document: bytes, qr: str | None, log_proof: bytes | None) -> Verdict:
    """The verdict on a credential with what belongs to it. Raises UnreadableEvidence when one of them is none."""
    given = [_judged(await verification.by_document(ctx, document, log_proof))]
    if qr is not None:
        given.append(_judged(await verification.by_text(ctx, qr)))
    return together(given, Evidence(qr_texts=(qr or "",)).codes().values())


def _judged(verdict: Verdict) -> Verdict:
    code = verdict.steps[0].code
    if code in NOTHING_TO_JUDGE:
        raise UnreadableEvidence(why=FAILED[code], data=msgspec.to_builtins(verdict.steps[0]))
    return verdict
