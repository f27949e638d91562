"""`exam-service export-trust`: a site of plain files with which certificates verify when this service is gone."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import click
import msgspec

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.cli.moment import moment
from exam_service.services import trust_export
from exam_service.services.context import Context
from exam_service.services.trust_export import File
from exam_service.web.verify import exported

MANIFEST = "export.json"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an export has written: each path with the SHA-256 of its content in hex."""

    public_url: str
    made_at: datetime
    lists_until: datetime | None
    files: dict[str, str]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What an export did."""

    manifest: Manifest
    written: int
    removed: int


@click.command(name="export-trust")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--lists-until", "until", metavar="ISO",
    help="Sign the status lists to be believed until this time, as in 2046-11-22T00:00:00Z: for the last export.",
)  # fmt: skip
def export_trust(folder: Path, until: str | None) -> None:
    """Write a site of static files to DIR by which certificates verify without this service.

    DID documents, public keys with their history, trust file, signed status lists, issuance log, and the verify page
    itself, which checks in the browser. Put DIR on any web server under the service's public address. Nothing secret
    and no one's name is in it.

    Run again, it writes what has changed and removes what is no more; DIR is always whole. Usual status lists are good
    for a day, so a mirror wants this in a timer, every hour or so. When the service ends for good, --lists-until signs
    the lists once more for as long as they shall be believed: what is revoked after that, nobody will see.

    \b
    Examples:
      exam-service export-trust /srv/verify
      exam-service export-trust --lists-until 2046-11-22T00:00:00Z /srv/verify
    """
    good_until = moment(until, "--lists-until").replace(microsecond=0) if until is not None else None
    done = asyncio.run(_export(folder, good_until))
    click.echo(f"{folder}: {len(done.manifest.files):,} files, {done.written:,} written, {done.removed:,} removed")
    if good_until is not None:
        click.echo(
            f"The status lists in it are believed until {until}, whatever is revoked from now on: "
            "replace them when something is.",
            err=True,
        )


async def _export(folder: Path, until: datetime | None) -> Done:
    async with opened(setting.load(os.environ)) as ctx:
        if until is not None and until <= ctx.now():
            raise click.BadParameter("that time is past", param_hint="--lists-until")
        return await write(ctx, folder, until)


async def write(ctx: Context, folder: Path, until: datetime | None = None) -> Done:
    """Write the export; a folder with anything else in it is refused before anything is written."""
    before = _before(folder)
    made: dict[str, str] = {}
    if not before:
        # Whatever ends this in the middle, the next export knows the folder again.
        _say(folder, Manifest(public_url=ctx.policy.public_url, made_at=ctx.now(), lists_until=until, files={}))
    written = 0
    async for path, content in _files(ctx, until):
        made[path] = digest = hashlib.sha256(content).hexdigest()
        if not _holds(folder / path, digest):
            _put(folder / path, content)
            written += 1
            if written % 500 == 0:
                click.echo(f"  {written:,} files written …", err=True)
    gone = before.keys() - made.keys()
    for path in gone:
        (folder / path).unlink(missing_ok=True)
    manifest = Manifest(public_url=ctx.policy.public_url, made_at=ctx.now(), lists_until=until, files=made)
    _say(folder, manifest)
    return Done(manifest=manifest, written=written, removed=len(gone))


async def _files(ctx: Context, until: datetime | None) -> AsyncIterator[File]:
    async for file in trust_export.files(ctx, until):
        yield file
    for file in exported.files(ctx.policy.public_url):
        yield file


def _say(folder: Path, manifest: Manifest) -> None:
    _put(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


def _before(folder: Path) -> dict[str, str]:
    """What the export before wrote. Raises BadParameter for a folder that holds what no export wrote."""
    if not folder.exists() or not any(folder.iterdir()):
        return {}
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest).files
    except (OSError, msgspec.DecodeError) as error:
        raise click.BadParameter(
            f"`{folder}` is not empty, and no export wrote what is in it ({MANIFEST} is missing or broken)",
            param_hint="DIR",
        ) from error
    # Only what is below the folder can have been written by an export.
    return {
        path: digest for path, digest in found.items() if (folder / path).resolve().is_relative_to(folder.resolve())
    }


def _holds(path: Path, digest: str) -> bool:
    """Whether it is there as it was written: a mirror whose page was changed or spoiled is put right."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False


def _put(path: Path, content: bytes) -> None:
    """At once or not at all: a web server may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    # Everybody may read it: it is to be served.
    Path(name).chmod(0o644)
    Path(name).replace(path)
