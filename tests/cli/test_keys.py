import asyncio
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exam_service import settings
from exam_service.bootstrap import opened
from exam_service.cli.main import cli
from exam_service.core.certificates.trust import from_file
from exam_service.core.errors import KeyNotUsable, NotFound
from exam_service.core.text import Text
from exam_service.services import keys, organisations


@pytest.fixture
def environ(tmp_path: Path, sqlite_url: str) -> dict[str, str]:
    """A database with one organisation that has a key."""
    given = {"EXAM_DATA_DIR": str(tmp_path), "EXAM_DATABASE_URL": sqlite_url, "EXAM_MASTER_KEY": "A" * 43}

    async def fill() -> None:
        async with opened(settings.load(given)) as ctx:
            made = await organisations.create(ctx, "first", Text(en="First"))
            await keys.ensure(ctx, made.id, "certificates")

    asyncio.run(fill())
    return given


def run(environ: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments], env=environ)


def listed(environ: dict[str, str], *more: str) -> dict[str, str]:
    """key -> state"""
    result = run(environ, "list", *more)
    assert result.exit_code == 0, result.output
    return {line.split()[0]: line.split()[1] for line in result.output.splitlines()}


def test_creating_a_key_retires_the_one_before(environ: dict[str, str]) -> None:
    (first,) = listed(environ)
    made = run(environ, "create", "--org", "first")
    assert made.exit_code == 0, made.output
    newer = made.output.split()[0]
    assert listed(environ, "--org", "first") == {first: "retired", newer: "active"}


def test_a_key_can_be_made_first_and_used_later_and_retired(environ: dict[str, str]) -> None:
    (first,) = listed(environ)
    waiting = run(environ, "create", "--org", "first", "--wait").output.split()[0]
    assert listed(environ) == {first: "active", waiting: "created"}
    assert run(environ, "activate", "--org", "first", waiting).exit_code == 0
    assert listed(environ) == {first: "retired", waiting: "active"}
    assert run(environ, "retire", "--org", "first", waiting).exit_code == 0
    assert set(listed(environ).values()) == {"retired"}
    assert isinstance(run(environ, "activate", "--org", "first", first).exception, KeyNotUsable)


def test_without_an_organisation_it_is_the_services_own_key(environ: dict[str, str]) -> None:
    made = run(environ, "create").output
    assert "receipts" in made
    assert len(listed(environ)) == 2
    assert len(listed(environ, "--org", "first")) == 1


def test_an_unknown_organisation_or_key_is_refused(environ: dict[str, str]) -> None:
    for arguments in (("list", "--org", "x"), ("create", "--org", "x"), ("retire", "--org", "first", "0" * 16)):
        assert isinstance(run(environ, *arguments).exception, NotFound)


def test_the_trust_file_has_keys_and_lists_and_no_secret(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "trust.json"
    assert run(environ, "export", "--trust", str(file)).exit_code == 0
    trust = from_file(file.read_bytes())
    assert [issuer.did.rpartition(":")[2] for issuer in trust.issuers] == ["first"]
    assert len(trust.issuers[0].keys) == len(trust.status_lists) == 1
    assert b"sealed" not in file.read_bytes()
    assert from_file(run(environ, "export").stdout_bytes).issuers == trust.issuers


def test_a_master_key_is_made_for_its_owner_only_and_never_over_another(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    assert run({}, "master", str(file)).exit_code == 0
    text = file.read_text(encoding="ascii")
    assert len(settings.decode_master_key(text)) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run({}, "master", str(file)).exit_code == 2
    assert file.read_text(encoding="ascii") == text
    one, other = run({}, "master").output, run({}, "master").output
    assert len(settings.decode_master_key(one)) == 32
    assert one != other


def test_a_compromised_key_is_replaced_and_its_certificates_with_one_command(environ: dict[str, str]) -> None:
    (first,) = listed(environ)
    lose = ("compromise", "--org", "first", first, "--reason", "backup stolen")
    assert run(environ, *lose).exit_code == 1, "it asks first"
    assert listed(environ) == {first: "active"}
    late = run(environ, *lose, "--yes", "--since", "2999-01-01")
    assert (late.exit_code, "lies in the future" in late.output) == (2, True)
    early = ["certs", "reissue", "--key", first]
    assert isinstance(CliRunner().invoke(cli, early, env=environ).exception, KeyNotUsable)
    done = run(environ, *lose, "--yes", "--since", "2020-01-01")
    assert done.exit_code == 0, done.output
    lost, fresh = done.output.splitlines()
    assert lost.split()[:2] == [first, "compromised"]
    assert listed(environ) == {first: "compromised", fresh.split()[0]: "active"}
    again = CliRunner().invoke(cli, early, env=environ)
    assert (again.exit_code, again.output.splitlines()[-1]) == (0, f"{first}: 0 replaced, 0 failed")
    for verb in ("activate", "retire"):
        assert isinstance(run(environ, verb, "--org", "first", first).exception, KeyNotUsable)
