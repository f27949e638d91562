"""Short answers in Thai: what looks the same is the same, and what does not is not."""

import itertools

import pytest

from exam_service.core.banks.interactions.short_text import fold


def same(*spellings: str) -> None:
    assert len({fold(s, case_sensitive=True) for s in spellings}) == 1, [s.encode("unicode_escape") for s in spellings]


def test_sara_am_and_nikhahit_with_sara_aa() -> None:
    same("ทำ", "ท\u0e33", "ท\u0e4d\u0e32")


def test_sara_am_around_a_tone_mark() -> None:
    same("น\u0e49\u0e33", "น\u0e4d\u0e49\u0e32", "น\u0e49\u0e4d\u0e32")


def test_tone_mark_before_or_after_its_vowel() -> None:
    same("ที\u0e48", "ท\u0e48ี")
    same("ผู\u0e49", "ผ\u0e49ู")
    same("ตั\u0e49ง", "ต\u0e49ัง")


def test_thanthakhat_before_or_after_its_vowel() -> None:
    same("สิทธ\u0e34\u0e4c", "สิทธ\u0e4c\u0e34")


def test_two_sara_e_are_sara_ae() -> None:
    same("แม่", "\u0e40\u0e40ม่")


def test_digits_spaces_and_characters_without_width() -> None:
    same("พ.ศ. ๒๕๖๙", "พ.ศ. 2569", " พ.ศ.\u00a0 2569\n", "พ\u200b.ศ.\ufeff 25\u200d69", "\u202aพ.ศ. 2569\u202c")


def test_latin_letters_composed_or_not() -> None:
    same("Café", "Cafe\u0301")
    assert fold("STRASSE", case_sensitive=False) == fold("straße", case_sensitive=False)
    assert fold("Café", case_sensitive=True) != fold("café", case_sensitive=True)


WORDS = [
    "มา", "ม้า", "หมา", "ม่า", "นา", "น้า", "หน้า", "น้ำ", "นำ",
    "นาม", "ขาว", "ข้าว", "ข่าว", "เขา", "เข้า", "เข่า", "ไม่", "ไม้", "ใหม่",
    "ไหม", "ไหม้", "แม่", "เม", "แม", "เเ", "ที่", "ที", "ทิ", "ทิ่", "ปู",
    "ปู่", "ปุ", "คิด", "คืด", "คึด", "คี", "กัน", "กั้น", "กิน", "เป็น", "เปน",
    "สิทธิ์", "สิทธิ", "สิทธ์", "กำ", "กา", "ก๊า", "ก๋า", "ใจ", "ไจ", "ณ",
    "น", "ร", "ฤ", "ฤๅ", "ๅ", "า", "รัก", "รก", "วัน", "วรรณ",
    "12", "1 2", "21", "a b", "ab", "a-b", "",
]  # fmt: skip


def test_what_a_reader_tells_apart_stays_apart() -> None:
    folded = [fold(word, case_sensitive=False) for word in WORDS]
    twins = [(a, b) for (a, x), (b, y) in itertools.combinations(zip(WORDS, folded, strict=True), 2) if x == y]
    assert twins == []


@pytest.mark.parametrize("word", WORDS)
def test_well_written_thai_is_left_as_it_is(word: str) -> None:
    if word != "เเ":
        assert fold(word, case_sensitive=True) == word
