"""`exam-service banks`: check question banks, and import them."""

import asyncio
import os
from pathlib import Path

import click

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.bootstrap.apart import check_bank_file
from exam_service.core.errors import Fault, Invalid, NotFound
from exam_service.services import banks as service
from exam_service.settings import Settings

File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def banks() -> None:
    """Check question banks, and import them."""


@banks.command()
@click.argument("files", nargs=-1, required=True, type=File)
@click.option(
    "--lang", type=click.Choice(["th", "en"]), default="en", show_default=True, help="Language of the messages."
)
def check(files: tuple[Path, ...], lang: str) -> None:
    """Check bank FILES (YAML, TOML or JSON) and report every fault with file, line and question.

    Needs no database. Exit status 0 when all are sound, 1 when one is not.

    \b
    Example:  exam-service banks check question_banks/*.yaml
    """
    broken = 0
    for file in files:
        try:
            bank = check_bank_file(file.read_bytes(), str(file))
        except Invalid as refusal:
            broken += 1
            for fault in refusal.faults:
                click.echo(line_of(fault, lang), err=True)
            click.echo(f"{file}: {len(refusal.faults)} fault(s)", err=True)
        else:
            click.echo(f"{file}: sound, {len(bank.questions)} questions in {len(bank.objectives)} objectives")
    raise SystemExit(1 if broken else 0)


@banks.command(name="import")
@click.argument("files", nargs=-1, required=True, type=File)
@click.option("--org", required=True, help="Slug of the organisation that gets the banks.")
def import_(files: tuple[Path, ...], org: str) -> None:
    """Import bank FILES into an organisation's banks.

    The same content again changes nothing; new content becomes the bank's next version, and attempts keep theirs.

    \b
    Example:  exam-service banks import --org demo question_banks/*.yaml
    """
    asyncio.run(_import(setting.load(os.environ), org, files))


async def _import(loaded: Settings, slug: str, files: tuple[Path, ...]) -> None:
    async with opened(loaded) as ctx:
        async with ctx.store.directory() as directory:
            organisation = await directory.organisation(slug=slug)
        if organisation is None:
            raise NotFound(what="organisation", id=slug)
        for file in files:
            bank = ctx.read_bank(file.read_bytes(), str(file))
            async with ctx.store.begin(organisation.id) as tx:
                done = await service.store(ctx, tx, bank, actor="cli")
            news = "new" if done.created else "unchanged"
            click.echo(f"{file}: bank `{bank.code}`, version {done.version} ({news}), {done.questions} questions")


def line_of(fault: Fault, language: str) -> str:
    """`file:line: question: what is wrong`, as compilers write it."""
    place = f"{fault.file}:{fault.line}" if fault.line else str(fault.file)
    question = f" [{fault.question}]" if fault.question else ""
    return f"{place}:{question} {fault.message.within(language)}"
