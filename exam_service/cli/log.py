"""`exam-service log`: the issuance log, and whether it is what it says."""

import asyncio
import os
from pathlib import Path

import click
import msgspec

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.cli.whose import ORG, organisation_of, showing
from exam_service.core.certificates.words import Unreadable
from exam_service.services import issuance_log, log_audit
from exam_service.services.log_audit import LogReport


@click.group()
def log() -> None:
    """Audit the issuance log: every certificate there ever was, in an order that nobody can change later.

    Keep a checkpoint now and then where nobody who runs the service can reach it: by the one of last year it can be
    seen that nothing was removed, changed or dated back since.

    \b
    Examples:
      exam-service log checkpoint --org demo > 2026-11-23.checkpoint
      exam-service log verify --org demo --against 2026-11-23.checkpoint
    """


@log.command()
@ORG
def checkpoint(org: str | None) -> None:
    """Print the newest checkpoint: how many certificates there are, and the root of the tree over them, signed."""
    click.echo(asyncio.run(_checkpoint(org)), nl=False)


@log.command()
@ORG
@click.option(
    "--against", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept; may be given several times.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, for programs.")
def verify(org: str | None, against: tuple[Path, ...], as_json: bool) -> None:
    """Compute the whole log again, from the certificates up, and compare.

    Looked at are every entry, its certificate, whether the register says the same as that, the proof that it carries
    with its signatures, the stored hashes, the newest checkpoint, and signed certificates that were never entered. Of
    times that somebody should look at, as of a certificate that was entered long after the day that it names, a line is
    printed. The service may run meanwhile.

    \b
    Exit status:  0  all of it is as it must be
                  1  something is wrong; each fault has a line
    """
    report = asyncio.run(_verify(org, against))
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        for notice in report.notices:
            click.echo(f"  Look at: {notice.sentence.within('en')}", err=True)
        for fault in report.faults:
            click.echo(f"  {fault.sentence.within('en')}", err=True)
        faults = f"{len(report.faults)} faults" if report.faults else "no fault"
        click.echo(f"{report.origin}: {report.checked} of {report.size} entries checked, {faults}")
    if report.faults:
        raise SystemExit(1)


@log.command(name="keys")
@ORG
def keys_(org: str | None) -> None:
    """Print the keys by which other tools verify checkpoints: of the log and of its clock, newest first.

    Each as a `vkey` of c2sp.org/signed-note.
    """
    for line in asyncio.run(_keys(org)):
        click.echo(line)


async def _keys(org: str | None) -> list[str]:
    async with opened(setting.load(os.environ)) as ctx:
        return await issuance_log.verifier_keys(ctx, await organisation_of(ctx, org))


async def _checkpoint(org: str | None) -> bytes:
    async with opened(setting.load(os.environ)) as ctx:
        return await issuance_log.checkpoint(ctx, await organisation_of(ctx, org))


async def _verify(org: str | None, against: tuple[Path, ...]) -> LogReport:
    async with opened(setting.load(os.environ)) as ctx:
        organisation = await organisation_of(ctx, org)
        with showing("log") as shown:
            try:
                return await log_audit.audit(
                    ctx,
                    organisation,
                    [path.read_bytes() for path in against],
                    lambda report: shown(report.checked, report.size),
                )
            except Unreadable as error:
                raise click.BadParameter("a file that is no checkpoint", param_hint="--against") from error
