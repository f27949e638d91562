"""Every write can be repeated (P3): same key, same body -> same answer; same key, other body -> a conflict.

The key, what was asked and the answer are stored in the transaction that does the work, so there is no moment at which
one is there without the other. Answers are sealed, because they may hold a secret that is shown once.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from exam_service.core.errors import KeyReused
from exam_service.core.records import Replay
from exam_service.services.again import again
from exam_service.services.context import Context
from exam_service.services.ports import Tx

T = TypeVar("T")

CLIENT = "client/"
OWN = ("staff-link/", "signing-key/", "status-list/", "staff/")
"""Claims of the service itself among the keys: of what happens once for ever. They are never forgotten."""


def key_of_client(given: str) -> str:
    """Under what an Idempotency-Key is kept: as it was given, unless it could be taken for a claim of the service."""
    return CLIENT + given if given.startswith((CLIENT, *OWN)) else given


class RepeatKey(msgspec.Struct, frozen=True, kw_only=True):
    """An Idempotency-Key with the digest of the whole request: method, path and body."""

    key: str
    request_digest: bytes


async def once(
    ctx: Context, org: str, repeat: RepeatKey | None, kind: type[T], work: Callable[[Tx], Awaitable[T]]
) -> T:
    """Do the work in one transaction, or give the answer it gave before. Raises KeyReused.

    The work looks before it adds; it is done anew when somebody else added the same thing in between.
    """
    return await again(lambda: _once(ctx, org, repeat, kind, work))


async def _once(
    ctx: Context, org: str, repeat: RepeatKey | None, kind: type[T], work: Callable[[Tx], Awaitable[T]]
) -> T:
    async with ctx.store.begin(org) as tx:
        if repeat is None:
            return await work(tx)
        claim = Replay(key=repeat.key, request_digest=repeat.request_digest, answer=None, created_at=ctx.now())
        before = await tx.log.claim(claim)
        if before is not None:
            if before.request_digest != repeat.request_digest or before.answer is None:
                raise KeyReused()
            return msgspec.json.decode(ctx.vault.open(before.answer, f"replay/{org}/{repeat.key}"), type=kind)
        answer = await work(tx)
        await tx.log.fill(repeat.key, ctx.vault.seal(msgspec.json.encode(answer), f"replay/{org}/{repeat.key}"))
        return answer
