"""`exam-service papers`: draw the papers of an exam before its day."""

import asyncio
import os
from datetime import UTC, datetime

import click

from exam_service import settings as setting
from exam_service.bootstrap import opened
from exam_service.cli.whose import ORG, organisation_of, showing
from exam_service.core.certificates.model import stamp
from exam_service.core.records import Organisation
from exam_service.services import papers as prepared
from exam_service.services.context import Context


@click.group()
def papers() -> None:
    """Draw the papers of an exam before its day, so that starting it needs no draw.

    The service does this by itself in the hour before a window opens (EXAM_PREPARE_MINUTES). It may run meanwhile.

    \b
    Examples:
      exam-service papers prepare --course cm-2569 --exam post
      exam-service papers prepare --org obec --before 2026-11-23T12:00+07:00
      exam-service papers list --before 2026-11-30T00:00+07:00
    """


@papers.command()
@ORG
@click.option("--course", help="The course's code.")
@click.option("--exam", help="The exam's code within the course.")
@click.option("--before", help="Instead: every exam whose window opens before this time, as 2026-11-23T12:00+07:00.")
def prepare(org: str | None, course: str | None, exam: str | None, before: str | None) -> None:
    """Draw and store the next paper of everybody who may start the exam, now or when its time has come.

    It can be stopped and run again: what is there and still good stays. What no longer fits, because the course was
    published anew or an attempt was taken meanwhile, is drawn anew.
    """
    asyncio.run(_prepare(org, _which(course, exam, before)))


@papers.command(name="list")
@ORG
@click.option("--course", help="The course's code.")
@click.option("--exam", help="The exam's code within the course.")
@click.option("--before", help="Instead: every exam whose window opens before this time, as 2026-11-23T12:00+07:00.")
def list_(org: str | None, course: str | None, exam: str | None, before: str | None) -> None:
    """Say how many papers are ready, and how many candidates have none.

    Those without one may not start yet, or not any more; if they may after all, theirs is drawn when they start.
    """
    asyncio.run(_list(org, _which(course, exam, before)))


Which = tuple[str, str] | datetime


def _which(course: str | None, exam: str | None, before: str | None) -> Which:
    if before is None and course is not None and exam is not None:
        return course, exam
    if before is None or course is not None or exam is not None:
        raise click.UsageError("give --course and --exam, or --before alone")
    try:
        until = datetime.fromisoformat(before)
    except ValueError:
        raise click.UsageError("--before is a time, as 2026-11-23T12:00+07:00") from None
    if until.tzinfo is None:
        raise click.UsageError("--before needs a time zone, as 2026-11-23T12:00+07:00")
    return until.astimezone(UTC)


async def _prepare(org: str | None, which: Which) -> None:
    async with opened(setting.load(os.environ)) as ctx:
        organisation = await organisation_of(ctx, org)
        for course, exam in await _exams(ctx, organisation, which):
            with showing(f"{course} {exam}") as shown:
                view = await prepared.prepare(ctx, organisation.id, course, exam, shown)
            _show(view)


async def _list(org: str | None, which: Which) -> None:
    async with opened(setting.load(os.environ)) as ctx:
        organisation = await organisation_of(ctx, org)
        for course, exam in await _exams(ctx, organisation, which):
            _show(await prepared.state(ctx, organisation.id, course, exam))


async def _exams(ctx: Context, organisation: Organisation, which: Which) -> list[tuple[str, str]]:
    return [which] if isinstance(which, tuple) else await prepared.opening(ctx, organisation.id, which)


def _show(view: prepared.PreparedView) -> None:
    opens = f", opens {stamp(view.opens_at)}" if view.opens_at else ""
    click.echo(f"{view.course} {view.exam}{opens}: {view.ready} ready, {view.without} without")
