"""The issuance log: every certificate that is signed is entered in the same transaction (docs/decisions/0014).

One log for each organisation, append-only, with a key of its own. Whoever keeps one of its checkpoints can see later
that nothing was removed, changed or put in before it.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from exam_service.core import errors
from exam_service.core.certificates import issuance_log as log
from exam_service.core.certificates.did import organisation_did
from exam_service.core.certificates.growing import EMPTY, Growth, consistency, inclusion
from exam_service.core.certificates.merkle import leaf_hash
from exam_service.core.certificates.model import whole_seconds
from exam_service.core.certificates.record import CertificateRecord, LogEntry, LogHead
from exam_service.core.certificates.words import Unreadable
from exam_service.core.records import Organisation
from exam_service.services import keys
from exam_service.services.context import Context
from exam_service.services.ports import Tx

logger = logging.getLogger(__name__)

FRESH = timedelta(minutes=50)
"""A checkpoint is signed again before it is older than this, also when nothing was added."""
LOOK_EVERY = timedelta(minutes=5)
STEP = timedelta(minutes=5)
"""As far as clocks are put right; over that a clock that went back was wrong before, or is now."""
TOGETHER = 25
"""Certificates that are entered in one transaction."""


Parts = tuple[bytes, bytes]
"""What the proof of a credential signs, and its signature."""


async def enter(
    ctx: Context, tx: Tx, records: Sequence[CertificateRecord], parts: Mapping[str, Parts] | None = None
) -> list[CertificateRecord]:
    """Enter signed certificates, and give each its proof as of the checkpoint that is signed here.

    `parts` are of those, by their ids, that were signed just now. Whoever calls stores them, in this transaction.
    """
    entered: dict[str, CertificateRecord] = {}
    # Nearly always there is one; another public address makes another name of the same log.
    for did in dict.fromkeys(record.issuance.did for record in records):
        entered |= await _enter(ctx, tx, did, [one for one in records if one.issuance.did == did], parts or {})
    return [entered[record.id] for record in records]


async def _enter(
    ctx: Context, tx: Tx, did: str, records: Sequence[CertificateRecord], parts: Mapping[str, Parts]
) -> dict[str, CertificateRecord]:
    head = await tx.issuance_log.head(lock=True)
    salts = [ctx.entropy(log.SALT_BYTES) for _ in records]
    digests = [entry_of(record, salt, parts.get(record.id)) for record, salt in zip(records, salts, strict=True)]
    growth = Growth(head.size, head.peaks, [leaf_hash(one) for one in digests])
    numbers = range(head.size, growth.size)
    note = await _put(ctx, tx, did, growth)
    await tx.issuance_log.add(
        [
            LogEntry(number=number, digest=digest, certificate=record.id)
            for number, digest, record in zip(numbers, digests, records, strict=True)
        ]
    )
    completed = growth.completed(log.HEIGHT)
    await tx.issuance_log.add_subtrees([(level // log.HEIGHT, number, digest) for level, number, digest in completed])
    return {
        record.id: msgspec.structs.replace(
            record,
            log_proof=log.write_proof(
                log.Proof(index=number, salt=salt, path=inclusion(number, growth.size, growth.node), note=note)
            ),
        )
        for record, number, salt in zip(records, numbers, salts, strict=True)
    }


def entry_of(record: CertificateRecord, salt: bytes, parts: Parts | None = None) -> bytes:
    """The entry of a signed certificate, of the parts of its credential when they are at hand."""
    return log.entry(salt, *(parts or log.parts_of(record.credential or b"")))


async def checkpoint(ctx: Context, organisation: Organisation) -> bytes:
    """The newest checkpoint, signed again when it is not fresh."""
    did = organisation_did(ctx.policy.public_url, organisation.slug)
    async with ctx.store.read(organisation.id) as tx:
        head = await tx.issuance_log.head()
        fresh = await _is_fresh(ctx, tx, head, did)
    if fresh:
        return head.note
    async with ctx.store.begin(organisation.id) as tx:
        head = await tx.issuance_log.head(lock=True)
        if await _is_fresh(ctx, tx, head, did):
            return head.note
        return await _put(ctx, tx, did, Growth(head.size, head.peaks, []))


async def watch(ctx: Context) -> None:
    """Keep checkpoints fresh until cancelled. Several processes may: who comes second finds a fresh one."""
    while True:
        try:
            await renew_all(ctx)
        except Exception:
            logger.exception("not every checkpoint could be signed; the next look follows in %s", LOOK_EVERY)
        await asyncio.sleep(LOOK_EVERY.total_seconds())


async def renew_all(ctx: Context) -> None:
    """Sign the checkpoints that are not fresh any more, of every log that has an entry."""
    async with ctx.store.directory() as directory:
        organisations = await directory.organisations()
    for organisation in organisations:
        try:
            await _renew(ctx, organisation)
        except errors.Unavailable:
            raise
        except Exception:
            # The others have nothing to do with it.
            logger.exception("the checkpoint of `%s` could not be signed", organisation.slug)


async def _renew(ctx: Context, organisation: Organisation) -> None:
    await adopt(ctx, organisation.id)
    async with ctx.store.read(organisation.id) as tx:
        head = await tx.issuance_log.head()
    if head.size:
        await checkpoint(ctx, organisation)


async def adopt(ctx: Context, org: str) -> int:
    """Enter what was signed before there was a log, or by a process that knew none; how many there were."""
    total = 0
    while True:
        async with ctx.store.read(org) as tx:
            ids = await tx.certificates.unlogged(TOGETHER)
        if not ids:
            return total
        async with ctx.store.begin(org) as tx:
            found = await tx.certificates.several(ids, lock=True)
            # Another process may have done some meanwhile.
            left = [one for one in found.values() if one.log_proof is None and one.credential is not None]
            await tx.certificates.put_signed(await enter(ctx, tx, left))
        total += len(left)


async def _is_fresh(ctx: Context, tx: Tx, head: LogHead, did: str) -> bool:
    """Whether it is of this hour and of this address, and by a key that is still believed.

    One from the future is of a clock that was wrong.
    """
    if not head.note or not timedelta(0) <= ctx.now() - head.signed_at < FRESH:
        return False
    try:
        return log.signed_at(head.note, did, await tx.keys.all(), ctx.signer.verify) is not None
    except Unreadable:
        return False


async def _put(ctx: Context, tx: Tx, did: str, growth: Growth) -> bytes:
    """Sign the checkpoint of the tree as it is now, and store it. The head is under lock."""
    now = whole_seconds(ctx.now())
    before = (await tx.issuance_log.head()).signed_at
    if now < before <= now + STEP:
        # The times of a log never fall. A clock that is far behind is no reason to write a wrong hour: the audit tells.
        now = before
    elif now < before:
        logger.error("the clock is behind the issuance log `%s`, which was signed at %s", did, before)
    key = await keys.ensure_in(ctx, tx, did, "log")
    pair = (await keys.pairs(tx, [key.kid])).get(key.kid)
    said = log.Checkpoint(origin=log.origin_of(did), size=growth.size, root=growth.root)
    signatures = [await keys.sign_with(ctx, pair, now, message) for message in log.to_be_signed(said, now)]
    note = log.note(said, now, key.public, signatures)
    await tx.issuance_log.put_head(LogHead(size=growth.size, peaks=growth.known, note=note, signed_at=now))
    return note


# What anybody may fetch


async def verifier_keys(ctx: Context, organisation: Organisation) -> list[str]:
    """The keys of the log and of its clock, newest first, as `vkey`s (c2sp.org/signed-note): what other tools take."""
    async with ctx.store.read(organisation.id) as tx:
        ours = [key for key in await tx.keys.all() if key.purpose == "log" and key.compromised_at is None]
    ours.sort(key=lambda key: key.created_at, reverse=True)
    return [line for key in ours for line in log.verifier_keys(key.did, key.public)]


async def tile(ctx: Context, org: str, level: int, number: int, width: int) -> bytes:
    """Hashes of a tile (c2sp.org/tlog-tiles). Raises NotFound for one that the log does not have, or not so wide."""
    async with ctx.store.read(org) as tx:
        start = await _start_of(tx, level, number, width)
        if level:
            found = list(await tx.issuance_log.subtrees(level, start, width))
        else:
            found = [leaf_hash(one.digest) for one in await tx.issuance_log.entries(start, width)]
    return b"".join(found)


async def entries(ctx: Context, org: str, number: int, width: int) -> bytes:
    """A bundle of entries, each after its length in two bytes. Raises NotFound like `tile`."""
    async with ctx.store.read(org) as tx:
        start = await _start_of(tx, 0, number, width)
        found = await tx.issuance_log.entries(start, width)
    return b"".join(len(one.digest).to_bytes(2, "big") + one.digest for one in found)


async def consistent(ctx: Context, org: str, old: int, new: int) -> list[bytes]:
    """The consistency proof from one size to another (RFC 9162, 2.1.4.1). Raises NotFound."""
    async with ctx.store.read(org) as tx:
        size = (await tx.issuance_log.head()).size
        if not 0 < old <= new <= size:
            raise errors.NotFound(what="consistency proof", id=f"{old}-{new}")
        nodes = {at: await _node(tx, *at) for at in _asked(old, new)}
    proof = consistency(old, new, lambda *at: nodes[at])
    return [proof[at : at + len(EMPTY)] for at in range(0, len(proof), len(EMPTY))]


def _asked(old: int, new: int) -> list[tuple[int, int]]:
    """The complete subtrees that a consistency proof is made of."""
    asked: list[tuple[int, int]] = []

    def node(level: int, number: int) -> bytes:
        asked.append((level, number))
        return EMPTY

    consistency(old, new, node)
    return asked


async def _node(tx: Tx, level: int, number: int) -> bytes:
    """The hash of a complete subtree, from the hashes of the tile that it is in."""
    tile_level, within = divmod(level, log.HEIGHT)
    start, width = number << within, 1 << within
    if tile_level:
        hashes = list(await tx.issuance_log.subtrees(tile_level, start, width))
    else:
        hashes = [leaf_hash(one.digest) for one in await tx.issuance_log.entries(start, width)]
    return Growth(0, b"", hashes).root


async def _start_of(tx: Tx, level: int, number: int, width: int) -> int:
    """Where the tile begins, within its level."""
    start = number * log.WIDTH
    size = (await tx.issuance_log.head()).size >> (log.HEIGHT * level)
    if not 0 < width <= log.WIDTH or start + width > size:
        raise errors.NotFound(what="tile", id=f"{level}/{number}")
    return start
