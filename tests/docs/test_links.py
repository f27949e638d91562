"""Every relative link of every page leads to a file that is there, and to a heading that is on it."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import TOP, anchors, pages

_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(TOP)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = []
    for link in _LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if re.match(r"[a-z]+:", link):
            continue
        address, _, anchor = link.partition("#")
        target = (page.parent / unquote(address)).resolve() if address else page
        there = target.exists() and target.is_relative_to(TOP)
        if not there or (anchor and unquote(anchor) not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = (TOP / "docs/README.md").read_text(encoding="utf-8")
    for page in (TOP / "docs").rglob("*.md"):
        name = str(page.relative_to(TOP / "docs"))
        assert name == "README.md" or f"({name})" in index or name.startswith("decisions/"), name


def test_thai_headings_have_the_anchors_of_github() -> None:
    assert anchors("## The academic standings (วิทยฐานะ), whole\n```\n# no heading\n```\n") == {
        "the-academic-standings-วิทยฐานะ-whole"
    }
