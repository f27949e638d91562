"""What the service writes on disk is for its own user: the data folder, the database and what SQLite puts beside it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from exam_service import settings
from exam_service.bootstrap import opened
from exam_service.core.text import Text
from exam_service.services import organisations


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A shell that would let everybody read and write what it makes."""
    before = os.umask(0)
    yield
    os.umask(before)


async def test_a_new_data_folder_and_everything_in_it_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "above" / "data"
    async with opened(settings.load({"EXAM_DATA_DIR": str(folder)})) as ctx:
        await organisations.create(ctx, "first", Text(en="First"))
        found = {path.name: mode(path) for path in folder.iterdir()}
    assert found == dict.fromkeys(("exam.db", "exam.db-wal", "exam.db-shm", "master.key"), 0o600)
    assert mode(folder) == 0o700


async def test_a_database_elsewhere_is_private_too(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "exams.sqlite"
    given = {"EXAM_DATA_DIR": str(tmp_path / "data"), "EXAM_DATABASE_URL": f"sqlite:///{file}"}
    async with opened(settings.load(given)):
        assert (mode(file.parent), mode(file)) == (0o700, 0o600)


async def test_what_was_there_keeps_the_mode_that_its_owner_gave_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o750)
    given = settings.load({"EXAM_DATA_DIR": str(folder)})
    async with opened(given) as ctx:
        made = await organisations.create(ctx, "first", Text(en="First"))
    (folder / "exam.db").chmod(0o640)
    async with opened(given) as ctx:
        assert await organisations.named(ctx, made.id) == made
    assert (mode(folder), mode(folder / "exam.db")) == (0o750, 0o640)
