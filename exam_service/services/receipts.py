"""Receipts: a signed word that a save or a submission arrived, for anyone to check with the service's public key."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from exam_service.core.certificates import jws
from exam_service.core.certificates.jws import b64
from exam_service.core.certificates.receipt import Receipt, again, encode, to_be_signed, together
from exam_service.core.exams.attempt import Attempt
from exam_service.core.exams.journal import Attested, Saved
from exam_service.core.exams.scoring import JournalEntry
from exam_service.core.exams.timing import seconds_left
from exam_service.services import keys
from exam_service.services.context import Context

_AT_HAND = timedelta(minutes=1)

SUBMISSION = 0
"""The sequence number of the receipt for a whole attempt; saves begin at 1."""

ReceiptKey = tuple[str, bytes]
"""kid and sealed private key"""


def attest(ctx: Context, key: ReceiptKey, group: Sequence[Saved]) -> Attested:
    """The receipts of saves that become durable together, under one signature, which costs each next to nothing."""
    kid, sealed = key
    ctx.meter.count("receipts_signed", len(group))
    return together([payload(saved) for saved in group], kid, partial(ctx.signer.sign, sealed))


async def of_save(ctx: Context, saved: Saved) -> str:
    """The receipt of a save, byte for byte as it was given."""
    return given(saved) or await _signed(ctx, _receipt(saved))


def given(saved: Saved) -> str | None:
    """The receipt as it was given, from what is stored of it; None when it has to be signed anew, alone.

    That is so for rows from before receipts were kept. It would also be so if this version wrote the facts of a receipt
    in other bytes than the one that gave it: the facts are the same, and the new signature vouches for them as well.
    """
    if saved.receipt is not None or saved.group is None:
        return saved.receipt
    return again(payload(saved), saved.group)


def payload(saved: Saved) -> bytes:
    """What the receipt of a save says, as it is signed."""
    return encode(_receipt(saved))


async def of_submission(ctx: Context, attempt: Attempt, saves: Sequence[Saved] | Sequence[JournalEntry]) -> str:
    """The receipt of an attempt that is over: when it ended, and one digest over the digests of all its saves in order.

    Whoever holds the receipts of the saves can see that none of them was left out. It covers those that count when it
    is signed; when staff later accepts one that came late there is another receipt, of more `saves`, and both are true.
    """
    if attempt.ended_at is None:
        raise ValueError("an attempt that runs has no receipt of its end")
    digests = [digest for *_, digest in sorted((saved.epoch, saved.seq, saved.digest) for saved in saves)]
    receipt = Receipt(
        attempt=attempt.id,
        session=attempt.epoch,
        seq=SUBMISSION,
        digest=b64(hashlib.sha256(b"".join(digests)).digest()),
        received_at=attempt.ended_at,
        seconds_left=seconds_left(attempt.deadline, attempt.ended_at),
        saves=len(digests),
    )
    return await _signed(ctx, receipt)


async def key_at_hand(ctx: Context) -> ReceiptKey:
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


async def _signed(ctx: Context, receipt: Receipt) -> str:
    # Ed25519 is deterministic, so the same facts have the same receipt.
    kid, sealed = await key_at_hand(ctx)
    message = to_be_signed(receipt, kid)
    ctx.meter.count("receipts_signed")
    return jws.compact(message, ctx.signer.sign(sealed, message))


def _receipt(saved: Saved) -> Receipt:
    return Receipt(
        attempt=saved.attempt,
        session=saved.epoch,
        seq=saved.seq,
        digest=b64(saved.digest),
        received_at=saved.received_at,
        seconds_left=saved.seconds_left,
        in_grace=saved.in_grace,
        late=saved.late,
        held=saved.held,
    )
