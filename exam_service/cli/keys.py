"""`exam-service keys`: the signing keys, the trust file for offline verifying, and the master key."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from exam_service import settings as setting
from exam_service.bootstrap import new_master_key, opened
from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.keys import KeyRecord, Purpose
from exam_service.core.certificates.model import stamp
from exam_service.core.errors import NotFound
from exam_service.services import keys as service
from exam_service.services import status_lists, verification
from exam_service.services.context import Context
from exam_service.services.ports import Kept

_ORG = click.option("--org", help="Slug of the organisation; without it, the service's own keys, which sign receipts.")
_ACTOR = "cli"


@click.group()
def keys() -> None:
    """Manage signing keys.

    Private keys lie sealed in the database that the EXAM_… settings name ("vault"), or in a hardware security module
    ("hsm"), from which nobody can take them. A retired key signs nothing more, and what
    it signed verifies for ever; none is ever deleted.

    \b
    Examples:
      exam-service keys list
      exam-service keys create --org demo             change to a new key
      exam-service keys export --trust trust.json     for verifying offline
    """


@keys.command(name="list")
@_ORG
def list_(org: str | None) -> None:
    """List the public keys: of one organisation, or all there are; state, purpose, where the private half is."""
    asyncio.run(_list(org))


@keys.command()
@_ORG
@click.option("--log", "of_log", is_flag=True, help="The key of the organisation's issuance log.")
@click.option("--wait", is_flag=True, help="Only make it, so that it can be published before `keys activate` uses it.")
@click.option("--hsm/--vault", "in_hsm", default=None,
              help="Make it in the hardware security module, or sealed in the database; without either, where "
              "the one before is, and the first as EXAM_NEW_KEYS says.")  # fmt: skip
def create(org: str | None, of_log: bool, wait: bool, in_hsm: bool | None) -> None:
    """Make a signing key and sign with it from now on; the one before retires.

    \b
    Examples:
      exam-service keys create --org demo
      exam-service keys create --org demo --hsm        it never leaves the module
    """
    if of_log and org is None:
        raise click.UsageError("say whose log it is with --org")
    if in_hsm and org is None:
        raise click.UsageError(
            "the service's own key signs receipts, thousands a second, and stays in the vault; name an organisation "
            "with --org"
        )
    kept: Kept | None = None if in_hsm is None else "hsm" if in_hsm else "vault"
    asyncio.run(_create(org, "log" if of_log else "certificates" if org else "receipts", wait, kept))


@keys.command()
@click.argument("kid")
@_ORG
def activate(kid: str, org: str | None) -> None:
    """Sign with the key KID from now on; the active one retires.

    \b
    Example:  exam-service keys activate --org demo 0c6f3a41b2d98e57
    """
    asyncio.run(_activate(kid, org))


@keys.command()
@click.argument("kid")
@_ORG
def retire(kid: str, org: str | None) -> None:
    """Sign nothing more with the key KID. What it signed goes on to verify.

    The next certificate makes a new key when no other is active.
    """
    asyncio.run(_retire(kid, org))


@keys.command()
@click.argument("kid")
@_ORG
@click.option(
    "--since",
    type=click.DateTime(("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d")),
    help="From when on somebody else may have had it (UTC); without it, now. Rather too early than too late.",
)
@click.option("--reason", required=True, help="What happened, for the trail. Name nobody.")
@click.confirmation_option(prompt="This cannot be undone. Is the key compromised?")
def compromise(kid: str, org: str | None, since: datetime | None, reason: str) -> None:
    """Believe the key KID no more: somebody else may have it. It signs nothing more, and another one is made.

    What says that it was signed later is not believed by anybody. What it signed before stands where this service is
    asked, by its register, and offline with its proof of the issuance log, which each PDF carries; a QR code alone
    tells nothing any more. `exam-service certs reissue` gives everybody a new one.

    \b
    Example:  exam-service keys compromise --org demo 0c6f3a41b2d98e57 --since 2026-11-20 --reason "backup stolen"
    """
    asyncio.run(_compromise(kid, org, since.replace(tzinfo=UTC) if since else None, reason))


@keys.command()
@click.option("--trust", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Where to write it; - or nothing for standard output.")  # fmt: skip
def export(trust: Path | None) -> None:
    """Write the trust file: every organisation's public keys and fresh signed status lists.

    It holds no secret and no person. With it, `exam-service verify` needs neither network nor this service.

    \b
    Example:  exam-service keys export --trust trust.json
    """
    content = asyncio.run(_export())
    if trust is None or str(trust) == "-":
        click.echo(content)
        return
    trust.write_bytes(content)
    click.echo(f"{trust}: {len(content)} bytes", err=True)


@keys.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def master(file: Path | None) -> None:
    """Make a new master key, with which private keys and national ids are sealed. Touches no database.

    It is written to FILE, which must not exist yet and which only you may read; without FILE, to standard output. Keep
    a copy elsewhere: without it nothing that was sealed can be opened.

    \b
    Examples:
      exam-service keys master master.key      then EXAM_MASTER_KEY_FILE=master.key
      EXAM_MASTER_KEY=$(exam-service keys master)
    """
    text = new_master_key()
    if file is None:
        click.echo(text)
        return
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.BadParameter(f"`{file}` cannot be made ({error.strerror})", param_hint="FILE") from error
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(text + "\n")
    click.echo(f"{file}: written; keep a copy in a safe place", err=True)


async def _list(slug: str | None) -> None:
    async with opened(setting.load(os.environ)) as ctx:
        for organisation, records in await service.all_public(ctx):
            if slug is None or (organisation is not None and organisation.slug == slug):
                async with ctx.store.read(organisation.id if organisation else service.SERVICE) as tx:
                    places = await service.places(ctx, tx)
                for record in records:
                    click.echo(_line(record, places))
        if slug is not None:
            await _id_of(ctx, slug)


async def _create(slug: str | None, purpose: Purpose, wait: bool, kept: Kept | None) -> None:
    async with _at(slug) as (ctx, org):
        if kept == "hsm":
            # Which setting is wrong is said before anything else.
            await ctx.signer.prove(needed=True)
        record = await service.create(ctx, org, purpose, activate=not wait, kept=kept)
        async with ctx.store.read(org) as tx:
            click.echo(_line(record, await service.places(ctx, tx)))


async def _activate(kid: str, slug: str | None) -> None:
    async with _at(slug) as (ctx, org), ctx.store.begin(org) as tx:
        click.echo(_line(await service.activate_key(ctx, tx, kid, _ACTOR), await service.places(ctx, tx)))


async def _retire(kid: str, slug: str | None) -> None:
    async with _at(slug) as (ctx, org), ctx.store.begin(org) as tx:
        click.echo(_line(await service.retire(ctx, tx, kid, _ACTOR), await service.places(ctx, tx)))


async def _compromise(kid: str, slug: str | None, since: datetime | None, reason: str) -> None:
    async with _at(slug) as (ctx, org):
        at = since or ctx.now()
        if at > ctx.now():
            raise click.BadParameter("it lies in the future", param_hint="--since")
        for record in await status_lists.without_key(ctx, org, kid, at, _ACTOR, reason):
            async with ctx.store.read(org) as tx:
                click.echo(_line(record, await service.places(ctx, tx)))


async def _export() -> bytes:
    async with opened(setting.load(os.environ)) as ctx:
        return trust_files.to_file(await verification.trust_file(ctx))


@asynccontextmanager
async def _at(slug: str | None) -> AsyncIterator[tuple[Context, str]]:
    """The context, and the id of the organisation whose keys are meant."""
    async with opened(setting.load(os.environ)) as ctx:
        yield ctx, await _id_of(ctx, slug) if slug else service.SERVICE


async def _id_of(ctx: Context, slug: str) -> str:
    async with ctx.store.directory() as directory:
        organisation = await directory.organisation(slug=slug)
    if organisation is None:
        raise NotFound(what="organisation", id=slug)
    return organisation.id


def _line(record: KeyRecord, places: Mapping[str, str]) -> str:
    until = record.compromised_at or record.retired_at
    dates = stamp(record.created_at) + (f" to {stamp(until)}" if until else "")
    kept = places.get(record.kid, "-")
    return f"{record.kid}  {record.state:<11}  {record.purpose:<12}  {kept:<5}  {dates:<44}  {record.did}"
