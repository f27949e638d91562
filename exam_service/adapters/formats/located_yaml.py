"""YAML as a bank needs it: plain data, each value where it stands. What can hide or multiply data is refused.

Words are read as in YAML 1.2: only `true` and `false` are truth values, so an option `No` is a word. Dates are text.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

import yaml

from exam_service.adapters.formats.located import (
    DEPTH,
    VALUES,
    Document,
    Lines,
    broken,
    fault,
    join,
    key_twice,
    syntax_error,
    too_deep,
    too_many,
    with_prefixes,
)

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is; else PyYAML's own parser, which is slower."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,299})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = (
    dict.fromkeys(("", "~", "null", "Null", "NULL"))
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
    | dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf"))
    | dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf"))
    | dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
)
_NOTHING = object()
_VALUES_START = (yaml.ScalarEvent, yaml.AliasEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE


def plain_value(word: str) -> object:
    """What a word without quotes means: nothing, a truth value, a number, or the word itself."""
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    return float(word) if len(word) <= 300 and _FLOAT.fullmatch(word) else word


def read_yaml(text: str) -> Document:
    """The document, or what keeps it from being read."""
    control = _UNPRINTABLE.search(text)
    if control:
        line, column = _place(text, control.start())
        return syntax_error(f"the character U+{ord(control.group()):04X} is not allowed", line, column)
    document = _read(text, None)
    document.lines_of = lambda paths: _lines(text, paths)
    return document


def _lines(text: str, paths: Collection[str]) -> Lines:
    wanted, lines = with_prefixes(paths), Lines()

    def note(path: str, line: int) -> None:
        if path in wanted:
            lines.setdefault(path, line)

    _read(text, note)
    return lines


class _Open:
    """A mapping or sequence that is being read."""

    __slots__ = ("into", "key", "path")

    def __init__(self, into: dict[str, object] | list[object], path: str) -> None:
        self.into = into
        self.path = path
        self.key: object = _NOTHING


def _read(text: str, note: Callable[[str, int], None] | None) -> Document:
    try:
        return _compose(text, note)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        return syntax_error(said, mark.line + 1 if mark else None, mark.column + 1 if mark else None)
    except yaml.YAMLError as error:
        return syntax_error(str(error), None, None)


def _compose(text: str, note: Callable[[str, int], None] | None) -> Document:
    document = Document()
    stack: list[_Open] = []
    count, documents = 0, 0

    def put(value: object, line: int) -> str:
        """Put a value where it belongs, and return its path."""
        if not stack:
            document.raw = value
            path = ""
        else:
            top = stack[-1]
            if isinstance(top.into, list):
                path = f"{top.path}[{len(top.into)}]"
                top.into.append(value)
            else:
                key = str(top.key)
                path = join(top.path, key)
                top.key = _NOTHING
                if key in top.into:
                    document.faults.append(key_twice(key, path, line))
                    return path
                top.into[key] = value
        if note is not None:
            note(path, line)
        return path

    key_line = 1
    events: Iterator[Any] = yaml.parse(text, Loader=Loader)
    for event in events:
        kind = type(event)
        if kind is yaml.DocumentStartEvent:
            documents += 1
            if documents > 1:
                return broken(
                    "several-documents", "there is more than one YAML document (`---`)",
                    "มีเอกสาร YAML มากกว่าหนึ่งชุด (`---`)", event.start_mark.line + 1,
                )  # fmt: skip
            continue
        if kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            stack.pop()
            continue
        if kind not in _VALUES_START:
            continue
        line = event.start_mark.line + 1
        count += 1
        if count > 2 * VALUES:
            return too_many(line)
        if event.anchor is not None:
            document.faults.append(
                fault(
                    "yaml-anchor",
                    "anchors (`&`) and aliases (`*`) are not used in banks",
                    "คลังข้อสอบไม่ใช้ anchor (`&`) และ alias (`*`)",
                    line=line,
                )
            )
            document.whole = document.whole and kind is not yaml.AliasEvent
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            document.faults.append(
                fault("yaml-tag", f"tags (`{tag}`) are not used in banks", f"คลังข้อสอบไม่ใช้ tag (`{tag}`)", line=line)
            )
        awaits_key = bool(stack) and isinstance(stack[-1].into, dict) and stack[-1].key is _NOTHING
        if awaits_key:
            if kind is not yaml.ScalarEvent:
                return broken("bad-key", "the name of a field must be a word", "ชื่อช่องต้องเป็นคำ", line)
            stack[-1].key, key_line = event.value, line
            continue
        in_mapping = bool(stack) and isinstance(stack[-1].into, dict)
        at = key_line if in_mapping else line
        if kind is yaml.ScalarEvent:
            plain = event.style is None or event.style == ""
            put(plain_value(event.value) if plain and tag is None else event.value, at)
        elif kind is yaml.AliasEvent:
            put(None, at)
        else:
            into: dict[str, object] | list[object] = {} if kind is yaml.MappingStartEvent else []
            stack.append(_Open(into, put(into, at)))
            if len(stack) > DEPTH:
                return too_deep(line)
    return document


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text.rfind("\n", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - before
