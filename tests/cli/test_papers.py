"""`exam-service papers`: what is drawn before an exam day, and what is said of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exam_service import settings
from exam_service.bootstrap import opened
from exam_service.cli.main import cli
from exam_service.core.errors import NotFound, NotPublished
from exam_service.core.text import Text
from exam_service.services import organisations
from tests.support.service import open_course, world

OPENS = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


@pytest.fixture
def environ(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    """A service with one course of two candidates, whose post-test opens tomorrow."""
    given = {"EXAM_DATA_DIR": str(tmp_path), "EXAM_DATABASE_URL": sqlite_url, "EXAM_MASTER_KEY": "A" * 43}

    async def fill() -> None:
        async with opened(settings.load(given)) as ctx:
            made = await world(ctx, ctx.clock, course=open_course(window={"opens_at": OPENS.isoformat()}))
            await made.enrol("two")

    asyncio.run(fill())
    return given


def run(environ: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["papers", *arguments], env=environ)


def test_papers_are_prepared_and_listed(environ: dict[str, str]) -> None:
    opens = OPENS.strftime("%Y-%m-%dT%H:%M:%SZ")
    before = ("--before", (OPENS + timedelta(hours=7)).astimezone().isoformat())
    listed = run(environ, "list", *before)
    assert (listed.exit_code, listed.output) == (0, f"course post, opens {opens}: 0 ready, 2 without\n")
    done = run(environ, "prepare", *before)
    assert done.exit_code == 0, done.output
    assert f"course post, opens {opens}: 2 ready, 0 without\n" in done.output
    assert "0 ready" not in run(environ, "prepare", "--org", "first", "--course", "course", "--exam", "post").output
    assert run(environ, "list", "--before", OPENS.replace(year=OPENS.year - 1).isoformat()).output == ""
    pre = run(environ, "prepare", "--course", "course", "--exam", "pre")
    assert "course pre: 2 ready, 0 without\n" in pre.output, "an exam without a window too"


def test_what_cannot_be_meant_is_said(environ: dict[str, str]) -> None:
    for given in ((), ("--course", "course"), ("--exam", "post"), ("--course", "c", "--exam", "e", "--before", "2026")):
        assert "give --course and --exam, or --before alone" in run(environ, "prepare", *given).output
    assert "--before needs a time zone" in run(environ, "list", "--before", "2026-11-23T12:00").output
    assert "--before is a time" in run(environ, "list", "--before", "tomorrow").output
    exam = ("--course", "course", "--exam", "nothing")
    assert isinstance(run(environ, "prepare", *exam).exception, NotFound)
    assert isinstance(run(environ, "prepare", "--course", "other", "--exam", "post").exception, NotPublished)
    assert isinstance(run(environ, "list", "--org", "nobody", *exam).exception, NotFound)

    async def another() -> None:
        async with opened(settings.load(environ)) as ctx:
            await organisations.create(ctx, "second", Text(en="Second"))

    asyncio.run(another())
    assert "say whose it is with --org: first, second" in run(environ, "list", *exam).output
