"""`exam-service orgs`: make organisations and their first API keys, which nobody else could give."""

import asyncio
import os
from typing import cast, get_args

import click

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.core.certificates.model import stamp
from exam_service.core.errors import NotFound
from exam_service.core.records import SCOPES, Scope
from exam_service.core.text import Text
from exam_service.services import api_keys, keys, organisations


@click.group()
def orgs() -> None:
    """Make organisations, list them, and give them API keys.

    An organisation owns its banks, courses, people, API keys and certificates; none sees another's. It lies in the
    database, which the EXAM_… settings name; the service may run meanwhile.

    \b
    Examples:
      exam-service orgs create obec --th "สพฐ." --en "OBEC"
      exam-service orgs list
      exam-service orgs new-key obec --name "Moodle" --scope enrolments --scope results
    """


@orgs.command()
@click.argument("slug")
@click.option("--th", help="Its name in Thai.")
@click.option("--en", help="Its name in English.")
def create(slug: str, th: str | None, en: str | None) -> None:
    """Make the organisation SLUG with its signing key and an API key that may do everything.

    SLUG stands in addresses and in certificates and stays for ever: 1 to 64 of a-z, 0-9 and -. The names stand on
    certificates; of the two, at least one is needed. The API key is shown only now, alone on standard output.

    \b
    Example:  exam-service orgs create obec --th "สำนักงานคณะกรรมการการศึกษาขั้นพื้นฐาน" --en "OBEC"
    """
    try:
        name = Text(th=th, en=en)
    except ValueError:
        raise click.UsageError("give its name with --th or --en, or both") from None
    asyncio.run(_create(slug, name))


@orgs.command(name="list")
def list_() -> None:
    """List the organisations: slug, id, since when, names."""
    asyncio.run(_list())


@orgs.command(name="new-key")
@click.argument("slug")
@click.option("--name", required=True, help="What the key is for, as in “Moodle of the faculty”.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(get_args(Scope)),
              help="What the key may do; give it several times for several. Without it, everything.")  # fmt: skip
def new_key(slug: str, name: str, scopes: tuple[str, ...]) -> None:
    """Make an API key for the organisation SLUG, as when the last one with the scope `admin` is lost.

    It is shown only now, alone on standard output; what is kept is its hash. The other keys go on to work: revoke a
    lost one with `DELETE /v1/api-keys/{id}`.

    \b
    Examples:
      exam-service orgs new-key obec --name "Staff"
      KEY=$(exam-service orgs new-key obec --name "Moodle" --scope enrolments --scope results)
    """
    asyncio.run(_new_key(slug, name, cast(tuple[Scope, ...], scopes) or SCOPES))


async def _create(slug: str, name: Text) -> None:
    async with opened(setting.load(os.environ)) as ctx:
        made = await organisations.create(ctx, slug, name)
        signing = await keys.ensure(ctx, made.id, "certificates")
        async with ctx.store.begin(made.id) as tx:
            key = await api_keys.create(ctx, tx, "admin", SCOPES)
    click.echo(f"organisation {made.slug}, {made.id}\nsigning key  {signing.kid}, {signing.did}", err=True)
    _show(key)


async def _list() -> None:
    async with opened(setting.load(os.environ)) as ctx, ctx.store.directory() as directory:
        for one in sorted(await directory.organisations(), key=lambda one: one.slug):
            names = " | ".join(name for name in (one.name.th, one.name.en) if name)
            click.echo(f"{one.slug:<20}  {one.id}  {stamp(one.created_at)}  {names}")


async def _new_key(slug: str, name: str, scopes: tuple[Scope, ...]) -> None:
    async with opened(setting.load(os.environ)) as ctx:
        async with ctx.store.directory() as directory:
            organisation = await directory.organisation(slug=slug)
        if organisation is None:
            raise NotFound(what="organisation", id=slug)
        async with ctx.store.begin(organisation.id) as tx:
            key = await api_keys.create(ctx, tx, name, scopes)
    _show(key)


def _show(key: api_keys.NewApiKeyView) -> None:
    """The words go to standard error, so that a script which takes standard output has the key and nothing else."""
    click.echo(f"API key      {key.id}, may: {', '.join(key.scopes)}; shown only now:", err=True)
    click.echo(key.token)
