"""`exam-service certs`: certificates for everybody, and their designs."""

import asyncio
import os
from pathlib import Path
from typing import get_args

import click

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.bootstrap.apart import sample_pictures, sketchbook
from exam_service.cli.whose import ORG, organisation_of, showing
from exam_service.core.exams.model import CertificateKind
from exam_service.services import bulk_issue, printing, replacements
from exam_service.services.bulk_issue import IssuedToAll
from exam_service.services.printing import Preview
from exam_service.services.replacements import Reissued


@click.group()
def certs() -> None:
    """Issue certificates to everybody in a course, and look at their designs.

    \b
    Examples:
      exam-service certs issue --course cm-2569
      exam-service certs reissue --key 0c6f3a41b2d98e57
      exam-service certs preview --out previews
    """


@certs.command()
@ORG
@click.option("--course", required=True, help="The course's code.")
@click.option(
    "--kind", type=click.Choice(get_args(CertificateKind)), help="Which kind, if not the first that the course offers."
)
def issue(org: str | None, course: str, kind: CertificateKind | None) -> None:
    """Issue a certificate to whoever has earned one in the course and has none.

    It can be stopped and run again, also while the service runs: nobody gets a second one. Whose certificate was
    revoked gets none. Ends with 1 if any failed; the log says why.
    """
    found = asyncio.run(_issue(org, course, kind))
    click.echo(
        f"{found.course} {found.kind}: {found.issued} issued, {found.standing} had one, "
        f"{found.not_yet_earned} have not earned it yet, {found.withdrawn} were revoked, {len(found.failed)} failed"
    )
    for enrolment in found.failed:
        click.echo(f"  failed: {enrolment}", err=True)
    if found.failed:
        raise SystemExit(1)


async def _issue(org: str | None, course: str, kind: CertificateKind | None) -> IssuedToAll:
    async with opened(setting.load(os.environ)) as ctx:
        organisation = await organisation_of(ctx, org)
        with showing(course) as shown:
            return await bulk_issue.issue(
                ctx, organisation.id, course, kind, lambda found: shown(found.done, found.total)
            )


@certs.command()
@ORG
@click.option("--key", "kid", required=True, help="The compromised key, as `exam-service keys list` shows it.")
@click.option("--note", help="Your own words, for the record; no public page shows them.")
def reissue(org: str | None, kid: str, note: str | None) -> None:
    """Replace every certificate that a compromised key has signed and that stands by one of the new key.

    Each says the same as before and names the one that it supersedes. It can be stopped and run again, also while the
    service runs. Ends with 1 if any failed; the log says why.
    """
    found = asyncio.run(_reissue(org, kid, note))
    click.echo(f"{found.kid}: {found.replaced} replaced, {len(found.failed)} failed")
    for certificate in found.failed:
        click.echo(f"  failed: {certificate}", err=True)
    if found.failed:
        raise SystemExit(1)


async def _reissue(org: str | None, kid: str, note: str | None) -> Reissued:
    async with opened(setting.load(os.environ)) as ctx:
        organisation = await organisation_of(ctx, org)
        async with ctx.store.read(organisation.id) as tx:
            total = await tx.certificates.of_key(kid)
        with showing(kid) as shown:
            return await replacements.reissue(
                ctx, organisation.id, kid, note, "cli", lambda found: shown(found.replaced + len(found.failed), total)
            )


@certs.command()
@click.argument("designs", nargs=-1)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("previews"),
    show_default=True,
    help="The folder to write to; it is made if it is not there.",
)
def preview(designs: tuple[str, ...], out: Path) -> None:
    """Set each of DESIGNS (or all) with sample data and with the longest there can be, as PDF and PNG.

    Without any pictures, and with logo, seal and one to three who sign.

    Says which lines do not fit, and ends with 1 if any do not. Needs no database.
    """
    hands, pictures = sketchbook(), sample_pictures()
    known = hands.designs.names()
    if unknown := sorted(set(designs) - set(known)):
        raise click.UsageError(f"there is no design {', '.join(unknown)}; there are {', '.join(known)}")
    out.mkdir(parents=True, exist_ok=True)
    bad = 0
    for design in designs or known:
        for one in asyncio.run(printing.previews(hands, design, pictures)):
            bad += bool(one.too_long)
            click.echo(_write(one, out))
    if bad:
        raise SystemExit(1)


def _write(one: Preview, out: Path) -> str:
    stem = out / f"{one.design}-{one.name}"
    stem.with_suffix(".pdf").write_bytes(one.pdf)
    stem.with_suffix(".png").write_bytes(one.png)
    verdict = f"DOES NOT FIT: {', '.join(one.too_long)}" if one.too_long else "fits"
    return f"{stem}.pdf, .png: {verdict}"
