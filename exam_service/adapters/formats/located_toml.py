"""TOML, with the line of the table or the field that a path lies in."""

import re
import tomllib
from collections.abc import Collection, Iterator

from exam_service.adapters.formats.located import (
    Document,
    Lines,
    broken,
    join,
    measure,
    syntax_error,
    too_deep,
    with_prefixes,
)

LIMIT = 5_000_000
"""Python's TOML parser takes about a second for each MB, so larger banks come as JSON or YAML."""

_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\s-]+?)\s*\]\]?\s*(?:#.*)?$")
_FIELD = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*=")


def read_toml(text: str) -> Document:
    """The document, or what keeps it from being read."""
    if len(text) > LIMIT:
        return broken(
            "too-large", f"a bank in TOML may have {LIMIT} characters; write larger ones in JSON or YAML",
            f"คลังข้อสอบแบบ TOML ยาวได้ไม่เกิน {LIMIT} ตัวอักษร หากใหญ่กว่านี้โปรดใช้ JSON หรือ YAML",
        )  # fmt: skip
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _WHERE.search(str(error))
        said = _WHERE.sub("", str(error))
        if place and place[1]:
            return syntax_error(said, int(place[1]), int(place[2]))
        return syntax_error(f"{said} (at the end of the file)", text.count("\n") + 1, 1)
    except RecursionError:
        return too_deep()
    except ValueError as error:
        # Numbers of thousands of digits, dates that no calendar has.
        return syntax_error(str(error), None, None)
    return measure(raw) or Document(raw, lines_of=lambda paths: _lines(text, paths))


def _lines(text: str, paths: Collection[str]) -> Lines:
    wanted, lines = with_prefixes(paths), Lines()
    for path, line in _places(text):
        if path in wanted:
            lines.setdefault(path, line)
    return lines


def _places(text: str) -> Iterator[tuple[str, int]]:
    """(path, line) of tables and fields. Inline tables and arrays count as the field that they are the value of."""
    table, counts, inside = "", dict[str, int](), ""
    yield "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if inside:
            # In a text of several lines nothing is a header or a field.
            inside = "" if line.count(inside) % 2 else inside
            continue
        header = _HEADER.match(line)
        if header:
            table = _table(header[2], header[1] == "[[", counts)
            yield table, number
            continue
        field = _FIELD.match(line)
        if field:
            yield join(table, field[1]), number
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2:
                inside = quotes


def _table(name: str, one_of_many: bool, counts: dict[str, int]) -> str:
    """The path of a table, where each array of tables on the way stands for its newest."""
    path = ""
    parts = [part.strip() for part in name.split(".")]
    for index, part in enumerate(parts):
        path = join(path, part)
        if one_of_many and index == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path
