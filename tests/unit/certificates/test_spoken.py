import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.certificates.model import new_id
from exam_service.core.certificates.qr_token import id_in
from exam_service.core.certificates.spoken import from_spoken, spoken


@given(st.binary(min_size=10, max_size=10))
def test_words_say_the_number_however_they_are_written(raw: bytes) -> None:
    number = new_id(raw)
    words = spoken(number)
    assert [len(word) for word in words.split()] == [5] * 5
    for text in (words, words.upper(), words.replace(" ", "-"), words.replace(" ", ""), f"  {words}\n"):
        assert from_spoken(text) == number
        assert id_in(text) == number


def test_they_are_those_of_the_proposal() -> None:
    # Its own examples: 127.0.0.1 and 63.84.220.193 (arXiv:0901.4016).
    words = spoken(new_id(bytes([127, 0, 0, 1, 63, 84, 220, 193, 0, 0])))
    assert words == "lusab babad gutih tugad babab"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lusab",
        "lusab babad gutih tugad",
        "lusab babad gutih tugad babax",
        "A" * 16,
        "lusab babad gutih tugad bobo\u212a",
    ],
)
def test_other_words_say_none(text: str) -> None:
    assert from_spoken(text) is None
