"""`exam-service log`: what an auditor runs."""

import asyncio
import json
import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from exam_service.cli.main import cli
from tests.support.certified import course, holder
from tests.support.service import PUBLIC_URL, TestClock, service, world

NAME = "exam.example.ac.th/orgs/first/log"


@pytest.fixture
def environ(tmp_path: Path, sqlite_url: str) -> dict[str, str]:
    """A database with one certificate."""

    async def fill() -> None:
        clock = TestClock()
        async with service(sqlite_url, tmp_path, clock) as ctx:
            await holder(await world(ctx, clock, course=course()))

    asyncio.run(fill())
    return {
        "EXAM_DATABASE_URL": sqlite_url,
        "EXAM_DATA_DIR": str(tmp_path),
        "EXAM_PUBLIC_URL": PUBLIC_URL,
        "EXAM_MASTER_KEY": "A" * 43,
    }


def test_it_prints_the_keys_that_other_tools_take(environ: dict[str, str]) -> None:
    result = run(environ, "keys")
    assert result.exit_code == 0
    log, clock = result.stdout.splitlines()
    assert (log.partition("+")[0], clock.partition("+")[0]) == (NAME, f"{NAME}/clock")


def run(environ: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["log", *arguments], env=os.environ | environ)


def test_a_checkpoint_that_was_kept_shows_later_what_was_done(environ: dict[str, str], tmp_path: Path) -> None:
    kept = tmp_path / "kept.checkpoint"
    kept.write_bytes(run(environ, "checkpoint", "--org", "first").stdout_bytes)
    assert kept.read_text().startswith(f"{NAME}\n1\n")
    fine = run(environ, "verify", "--against", str(kept))
    assert (fine.exit_code, fine.output.splitlines()[-1]) == (0, f"{NAME}: 1 of 1 entries checked, no fault")
    engine = sa.create_engine(environ["EXAM_DATABASE_URL"].replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM log_entry"))
        connection.execute(sa.text("DELETE FROM log_head"))
    engine.dispose()
    wrong = run(environ, "verify", "--against", str(kept))
    assert wrong.exit_code == 1
    assert "signed and was never entered" in wrong.output
    assert "it was rewritten or cut since" in wrong.output
    told = json.loads(run(environ, "verify", "--json").stdout.splitlines()[-1])
    assert (told["origin"], told["size"], [one["code"] for one in told["faults"]]) == (NAME, 0, ["not-entered"])


def test_what_is_no_checkpoint_or_nobody_s_is_said(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff")
    assert "is no checkpoint" in run(environ, "verify", "--against", str(file)).output
    assert run(environ, "verify", "--org", "nobody").exit_code != 0


def test_the_log_s_key_can_be_changed(environ: dict[str, str]) -> None:
    def keys(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["keys", *arguments], env=os.environ | environ)

    assert keys("create", "--log").exit_code == 2
    before = keys("list", "--org", "first").output
    made = keys("create", "--org", "first", "--log")
    assert made.exit_code == 0, made.output
    after = keys("list", "--org", "first").output
    assert (before.count("active"), after.count("active"), after.count("retired")) == (2, 2, 1)
    assert run(environ, "verify").exit_code == 0, "what the old key has signed is still its"
