"""What is made from the code is what the code says now; `make docs` writes it."""

import re
from pathlib import Path

import pytest

from tests.docs import made
from tests.docs.pages import TOP, pages, read


@pytest.mark.parametrize("page", [p for p in pages() if "<!-- made: " in p.read_text(encoding="utf-8")], ids=str)
def test_the_made_parts_of_a_page_are_current(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == made.with_made_parts(text), f"run `make docs` ({page.relative_to(TOP)} is behind the code)"
    assert [line for line in text.splitlines() if re.match(r"\| `[a-z0-9-]+` \|.*\|\s+\|$", line)] == []


def test_every_part_that_can_be_made_is_on_some_page() -> None:
    used = {
        name for page in pages() for name in re.findall("<!-- made: ([a-z-]+) -->", page.read_text(encoding="utf-8"))
    }
    assert used == set(made.MAKERS)


def test_a_page_that_is_behind_is_found() -> None:
    """The comparison above can fail: an endpoint, a command or a code that is missing is written again."""
    for page in ("docs/reference/api.md", "docs/reference/cli.md", "docs/reference/errors.md"):
        text = read(page)
        for part in ("| `GET` | `/readyz`", "Usage: exam-service keys retire", "| `cooling-down` |"):
            if part in text:
                broken = "\n".join(line for line in text.split("\n") if part not in line)
                assert broken != text
                assert made.with_made_parts(broken) != broken


def test_what_a_person_wrote_is_kept_when_a_table_is_made_again() -> None:
    text = read("docs/reference/errors.md")
    written = "The course's limit. Voiding an attempt gives it back."
    assert written in text
    changed = text.replace("All {limit} attempts at", "Each of the {limit} attempts at")
    assert made.with_made_parts(changed) == text


def test_every_setting_is_described() -> None:
    from exam_service.settings import describe

    page = read("docs/reference/settings.md")
    assert [line.name for line in describe() if f"| `{line.name}` | {line.type} |" not in page] == []
    assert [
        name
        for name in set(re.findall(r"EXAM_[A-Z0-9_]+[A-Z0-9]", page)) - {line.name for line in describe()}
        if name != "EXAM_TEST"
    ] == []


def test_settings_that_pages_name_exist() -> None:
    from exam_service.settings import describe

    known = {line.name for line in describe()} | {"EXAM_TEST_DATABASE_URL", "EXAM_TEST_REQUIRE_ALL", "EXAM_TEST"}
    for page in pages():
        named = set(re.findall(r"\bEXAM_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8")))
        assert named <= known, page


def test_commands_and_flags_that_pages_name_exist() -> None:
    helps = dict(made.helps())
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for command, rest in re.findall(
            r"exam-service ((?:serve|demo|banks|verify|keys)(?: (?:[a-z]+)\b)?)([^`\n]*)", text
        ):
            name = f"exam-service {command}"
            name = name if name in helps else name.rpartition(" ")[0]
            assert name in helps, (page, command)
            for flag in re.findall(r"(?<=\s)--[a-z-]+", rest):
                assert flag in helps[name], (page, command, flag)
