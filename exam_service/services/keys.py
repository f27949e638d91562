"""Signing keys: an organisation's for its certificates and status lists, the service's own for receipts."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import msgspec

from exam_service.core import errors
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates.did import key_did, organisation_did, service_did
from exam_service.core.certificates.keys import APART, KeyRecord, KeyState, Purpose, fault_at, kid_of, may_sign
from exam_service.core.certificates.record import SigningKey
from exam_service.core.records import AuditEvent, Organisation, Replay
from exam_service.services.context import Context
from exam_service.services.ports import Kept, Tx

CHECKED_TOGETHER = 8
"""Signatures for which it is worth the way to another thread and back."""
SERVICE = ""
"""The organisation under which the service's own keys are kept."""


async def did_of(ctx: Context, org: str) -> str:
    """The DID under which an organisation, or the service itself, signs."""
    if org == SERVICE:
        return service_did(ctx.policy.public_url)
    async with ctx.store.directory() as directory:
        organisation = await directory.organisation(id=org)
    if organisation is None:
        raise errors.NotFound(what="organisation", id=org)
    return organisation_did(ctx.policy.public_url, organisation.slug)


async def create(
    ctx: Context, org: str, purpose: Purpose, *, activate: bool = True, kept: Kept | None = None
) -> KeyRecord:
    """A new key. When it is activated, the one before retires: it signs nothing more and verifies for ever."""
    did = await did_of(ctx, org)
    if kept is None:
        async with ctx.store.read(org) as tx:
            kept = await _place(ctx, tx, purpose)
    # Before the transaction: a module may take its time.
    pair = await ctx.signer.create(kept)
    async with ctx.store.begin(org) as tx:
        record = await add(ctx, tx, did, purpose, pair)
        return await activate_key(ctx, tx, record.kid, "system") if activate else record


async def _place(ctx: Context, tx: Tx, purpose: Purpose) -> Kept:
    """Where a new key is made: in the module when the one before is, so that none slips out of it unasked.

    Receipts are signed on the hot path, which must wait for no device.
    """
    if purpose == "receipts":
        return "vault"
    before = [key for key in await tx.keys.all() if key.purpose == purpose]
    if not before:
        return ctx.policy.new_keys
    last = await tx.keys.private(max(before, key=lambda key: (may_sign(key), key.created_at)).kid)
    return "hsm" if last is not None and ctx.signer.kept(last.sealed) == "hsm" else ctx.policy.new_keys


async def ahead(ctx: Context, org: str, purpose: Purpose, repeat: str | None = None) -> tuple[bytes, bytes] | None:
    """A pair made in the module before the transaction that stores it begins, lest all who write wait for a device.

    None where the vault makes it, at once; nor is one made when a call under that Idempotency-Key has been answered.
    """
    async with ctx.store.read(org) as tx:
        answered = repeat is not None and await tx.log.claimed(repeat)
        kept = await _place(ctx, tx, purpose)
    return await ctx.signer.create(kept) if kept == "hsm" and not answered else None


async def add(ctx: Context, tx: Tx, did: str, purpose: Purpose, pair: tuple[bytes, bytes] | None = None) -> KeyRecord:
    """A new key that signs nothing yet; `pair` when it has been made already."""
    public, sealed = pair or await ctx.signer.create(await _place(ctx, tx, purpose))
    record = KeyRecord(
        kid=kid_of(public),
        did=key_did(public) if purpose == APART else did,
        organisation_id=tx.org,
        purpose=purpose,
        public=public,
        state=KeyState.created,
        created_at=ctx.now(),
    )
    await tx.keys.add(record, SigningKey(kid=record.kid, sealed=sealed))
    return record


async def activate_key(ctx: Context, tx: Tx, kid: str, actor: str) -> KeyRecord:
    """Sign with this key from now on. Raises NotFound; a retired or compromised key never comes back."""
    record = await _key(tx, kid)
    if record.state not in (KeyState.created, KeyState.active):
        raise errors.KeyNotUsable(kid=kid, state=record.state)
    await _after_what_is_entered(tx, record)
    for other in await tx.keys.all():
        if other.purpose == record.purpose and other.state is KeyState.active and other.kid != kid:
            await tx.keys.put(msgspec.structs.replace(other, state=KeyState.retired, retired_at=ctx.now()))
    active = msgspec.structs.replace(record, state=KeyState.active)
    await tx.keys.put(active)
    await audited(ctx, tx, actor, "key.activate", kid, None)
    ctx.signing_keys.clear()
    return active


async def retire(ctx: Context, tx: Tx, kid: str, actor: str) -> KeyRecord:
    """Sign nothing more with this key; what it signed verifies for ever."""
    record = await _key(tx, kid)
    if record.state is KeyState.compromised:
        raise errors.KeyNotUsable(kid=kid, state=record.state)
    await _after_what_is_entered(tx, record)
    retired = msgspec.structs.replace(record, state=KeyState.retired, retired_at=record.retired_at or ctx.now())
    await tx.keys.put(retired)
    await audited(ctx, tx, actor, "key.retire", kid, None)
    ctx.signing_keys.clear()
    return retired


