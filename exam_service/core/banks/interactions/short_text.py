"""A word or a few, compared after folding what a reader would not tell apart."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Annotated

import msgspec

from exam_service.core.banks.interactions.base import BadResponse, BaseQuestion, Problem, Response

MAX_LENGTH = 500

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_THAI_DIGITS = {0x0E50 + digit: str(digit) for digit in range(10)}


class ShortText(BaseQuestion, frozen=True, kw_only=True, tag="short_text"):
    key: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LENGTH)], ...]
    case_sensitive: bool = False

    def check(self) -> Iterator[Problem]:
        if not self.key:
            yield Problem("no-key", "key", "give at least one accepted answer", "ต้องมีคำตอบที่ยอมรับอย่างน้อยหนึ่งคำตอบ")
        for index, answer in enumerate(self.key):
            if not fold(answer, case_sensitive=True):
                yield Problem("empty-key", f"key[{index}]", "an accepted answer is empty", "มีคำตอบที่ยอมรับเป็นข้อความว่าง")

    @staticmethod
    def parse(raw: object, order: Sequence[str]) -> Response:
        if raw is None or isinstance(raw, str):
            if raw is not None and len(raw) > MAX_LENGTH:
                raise BadResponse(f"at most {MAX_LENGTH} characters", f"ไม่เกิน {MAX_LENGTH} ตัวอักษร")
            return raw if raw and raw.strip() else None
        raise BadResponse("give a text", "ต้องเป็นข้อความ")

    def score(self, response: Response) -> Fraction:
        if response is None:
            return Fraction(0)
        given = fold(response, self.case_sensitive)
        return Fraction(any(given == fold(answer, self.case_sensitive) for answer in self.key))

    def reveal(self, order: Sequence[str]) -> object:
        return list(self.key)


def fold(text: str, case_sensitive: bool) -> str:
    """The text as it is compared: same spelling to a reader, same string.

    NFC alone leaves Thai that looks the same unequal: sara am (U+0E33) typed as nikhahit and sara aa, also around a tone mark; two
    sara e for sara ae; a tone mark before its vowel; Thai digits; characters without width; runs of spaces.
    """
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).translate(_THAI_DIGITS)
    text = re.sub("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "\\1\u0e33", text)
    text = re.sub("([\u0e48-\u0e4b])\u0e4d\u0e32", "\\1\u0e33", text)
    text = text.replace("\u0e40\u0e40", "\u0e41")
    text = re.sub("([\u0e48-\u0e4b])([\u0e31\u0e34-\u0e3a])", "\\2\\1", text)
    text = " ".join(text.split())
    return text if case_sensitive else text.casefold()
