"""A number, within a tolerance."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, NamedTuple

from exam_service.core.banks.interactions.base import BadResponse, BaseQuestion, ItemView, Layout, Problem, Response
from exam_service.core.text import Text

_NUMBER = re.compile(r"[+-]? ?(?:(?:[0-9]{1,15}|[0-9]{1,3}(?:[, ][0-9]{3}){1,4})(?:\.[0-9]{0,15})?|\.[0-9]{1,15})")
"""Commas and spaces stand only where thousands end: `12,5` is no number, rather than 125."""

_PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\uff0d", "-")
    | dict.fromkeys("\u00a0\u2009\u202f", " ")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "")
    | {chr(0x0E50 + digit): str(digit) for digit in range(10)}
)
MAX_TYPED = 64
_LARGEST = 10**15
"""As long as what can be typed; past it `isfinite` fails on whole numbers."""


ToleranceKind = Literal["absolute", "relative", "geometric"]


class Near(NamedTuple):
    """What is near enough to a key, computed exactly on the decimals as written.

    `absolute`: |response - key| <= tolerance. `relative`: |response - key| <= tolerance * |key|. `geometric`: between
    key / (1 + tolerance) and key * (1 + tolerance). The three of Moodle's numerical question type
    (docs.moodle.org/en/Numerical_question_type), which calls the first "nominal".
    """

    key: int | float
    tolerance: int | float
    kind: ToleranceKind

    def check(self) -> Iterator[Problem]:
        """What makes no sense."""
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
        if self.kind != "absolute" and self.tolerance and not self.key:
            yield Problem(
                "tolerance-of-nothing",
                "tolerance_kind",
                "a share of a key that is 0 is nothing: give an absolute tolerance",
                "เฉลยเป็น 0 จึงคิดค่าคลาดเคลื่อนเป็นสัดส่วนไม่ได้ ให้ใช้ค่าคลาดเคลื่อนแบบ absolute",
            )

    def holds(self, number: Fraction) -> bool:
        """Whether it is; the ends belong to it."""
        key, tolerance = Fraction(str(self.key)), Fraction(str(self.tolerance))
        if self.kind == "geometric":
            ends = sorted((key / (1 + tolerance), key * (1 + tolerance)))
            return ends[0] <= number <= ends[1]
        share = abs(key) if self.kind == "relative" else 1
        return abs(number - key) <= tolerance * share


def number_in(typed: str) -> Fraction | str | None:
    """The number as typed: Thai digits, and commas or spaces between thousands are understood. Text that is no number
    as it is, and None when nothing is there.
    """
    plain = typed.translate(_PLAIN).strip()
    if not plain:
        return None
    return Fraction(re.sub("[, ]", "", plain)) if _NUMBER.fullmatch(plain) else typed.strip()


class Numeric(BaseQuestion, frozen=True, kw_only=True, tag="numeric"):
    """Right when the response is near enough to the key."""

    key: int | float
    tolerance: int | float = 0
    tolerance_kind: ToleranceKind = "absolute"
    unit: Text | None = None

    @property
    def near(self) -> Near:
        return Near(self.key, self.tolerance, self.tolerance_kind)

    def check(self) -> Iterator[Problem]:
        yield from self.near.check()

    def view(self, item: str, layout: Layout) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, unit=self.unit)

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        """A JSON number, or the text as typed.

        Text that is no number is kept as it is and scores nothing: somebody in the middle of typing must not lose
        the save.
        """
        if raw is None:
            return None
        if isinstance(raw, int | float) and not isinstance(raw, bool) and -_LARGEST < raw < _LARGEST:
            return Fraction(str(raw))
        if isinstance(raw, str) and len(raw) <= MAX_TYPED:
            return number_in(raw)
        raise BadResponse("give a number", "ต้องเป็นตัวเลข")

    def score(self, response: Response) -> Fraction:
        return Fraction(isinstance(response, Fraction) and self.near.holds(response))

    def reveal(self, layout: Layout) -> object:
        return self.key
