"""`exam-service backup` and `restore`: the SQLite database as one checked file, taken while the service runs."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from exam_service import settings as setting
from exam_service.bootstrap import back_up
from exam_service.bootstrap import restore as put_back

_WORDS = {"copy": "copying", "check": "checking", "sha256": "computing SHA-256"}
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Overwrite FILE when it is there.")
@click.option(
    "--with-master-key", is_flag=True, help="Put the master key beside it, in FILE.master.key: guard that like the key."
)
def backup(file: Path, replace: bool, with_master_key: bool) -> None:
    """Copy the SQLite database to FILE, also while the service runs.

    Everything that was acknowledged before is in it. The copy is checked, and FILE.json beside it says when it was
    made, its SHA-256, and how many rows it has. For PostgreSQL see docs/operations.md.

    \b
    Example, in a timer:
      exam-service backup /backup/exam-$(date +%FT%H%M).db
    """
    manifest = back_up(
        setting.load(os.environ),
        file,
        replace=replace,
        with_master_key=with_master_key,
        progress=_progress,
        at=datetime.now(UTC),
    )
    click.echo(f"{file}: {manifest.bytes:,} bytes, {sum(manifest.rows.values()):,} rows, SHA-256 {manifest.sha256}")
    if with_master_key:
        click.echo(f"{file}.master.key opens everything that is sealed in it: keep the two apart.", err=True)
    else:
        click.echo(
            "The master key is NOT in it. Without that key nobody can ever open the national ids and signing keys in "
            "this backup: keep a copy of it in another safe place (--with-master-key writes one).",
            err=True,
        )


@click.command()
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Put it in the place of the database there is, which is kept beside it.")
def restore(file: Path, replace: bool) -> None:
    """Make FILE, a backup, the database that the settings name.

    The service must be stopped. The backup is verified before and after it is copied. It needs the master key that it
    was sealed with: in its place, or in FILE.master.key. Then start the service; there is nothing to repair.
    """
    manifest, kept = put_back(setting.load(os.environ), file, replace=replace, progress=_progress, at=datetime.now(UTC))
    click.echo(f"Restored: the state of {manifest.made_at}, {sum(manifest.rows.values()):,} rows.")
    for path in kept:
        click.echo(f"What was there before is {path}")


def _progress(what: str, done: int, total: int) -> None:
    """One line that changes, for a person who watches; nothing in a log."""
    if sys.stderr.isatty():
        share = 100 * done // total if total else 100
        click.echo(f"\r{_WORDS[what]} {share:3d} %", err=True, nl=done >= total)
