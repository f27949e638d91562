"""The published status lists: signed again when a certificate is withdrawn, and before the last one goes stale."""

from datetime import datetime, timedelta

from exam_service.core import errors
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import status
from exam_service.core.certificates.did import organisation_did
from exam_service.core.certificates.keys import APART, KeyRecord
from exam_service.core.certificates.model import stamp, whole_seconds
from exam_service.core.certificates.record import StatusListRecord
from exam_service.core.records import Organisation, Replay
from exam_service.services import keys, organisations
from exam_service.services.context import Context
from exam_service.services.ports import Tx

FRESH = timedelta(hours=24)
"""How long a list may be believed; after that a verifier says "unknown" (P11)."""
RENEW = timedelta(hours=12)
NUMBER = 1
"""The list that certificates go into; one of 2^20 lasts a programme for years."""
APART_NUMBER = 0
"""Under which that of the VC-API is kept (`vc_status`): no certificate's, and not published as one of theirs."""


async def published(ctx: Context, organisation: Organisation, number: int) -> StatusListRecord:
    """The list as it is served: the stored one while it is fresh enough, else a new one."""
    if number == APART_NUMBER:
        raise errors.NotFound(what="status list", id=str(number))
    async with ctx.store.read(organisation.id) as tx:
        kept = await tx.keys.status_list(number)
    if kept is not None and kept.valid_until - ctx.now() > RENEW:
        return kept
    if number != NUMBER:
        raise errors.NotFound(what="status list", id=str(number))
    try:
        await keys.ensure(ctx, organisation.id, "certificates")
        async with ctx.store.begin(organisation.id) as tx:
            return await publish(ctx, tx, organisation, number)
    except (errors.SigningFailed, errors.Unavailable):
        # It says until when it may be believed, and a hardware module that is away may be back before that.
        if kept is not None and kept.valid_until > ctx.now():
            return kept
        raise


async def without_key(
    ctx: Context, org: str, kid: str, since: datetime, actor: str, reason: str
) -> tuple[KeyRecord, KeyRecord]:
    """The key, compromised since then, and the one that signs from now on, by which the list is signed anew.

    Raises NotFound.
    """
    async with ctx.store.begin(org) as tx:
        lost = await keys.compromise(ctx, tx, kid, since, actor, reason)
    fresh = await keys.ensure(ctx, org, lost.purpose)
    if org != keys.SERVICE and lost.purpose != APART:
        organisation = await organisations.named(ctx, org)
        async with ctx.store.begin(org) as tx:
            await publish(ctx, tx, organisation, NUMBER)
    return lost, fresh


async def publish(ctx: Context, tx: Tx, organisation: Organisation, number: int) -> StatusListRecord:
    """Sign the list as it is in this transaction, and store it."""
    record = await signed(ctx, tx, organisation, number, whole_seconds(ctx.now()) + FRESH)
    await tx.keys.put_status_list(record)
    return record


async def signed(ctx: Context, tx: Tx, organisation: Organisation, number: int, until: datetime) -> StatusListRecord:
    """The list as it is in this transaction, to be believed until that moment; it is not stored."""
    await take_turn(ctx, tx, number)
    did = organisation_did(ctx.policy.public_url, organisation.slug)
    key = await keys.active(tx, did, "certificates")
    now = whole_seconds(ctx.now())
    encoded = status.encode(status.bits(await tx.certificates.withdrawn(number)))
    list_url = status.url(ctx.policy.public_url, organisation.slug, number)
    document = status.unsigned_list(did, list_url, encoded, now, until)
    config = credentials.new_proof_config(did, key.kid, stamp(now))
    signature = await keys.sign(ctx, tx, key, now, ctx.canonical(document, config))
    return StatusListRecord(
        number=number,
        document=credentials.canonical_bytes(credentials.with_proof(document, config, signature)),
        valid_until=until,
    )


async def take_turn(ctx: Context, tx: Tx, number: int) -> None:
    """One at a time: of two who withdraw at the same moment, the second must see what the first has withdrawn."""
    if await tx.keys.status_list(number, lock=True) is None:
        turn = Replay(key=f"status-list/{number}", request_digest=b"", answer=None, created_at=ctx.now())
        await tx.log.claim(turn)
        await tx.keys.status_list(number, lock=True)
