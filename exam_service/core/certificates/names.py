"""A printed name in public: first letters only, and a comparison for who has the paper and types the name."""

import re
import unicodedata

# Longest first, so that a shorter title is not found in a longer one; then ranks, abbreviations (ดร. พ.ต.อ.), English.
_TITLE = (
    "ผู้ช่วยศาสตราจารย์|รองศาสตราจารย์|ศาสตราจารย์|ทันตแพทย์หญิง|ทันตแพทย์|แพทย์หญิง|นายแพทย์|หม่อมราชวงศ์|หม่อมหลวง|ดอกเตอร์"
    "|เด็กหญิง|เด็กชาย|นางสาว|นาง|นาย|ว่าที่"
    "|(?:พันจ่า|จ่าสิบ|พัน|ร้อย|จ่า|สิบ|พล|นาวา|เรือ)(?:เรือ|อากาศ|ตำรวจ)?(?:เอก|โท|ตรี|จัตวา)(?:หญิง)?"
    r"|(?:[ก-ฮ]{1,4}\.)+"
    r"|(?:Mrs|Mr|Ms|Dr|Prof|Asst|Assoc|Lt|Capt|Maj|Col|Gen|Sgt|Rev)\."
    r"|(?:Mrs|Mr|Ms|Miss|Dr|Professor)(?=\s)"
)
# No title stops before a vowel or tone mark that belongs to its last consonant: นายิกา is a name.
_TITLES = re.compile(rf"(?:(?:{_TITLE})(?![\u0e30-\u0e3a\u0e45\u0e47-\u0e4e])\s*)+")
_SARA_AM = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")


def masked(name: str) -> str:
    """The name for pages that anybody may open: title and first letters, `นางสาวส… ใจ…`.

    A title that is not known here is masked like a name: too little is shown rather than too much.
    """
    title, rest = split_title(name)
    return title + " ".join(_first_letter(word) + "…" for word in rest.split())


def is_same(typed: str, printed: str) -> bool:
    """Whether somebody typed the printed name, with or without its title; spaces and case aside."""
    whole, rest = _folded(printed), _folded(split_title(printed)[1])
    return bool(rest) and _folded(typed) in (whole, rest)


def split_title(name: str) -> tuple[str, str]:
    """The titles in front, with the space after them, and the rest; a name that is nothing but titles has none."""
    match = _TITLES.match(name)
    if match is None or not name[match.end() :].strip():
        return "", name
    return name[: match.end()], name[match.end() :]


def _first_letter(word: str) -> str:
    """The first consonant, with the vowel that Thai writes before it."""
    return word[:2] if word[0] in "เแโใไ" else word[:1]


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    # Two ways to type what looks the same: เ twice for แ, and nikhahit with aa for ำ, a tone mark before or between.
    text = _SARA_AM.sub("\\1\u0e33", text.replace("เเ", "แ"))
    return "".join(text.split()).casefold()
