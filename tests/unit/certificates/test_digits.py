import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.certificates.digits import digits_for, from_digits, to_digits


@given(st.binary(max_size=400))
def test_bytes_come_back_from_their_digits(data: bytes) -> None:
    digits = to_digits(data)
    assert from_digits(digits) == data
    assert len(digits) == digits_for(len(data))


@pytest.mark.parametrize("size, digits", [(0, 0), (1, 3), (2, 5), (3, 8), (4, 10), (5, 13), (6, 15), (7, 17), (8, 20)])
def test_each_tail_has_its_own_length(size: int, digits: int) -> None:
    assert len(to_digits(b"\xff" * size)) == digits


@given(st.text(alphabet="0123456789", max_size=80))
def test_no_two_texts_stand_for_the_same_bytes(text: str) -> None:
    try:
        data = from_digits(text)
    except ValueError:
        return
    assert to_digits(data) == text


@pytest.mark.parametrize("text", ["1", "12", "1234", "256", "12a", "١٢٣", " 12", "72057594037927936", "-12"])
def test_what_is_never_written_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"digit"):
        from_digits(text)
