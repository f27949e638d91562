"""The organisation's signing keys: which there are, and changing to a new one."""

from datetime import datetime

import msgspec
from litestar import get, post

from exam_service.core.certificates.did import multikey
from exam_service.core.certificates.keys import KeyRecord
from exam_service.services import keys
from exam_service.services.once import once
from exam_service.services.ports import Kept, Tx
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key's public half and its dates."""

    kid: str
    did: str
    purpose: str
    state: str
    public_key: str
    """As a Multikey (`z6Mk…`)."""
    kept: Kept = "vault"
    """Where its private half is: sealed in the service's vault, or in its hardware security module."""
    created_at: datetime
    retired_at: datetime | None
    compromised_at: datetime | None


class KeyList(msgspec.Struct, frozen=True, kw_only=True):
    """Every key the organisation ever had, oldest first."""

    items: list[KeyView]


@get("/keys", summary="List the signing keys", **documented(scope="admin"))
async def list_all(ctx: Ctx, caller: Staff) -> KeyList:
    """Public halves only. Retired keys stay: what they signed verifies for ever."""
    caller.must("admin")
    async with ctx.store.read(caller.org) as tx:
        places = await keys.places(ctx, tx)
        return KeyList(items=[_view(record, places[record.kid]) for record in await tx.keys.all()])


@post("/keys", summary="Change to a new signing key", **documented(scope="admin"))
async def rotate(ctx: Ctx, caller: Staff, repeat: Repeat) -> KeyView:
    """Makes a key and signs with it from now on; the one before retires and goes on verifying what it signed."""
    caller.must("admin")
    did = await keys.did_of(ctx, caller.org)
    pair = await keys.ahead(ctx, caller.org, "certificates", repeat.key if repeat else None)

    async def work(tx: Tx) -> KeyView:
        record = await keys.add(ctx, tx, did, "certificates", pair)
        active = await keys.activate_key(ctx, tx, record.kid, caller.key_id)
        return _view(active, (await keys.places(ctx, tx))[active.kid])

    return await once(ctx, caller.org, repeat, KeyView, work)


def _view(record: KeyRecord, kept: Kept) -> KeyView:
    return KeyView(
        kid=record.kid,
        did=record.did,
        purpose=record.purpose,
        state=record.state,
        public_key=multikey(record.public),
        kept=kept,
        created_at=record.created_at,
        retired_at=record.retired_at,
        compromised_at=record.compromised_at,
    )


HANDLERS = [list_all, rotate]
