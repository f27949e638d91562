"""Regular expressions in words, for people who mend a file and never learnt to read them."""

import re
from functools import lru_cache

from exam_service.core.text import Text

_SHAPE = re.compile(r"\^(?:\[([^]^]+)\])?\[([^]^]+)\]\{([0-9]+)(?:,([0-9]+))?\}\$(?:\(\?!\\n\))?")
"""Perhaps a first character out of some, then so many out of some: the form of all codes and ids."""

_PART = re.compile(r".-.|.")


@lru_cache(maxsize=64)
def in_words(pattern: str) -> Text | None:
    """What the pattern allows, as in “1 to 64 of a-z, 0-9 and -”; None for patterns of another form."""
    match = _SHAPE.fullmatch(pattern)
    if match is None:
        return None
    first, allowed, least, most = match[1], _PART.findall(match[2]), int(match[3]), int(match[4] or match[3])
    if first:
        least, most = least + 1, most + 1
    en = f"{least} to {most}" if least < most else f"exactly {least}"
    th = f"{least} ถึง {most}" if least < most else f"{least}"
    return Text(
        en=f"use {en} of {_listed(allowed, ' and ')}" + (f", beginning with {_kinds(first, 'en')}" if first else ""),
        th=f"ใช้ได้เฉพาะ {_listed(allowed, ' และ ')} จำนวน {th} ตัว"
        + (f" และต้องขึ้นต้นด้วย{_kinds(first, 'th')}" if first else ""),
    )


def _listed(parts: list[str], last: str) -> str:
    """`a, b and c`; one alone stands as it is."""
    return last.join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _kinds(characters: str, language: str) -> str:
    letter, digit, join = {"en": ("a letter", "digit", " or "), "th": ("ตัวอักษร", "ตัวเลข", "หรือ")}[language]
    return join.join([letter] * ("a-z" in characters.lower()) + [digit] * ("0-9" in characters))
