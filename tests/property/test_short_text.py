"""Folding, over any text and over Thai syllables written in every way a keyboard allows."""

import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exam_service.core.banks.interactions.short_text import fold

THAI = st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B), max_size=12)
MARKS = st.text(
    "\u0e31\u0e32\u0e33\u0e34\u0e37\u0e38\u0e3a\u0e40\u0e41\u0e47\u0e48\u0e49\u0e4c\u0e4d กe\u0301\u200b", max_size=10
)
ANY = st.one_of(st.text(max_size=20), THAI, MARKS)
LAWS = settings(max_examples=200, deadline=None)

CONSONANTS = [chr(c) for c in range(0x0E01, 0x0E2F) if chr(c) not in "ฤฦ"]
SYLLABLE = st.tuples(
    st.sampled_from(["", "เ", "แ", "โ", "ใ", "ไ"]),
    st.sampled_from(CONSONANTS),
    st.sampled_from(["", "\u0e31", "\u0e34", "\u0e35", "\u0e36", "\u0e37", "\u0e38", "\u0e39", "\u0e47"]),
    st.sampled_from(["", "\u0e48", "\u0e49", "\u0e4a", "\u0e4b"]),
    st.sampled_from(["", "\u0e32", "\u0e33"]),
)


@LAWS
@given(ANY, st.booleans())
@example("\u0e47\u0300\u0e4c\u0e38", True)
def test_folding_twice_is_folding_once(text: str, case_sensitive: bool) -> None:
    once = fold(text, case_sensitive)
    assert fold(once, case_sensitive) == once
    assert unicodedata.is_normalized("NFC", once)


@LAWS
@given(ANY)
def test_what_unicode_calls_the_same_is_the_same(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text), case_sensitive=False) == fold(text, case_sensitive=False)


@LAWS
@given(ANY)
@example("\u0e47\u0300\u0e4c\u0e38")
def test_whoever_minds_letters_tells_more_apart(text: str) -> None:
    assert fold(fold(text, case_sensitive=True), case_sensitive=False) == fold(text, case_sensitive=False)


def written(parts: tuple[str, str, str, str, str], way: int) -> str:
    """A syllable as one keyboard or another leaves it; all of them look the same."""
    lead, consonant, vowel, tone, after = parts
    if lead == "แ" and way & 1:
        lead = "\u0e40\u0e40"
    # A short mai taikhu stays where it is: with a tone mark it is not written at all.
    marks = tone + vowel if way & 2 and vowel != "\u0e47" else vowel + tone
    if after == "\u0e33" and way & 4 and not vowel:
        marks, after = ("\u0e4d" + tone, "\u0e32") if way & 8 else (tone + "\u0e4d", "\u0e32")
    return lead + consonant + ("\u200b" if way & 16 else "") + marks + after


@LAWS
@given(st.lists(st.tuples(SYLLABLE, st.integers(0, 31)), min_size=1, max_size=5))
def test_every_way_to_write_it_is_the_same_word(syllables: list[tuple[tuple[str, str, str, str, str], int]]) -> None:
    plain = "".join("".join(parts) for parts, _ in syllables)
    other = "".join(written(parts, way) for parts, way in syllables)
    assert fold(other, case_sensitive=True) == fold(plain, case_sensitive=True)


@LAWS
@given(st.lists(SYLLABLE, min_size=1, max_size=4), st.lists(SYLLABLE, min_size=1, max_size=4))
def test_words_that_look_different_stay_different(
    one: list[tuple[str, str, str, str, str]], other: list[tuple[str, str, str, str, str]]
) -> None:
    first, second = ("".join(map("".join, word)) for word in (one, other))
    same = fold(first, case_sensitive=False) == fold(second, case_sensitive=False)
    assert same is (first == second)
