"""The commands: one group, each command in the file of its name."""

import os
import sys

import click

from exam_service import __version__
from exam_service.cli.backup import backup, restore
from exam_service.cli.banks import banks
from exam_service.cli.certs import certs
from exam_service.cli.demo import demo
from exam_service.cli.export_trust import export_trust
from exam_service.cli.keys import keys
from exam_service.cli.log import log
from exam_service.cli.orgs import orgs
from exam_service.cli.papers import papers
from exam_service.cli.serve import serve
from exam_service.cli.verify import verify
from exam_service.core.errors import Refusal
from exam_service.settings import BadSettings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="exam-service")
def cli() -> None:
    """Exams and certificates that any learning system can plug in.

    \b
    Try it:             exam-service demo
    Run it:             exam-service serve
    First organisation: exam-service orgs create my-school --en "My School"
    Check a bank file:  exam-service banks check my-bank.yaml
    Check a certificate without network:
                        exam-service verify --trust trust.json certificate.png

    All settings are EXAM_… names of the environment; docs/reference/settings.md lists them.
    """


for command in (serve, demo, orgs, banks, papers, certs, verify, log, keys, export_trust, backup, restore):
    cli.add_command(command)


def main() -> None:
    """Run the command; a refusal is one clear sentence on standard error and exit status 2."""
    try:
        cli(prog_name="exam-service")
    except Refusal as refusal:
        language = "th" if os.environ.get("LANG", "").startswith("th") else "en"
        click.echo(f"exam-service: {refusal.text.within(language)}", err=True)
        # The sentence about settings lists its faults itself, for programs that show nothing else.
        for fault in () if isinstance(refusal, BadSettings) else refusal.faults:
            place = ":".join(str(part) for part in (fault.file, fault.line) if part is not None) or fault.path
            click.echo(
                f"  {place}: {fault.message.within(language)}" if place else f"  {fault.message.within(language)}",
                err=True,
            )
        sys.exit(2)
