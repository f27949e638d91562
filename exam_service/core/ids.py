"""Identifiers: what kind of thing, then 26 base32 characters that sort by time of making.

48 bits of milliseconds and 80 random bits, as in the ULID specification; the alphabet is Crockford's, in lower case.
Who makes one gives the time and the dice. What one process makes sorts in the order of making, also within a
millisecond.
"""

import re

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]

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
    return prefix + "_" + "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


class Maker:
    """Ids that sort in the order in which they are made, whatever the clock does."""

    def __init__(self) -> None:
        self._last = 0

    def make(self, prefix: str, milliseconds: int, dice: bytes) -> str:
        """An id that comes after every one before. Raises ValueError as `make` does.

        Within a millisecond it is a random step of up to 64 bits ahead, so nobody can guess the next one; there is room
        for tens of thousands before it would lie in the next millisecond.
        """
        if len(dice) == 10:
            first = milliseconds << 80 | int.from_bytes(dice) >> 1
            step = 1 + int.from_bytes(dice[:8])
            self._last = first if first >> 80 > self._last >> 80 else self._last + step
            milliseconds, dice = self._last >> 80, (self._last & (1 << 80) - 1).to_bytes(10)
        return make(prefix, milliseconds, dice)


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
