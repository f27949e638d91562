"""`exam-service demo`: everything that a newcomer needs to try it, in one command."""

import asyncio
import os
import sys
from pathlib import Path

import click
import msgspec

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.cli import demo_data
from exam_service.cli.serve import run, until_stopped
from exam_service.services.context import Context
from exam_service.settings import Settings

_A_DAY = 24 * 3600


@click.command()
@click.option(
    "--new-key", is_flag=True, help="Make another staff API key; the first one is shown only at the first run."
)
@click.option("--no-serve", is_flag=True, help="Prepare and print everything, but do not serve.")
def demo(new_key: bool, no_serve: bool) -> None:
    """Fill a SQLite file with sample data, serve it, and print what to open next.

    A second run finds what is there and starts at once. To begin anew, delete the folder (var/demo, or EXAM_DATA_DIR).
    """
    environ = {"EXAM_DATA_DIR": "var/demo", "EXAM_LAUNCH_TTL_SECONDS": str(_A_DAY), **os.environ}
    until_stopped(_demo(setting.load(environ), new_key=new_key, serves=not no_serve))


async def _demo(loaded: Settings, *, new_key: bool, serves: bool) -> None:
    async with opened(loaded) as ctx:
        known = await demo_data.organisation(ctx)
        if known is None:
            click.echo("Preparing the demo (once):")
        organisation = known
        if organisation is None or not await demo_data.is_complete(ctx, organisation.id):
            organisation = await demo_data.fill(ctx, _say if known is None else _quiet)
        token = await demo_data.new_key(ctx, organisation.id) if known is None or new_key else None
        await _welcome(ctx, loaded, organisation.id, token)
        if serves:
            click.echo("Serving. Stop with Ctrl-C.")
            await run(ctx, msgspec.structs.replace(loaded, log_level="warning"))


async def _welcome(ctx: Context, loaded: Settings, org: str, token: str | None) -> None:
    base = ctx.policy.public_url
    certificate = await demo_data.certificate_id(ctx, org)
    picture = loaded.data_dir / "certificate-qr.png"
    await asyncio.to_thread(picture.write_bytes, await demo_data.qr_picture(ctx, org, certificate))
    command = _command()
    enrolment = await demo_data.enrolment_id(ctx, org, demo_data.FRESH)
    fresh = await demo_data.launch(ctx, org, demo_data.FRESH)
    learned = await demo_data.launch(ctx, org, demo_data.LEARNED)
    bearer = token or "$KEY"
    key = token or "shown at the first run; `make demo ARGS=--new-key` makes another"
    click.echo(f"""
 1  Take the exam as a candidate (each link works once)
      {demo_data.PEOPLE[0][1].display}, who starts from nothing:
        {fresh}
      {demo_data.PEOPLE[1][1].display}, whose learning is complete:
        {learned}

 2  Staff API key
        {key}
    Report that the first candidate has completed the learning, so that the post-test opens:
        curl -X PUT {base}/v1/enrolments/{enrolment}/facts \\
          -H "Authorization: Bearer {bearer}" -H 'Content-Type: application/json' \\
          -d '{{"learning_complete": true}}'

 3  API documentation
        {base}/docs

 4  Verify a certificate, as anybody may
        {base}/v/{certificate}
        curl -o trust.json {base}/.well-known/trust.json     # then, without network:
        {command} verify --trust trust.json {picture}

    Data in {loaded.data_dir}/ (delete it to begin anew).
""")


def _command() -> str:
    """How the command is called from here: it stands beside the Python that runs this."""
    beside = Path(sys.executable).with_name("exam-service")
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)


def _say(what: str) -> None:
    click.echo(f"  - {what}")


def _quiet(_: str) -> None:
    return
