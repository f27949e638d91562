"""Identifiers: what kind of thing, then 26 base32 characters that sort by time of making.

48 bits of milliseconds and 80 random bits, as in the ULID specification; the alphabet is Crockford's, in lower case.
Who makes one gives the time and the dice.
"""

import re

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

PREFIXES = {
    "org": "organisation",
    "key": "API key",
    "bnk": "bank version",
    "crs": "course version",
    "cnd": "candidate",
    "enr": "enrolment",
    "lch": "launch",
    "att": "attempt",
    "job": "enrolment job",
    "evt": "audit event",
    "msg": "message",
}


def make(prefix: str, milliseconds: int, dice: bytes) -> str:
    """`att_01k…`: unique when `dice` are 10 random bytes; ValueError when they are not 10."""
    if prefix not in PREFIXES or len(dice) != 10:
        raise ValueError("an id needs a known prefix and 10 random bytes")
    number = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(dice)
    return prefix + "_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


_SHAPE = re.compile(r"([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}")


def is_id(text: str, prefix: str) -> bool:
    """Whether a text has the shape of an id of that kind."""
    match = _SHAPE.fullmatch(text)
    return match is not None and match[1] == prefix


CODE_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$(?!\n)"
"""Codes that people choose for banks, courses, exams, sections and objectives.

In Python `$` also stands before a line feed at the end; JSON Schema has no end of text but `$`, so the look-ahead says
it in a way that both read.
"""
