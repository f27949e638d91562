"""A number, within a tolerance."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from exam_service.core.banks.interactions.base import BadResponse, BaseQuestion, ItemView, Problem, Response
from exam_service.core.text import Text

_NUMBER = re.compile(r"[+-]? ?(?:(?:[0-9]{1,15}|[0-9]{1,3}(?:[, ][0-9]{3}){1,4})(?:\.[0-9]{0,15})?|\.[0-9]{1,15})")
"""Commas and spaces stand only where thousands end: `12,5` is no number, rather than 125."""

_PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\uff0d", "-")
    | dict.fromkeys("\u00a0\u2009\u202f", " ")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "")
    | {chr(0x0E50 + digit): str(digit) for digit in range(10)}
)
_LARGEST = 10**15
"""As long as what can be typed; past it `isfinite` fails on whole numbers."""


class Numeric(BaseQuestion, frozen=True, kw_only=True, tag="numeric"):
    """Right when |response - key| <= tolerance, computed exactly on the decimals as written."""

    key: int | float
    tolerance: int | float = 0
    unit: Text | None = None

    def check(self) -> Iterator[Problem]:
        if not -_LARGEST < self.key < _LARGEST:
            yield Problem(
                "key-out-of-range",
                "key",
                "the key must be a number of at most 15 digits",
                "เฉลยต้องเป็นตัวเลขไม่เกิน 15 หลัก",
            )
        if not 0 <= self.tolerance < _LARGEST:
            yield Problem(
                "bad-tolerance",
                "tolerance",
                "the tolerance must be 0 or more, of at most 15 digits",
                "ค่าคลาดเคลื่อนต้องไม่ติดลบและไม่เกิน 15 หลัก",
            )

    def view(self, item: str, order: Sequence[str]) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, unit=self.unit)

    @staticmethod
    def parse(raw: object, order: Sequence[str]) -> Response:
        """A JSON number, or the text as typed: Thai digits, and commas or spaces between thousands are understood.

        Text that is no number is kept as it is and scores nothing: somebody in the middle of typing must not lose
        the save.
        """
        if raw is None:
            return None
        if isinstance(raw, int | float) and not isinstance(raw, bool) and -_LARGEST < raw < _LARGEST:
            return Fraction(str(raw))
        if isinstance(raw, str) and len(raw) <= 64:
            plain = raw.translate(_PLAIN).strip()
            if not plain:
                return None
            return Fraction(re.sub("[, ]", "", plain)) if _NUMBER.fullmatch(plain) else raw.strip()
        raise BadResponse("give a number", "ต้องเป็นตัวเลข")

    def score(self, response: Response) -> Fraction:
        if not isinstance(response, Fraction):
            return Fraction(0)
        return Fraction(abs(response - Fraction(str(self.key))) <= Fraction(str(self.tolerance)))

    def reveal(self, order: Sequence[str]) -> object:
        return self.key
