"""What the readers of YAML, TOML and JSON share: a document, what is wrong with its text, and lines for paths."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from exam_service.core.errors import Fault
from exam_service.core.text import Text

DEPTH = 50
VALUES = 1_000_000
"""A bank of 20 MB has about a third of that; more is a bomb, or no bank."""

Lines = dict[str, int]
"""path -> line, from 1"""


@dataclass
class Document:
    """A document as plain values. `whole` is False when faults of the text hide what the document would say."""

    raw: object = None
    faults: list[Fault] = field(default_factory=list)
    whole: bool = True
    lines_of: Callable[[Collection[str]], Lines] = lambda _: {}
    """The lines of these paths, as far as they are known. Asked for only when there is something to report."""


def fault(code: str, en: str, th: str, *, line: int | None = None, path: str = "") -> Fault:
    """One fault of the text."""
    return Fault(code=code, message=Text(en=en, th=th), path=path, line=line)


def broken(code: str, en: str, th: str, line: int | None = None) -> Document:
    """A document that cannot be read at all."""
    return Document(faults=[fault(code, en, th, line=line)], whole=False)


def syntax_error(what: str, line: int | None, column: int | None) -> Document:
    """A document whose text breaks the rules of its format."""
    if line is None or column is None:
        return broken("syntax-error", what, f"รูปแบบไฟล์ไม่ถูกต้อง: {what}", line)
    return broken(
        "syntax-error",
        f"column {column}: {what}",
        f"คอลัมน์ {column} รูปแบบไฟล์ไม่ถูกต้อง: {what}",
        line,
    )


def too_deep(line: int | None = None) -> Document:
    return broken("too-deep", f"values are nested more than {DEPTH} deep", f"ข้อมูลซ้อนกันลึกเกิน {DEPTH} ชั้น", line)


def too_many(line: int | None = None) -> Document:
    return broken("too-many-values", f"there are more than {VALUES} values", f"มีข้อมูลมากกว่า {VALUES} ค่า", line)


def key_twice(key: str, path: str, line: int | None = None) -> Fault:
    """The same name two times in one mapping: which one is meant is anybody's guess."""
    return fault("key-twice", f"`{key}` stands twice", f"มี `{key}` ซ้ำกัน", line=line, path=path)


def join(path: str, key: str) -> str:
    """The path of a field, as the bank check writes it."""
    return f"{path}.{key}" if path else key


def with_prefixes(paths: Iterable[str]) -> set[str]:
    """The paths and every place that they lie in."""
    found = {""}
    for path in paths:
        found.add(path)
        found.update(path[: match.start()] for match in re.finditer(r"[.\[]", path))
    return found


def locate(faults: Iterable[Fault], lines: Lines) -> list[Fault]:
    """Each fault with the line of its path, or of the nearest place around it that has one; in the file's order.

    The readers note lines as they go down the file, so the order of `lines` tells apart what stands on one line.
    """
    order = {path: number for number, path in enumerate(lines)}

    def nearest(path: str) -> str:
        while path and path not in lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return path

    placed: list[tuple[int, int, Fault]] = []
    for one in faults:
        place = nearest(one.path)
        line = one.line or lines.get(place)
        placed.append((line or 0, order.get(place, 0), _at(one, line)))
    return [one for _, _, one in sorted(placed, key=lambda entry: entry[:2])]


def _at(one: Fault, line: int | None) -> Fault:
    return Fault(code=one.code, message=one.message, path=one.path, file=one.file, line=line, question=one.question)


def measure(raw: object) -> Document | None:
    """The refusal of a document that is too deep or too big, or None. Walks without recursion."""
    level: list[object] = [raw]
    count = 1
    for _ in range(DEPTH + 1):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
        count += len(below)
        if count > VALUES:
            return too_many()
        if not below:
            return None
        level = below
    return too_deep()
