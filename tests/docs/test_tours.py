"""The commands of the pages, run as written against a demo: every call gets the answer that the page shows."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import TOP
from tests.support.optional import optional
from tests.support.process import free_port, spawn


@dataclass
class Demo:
    """A demo that serves, and a folder in which the commands are run."""

    port: int
    key: str
    folder: Path
    environ: dict[str, str]

    def run(self, script: str) -> tuple[list[int], str]:
        """Run it as bash would, stopping at the first fault: the status of every call, and everything printed."""
        here = script.replace("localhost:8000", f"localhost:{self.port}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here], env=self.environ | {"KEY": self.key}, cwd=self.folder,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return [int(status) for status in re.findall(r"^HTTP (\d+)$", done.stderr, re.MULTILINE)], done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    curl = shutil.which("curl")
    if curl is None:
        optional("there is no curl")
    folder, port = tmp_path_factory.mktemp("tour"), free_port()
    tools = folder / "tools"
    tools.mkdir()
    # curl as it is, which also tells the status of each answer on standard error.
    _program(tools / "curl", f'exec {curl} -w "%{{stderr}}HTTP %{{http_code}}\\n" "$@"')
    _program(tools / "exam-service", f'exec {sys.executable} -m exam_service "$@"')
    for name in ("question_banks", "exam_service"):
        (folder / name).symlink_to(TOP / name)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXAM_")}
    environ = kept | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(TOP),
        "EXAM_DATA_DIR": str(folder / "data"),
        "EXAM_PORT": str(port),
    }
    server = spawn([sys.executable, "-m", "exam_service", "demo"], log=folder / "demo.log", env=environ, cwd=folder)
    try:
        server.wait_until(lambda: _serves(port), seconds=120, what="serve")
        (key,) = set(re.findall(r"exam_[0-9a-z]{26}_[\w-]+", server.output()))
        yield Demo(port, key, folder, environ)
    finally:
        server.stop()


def script_of(page: str, *, blocks: slice = slice(None)) -> str:
    return "\n".join(block.text for block in pages.blocks(page, "sh")[blocks])


def test_the_tour_of_the_readme(demo: Demo) -> None:
    tour = next(block.text for block in pages.blocks("README.md", "sh") if "curl" in block.text)
    statuses, said = demo.run(tour)
    assert statuses == [201, 201, 200, 200, 200, 200, 200]
    assert f"http://localhost:{demo.port}/l/" in said
    assert '"status":"stands"' in said
    again, _ = demo.run(tour)
    assert again == statuses


def test_connecting_a_learning_system(demo: Demo) -> None:
    statuses, said = demo.run(script_of("docs/how-to/connect-an-lms.md"))
    assert statuses == [201, 201, 200, 202, 200, 201, 200, 200, 200, 409, 200, 200, 200, 200, 200, 409, 422]
    for shown in ('"failed":2', "bad-national-id", "conditions-not-met", "not-yet-earned", "idempotency-key-reused",
                  "did you mean `candidate`?", '"outcome":"genuine"'):  # fmt: skip
        assert shown in said
        assert shown.replace('":', '": ') in pages.read("docs/how-to/connect-an-lms.md")


def test_setting_up_a_course(demo: Demo) -> None:
    names = script_of("docs/how-to/connect-an-lms.md", blocks=slice(1))
    enrolment = """ENROLMENT=$(curl -s "$API/enrolments?limit=1" -H "$AUTH" | field '["items"][0]["id"]')\n"""
    statuses, said = demo.run(names + enrolment + script_of("docs/how-to/set-up-a-course.md"))
    assert statuses == [200, 200, 200, 200, 200, 200, 200]
    assert "sound, 49 questions" in said
    assert '"publishable":true' in said
    assert '"extra_minutes":10' in said


def test_running_an_exam_day(demo: Demo) -> None:
    names = script_of("docs/how-to/connect-an-lms.md", blocks=slice(1))
    statuses, said = demo.run(names + script_of("docs/how-to/run-an-exam-day.md"))
    assert statuses == [201, 201, 200, 201, 200, 200, 201, 201, 200, 200, 200, 200, 200, 200, 200, 200]
    for shown in ('"minutes":5,"attempts":1', '"writes_here":true', '"news":4', '"action":"attempt.extra-time"'):
        assert shown in said
        assert shown.replace('":', '": ').replace(',"', ', "') in pages.read("docs/how-to/run-an-exam-day.md")


def test_watching_an_exam(demo: Demo) -> None:
    names = script_of("docs/how-to/connect-an-lms.md", blocks=slice(1))
    statuses, said = demo.run(names + script_of("docs/how-to/watch-an-exam.md"))
    assert statuses[:2] == [201, 200]
    assert f"http://localhost:{demo.port}/staff/_enter/" in said
    assert "event: live" in said


def test_the_command_that_fills_a_database_without_serving(demo: Demo, tmp_path: Path) -> None:
    """docs/how-to/run-it.md: the first organisation."""
    elsewhere = demo.environ | {"EXAM_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        ["exam-service", "demo", "--no-serve"], env=elsewhere, capture_output=True, text=True, timeout=120, check=True
    )
    assert re.search(r"exam_[0-9a-z]{26}_", done.stdout)
    assert {path.name for path in (tmp_path / "data").iterdir()} >= {"exam.db", "master.key"}


def _serves(port: int) -> bool:
    from tests.support.process import listening

    return listening(port)


def _program(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    file.chmod(0o755)
