"""A backup taken while the service runs restores to a consistent state, with no repair step."""

import asyncio
import copy
import errno
import hashlib
import json
import random
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exam_service.adapters.storage import backup
from exam_service.cli.main import cli
from exam_service.core.errors import Refusal
from tests.operations.crowd import crowd
from tests.support.running import MASTER_KEY, running_service
from tests.support.site import Site, make_site
from tests.support.taker import Taker, check


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def command(folder: Path, *arguments: str | Path, **settings: str) -> Done:
    """`exam-service …`, as an operator or a timer runs it; a refusal is its sentence."""
    given = {"EXAM_DATA_DIR": str(folder), "EXAM_MASTER_KEY": MASTER_KEY} | settings
    done = CliRunner().invoke(cli, [str(word) for word in arguments], env=given)
    if isinstance(done.exception, Refusal):
        return Done(2, done.stdout, done.stderr + str(done.exception))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def data(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A data folder with a database."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated_sqlite, folder / "exam.db")
    return folder


async def test_under_load_it_holds_all_that_was_acknowledged_before(data: Path, tmp_path: Path) -> None:
    url, file, other = f"sqlite:///{data / 'exam.db'}", tmp_path / "backup.db", tmp_path / "other"
    with running_service(url, tmp_path) as service:
        site = await make_site(lambda: service.url, url, tmp_path)
        async with crowd(site, 8) as people:
            await people.busy()
            before = [copy.deepcopy(sitting) for sitting in people.sittings]
            done = await asyncio.to_thread(command, data, "backup", file)
            assert done.returncode == 0, done.stderr
            went_on = len(people.saves)
            await people.busy()
        sent = {
            (sitting.attempt, one.epoch, one.seq): one for sitting in people.sittings for one in sitting.acknowledged
        }
        assert went_on < len(people.saves)
        await site.close()
    done = command(other, "restore", file)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in other.iterdir()] == ["exam.db"]

    with running_service(f"sqlite:///{other / 'exam.db'}", tmp_path, EXAM_DATA_DIR=str(other)) as restored:
        again = Site(lambda: restored.url, site.key)
        assert (await again.get("/readyz"))["ready"] is True
        for sitting in before:
            held = (await again.get(f"/v1/attempts/{sitting.attempt}/journal"))["saves"]
            found = {(save["epoch"], save["seq"]): save["digest"] for save in held}
            for one in sitting.acknowledged:
                assert found[one.epoch, one.seq] == one.digest.hex(), "a save from before the backup is missing"
            for (epoch, seq), digest in found.items():
                # Nothing else is there than what was sent; one that was on its way may or may not be.
                told = sent.get((sitting.attempt, epoch, seq))
                assert told is None or told.digest.hex() == digest
        # The exam goes on where it was, and is graded.
        running = [sitting for sitting in before if sitting.submitted is None]
        jwks = await again.jwks()
        for old, taker in zip(running, people.takers, strict=False):
            mine = Taker(again.url, taker.token, again.http, random.Random(7))
            if (await mine.once("GET", f"/attempts/{old.attempt}")).status_code != 200:
                continue
            state = (await again.get(f"/v1/attempts/{old.attempt}"))["attempt"]["state"]
            if state == "in_progress":
                new = await mine.start()
                await mine.save(new, mine.some(new))
                await mine.submit(new)
        fresh = Taker(again.url, await again.session(await again.enrol("late-comer")), again.http, random.Random(8))
        sitting = await fresh.start()
        await fresh.save(sitting, fresh.some(sitting))
        await fresh.submit(sitting)
        await check(again, sitting, jwks)
        await again.close()


