"""What a person reads: always in Thai and English, or in one of them with the other falling back."""

import math
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache

import msgspec

BANGKOK = timezone(timedelta(hours=7), "Asia/Bangkok")
"""Thailand keeps UTC+7 all year and has no daylight saving time."""

_THAI_MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


_UNSEEN = frozenset(("Cc", "Cs", "Co", "Zl", "Zp"))
"""Categories of Unicode: controls, surrogates, private use, separators of lines and paragraphs."""

_TAGS = "\U000e0000"
"""From here on nothing is seen: tags, variation selectors of rare ideographs, private use."""

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(c) for c in range(0xFE00, 0xFE10)}
"""Letters, symbols and marks that are drawn as nothing: fillers, a Braille cell without dots, variation selectors."""

_MOST_MARKS = 4
"""Upon one letter: Thai writes two, Pali in Thai letters three."""

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode's embeddings, overrides and isolates of direction (UAX 9)."""


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A sentence or title in Thai and English; at least one is given."""

    th: str | None = None
    en: str | None = None

    def __post_init__(self) -> None:
        if not (self.th and self.th.strip()) and not (self.en and self.en.strip()):
            raise ValueError("give the text in `th` or `en`, or both")

    def within(self, language: str) -> str:
        """The text in the language asked for, or in the other one when that is missing."""
        first, second = (self.th, self.en) if language == "th" else (self.en, self.th)
        return (first if first and first.strip() else second) or ""

    def each(self, change: Callable[[str], str]) -> "Text":
        """The same text with both languages changed alike."""
        return Text(th=self.th and change(self.th), en=self.en and change(self.en))

    def fill(self, values: Mapping[str, object]) -> "Text":
        """The same text with `{name}` places filled, each as `fill_in` does it.

        Only for sentences of this program: a text that somebody else wrote goes in as a value, where its braces mean
        nothing.
        """
        return Text(
            th=self.th and fill_in(self.th, values, "th"),
            en=self.en and fill_in(self.en, values, "en"),
        )


def is_readable(text: str) -> bool:
    """Whether a person sees what is written: no control characters, none that turn the direction of others, no strays.

    Zero-width spaces, by which Thai is parted where a line may end, and no-break spaces come with whatever is pasted;
    a text of nothing but such is not readable.
    """
    kinds = [unicodedata.category(c) for c in text]
    shown = any(kind[0] not in "ZC" and c not in _BLANK for kind, c in zip(kinds, text, strict=True))
    return shown and _UNSEEN.isdisjoint(kinds) and not any(c in _TURNING or c >= _TAGS for c in text)


def is_line(text: str, longest: int) -> bool:
    """Whether a text is one readable line of 1 to `longest` characters, and no higher than a line.

    Certificates sign names and titles in a form (RDF's) in which programs disagree about control characters.
    """
    return len(text) <= longest and text.splitlines() == [text] and is_readable(text) and not piles_up(text)


def piles_up(text: str) -> bool:
    """Whether more marks stand upon one letter than any language writes.

    A hundred tone marks on a ก are a tower out of the top of the page, and no design can measure it: a line is as high
    as its letters.
    """
    pile = 0
    for c in text:
        pile = pile + 1 if unicodedata.category(c) in ("Mn", "Me") else 0
        if pile > _MOST_MARKS:
            return True
    return False


def without_blanks(text: str) -> str:
    """The text without letters and marks that are drawn as nothing: with them, equal names look alike and are not."""
    return "".join(c for c in text if c not in _BLANK and not "\U000e0100" <= c <= "\U000e01ef")


def fill_in(sentence: str, values: Mapping[str, object], language: str) -> str:
    """The sentence with its `{name}` places filled; dates and texts are put in the reader's own form.

    A time is cut to its minute, as a clock shows it. Only `{retry_at}` is rounded up, so that nobody who waits for it
    comes too early.
    """
    return sentence.format_map(
        {
            name: spoken(next_minute(value) if name == "retry_at" and isinstance(value, datetime) else value, language)
            for name, value in values.items()
        }
    )


def spoken(value: object, language: str) -> str:
    """A value as a person would write it in that language."""
    match value:
        case Text():
            return value.within(language)
        case datetime():
            return date_time(value, language)
        case bool():
            return {"th": ("ไม่ใช่", "ใช่"), "en": ("no", "yes")}[language][value]
        case float():
            return f"{value:.4f}".rstrip("0").rstrip(".") if math.isfinite(value) else str(value)
        case tuple() | list():
            return ", ".join(spoken(one, language) for one in value)
        case _:
            return str(value)


def date(when: datetime, language: str) -> str:
    """The calendar day in Bangkok: `22 พฤศจิกายน 2569` (Buddhist Era) or `22 November 2026`."""
    local = when.astimezone(BANGKOK)
    if language == "th":
        return f"{local.day} {_THAI_MONTHS[local.month - 1]} {local.year + 543}"
    return f"{local.day} {_ENGLISH_MONTHS[local.month - 1]} {local.year}"


def date_time(when: datetime, language: str) -> str:
    """Day and time in Bangkok, cut to the minute as a clock shows it."""
    clock = f"{when.astimezone(BANGKOK):%H:%M}"
    return f"{date(when, 'th')} เวลา {clock} น." if language == "th" else f"{date(when, 'en')} at {clock}"


@lru_cache(maxsize=64)
def until(sentence: Text, minute: datetime) -> Text:
    """The sentence with its `{retry_at}`. Thousands are told the same minute, at the moment that has no time for it."""
    return sentence.fill({"retry_at": minute, "count": 0})


def next_minute(when: datetime) -> datetime:
    """The first full minute that is not before it: the time to name to somebody who waits."""
    up = when + timedelta(seconds=59, microseconds=999_999)
    return up.replace(second=0, microsecond=0)