async def compromise(ctx: Context, tx: Tx, kid: str, since: datetime, actor: str, reason: str) -> KeyRecord:
    """Somebody else may have the key since that moment: it signs nothing more, and what says that it was signed later
    is no evidence. What it signed before stands by the issuer's own record only. Raises NotFound.

    It cannot be undone. Said again, an earlier moment counts and a later one does not.
    """
    record = await _key(tx, kid)
    await _after_what_is_entered(tx, record)
    at = max(record.created_at, min(since, record.compromised_at or since))
    compromised = msgspec.structs.replace(record, state=KeyState.compromised, compromised_at=at)
    await tx.keys.put(compromised)
    await audited(ctx, tx, actor, "key.compromise", kid, reason)
    ctx.signing_keys.clear()
    return compromised


async def _after_what_is_entered(tx: Tx, record: KeyRecord) -> None:
    """Nothing may be entered in the log between the end of its key and the moment at which that is known."""
    if record.purpose == "log":
        await tx.issuance_log.head(lock=True)


async def active(tx: Tx, did: str, purpose: Purpose) -> KeyRecord:
    """The key to sign with now under that DID. Raises NotFound when there is none."""
    found = await _active(tx, did, purpose)
    if found is None:
        raise errors.NotFound(what="active signing key for", id=purpose)
    return found


async def receipts(ctx: Context, tx: Tx) -> KeyRecord | None:
    """The service's active key for receipts; None before there is one. `tx` is the service's own."""
    return await _active(tx, service_did(ctx.policy.public_url), "receipts")


class Pair(NamedTuple):
    """Both halves of a key, to sign with."""

    record: KeyRecord
    private: SigningKey


async def pairs(tx: Tx, kids: Iterable[str]) -> dict[str, Pair]:
    """By kid, of those that are there."""
    records = {key.kid: key for key in await tx.keys.all()}
    found = {}
    for kid in set(kids) & records.keys():
        private = await tx.keys.private(kid)
        if private is not None:
            found[kid] = Pair(records[kid], private)
    return found


async def sign(ctx: Context, tx: Tx, record: KeyRecord, made_at: datetime, message: bytes) -> bytes:
    """As `sign_with`, by a key whose private half is read for it."""
    return await sign_with(ctx, (await pairs(tx, [record.kid])).get(record.kid), made_at, message)


class Checks:
    """Signatures that are verified in another thread, while this one goes on: to verify is more work than to sign.

    Whoever has given some awaits `passed` before they are stored for good.
    """

    def __init__(self, ctx: Context) -> None:
        self._verify = ctx.signer.verify
        self._waiting: list[tuple[bytes, bytes, bytes]] = []
        self._running: list[asyncio.Future[bool]] = []

    def add(self, public: bytes, message: bytes, signature: bytes) -> None:
        """One that is to be verified."""
        self._waiting.append((public, message, signature))
        if len(self._waiting) == CHECKED_TOGETHER:
            self._begin()

    async def passed(self) -> None:
        """Raises SigningFailed when any is wrong."""
        self._begin()
        if not all(await asyncio.gather(*self._running)):
            raise errors.SigningFailed()

    def _begin(self) -> None:
        some, self._waiting = self._waiting, []
        look = partial(_all_right, self._verify, some)
        self._running.append(asyncio.get_running_loop().run_in_executor(None, look))


def _all_right(verify: Callable[[bytes, bytes, bytes], bool], some: Sequence[tuple[bytes, bytes, bytes]]) -> bool:
    return all(verify(*one) for one in some)


async def sign_with(
    ctx: Context, key: Pair | None, made_at: datetime, message: bytes, checks: Checks | None = None
) -> bytes:
    """A signature that has been verified before anybody sees it: here, or by `checks`. Raises SigningFailed,
    Unavailable.

    `made_at` is what the message says of itself: a certificate that a crash left pending is still signed by the key it
    was prepared for, also when that has been retired meanwhile.
    """
    if key is None or key.record.state is KeyState.created or fault_at(key.record, made_at) is not None:
        raise errors.SigningFailed()
    signature = await ctx.signer.sign_aside(key.private.sealed, message)
    if checks is not None:
        checks.add(key.record.public, message, signature)
    elif not ctx.signer.verify(key.record.public, message, signature):
        raise errors.SigningFailed()
    return signature


async def ensure(ctx: Context, org: str, purpose: Purpose) -> KeyRecord:
    """The active key, made now if there is none yet, or none under the DID of today's public address."""
    did = await did_of(ctx, org)
    async with ctx.store.read(org) as tx:
        found = await _active(tx, did, purpose)
    if found is not None:
        return found
    pair = await ahead(ctx, org, purpose)
    async with ctx.store.begin(org) as tx:
        return await ensure_in(ctx, tx, did, purpose, pair)


