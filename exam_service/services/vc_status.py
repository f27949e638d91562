"""The status list of what the VC-API signed: one per organisation, by the same key, apart from that of certificates.

The list itself is the record: what was signed is not kept, and its index is drawn at random.
"""

from typing import Any

from exam_service.core import errors
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import did as dids
from exam_service.core.certificates import status
from exam_service.core.certificates.keys import APART
from exam_service.core.certificates.model import stamp, whole_seconds
from exam_service.core.certificates.record import StatusListRecord
from exam_service.core.records import Organisation
from exam_service.services import keys, organisations
from exam_service.services.context import Context
from exam_service.services.ports import Tx
from exam_service.services.status_lists import APART_NUMBER, FRESH, RENEW, take_turn

_PATH = "/credentials/status/"


def address(ctx: Context, slug: str) -> str:
    """Where an organisation's list is published."""
    return f"{ctx.policy.public_url}{_PATH}{slug}"


def slug_of(ctx: Context, list_url: str) -> str | None:
    """Whose list it is; None when it is none of these."""
    before, mark, slug = list_url.partition(_PATH)
    return slug if mark and before == ctx.policy.public_url and slug and "/" not in slug else None


def index_of(text: str) -> int | None:
    """The index that an entry names; None when the list has no such."""
    index = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else status.SIZE
    return index if index < status.SIZE else None


def entry(ctx: Context, slug: str) -> dict[str, Any]:
    """A status entry for something to be signed now."""
    index = int.from_bytes(ctx.entropy(4)) % status.SIZE
    where = address(ctx, slug)
    return {
        "id": f"{where}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": where,
    }


async def published(ctx: Context, organisation: Organisation) -> StatusListRecord:
    """The list as it is served: signed again before it goes stale. Raises NotFound before anything was signed."""
    async with ctx.store.read(organisation.id) as tx:
        kept = await tx.keys.status_list(APART_NUMBER)
    if kept is None:
        raise errors.NotFound(what="status list", id=organisation.slug)
    key = await keys.ensure(ctx, organisation.id, APART)
    if kept.valid_until - ctx.now() > RENEW and _signer(kept) == key.did:
        return kept
    async with ctx.store.begin(organisation.id) as tx:
        return await _sign(ctx, tx, organisation, await _bits(tx))


async def begin(ctx: Context, tx: Tx, organisation: Organisation) -> None:
    """See to it that there is a list for the first thing that is signed."""
    if await tx.keys.status_list(APART_NUMBER) is None:
        await take_turn(ctx, tx, APART_NUMBER)
        if await tx.keys.status_list(APART_NUMBER) is None:
            await _sign(ctx, tx, organisation, bytes(status.BYTES))


async def change(ctx: Context, org: str, index: int, withdrawn: bool, actor: str) -> None:
    """Set or clear one bit, and publish. Raises NotFound before anything was signed."""
    organisation = await organisations.named(ctx, org)
    await keys.ensure(ctx, org, APART)
    async with ctx.store.begin(org) as tx:
        await take_turn(ctx, tx, APART_NUMBER)
        raw = bytearray(await _bits(tx))
        mask = 0x80 >> (index & 7)
        raw[index >> 3] = raw[index >> 3] | mask if withdrawn else raw[index >> 3] & ~mask
        await _sign(ctx, tx, organisation, bytes(raw))
        await keys.audited(ctx, tx, actor, "credential.status", f"{APART}/{index}", "set" if withdrawn else "clear")


async def is_set(ctx: Context, slug: str, index: int | None) -> bool | None:
    """Whether that bit is set, first-hand; None when there is no such list or bit."""
    async with ctx.store.directory() as directory:
        organisation = await directory.organisation(slug=slug)
    if organisation is None or index is None:
        return None
    async with ctx.store.read(organisation.id) as tx:
        kept = await tx.keys.status_list(APART_NUMBER)
    return None if kept is None else status.is_set(_read(kept), index)


async def _bits(tx: Tx) -> bytes:
    kept = await tx.keys.status_list(APART_NUMBER, lock=True)
    if kept is None:
        raise errors.NotFound(what="status list", id=APART)
    return _read(kept)


def _read(kept: StatusListRecord) -> bytes:
    return status.decode(credentials.read_json(kept.document)["credentialSubject"]["encodedList"])


def _signer(kept: StatusListRecord) -> str:
    issuer: str = credentials.read_json(kept.document)["issuer"]
    return issuer


async def _sign(ctx: Context, tx: Tx, organisation: Organisation, raw: bytes) -> StatusListRecord:
    key = await keys.active(tx, "", APART)
    now = whole_seconds(ctx.now())
    where = address(ctx, organisation.slug)
    document = status.unsigned_list(key.did, where, status.encode(raw), now, now + FRESH)
    config = keys.apart_config(key, stamp(now))
    signature = await keys.sign(ctx, tx, key, now, ctx.canonical(document, config))
    # One proof that is no list, unlike a certificate's: the public suite reads nothing else.
    proof = {**config, "proofValue": "z" + dids.base58(signature)}
    record = StatusListRecord(
        number=APART_NUMBER,
        document=credentials.canonical_bytes({**document, "proof": proof}),
        valid_until=now + FRESH,
    )
    await tx.keys.put_status_list(record)
    return record
