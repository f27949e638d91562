"""Harmless values in the place of faulty ones, so that what is sound in a question can still be checked."""

from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from exam_service.core.text import Text

S = TypeVar("S", bound=msgspec.Struct)

_HARMLESS: tuple[object, ...] = (None, (), 0, False, "stand-in", "easy", {"en": "-"}, {})
"""The first that fits is taken; for every field of the question types there is one."""


def replace_faulty(raw: dict[object, object], kind: type[S], path: str, replaced: set[str]) -> S:
    """The Struct with its sound parts as they are and stand-ins for the others, whose paths go into `replaced`.

    Unknown fields are dropped. Texts are replaced without a note: no check looks into them.
    """
    parts: dict[str, object] = {}
    for field in _fields(kind):
        place = f"{path}.{field.name}" if path else field.name
        if field.encode_name in raw:
            parts[field.name] = _sound(raw[field.encode_name], field.type, place, replaced)
        elif field.required:
            parts[field.name] = _stand_in(field.type, place, replaced)
    return kind(**parts)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Looked up once, because large banks ask often."""
    return msgspec.structs.fields(kind)


def _sound(raw: object, kind: Any, path: str, replaced: set[str]) -> object:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        pass
    if kind is not Text and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return replace_faulty(raw if isinstance(raw, dict) else {}, kind, path, replaced)
    if get_origin(kind) is tuple and isinstance(raw, list | tuple):
        item = get_args(kind)[0]
        return tuple(_sound(value, item, f"{path}[{index}]", replaced) for index, value in enumerate(raw))
    return _stand_in(kind, path, replaced)


def _stand_in(kind: Any, path: str, replaced: set[str]) -> object:
    if kind is not Text:
        replaced.add(path)
    for value in _HARMLESS:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            continue
    return None
