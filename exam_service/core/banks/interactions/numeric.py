"""A number, within a tolerance."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite

from exam_service.core.banks.interactions.base import BadResponse, BaseQuestion, ItemView, Problem, Response
from exam_service.core.text import Text

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})")
_PLAIN = str.maketrans(
    {"−": "-", "–": "-", ",": "", " ": "", "\u00a0": ""} | {chr(0x0E50 + d): str(d) for d in range(10)}
)  # noqa: RUF001


class Numeric(BaseQuestion, frozen=True, kw_only=True, tag="numeric"):
    """Right when |response - key| <= tolerance, computed exactly on the decimals as written."""

    key: int | float
    tolerance: int | float = 0
    unit: Text | None = None

    def check(self) -> Iterator[Problem]:
        if not isfinite(self.key):
            yield Problem("key-not-finite", "key", "the key must be a finite number", "เฉลยต้องเป็นจำนวนจำกัด")
        if not (isfinite(self.tolerance) and self.tolerance >= 0):
            yield Problem("bad-tolerance", "tolerance", "the tolerance must be 0 or more", "ค่าคลาดเคลื่อนต้องไม่ติดลบ")

    def view(self, item: str, order: Sequence[str]) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, unit=self.unit)

    @staticmethod
    def parse(raw: object, order: Sequence[str]) -> Response:
        """A JSON number, or the text as typed: Thai digits, commas between thousands and spaces are understood.

        Text that is no number is kept as it is and scores nothing: somebody in the middle of typing must not lose the save.
        """
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        if isinstance(raw, int | float) and not isinstance(raw, bool) and isfinite(raw):
            return Fraction(str(raw))
        if isinstance(raw, str) and len(raw) <= 64:
            plain = raw.strip().translate(_PLAIN)
            return Fraction(plain) if _NUMBER.fullmatch(plain) else raw.strip()
        raise BadResponse("give a number", "ต้องเป็นตัวเลข")

    def score(self, response: Response) -> Fraction:
        if not isinstance(response, Fraction):
            return Fraction(0)
        return Fraction(abs(response - Fraction(str(self.key))) <= Fraction(str(self.tolerance)))

    def reveal(self, order: Sequence[str]) -> object:
        return self.key