def test_the_manifest_says_what_it_is(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    done = command(data, "backup", file)
    assert done.returncode == 0, done.stderr
    assert "master key is NOT in it" in done.stderr
    assert "%" not in done.stderr, "progress is for a terminal"
    manifest = json.loads((tmp_path / "backup.db.json").read_text())
    assert manifest["format"] == "exam-service/backup@1"
    assert manifest["bytes"] == file.stat().st_size
    assert manifest["master_key_file"] is None
    with sqlite3.connect(file) as connection:
        assert manifest["rows"]["attempt"] == connection.execute("SELECT count(*) FROM attempt").fetchone()[0]
    assert MASTER_KEY not in (tmp_path / "backup.db.json").read_text()
    assert (file.stat().st_mode & 0o077, (tmp_path / "backup.db.json").stat().st_mode & 0o077) == (0, 0)


def test_nothing_is_overwritten_silently(data: Path, tmp_path: Path) -> None:
    file, old = tmp_path / "backup.db", tmp_path / "old"
    file.write_text("precious")
    assert command(data, "backup", file).returncode == 2
    assert file.read_text() == "precious"
    assert command(data, "backup", file, "--replace").returncode == 0
    old.mkdir()
    (old / "exam.db").write_bytes(sqlite_of(tmp_path / "elsewhere.db"))
    refused = command(old, "restore", file)
    assert (refused.returncode, "nothing was overwritten" in refused.stderr) == (2, True)
    done = command(old, "restore", file, "--replace")
    assert done.returncode == 0, done.stderr
    kept = next(path for path in old.iterdir() if path.name.startswith("exam.db.before-"))
    assert str(kept) in done.stdout
    assert kept.read_bytes() == (tmp_path / "elsewhere.db").read_bytes()
    assert (old / "exam.db").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    "name", ["exam.db", "exam.db-wal", "exam.db-shm", "exam.db-journal", "master.key", "link.db", "hard.db"]
)
@pytest.mark.parametrize("more", [[], ["--with-master-key"]])
def test_what_the_service_works_with_is_never_a_backups_place(tmp_path: Path, name: str, more: list[str]) -> None:
    folder = tmp_path / "data"
    assert command(folder, "orgs", "create", "a", "--en", "A", EXAM_MASTER_KEY="").returncode == 0
    (folder / "link.db").symlink_to(folder / "exam.db")
    (folder / "hard.db").hardlink_to(folder / "exam.db")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = command(folder, "backup", folder / name, "--replace", *more, EXAM_MASTER_KEY="")
    assert (done.returncode, "live-file" in done.stderr) == (2, True), done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_key_is_not_written_over_the_one_in_use(tmp_path: Path) -> None:
    folder, file = tmp_path / "data", tmp_path / "other.db"
    key = tmp_path / "other.db.master.key"
    assert command(folder, "orgs", "create", "a", "--en", "A", EXAM_MASTER_KEY="").returncode == 0
    (folder / "master.key").rename(key)
    done = command(folder, "backup", file, "--replace", EXAM_MASTER_KEY="", EXAM_MASTER_KEY_FILE=str(key))
    assert (done.returncode, "live-file" in done.stderr) == (2, True), done.stderr
    assert not file.exists()


def sqlite_of(file: Path) -> bytes:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE old (n INTEGER)")
    connection.close()
    return file.read_bytes()


