"""People as Thai organisations record them. The national id never leaves the place that seals it."""

import re
import unicodedata

import msgspec

from exam_service.core.text import without_blanks

_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
"""Left behind by copying from a page or a document; nobody sees them, and they make equal names unequal."""

_THAI = re.compile(r"[\u0e00-\u0e7f. ]+")
_RANK = re.compile(
    r"(?:^|\s|ว่าที่)(?:"
    r"(?:พล|พัน|ร้อย|จ่า|พันจ่า|จ่าสิบ|สิบ|นาวา|เรือ)(?:เรือ|อากาศ|ตำรวจ)?(?:เอก|โท|ตรี|จัตวา)|(?:ดาบ|จ่าสิบ|พล)ตำรวจ"
    r"|(?:[ก-ฮ]{1,2}\.)+[อทตจ]\."
    r")(?:พิเศษ)?\s?(?:หญิง)?$"
)
"""พลเอก, พันตำรวจโท, ว่าที่ร้อยตรีหญิง, พ.ต.อ. …"""

Standing = str
"""Academic standing (วิทยฐานะ), as the organisation writes it: `professional`, `senior_professional`, …"""
_LEADING_VOWEL = re.compile("([เ-ไ])([ก-ฮ])")


class PersonName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A name with its title, in NFC. Thai names need no family name and no western order."""

    given: str
    family: str = ""
    title: str = ""
    """นาย, นาง, นางสาว, or an academic or military title, as the person wishes it to be printed."""

    def __post_init__(self) -> None:
        for part in ("given", "family", "title"):
            value = _INVISIBLE.sub("", getattr(self, part))
            # One of nothing else is refused where it comes in (candidates.check), not where it is read again.
            value = unicodedata.normalize("NFC", " ".join((without_blanks(value) or value).split()))
            # Format characters can turn the direction of what follows: a name must not show as another one.
            if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") for c in value) or len(value) > 120:
                raise ValueError(f"`{part}` must be at most 120 printable characters")
            msgspec.structs.force_setattr(self, part, value)
        if not self.given:
            raise ValueError("`given` must not be empty")

    @property
    def display(self) -> str:
        """As it is printed: a Thai title stands without a space before the given name, unless it is a rank.

        Source: Office of the Royal Society, rules of spacing (หลักเกณฑ์การเว้นวรรค) 1.2.8 and 2.3.
        """
        joined = not self.title or (_THAI.fullmatch(self.title) and not _RANK.search(self.title))
        first = self.title + ("" if joined else " ") + self.given
        return f"{first} {self.family}".strip()

    @property
    def order(self) -> str:
        """What lists are sorted by: the given name first; a vowel that is written before its consonant counts after it.

        Source: Royal Institute Dictionary, order of words (การเรียงลำดับคำ); without its finer rules of tone marks.
        """
        return _LEADING_VOWEL.sub(r"\2\1", f"{self.given} {self.family}").casefold()

    @property
    def masked(self) -> str:
        """First letters only, for pages that anybody may open: `ส… ใ…`."""
        return " ".join(_first_letter(part) + "…" for part in (self.given, self.family) if part)


def _first_letter(word: str) -> str:
    """The first consonant with the leading vowel that Thai writes before it (`เ แ โ ใ ไ`)."""
    return word[:2] if word[0] in "เแโใไ" else word[:1]


def national_id_is_valid(digits: str) -> bool:
    """Thirteen digits whose last one is the check digit (11 - Σ dᵢ·(14 - i) mod 11) mod 10."""
    if not re.fullmatch(r"[0-9]{13}", digits):
        return False
    total = sum(int(d) * (13 - i) for i, d in enumerate(digits[:12]))
    return (11 - total % 11) % 10 == int(digits[12])
