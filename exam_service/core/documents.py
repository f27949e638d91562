"""Reading a document into Structs and reporting every fault, not only the first.

`msgspec.convert` stops at the first fault, which is right for speed and wrong for a person who mends a file. `read`
walks the same type annotations and collects; when it finds nothing, `msgspec.convert` builds the value, so both always
agree.
"""

import difflib
import re
import types
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from exam_service.core.errors import Fault
from exam_service.core.patterns import in_words
from exam_service.core.text import Text

T = TypeVar("T")

_PATTERN = re.compile("Expected `str` matching regex '(.+)'")

_THAI_KINDS = {
    "str": "ข้อความ", "int": "จำนวนเต็ม", "float": "ตัวเลข", "bool": "true หรือ false", "null": "ค่าว่าง", "array": "รายการ",
    "object": "กลุ่มข้อมูล", "datetime": "วันเวลา", "int | float": "ตัวเลข",
}  # fmt: skip
_THAI = tuple(
    (re.compile(pattern), thai)
    for pattern, thai in (
        ("Expected `([^`]+)`, got `([^`]+)`", "ต้องเป็น{0} แต่ได้รับ{1}"),
        ("Expected `(?:int|float|int \\| float)` (<=|>=|<|>) ([-0-9.e+]+)", "ต้องเป็นตัวเลข {0} {1}"),
        ("Expected `str` of length (<=|>=) ([0-9]+)", "ข้อความต้องยาว {0} {1} ตัวอักษร"),
        ("Expected `str` matching regex '(.+)'", "ข้อความต้องตรงตามรูปแบบ {0}"),
        ("Expected `array` of length (<=|>=)? ?([0-9]+).*", "รายการต้องมีจำนวน {0} {1}"),
        ("Expected `datetime` with a timezone component", "วันเวลาต้องระบุเขตเวลาด้วย เช่น 2026-11-22T09:00:00+07:00"),
        ("Invalid enum value (.+)", "ไม่รู้จักค่า {0}"),
        ("Invalid RFC3339 encoded datetime", "วันเวลาไม่ถูกรูปแบบ เช่น 2026-11-22T09:00:00+07:00"),
        ("give the text in `th` or `en`, or both", "ใส่ข้อความในช่อง `th` หรือ `en` หรือทั้งสองช่อง"),
        ("`(.+)` must be at most 120 printable characters", "`{0}` ต้องเป็นตัวอักษรที่พิมพ์ได้ไม่เกิน 120 ตัว"),
        ("`(.+)` must not be empty", "`{0}` ต้องไม่ว่าง"),
        ("`n` is (.+), but there are only (.+) parts", "`n` เป็น {0} แต่มีเพียง {1} ข้อ"),
    )
)
"""What msgspec and the checks of Structs say, for those who read Thai."""


def read(raw: object, kind: type[T], path: str = "") -> tuple[T | None, list[Fault]]:
    """The document as `kind`, or None with every fault that was found in it."""
    try:
        faults = list(_walk(raw, kind, path))
        if faults:
            return None, faults
        return msgspec.convert(raw, kind), []
    except RecursionError:
        return None, [_fault("too-deep", "this is nested too deeply", "ข้อมูลซ้อนกันลึกเกินไป", path)]
    except msgspec.ValidationError as error:
        return None, [_wrong(str(error), kind, path)]


def _walk(raw: object, kind: Any, path: str) -> Iterator[Fault]:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        members = [m for m in get_args(kind) if m is not type(None)]
        if raw is None and len(members) < len(get_args(kind)):
            return
        if len(members) == 1:
            yield from _walk(raw, members[0], path)
            return
        if all(_is_struct(m) for m in members):
            yield from _walk_tagged(raw, members, path)
            return
    elif _is_struct(kind):
        yield from _walk_struct(raw, kind, path)
        return
    elif (origin is list or (origin is tuple and get_args(kind)[1:] == (...,))) and isinstance(raw, list | tuple):
        item = get_args(kind)[0]
        for index, value in enumerate(raw):
            yield from _walk(value, item, f"{path}[{index}]")
        return
    elif origin is dict and isinstance(raw, dict):
        for key, value in raw.items():
            yield from _walk(value, get_args(kind)[1], _join(path, str(key)))
        return
    yield from _convert(raw, kind, path)


