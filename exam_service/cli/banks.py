"""`exam-service banks`: check question banks, make them of files of other systems, and import them."""

import asyncio
import os
import re
from pathlib import Path
from typing import Literal

import click
import msgspec

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.bootstrap.apart import FOREIGN, bank_as, check_bank_file
from exam_service.core.errors import Fault, Invalid, NotFound
from exam_service.core.ids import CODE_PATTERN
from exam_service.services import banks as service
from exam_service.settings import Settings

File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def banks() -> None:
    """Check question banks, make them of files of other systems, and import them."""


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


@banks.command()
@click.argument("file", type=File)
@click.option("--from", "form", type=click.Choice(sorted(FOREIGN)), required=True, help="Its format.")
@click.option("--code", required=True, help="Code of the bank: a-z, 0-9 and hyphens.")
@click.option("--title", help="Title of the bank; the file's name unless given.")
@click.option(
    "--to",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="YAML is to be read and changed; JSON is quicker for many thousands.",
)
@click.option("--lang", type=click.Choice(["th", "en"]), default="en", show_default=True, help="Language of the notes.")
def convert(file: Path, form: str, code: str, title: str | None, to: Literal["yaml", "json"], lang: str) -> None:
    """Make a bank of a FILE of another system, and write it to standard output.

    What the file says and the bank cannot is listed on standard error, line by line: questions that are left out, and
    parts of questions. Nothing else is lost. Every question becomes `medium`, since other formats say nothing of how
    hard it is. Needs no database.

    \b
    Exit status:  0  everything was carried
                  1  something was left out
                  2  nothing could be carried, or the command is wrong

    \b
    Example:  exam-service banks convert --from gift --code fractions fractions.gift > fractions.yaml
    """
    if not re.fullmatch(CODE_PATTERN, code):
        raise click.BadParameter("use 1 to 64 of a-z, 0-9 and hyphens", param_hint="--code")
    try:
        made = FOREIGN[form](file.read_bytes(), code, title or file.stem)
    except Invalid as refusal:
        for fault in refusal.faults:
            click.echo(line_of(msgspec.structs.replace(fault, file=str(file)), lang), err=True)
        raise SystemExit(2) from refusal
    for one in made.notes:
        fault = Fault(code=one.code, message=one.message, file=str(file), line=one.line or None, question=one.question)
        click.echo(line_of(fault, lang), err=True)
    kept = len(made.bank.questions) if made.bank else 0
    left = sum(one.question is None for one in made.notes)
    click.echo(f"{file}: {kept} questions carried, {left} left out, {len(made.notes) - left} parts left out", err=True)
    if made.bank is None:
        raise SystemExit(2)
    click.echo(bank_as(made.bank, to), nl=False)
    raise SystemExit(1 if made.notes else 0)


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