async def ensure_in(
    ctx: Context, tx: Tx, did: str, purpose: Purpose, pair: tuple[bytes, bytes] | None = None
) -> KeyRecord:
    """As `ensure`, within a transaction; `pair` when it has been made already."""
    found = await _active(tx, did, purpose)
    if found is not None:
        return found
    # Of several who find none at the same moment one makes the key, and the others wait here for it.
    turn = Replay(key=f"signing-key/{did}/{purpose}", request_digest=b"", answer=None, created_at=ctx.now())
    await tx.log.claim(turn)
    found = await _active(tx, did, purpose)
    if found is not None:
        return found
    record = await add(ctx, tx, did, purpose, pair)
    return await activate_key(ctx, tx, record.kid, "system")


async def open_here(ctx: Context) -> bool:
    """Whether the master key of this process opens what is stored: the oldest signing key that it sealed. True without
    any.

    The oldest was sealed by the right one, whatever was done with a wrong one since.
    """
    async with ctx.store.directory() as directory:
        places = [SERVICE, *(one.id for one in await directory.organisations())]
    for org in places:
        async with ctx.store.read(org) as tx:
            for oldest in sorted(await tx.keys.all(), key=lambda key: key.created_at):
                private = await tx.keys.private(oldest.kid)
                if private is not None and ctx.signer.kept(private.sealed) == "vault":
                    return opens(ctx, oldest.public, private.sealed)
    return True


async def unusable_here(ctx: Context) -> list[tuple[Organisation, KeyRecord]]:
    """The keys in a hardware security module that are to sign and cannot here: each signs a throwaway message."""
    found = []
    async with ctx.store.directory() as directory:
        organisations = await directory.organisations()
    for one in organisations:
        async with ctx.store.read(one.id) as tx:
            known = await pairs(tx, [key.kid for key in await tx.keys.all() if may_sign(key)])
        for record, private in known.values():
            if ctx.signer.kept(private.sealed) == "hsm":
                message = ctx.entropy(32)
                try:
                    signature = await ctx.signer.sign_aside(private.sealed, message)
                except (errors.SigningFailed, errors.Unavailable):
                    signature = b""
                if not ctx.signer.verify(record.public, message, signature):
                    found.append((one, record))
    return found


async def places(ctx: Context, tx: Tx) -> dict[str, Kept]:
    """kid -> where its private half is."""
    found = await pairs(tx, [key.kid for key in await tx.keys.all()])
    return {kid: ctx.signer.kept(pair.private.sealed) for kid, pair in found.items()}


async def not_to_be_used(ctx: Context, tx: Tx, kids: Iterable[str]) -> set[str]:
    """Those of the keys for which nothing that waits is signed any more: compromised, or retired and in a module.

    A module may be gone for good, and what waits for its key would wait for ever.
    """
    asked = [key for key in await tx.keys.all() if key.kid in set(kids)]
    retired = await pairs(tx, [key.kid for key in asked if key.retired_at is not None])
    found = {key.kid for key in asked if key.compromised_at is not None}
    return found | {kid for kid, pair in retired.items() if ctx.signer.kept(pair.private.sealed) == "hsm"}


def opens(ctx: Context, public: bytes, sealed: bytes) -> bool:
    """Whether a sealed private key opens and is that of the public one: a throwaway message is signed with it."""
    message = ctx.entropy(32)
    try:
        return ctx.signer.verify(public, message, ctx.signer.sign(sealed, message))
    except ValueError:
        return False


async def of_organisation(ctx: Context, organisation: Organisation) -> Sequence[KeyRecord]:
    """Every public key the organisation ever had."""
    async with ctx.store.read(organisation.id) as tx:
        return await tx.keys.all()


async def all_public(ctx: Context) -> list[tuple[Organisation | None, Sequence[KeyRecord]]]:
    """Every public key there ever was: the service's own first (without organisation), then each organisation's."""
    async with ctx.store.directory() as directory:
        organisations = await directory.organisations()
    async with ctx.store.read(SERVICE) as tx:
        found: list[tuple[Organisation | None, Sequence[KeyRecord]]] = [(None, await tx.keys.all())]
    return found + [(one, await of_organisation(ctx, one)) for one in organisations]


async def _active(tx: Tx, did: str, purpose: Purpose) -> KeyRecord | None:
    named = (key for key in await tx.keys.all() if key.purpose == purpose and (key.did == did or purpose == APART))
    return next((key for key in named if may_sign(key)), None)


async def _key(tx: Tx, kid: str) -> KeyRecord:
    record = next((key for key in await tx.keys.all() if key.kid == kid), None)
    if record is None:
        raise errors.NotFound(what="key", id=kid)
    return record


def apart_config(key: KeyRecord, created: str) -> dict[str, Any]:
    """The proof to be made by a key that stands apart, before it has its value: a did:key names itself."""
    return credentials.new_proof_config(key.did, key.did.removeprefix("did:key:"), created)


async def audited(ctx: Context, tx: Tx, actor: str, action: str, subject: str, reason: str | None) -> None:
    """Add an event about keys, or what they signed, to the organisation's audit log."""
    event = AuditEvent(id=ctx.new_id("evt"), at=ctx.now(), actor=actor, action=action, subject=subject, reason=reason)
    await tx.log.audit(event)
