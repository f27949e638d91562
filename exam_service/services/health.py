"""Whether the service can do its work: it tries, with something that leaves no trace."""

import msgspec

from exam_service.services.context import Context


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Each part that work needs; all must hold."""

    ready: bool
    database: bool
    signing: bool


async def check(ctx: Context) -> Readiness:
    """Ask the database, and sign and verify a throwaway message with a throwaway key."""
    database = await ctx.store.ready()
    message = ctx.entropy(32)
    public, sealed = ctx.signer.create()
    signing = ctx.signer.verify(public, message, ctx.signer.sign(sealed, message))
    return Readiness(ready=database and signing, database=database, signing=signing)
