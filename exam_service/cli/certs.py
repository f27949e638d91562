"""`exam-service certs`: certificates on paper."""

import asyncio
from pathlib import Path

import click

from exam_service.bootstrap import sketchbook
from exam_service.services import printing
from exam_service.services.printing import Preview


@click.group()
def certs() -> None:
    """Certificates on paper.

    \b
    Example:
      exam-service certs preview --out previews
    """


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

    Says which lines do not fit, and ends with 1 if any do not. Needs no database.
    """
    hands = sketchbook()
    known = hands.designs.names()
    if unknown := sorted(set(designs) - set(known)):
        raise click.UsageError(f"there is no design {', '.join(unknown)}; there are {', '.join(known)}")
    out.mkdir(parents=True, exist_ok=True)
    bad = 0
    for design in designs or known:
        for one in asyncio.run(printing.previews(hands, design)):
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
