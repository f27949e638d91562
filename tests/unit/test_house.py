"""Rules of the house that no linter knows. Imports between layers are held by import-linter, in `make check`."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.optional import optional

SOURCES = {".py", ".js", ".mjs", ".css", ".html", ".sql"}
FOLDERS = ["certs", "docs", "exam_service", "question_banks", "requirements", "tests"]
WORDS_OF_UNFINISHED_WORK = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
INDEXES = re.compile(
    r"(pypi|pythonhosted|npmjs|npmmirror|artifactory|nexus)\.(org|com|io)|registry\.npm|--(extra-)?index-url",
    re.IGNORECASE,
)
PRIVATE_PATHS = re.compile(r"/(root|home|Users)/|/work/|/opt/(pypi|wheels)|[A-Z]:\\\\Users")
THIS = "tests/unit/test_house.py"


@pytest.fixture(scope="module")
def tracked(repository: Path) -> list[Path]:
    """What git tracks and is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True, check=False)
    if listed.returncode:
        optional(f"this is no git checkout: {listed.stderr.strip()}")
    return [path for name in listed.stdout.split("\0") if name and (path := repository / name).is_file()]


def lines_of(path: Path) -> list[str]:
    """The lines of a text file; none of a binary one, which a PDF is also when no byte of it is zero."""
    content = path.read_bytes()
    return [] if b"\0" in content or content.startswith(b"%PDF-") else content.decode("utf-8").splitlines()


def found(pattern: re.Pattern[str], paths: list[Path], top: Path) -> list[str]:
    return [
        f"{path.relative_to(top)}:{number}: {line.strip()[:100]}"
        for path in paths
        if path != top / THIS
        for number, line in enumerate(lines_of(path), 1)
        if pattern.search(line)
    ]


def test_no_source_file_is_longer_than_400_lines(tracked: list[Path]) -> None:
    long = {str(path): count for path in tracked if path.suffix in SOURCES and (count := len(lines_of(path))) > 400}
    assert long == {}


def test_no_work_is_left_for_later(tracked: list[Path], repository: Path) -> None:
    code = [path for path in tracked if path.suffix in SOURCES]
    assert found(WORDS_OF_UNFINISHED_WORK, code, repository) == []


def test_no_package_index_is_named(tracked: list[Path], repository: Path) -> None:
    assert found(INDEXES, tracked, repository) == []


def test_no_path_of_one_machine_is_named(tracked: list[Path], repository: Path) -> None:
    assert found(PRIVATE_PATHS, tracked, repository) == []


def test_no_private_key_is_kept(tracked: list[Path], repository: Path) -> None:
    pattern = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|\"d\"\s*:\s*\"[A-Za-z0-9_-]{43}\"")
    outside_tests = [path for path in tracked if not path.is_relative_to(repository / "tests")]
    assert found(pattern, outside_tests, repository) == []


def test_every_skip_goes_through_optional(tracked: list[Path], repository: Path) -> None:
    skip = re.compile(r"\b(pytest\.skip|importorskip|skipif|mark\.skip|unittest\.skip)\b")
    tests = [path for path in tracked if path.suffix == ".py" and path != repository / "tests/support/optional.py"]
    assert found(skip, tests, repository) == []


def test_every_folder_of_the_package_is_a_package(tracked: list[Path], repository: Path) -> None:
    """import-linter sees no module of a folder without `__init__.py`, so its rules would not hold there."""
    package = repository / "exam_service"
    folders = {path.parent for path in tracked if path.suffix == ".py" and path.is_relative_to(package)}
    # Alembic reads its migrations as files; nothing imports them.
    folders = {folder for folder in folders if "migrations" not in folder.parts}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_of_the_house_is_there(repository: Path, folder: str) -> None:
    assert (repository / folder).is_dir()


def test_the_locks_pin_and_hash_everything_and_name_no_place(repository: Path) -> None:
    for name in ("base", "full", "test"):
        text = (repository / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert "://" not in text
        for entry in text.replace("\\\n", " ").splitlines():
            assert re.fullmatch(r"[a-z0-9.-]+==[^ ]+( ; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+", entry.strip()), entry


def test_the_locks_hold_what_pyproject_asks_for(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]
    base, full, test = (locked(repository / f"requirements/{name}.txt") for name in ("base", "full", "test"))
    assert base.items() <= full.items() <= test.items()
    wants = (
        (base, project["dependencies"]),
        (full, extra["pades"] + extra["pkcs11"]),
        (test, [one for one in extra["test"] if not one.startswith(f"{project['name']}[")]),
    )
    for lock, wanted in wants:
        for requirement in map(Requirement, wanted):
            version = lock.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not locked; run make lock"
            assert requirement.specifier.contains(version), f"{requirement} is locked at {version}; run make lock"


def locked(path: Path) -> dict[str, str]:
    """The pinned version of every package."""
    pins = re.findall(r"^([a-z0-9.-]+)==([^ ]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def test_the_image_does_not_run_as_root_and_is_asked_for_its_health(repository: Path) -> None:
    lines = lines_of(repository / "Dockerfile")
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    users = [line.split()[1] for line in last_stage if line.startswith("USER ")]
    assert users
    assert users[-1] not in {"root", "0"}
    assert any(line.startswith("HEALTHCHECK ") for line in last_stage)
    for line in last_stage:
        if line.startswith(("RUN ", "CMD ", "ENTRYPOINT ")):
            assert re.match(r"[A-Z]+ \[.*\]$", line), f"a shell stands between Docker and: {line}"


def test_the_image_and_compose_set_only_settings_that_exist(repository: Path) -> None:
    from exam_service.settings import describe

    known = {line.name for line in describe()}
    compose = yaml.safe_load((repository / "compose.yaml").read_text(encoding="utf-8"))
    dockerfile = (repository / "Dockerfile").read_text(encoding="utf-8")
    named = {name for name in compose["services"]["exam"]["environment"] if name.startswith("EXAM_")}
    named |= set(re.findall(r"\bEXAM_[A-Z_]+", dockerfile))
    assert named <= known
    for service in compose["services"].values():
        assert "healthcheck" in service or "build" in service
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
