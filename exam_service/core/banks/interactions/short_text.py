"""A word or a few, compared after folding what a reader would not tell apart."""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, NamedTuple

import msgspec

from exam_service.core.banks.interactions.base import (
    BadResponse,
    BaseQuestion,
    Layout,
    PartShare,
    Problem,
    Response,
    exact,
)

MAX_LENGTH = 500

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_THAI_DIGITS = {0x0E50 + digit: str(digit) for digit in range(10)}
_MARKS = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{2,}")
_SARA_AM = re.compile("([\u0e48-\u0e4b]*)\u0e4d([\u0e48-\u0e4b]*)\u0e32")
_VOWELS = "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e3a\u0e38\u0e39"
"""The vowels above and below a consonant, in an order that NFC leaves alone."""


Accepted = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LENGTH)]


class Words(NamedTuple):
    """The answers that are accepted, compared after folding.

    With `wildcards`, `*` in one stands for any text, also none, and `\\*` for itself, as in Moodle's short answer
    (docs.moodle.org/en/Short-Answer_question_type).
    """

    key: tuple[str, ...]
    case_sensitive: bool
    wildcards: bool

    def check(self) -> Iterator[Problem]:
        """What makes no sense."""
        if not self.key:
            yield Problem("no-key", "key", "give at least one accepted answer", "ต้องมีคำตอบที่ยอมรับอย่างน้อยหนึ่งคำตอบ")
        for index, answer in enumerate(self.key):
            if not fold(answer, case_sensitive=True):
                yield Problem("empty-key", f"key[{index}]", "an accepted answer is empty", "มีคำตอบที่ยอมรับเป็นข้อความว่าง")
            elif self.wildcards and not any(_pieces(answer, self.case_sensitive)):
                yield Problem(
                    "anything-is-right", f"key[{index}]", "this accepts any answer at all", "ข้อนี้ยอมรับคำตอบใดก็ได้ทั้งหมด"
                )

    def example(self) -> str:
        """One that is accepted: the first, with nothing where it says anything."""
        return re.sub(r"\\([\\*])|\*", lambda found: found[1] or "", self.key[0]) if self.wildcards else self.key[0]

    def accept(self, typed: str) -> bool:
        """Whether it is one of them."""
        given = fold(typed, self.case_sensitive)
        return any(self._accepts(answer, given) for answer in self.key)

    def _accepts(self, answer: str, given: str) -> bool:
        if self.wildcards:
            return _fits(_pieces(answer, self.case_sensitive), given)
        return given == fold(answer, self.case_sensitive)


class PartText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer that is worth something."""

    text: Accepted
    share: PartShare


class ShortText(BaseQuestion, frozen=True, kw_only=True, tag="short_text"):
    key: tuple[Accepted, ...]
    case_sensitive: bool = False
    wildcards: bool = False
    partly: tuple[PartText, ...] = ()
    """Answers that earn a part, as in Moodle's short answer; of several that fit the one that earns most."""

    def words(self, *accepted: str) -> Words:
        return Words(accepted, self.case_sensitive, self.wildcards)

    def check(self) -> Iterator[Problem]:
        yield from self.words(*self.key).check()
        for index, part in enumerate(self.partly):
            for problem in self.words(part.text).check():
                yield msgspec.structs.replace(problem, path=f"partly[{index}].text")

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        if raw is None or isinstance(raw, str):
            if raw is not None and len(raw) > MAX_LENGTH:
                raise BadResponse(f"at most {MAX_LENGTH} characters", f"ไม่เกิน {MAX_LENGTH} ตัวอักษร")
            return raw if raw and fold(raw, case_sensitive=True) else None
        raise BadResponse("give a text", "ต้องเป็นข้อความ")

    def score(self, response: Response) -> Fraction:
        if response is None:
            return Fraction(0)
        if self.words(*self.key).accept(response):
            return Fraction(1)
        parts = (exact(part.share) for part in self.partly if self.words(part.text).accept(response))
        return max(parts, default=Fraction(0))

    def reveal(self, layout: Layout) -> object:
        return list(self.key)

    def right(self, layout: Layout) -> object:
        return self.words(*self.key).example()


_ANY, _STAR, _BACKSLASH = "\ue000", "\ue001", "\ue002"
"""What `*`, `\\*` and `\\\\` are while an answer is folded: characters for private use, which folding leaves alone."""
_WRITTEN = {"*": _ANY, "\\*": _STAR, "\\\\": _BACKSLASH}


def _pieces(answer: str, case_sensitive: bool) -> list[str]:
    """The texts between the wildcards, folded as one: two pieces or more when there is a wildcard."""
    marked = re.sub(r"\\[\\*]|\*", lambda found: _WRITTEN[found[0]], answer)
    folded = fold(marked, case_sensitive)
    return [piece.replace(_STAR, "*").replace(_BACKSLASH, "\\") for piece in folded.split(_ANY)]


def _fits(pieces: list[str], given: str) -> bool:
    """Whether the text begins with the first piece, ends with the last, and has the others between, in their order.

    Each is looked for once, so no answer takes longer than it is long.
    """
    first, *others = pieces
    if not others:
        return given == first
    last = others.pop()
    if len(given) < len(first) + len(last) or not (given.startswith(first) and given.endswith(last)):
        return False
    at, end = len(first), len(given) - len(last)
    for piece in others:
        found = given.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


_MOST_ROUNDS = 8


def fold(text: str, case_sensitive: bool) -> str:
    """The text as it is compared: same spelling to a reader, same string.

    NFC alone leaves Thai that looks the same unequal: sara am (U+0E33) typed as nikhahit and sara aa, also around a
    tone mark; two sara e for sara ae; a tone mark or thanthakhat before its vowel; Thai digits; characters without
    width; runs of spaces. Folding what is folded changes nothing.
    """
    text = _INVISIBLE.sub("", text)
    if not case_sensitive:
        text = unicodedata.normalize("NFC", text).casefold()
    text = unicodedata.normalize("NFC", text).translate(_THAI_DIGITS)
    text = text.replace("\u0e40\u0e40", "\u0e41")
    # NFC moves a foreign accent behind the marks that it stood among, and those then have a new order of their own.
    for _ in range(_MOST_ROUNDS):
        before, text = text, unicodedata.normalize("NFC", _SARA_AM.sub("\\1\\2\u0e33", _MARKS.sub(_in_order, text)))
        if text == before:
            break
    return " ".join(text.split())


def _in_order(marks: re.Match[str]) -> str:
    """Vowels first; tone marks and the like after them, in the order in which they were typed."""
    return "".join(sorted(marks[0], key=lambda mark: _VOWELS.find(mark) if mark in _VOWELS else len(_VOWELS)))
