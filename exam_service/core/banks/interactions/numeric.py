"""A number, within a tolerance."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

import msgspec

from exam_service.core.banks.interactions.base import (
    BadResponse,
    BaseQuestion,
    ItemView,
    Layout,
    PartShare,
    Problem,
    Response,
    clamped,
    exact,
)
from exam_service.core.banks.interactions.short_text import fold
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


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A unit that may be typed behind the number."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    factor: int | float = 1
    """How many of the key's unit one of this is."""


class PartNumber(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A number that is worth something."""

    key: int | float
    share: PartShare
    tolerance: int | float = 0
    tolerance_kind: ToleranceKind = "absolute"

    @property
    def near(self) -> Near:
        return Near(self.key, self.tolerance, self.tolerance_kind)


class Numeric(BaseQuestion, frozen=True, kw_only=True, tag="numeric"):
    """Right when the response is near enough to the key.

    Other numbers may earn a part, and units may be typed, as in Moodle's numerical question type: with another unit
    than these, or without one that is needed, the number is taken for one of the key's unit and `unit_penalty` is lost.
    """

    key: int | float
    tolerance: int | float = 0
    tolerance_kind: ToleranceKind = "absolute"
    unit: Text | None = None
    partly: tuple[PartNumber, ...] = ()
    units: tuple[Unit, ...] = ()
    unit_needed: bool = False
    unit_penalty: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1

    @property
    def near(self) -> Near:
        return Near(self.key, self.tolerance, self.tolerance_kind)

    def check(self) -> Iterator[Problem]:
        yield from self.near.check()
        for index, part in enumerate(self.partly):
            for problem in part.near.check():
                yield msgspec.structs.replace(problem, path=f"partly[{index}].{problem.path}")
        names = [_folded(unit.name) for unit in self.units]
        for index, unit in enumerate(self.units):
            place = f"units[{index}]"
            if not 0 < unit.factor < _LARGEST:
                yield Problem("bad-factor", f"{place}.factor", "a factor must be more than 0", "ตัวคูณของหน่วยต้องมากกว่า 0")
            if not names[index] or names[index][0] in "0123456789.,+-":
                yield Problem(
                    "bad-unit",
                    f"{place}.name",
                    "a unit must not begin as a number does",
                    "ชื่อหน่วยต้องไม่ขึ้นต้นเหมือนตัวเลข",
                )
            elif names[index] in names[:index]:
                yield Problem(
                    "unit-twice", f"{place}.name", f"unit `{unit.name}` stands twice", f"หน่วย `{unit.name}` ซ้ำกัน"
                )
        if self.unit_needed and not self.units:
            yield Problem("no-units", "units", "say which units there are", "ต้องระบุหน่วยที่ใช้ได้")
        if self.unit is not None and self.units:
            yield Problem(
                "unit-shown-and-typed",
                "unit",
                "a unit that is shown behind the field is not typed: give `unit` or `units`",
                "หน่วยที่แสดงท้ายช่องคำตอบไม่ต้องพิมพ์ ให้ระบุ `unit` หรือ `units` อย่างใดอย่างหนึ่ง",
            )

    def view(self, item: str, layout: Layout) -> ItemView:
        return ItemView(
            item=item,
            type=self.type,
            stem=self.stem,
            unit=self.unit,
            units=tuple(unit.name for unit in self.units),
            unit_needed=self.unit_needed,
        )

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        """A JSON number, or the text as typed.

        Text that is no number is kept as it is and scores nothing, unless units may be typed: somebody in the middle
        of typing must not lose the save.
        """
        if raw is None:
            return None
        if isinstance(raw, int | float) and not isinstance(raw, bool) and -_LARGEST < raw < _LARGEST:
            return Fraction(str(raw))
        if isinstance(raw, str) and len(raw) <= MAX_TYPED:
            return number_in(raw)
        raise BadResponse("give a number", "ต้องเป็นตัวเลข")

    def score(self, response: Response) -> Fraction:
        if isinstance(response, Fraction):
            penalty = exact(self.unit_penalty) if self.unit_needed else 0
            return clamped(self._worth(response) - penalty)
        if not isinstance(response, str) or not self.units:
            return Fraction(0)
        found = _BEFORE_UNIT.match(response.translate(_PLAIN).strip())
        number = number_in(found[1]) if found else None
        if found is None or not isinstance(number, Fraction):
            return Fraction(0)
        factors = {_folded(unit.name): unit.factor for unit in self.units}
        factor = factors.get(_folded(found[2]))
        if factor is None:
            return clamped(self._worth(number) - exact(self.unit_penalty))
        return self._worth(number * exact(factor))

    def _worth(self, number: Fraction) -> Fraction:
        if self.near.holds(number):
            return Fraction(1)
        return max((exact(part.share) for part in self.partly if part.near.holds(number)), default=Fraction(0))

    def reveal(self, layout: Layout) -> object:
        named = next((unit.name for unit in self.units if unit.factor == 1), None)
        return self.key if named is None else f"{self.key} {named}"


_BEFORE_UNIT = re.compile(r"([-+., 0-9]*[0-9.])\s*(\D.*)", re.DOTALL)


def _folded(unit: str) -> str:
    """Without spaces; m and M are two."""
    return "".join(fold(unit, case_sensitive=True).split())