def _walk_tagged(raw: object, members: list[Any], path: str) -> Iterator[Fault]:
    field = members[0].__struct_config__.tag_field
    by_tag = {m.__struct_config__.tag: m for m in members}
    tag = raw.get(field) if isinstance(raw, dict) else None
    if not isinstance(tag, str):
        yield _fault("missing-field", f"say which kind it is in `{field}`: {', '.join(map(str, by_tag))}",
                     f"ระบุชนิดในช่อง `{field}`: {', '.join(map(str, by_tag))}", path)  # fmt: skip
    elif tag not in by_tag:
        yield _unknown(f"`{field}`", tag, tuple(str(t) for t in by_tag), _join(path, field))
    else:
        yield from _walk_struct(raw, by_tag[tag], path)


def _walk_struct(raw: object, kind: Any, path: str) -> Iterator[Fault]:
    if not isinstance(raw, dict):
        yield from _convert(raw, kind, path)
        return
    config = kind.__struct_config__
    hints, fields = _shape(kind)
    before = False
    for key in raw:
        if config.forbid_unknown_fields and key not in fields and (config.tag is None or key != config.tag_field):
            before = True
            yield _unknown("field", str(key), tuple(fields), _join(path, str(key)))
    for name, field in fields.items():
        if name in raw:
            found = list(_walk(raw[name], hints[field.name], _join(path, name)))
            before = before or bool(found)
            yield from found
        elif field.required:
            before = True
            yield _fault("missing-field", f"`{name}` is missing", f"ขาด `{name}`", path)
    if not before:
        # Only a whole Struct can run its own __post_init__ checks.
        yield from _convert(raw, kind, path)


@cache
def _shape(kind: Any) -> tuple[dict[str, Any], dict[str, msgspec.structs.FieldInfo]]:
    """Annotations by name, and fields by their name in documents; looked up once, because large banks ask often."""
    return get_type_hints(kind, include_extras=True), {f.encode_name: f for f in msgspec.structs.fields(kind)}


def _convert(raw: object, kind: Any, path: str) -> Iterator[Fault]:
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        yield _wrong(str(error), kind, path)


def _wrong(message: str, kind: Any, path: str) -> Fault:
    message, _, place = message.partition(" - at ")
    inner = place.rpartition("`$")[2].rstrip("`")
    # msgspec writes `[...]` for whichever value of a mapping it was; the walk has been there and knows better.
    where = (path + inner.replace("[...]", "")).lstrip(".")
    en, th = message, _in_thai(message)
    pattern = _PATTERN.fullmatch(message)
    # msgspec shows the pattern as Python would write it, with each backslash twice.
    words = in_words(pattern[1].replace("\\\\", "\\")) if pattern else None
    if words is not None:
        en, th = str(words.en), str(words.th)
    elif get_origin(kind) is Literal and not inner:
        known = ", ".join(map(str, get_args(kind)))
        en, th = f"{en}; known: {known}", f"{th} ค่าที่ใช้ได้คือ {known}"
    name = where.rpartition(".")[2]
    return _fault("wrong-value", f"`{name}`: {en}" if name else en, f"`{name}`: {th}" if name else th, where)


def _in_thai(message: str) -> str:
    for pattern, thai in _THAI:
        match = pattern.fullmatch(message)
        if match:
            return thai.format(*(_THAI_KINDS.get(group, group) for group in match.groups()))
    return f"ค่าไม่ถูกต้อง: {message}"


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(name[:64], known, 1)), None)


def _unknown(what: str, name: str, known: tuple[str, ...], path: str) -> Fault:
    what_th = "ช่อง" if what == "field" else f" {what}"
    near = _nearest(name, known)
    hint_en = f"; did you mean `{near}`?" if near else f"; known: {', '.join(known)}"
    hint_th = f" หมายถึง `{near}` หรือไม่" if near else f" ที่รู้จักคือ {', '.join(known)}"
    return _fault("unknown-field" if what == "field" else "unknown-kind",
                  f"unknown {what} `{name}`{hint_en}", f"ไม่รู้จัก{what_th} `{name}`{hint_th}", path)  # fmt: skip


def _fault(code: str, en: str, th: str, path: str) -> Fault:
    return Fault(code=code, message=Text(en=en, th=th), path=path)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
