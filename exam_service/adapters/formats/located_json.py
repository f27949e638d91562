"""JSON with every doubled name reported, and a line for every path that is asked for."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from exam_service.adapters.formats.located import (
    VALUES,
    Document,
    Lines,
    broken,
    join,
    key_twice,
    measure,
    syntax_error,
    too_deep,
    too_many,
    with_prefixes,
)

_TOKEN = re.compile(r'\n|"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _BadNumber(Exception):
    pass


def read_json(text: str) -> Document:
    """The document, or what keeps it from being read."""
    # Counting signs costs nothing, and refuses a bomb before it takes memory.
    if text.count(",") + text.count("[") + text.count("{") > 2 * VALUES:
        return too_many()
    twice = False

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        # Of a doubled name the first one is kept, as everywhere here.
        values = dict(reversed(found)) if len(found) != len(dict(found)) else dict(found)
        twice = twice or len(values) < len(found)
        return values

    try:
        raw = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_number, parse_int=_whole_number)
    except json.JSONDecodeError as error:
        return syntax_error(error.msg, error.lineno, error.colno)
    except RecursionError:
        return too_deep()
    except _BadNumber as error:
        return broken("bad-number", f"`{error}` is no number here", f"`{error}` ไม่ใช่ตัวเลขที่ใช้ได้")
    refused = measure(raw)
    if refused is not None:
        return refused
    document = Document(raw, lines_of=lambda paths: _lines(text, paths))
    if twice:
        document.faults += [key_twice(key, path, line) for path, line, key in _doubled(text)]
    if _SURROGATE.search(text) and not _is_text(text, raw):
        return broken(
            "bad-text",
            "an escape `\\ud800` to `\\udfff` without its other half is no character",
            "มีรหัส `\\ud800` ถึง `\\udfff` ที่ไม่ครบคู่ จึงไม่ใช่ตัวอักษร",
        )
    return document


def _is_text(text: str, raw: object) -> bool:
    try:
        json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return bool(text)


def _no_number(name: str) -> float:
    raise _BadNumber(name)


def _whole_number(digits: str) -> int:
    if len(digits) > 300:
        raise _BadNumber(digits[:20] + "…")
    return int(digits)


def _lines(text: str, paths: Collection[str]) -> Lines:
    wanted, lines = with_prefixes(paths), Lines()
    for path, line, _ in _places(text):
        if path in wanted:
            lines.setdefault(path, line)
    return lines


def _doubled(text: str) -> Iterator[tuple[str, int, str]]:
    seen: set[str] = set()
    for path, line, key in _places(text):
        if key is not None:
            if path in seen:
                yield path, line, key
            seen.add(path)


def _places(text: str) -> Iterator[tuple[str, int, str | None]]:
    """(path, line, name in its object) of every value of a document that is known to be good JSON."""
    line = 1
    # [path, "{" or "[", number of the value that comes next]
    stack: list[list[Any]] = []
    path, awaits_name = "", False
    for match in _TOKEN.finditer(text):
        sign = match.group()
        if sign == "\n":
            line += 1
        elif sign in "}]":
            stack.pop()
            awaits_name = False
        elif sign == ",":
            top = stack[-1]
            awaits_name = top[1] == "{"
            top[2] += 1
        elif sign == ":":
            awaits_name = False
        elif awaits_name:
            name = json.loads(sign)
            path = join(stack[-1][0], name)
            yield path, line, name
        else:
            if not stack:
                yield path, line, None
            elif stack[-1][1] == "[":
                path = f"{stack[-1][0]}[{stack[-1][2]}]"
                yield path, line, None
            if sign in "{[":
                stack.append([path, sign, 0])
                awaits_name = sign == "{"
