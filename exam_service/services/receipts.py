"""Receipts: a signed word that a save arrived, which anyone can check with the service's public key."""

import base64
from datetime import timedelta

from exam_service.core.certificates import jws
from exam_service.core.certificates.receipt import Receipt, to_be_signed
from exam_service.core.exams.journal import Saved
from exam_service.services import keys
from exam_service.services.context import Context

_AT_HAND = timedelta(minutes=1)


async def sign(ctx: Context, saved: Saved) -> str:
    """The receipt of a save as a compact JWS. Ed25519 is deterministic, so the same save has the same receipt."""
    record, sealed = await _key(ctx)
    receipt = Receipt(
        attempt=saved.attempt,
        session=saved.epoch,
        seq=saved.seq,
        digest=base64.urlsafe_b64encode(saved.digest).rstrip(b"=").decode(),
        received_at=saved.received_at,
        seconds_left=saved.seconds_left,
        in_grace=saved.in_grace,
    )
    message = to_be_signed(receipt, record)
    return jws.compact(message, ctx.signer.sign(sealed, message))


async def _key(ctx: Context) -> tuple[str, bytes]:
    """kid and sealed key, at hand for a minute: a save must not wait for a look-up, a new key not for a restart."""
    kept = ctx.signing_keys.get("receipts")
    if kept is None or ctx.now() >= kept[2]:
        record = await keys.ensure(ctx, keys.SERVICE, "receipts")
        async with ctx.store.read(keys.SERVICE) as tx:
            private = await tx.keys.private(record.kid)
        if private is None:
            raise LookupError(f"the private half of key {record.kid} is gone")
        kept = ctx.signing_keys["receipts"] = (record.kid, private.sealed, ctx.now() + _AT_HAND)
    return kept[:2]
