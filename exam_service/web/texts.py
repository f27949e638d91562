"""Every word of the pages, in Thai and English: one TOML file per area under `texts/`.

An entry is `key = { th = "…", en = "…" }`; `{name}` is a place to fill, and `one form|other form` chooses by the value
called `n`.
"""

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from markupsafe import Markup

from exam_service.core.text import Text, fill_in

LANGUAGES = ("th", "en")
FOLDER = Path(__file__).resolve().parent / "texts"

# What could end a script element, or a line in older JavaScript, is written as an escape.
_UNSAFE = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


@cache
def area(name: str) -> Mapping[str, Text]:
    """The entries of one file, keyed `area.key`."""
    entries = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return {f"{name}.{key}": msgspec.convert(entry, Text) for key, entry in entries.items()}


def areas() -> tuple[str, ...]:
    """The areas that exist, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


class Words:
    """The catalogue as a reader of one language meets it; templates call it with a key."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"the pages speak {' and '.join(LANGUAGES)}, not {language!r}")
        self.language = language

    @property
    def other(self) -> str:
        """The language to offer for switching."""
        return "en" if self.language == "th" else "th"

    def __call__(self, key: str, /, **values: object) -> str:
        """The entry in the reader's language, its places filled. Raises KeyError for a key that does not exist."""
        text = area(key.partition(".")[0])[key].within(self.language)
        one, bar, many = text.partition("|")
        if bar:
            text = one if values.get("n") == 1 else many
        return fill_in(text, values, self.language)

    def __contains__(self, key: str) -> bool:
        """Whether there is an entry of that key."""
        return key in area(key.partition(".")[0])

    def of(self, text: Text) -> str:
        """A title or sentence that came as data, in the reader's language or the one there is."""
        return text.within(self.language)

    def json(self, *names: str, more: Mapping[str, Text] | None = None) -> Markup:
        """The areas in both languages, ready to stand inside `<script type="application/json">`; `more` by its keys.

        Both, because a page changes its language without being loaded again.
        """
        entries = [(key, text) for name in names for key, text in area(name).items()]
        texts = {key: msgspec.to_builtins(text) for key, text in (*entries, *(more or {}).items())}
        content = json.dumps({"language": self.language, "texts": texts}, ensure_ascii=False, separators=(",", ":"))
        return Markup(content.translate(_UNSAFE))  # noqa: S704 - nothing is left that HTML would read
