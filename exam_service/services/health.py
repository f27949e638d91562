"""Whether the service can do its work: it tries, with something that leaves no trace."""

import asyncio
import contextlib
from typing import Literal

import msgspec

from exam_service.core.errors import Unavailable
from exam_service.services import keys
from exam_service.services.context import Context

Shared = Literal["shared", "alone", "none"]


class Pressure(msgspec.Struct, frozen=True, kw_only=True):
    """How near the process is to what it can hold. It stays ready under load: starts wait, saves go on."""

    pressure: float
    """From 1 on starts are turned away."""
    lag_ms: float
    waiting: int
    """Writes that wait for their turn."""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Each part of the work. Ready: database, schema and signing hold, and the process is not on its way out."""

    ready: bool
    database: bool
    """It answers, and its disk has room."""
    schema: bool
    signing: bool
    redis: Shared
    """`alone` while Redis is away: each process then keeps limits of its own, and goes on."""
    hsm: Literal["none", "ready", "away"]
    """While the hardware security module is `away`, certificates wait; exams go on, so it stays ready."""
    load: Pressure
    draining: bool


class Checks:
    """Looks at the database, and signs and verifies a throwaway message with the key that receipts are signed with.

    However many ask, it looks once a second at most, so that nobody makes it busy by asking.
    """

    KEPT_SECONDS = 1.0

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._found = ("", False)
        self._good_until = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def now(self) -> Readiness:
        """How it was a second ago at most; that it is about to stop is known at once."""
        if asyncio.get_running_loop().time() >= self._good_until:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look(), name="readiness")
            # Whoever stops waiting leaves it to the others.
            await asyncio.shield(self._looking)
        return _readiness(self._ctx, *self._found)

    async def _look(self) -> None:
        try:
            store = await self._ctx.store.ready()
            self._found = store, await _signs(self._ctx, store == "ready")
            self._good_until = asyncio.get_running_loop().time() + self.KEPT_SECONDS
        finally:
            self._looking = None


def _readiness(ctx: Context, store: str, signing: bool) -> Readiness:
    draining = ctx.load.draining.is_set()
    shared = ctx.limiter.shared
    return Readiness(
        ready=store == "ready" and signing and not draining,
        database=store not in ("away", "full"),
        schema=store in ("ready", "full"),
        signing=signing,
        redis="none" if shared is None else "shared" if shared else "alone",
        hsm=ctx.signer.hsm,
        load=Pressure(
            pressure=round(ctx.load.pressure, 2),
            lag_ms=round(ctx.load.worst_lag * 1000, 1),
            waiting=sum(queue.waiting for _, queue in ctx.load.queues),
        ),
        draining=draining,
    )


async def _signs(ctx: Context, stored: bool) -> bool:
    """Whether the next receipt can be signed; while nothing can be read, and before the first key, whether any could.

    A key of another master key would fail every save, and only the key itself tells.
    """
    if stored:
        with contextlib.suppress(Unavailable):
            async with ctx.store.read(keys.SERVICE) as tx:
                record = await keys.receipts(ctx, tx)
                private = await tx.keys.private(record.kid) if record else None
            if record is not None:
                return private is not None and keys.opens(ctx, record.public, private.sealed)
    public, sealed = await ctx.signer.create()
    return keys.opens(ctx, public, sealed)
