"""`exam-service orgs`: an organisation from nothing, and a key that the API takes."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from exam_service import settings
from exam_service.bootstrap import opened
from exam_service.cli.main import cli
from exam_service.core.errors import AlreadyExists, Invalid, NotFound
from exam_service.core.records import SCOPES
from exam_service.web.app import create_app

TOKEN = re.compile(r"exam_[0-9a-z]{26}_[\w-]{43}\n")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A service that was never started."""
    return {"EXAM_DATA_DIR": str(tmp_path / "data"), "EXAM_PUBLIC_URL": "https://exam.example.org"}


def run(environ: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["orgs", *arguments], env=environ)


def token(done: Result) -> str:
    """The key, which is all that standard output has."""
    assert done.exit_code == 0, done.output
    assert TOKEN.fullmatch(done.stdout)
    return done.stdout.strip()


def ask(environ: dict[str, str], path: str, key: str) -> tuple[int, Any]:
    """What the API answers to that key."""

    async def asking() -> tuple[int, Any]:
        async with opened(settings.load(environ)) as ctx:
            transport = httpx.ASGITransport(app=create_app(ctx, sweeps=False))  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="https://exam.example.org") as http:
                answer = await http.get(path, headers={"Authorization": f"Bearer {key}"})
                return answer.status_code, answer.json()

    return asyncio.run(asking())


def test_an_organisation_is_made_with_its_signing_key_and_a_key_that_may_do_everything(environ: dict[str, str]) -> None:
    done = run(environ, "create", "obec", "--th", "สพฐ.", "--en", "OBEC")
    key = token(done)
    status, shown = ask(environ, "/v1/organisation", key)
    assert (status, shown["slug"], shown["name"]) == (200, "obec", {"th": "สพฐ.", "en": "OBEC"})
    assert shown["id"] in done.stderr
    status, found = ask(environ, "/v1/api-keys", key)
    assert [(one["name"], tuple(one["scopes"])) for one in found["items"]] == [("admin", SCOPES)]
    (signing,) = CliRunner().invoke(cli, ["keys", "list", "--org", "obec"], env=environ).output.splitlines()
    assert "did:web:exam.example.org:orgs:obec" in signing
    assert signing.split()[:2] == [signing.split()[0], "active"]
    assert signing.split()[0] in done.stderr


def test_the_list_has_every_organisation(environ: dict[str, str]) -> None:
    assert run(environ, "list").output == ""
    run(environ, "create", "second", "--en", "Second")
    run(environ, "create", "first", "--th", "แห่งแรก", "--en", "First")
    lines = run(environ, "list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["first", "second"]
    assert lines[0].endswith("  แห่งแรก | First")
    assert lines[1].endswith("  Second")


def test_a_new_key_may_do_what_was_named_or_everything(environ: dict[str, str]) -> None:
    lost = token(run(environ, "create", "first", "--en", "First"))
    narrow = token(run(environ, "new-key", "first", "--name", "LMS", "--scope", "results", "--scope", "enrolments"))
    assert ask(environ, "/v1/enrolments", narrow)[0] == 200
    assert ask(environ, "/v1/api-keys", narrow)[0] == 403
    wide = token(run(environ, "new-key", "first", "--name", "Staff"))
    found = ask(environ, "/v1/api-keys", wide)[1]
    assert [(one["name"], set(one["scopes"])) for one in found["items"]] == [
        ("admin", set(SCOPES)), ("LMS", {"results", "enrolments"}), ("Staff", set(SCOPES)),
    ]  # fmt: skip
    assert ask(environ, "/v1/organisation", lost)[0] == 200


def test_what_cannot_be_made_is_refused_and_nothing_is_made(environ: dict[str, str]) -> None:
    token(run(environ, "create", "first", "--en", "First"))
    assert isinstance(run(environ, "create", "first", "--en", "Again").exception, AlreadyExists)
    wrong = run(environ, "create", "No Slug", "--th", "บรรทัด\nสอง", "--en", "x" * 201).exception
    assert isinstance(wrong, Invalid)
    assert [fault.path for fault in wrong.faults] == ["slug", "name.th", "name.en"]
    torn = run(environ, "create", "second", "--th", "ก\x08ข").exception
    assert isinstance(torn, Invalid)
    assert [fault.path for fault in torn.faults] == ["name.th"]
    for nameless in (("second",), ("second", "--en", " ")):
        done = run(environ, "create", *nameless)
        assert (done.exit_code, "--th or --en" in done.stderr) == (2, True)
    assert isinstance(run(environ, "new-key", "nobody", "--name", "x").exception, NotFound)
    assert isinstance(run(environ, "new-key", "first", "--name", "\n").exception, Invalid)
    assert run(environ, "new-key", "first", "--name", "x", "--scope", "everything").exit_code == 2
    assert len(run(environ, "list").output.splitlines()) == 1
