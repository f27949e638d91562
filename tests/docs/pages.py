"""Reading the documentation: pages, their headings, and their fenced blocks with the note above them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

TOP = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(r"(?:<!-- example: ([a-z]+) -->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A fenced block. `line` is that of its fence."""

    page: str
    line: int
    language: str
    example: str | None
    """What the comment above it says it is an example of."""
    text: str

    @property
    def value(self) -> Any:
        """The JSON document in it."""
        return msgspec.json.decode(self.text)

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


def read(page: str) -> str:
    return (TOP / page).read_text(encoding="utf-8")


def pages() -> list[Path]:
    """Every Markdown page of ours."""
    ours = [*TOP.glob("*.md"), *TOP.glob("question_banks/*.md"), *TOP.glob("certs/**/*.md"), *TOP.glob("docs/**/*.md")]
    return sorted(ours)


def blocks(page: str, language: str | None = None, example: str | None = None) -> list[Block]:
    """The fenced blocks of a page, narrowed by language and by what they are an example of."""
    return [block for block in _blocks(page) if language in (None, block.language) and example in (None, block.example)]


def _blocks(page: str) -> Iterator[Block]:
    text = read(page)
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        yield Block(page, line, match[2], match[1], match[3])


def everywhere(language: str) -> list[Block]:
    """The blocks of all pages in a language."""
    return [block for page in pages() for block in blocks(str(page.relative_to(TOP)), language)]


def anchors(text: str) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    found: set[str] = set()
    for title in re.findall(r"^#+ (.+)$", without_code, re.MULTILINE):
        plain = re.sub(r"[^\w\- \u0e00-\u0e7f]", "", title.lower()).replace(" ", "-")
        found.add(plain)
    return found