def test_a_database_that_is_served_is_not_replaced(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    assert command(data, "backup", file).returncode == 0
    with running_service(f"sqlite:///{data / 'exam.db'}", tmp_path) as service:
        refused = command(data, "restore", file, "--replace")
        assert (refused.returncode, "stop the service" in refused.stderr) == (2, True)
        assert service.alive
    assert [path.name for path in data.iterdir() if "before" in path.name] == []
    assert command(data, "restore", file, "--replace").returncode == 0


@pytest.mark.parametrize("damage", ["a byte", "the end", "the manifest", "another manifest", "no database"])
def test_a_damaged_backup_is_refused_and_changes_nothing(data: Path, tmp_path: Path, damage: str) -> None:
    file, beside = tmp_path / "backup.db", tmp_path / "backup.db.json"
    assert command(data, "backup", file).returncode == 0
    whole, manifest = bytearray(file.read_bytes()), json.loads(beside.read_text())
    match damage:
        case "a byte":
            whole[len(whole) // 2] ^= 1
            file.write_bytes(whole)
        case "the end":
            file.write_bytes(whole[:-4096])
        case "the manifest":
            beside.unlink()
        case "another manifest":
            beside.write_text(json.dumps(manifest | {"rows": manifest["rows"] | {"attempt": 5}}))
        case _:
            file.write_text("no database at all")
            beside.write_text(json.dumps(manifest | {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}))
    before = (data / "exam.db").read_bytes()
    refused = command(data, "restore", file, "--replace")
    assert (refused.returncode, "Nothing was changed" in refused.stderr) == (2, True), refused.stderr
    assert (data / "exam.db").read_bytes() == before


def test_a_backup_and_its_master_key_belong_together(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    for folder in (first, second):
        assert command(folder, "orgs", "create", "a", "--en", "A", EXAM_MASTER_KEY="").returncode == 0
    alone, both = tmp_path / "alone.db", tmp_path / "both.db"
    assert command(first, "backup", alone, EXAM_MASTER_KEY="").returncode == 0
    assert command(first, "backup", both, "--with-master-key", EXAM_MASTER_KEY="").returncode == 0
    assert (tmp_path / "both.db.master.key").stat().st_mode & 0o077 == 0

    # Without its key it is refused, rather than restored to something that nobody can open.
    missing = command(third, "restore", alone, EXAM_MASTER_KEY="")
    assert (missing.returncode, "master key" in missing.stderr) == (2, True)
    assert not (third / "exam.db").exists()
    another = command(second, "restore", alone, "--replace", EXAM_MASTER_KEY="")
    assert (another.returncode, "not the one" in another.stderr) == (2, True)

    assert command(third, "restore", both, EXAM_MASTER_KEY="").returncode == 0
    assert (third / "master.key").read_text() == (first / "master.key").read_text()
    old = (second / "master.key").read_text()
    assert command(second, "restore", both, "--replace", EXAM_MASTER_KEY="").returncode == 0
    assert (second / "master.key").read_text() == (first / "master.key").read_text()
    kept = next(path for path in second.iterdir() if path.name.startswith("master.key.before-"))
    assert kept.read_text() == old


def test_postgresql_has_ways_of_its_own(tmp_path: Path) -> None:
    for words in (("backup", tmp_path / "x"), ("restore", tmp_path / "x")):
        refused = command(tmp_path, *words, EXAM_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
        assert (refused.returncode, "docs/operations.md" in refused.stderr) == (2, True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("at", ["copy", "sha256"])
def test_a_restore_that_fails_half_way_leaves_database_and_key_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """A database with the key of another one opens nothing that is sealed in it."""
    first, second, empty = (tmp_path / name for name in ("first", "second", "empty"))
    for folder in (first, second):
        assert command(folder, "orgs", "create", "a", "--en", "A", EXAM_MASTER_KEY="").returncode == 0
    file = tmp_path / "both.db"
    assert command(first, "backup", file, "--with-master-key", EXAM_MASTER_KEY="").returncode == 0
    empty.mkdir()
    before = contents(second)
    real: Any = backup.put_back

    def full(*arguments: Any) -> None:
        def progress(what: str, done: int, total: int) -> None:
            if what == at and done == total:
                raise OSError(errno.ENOSPC, "No space left on device")

        real(*arguments[:-1], progress)

    monkeypatch.setattr(backup, "put_back", full)
    for folder, more in ((second, ["--replace"]), (empty, [])):
        refused = command(folder, "restore", file, *more, EXAM_MASTER_KEY="")
        assert (refused.returncode, "No space left" in refused.stderr) == (2, True), refused.stderr
    assert contents(second) == before
    assert contents(empty) == {}
    monkeypatch.undo()
    assert command(second, "restore", file, "--replace", EXAM_MASTER_KEY="").returncode == 0


def test_what_the_disk_or_a_crafted_manifest_refuses_is_a_sentence(data: Path, tmp_path: Path) -> None:
    refused = command(data, "backup", tmp_path / "none" / "backup.db")
    assert (refused.returncode, "No such file or directory" in refused.stderr) == (2, True), refused.stderr
    file = tmp_path / "backup.db"
    assert command(data, "backup", file).returncode == 0
    beside = tmp_path / "backup.db.json"
    for name in ("../x", "", "/etc/passwd", ".."):
        beside.write_text(json.dumps(json.loads(beside.read_text()) | {"master_key_file": name}))
        refused = command(data, "restore", file, "--replace")
        assert (refused.returncode, "Nothing was changed" in refused.stderr) == (2, True), refused.stderr
