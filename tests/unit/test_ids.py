import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core import ids

DICE = bytes(range(10))


def test_an_id_is_a_prefix_and_26_characters() -> None:
    assert ids.make("att", 0, bytes(10)) == "att_" + "0" * 26
    assert ids.make("att", (1 << 48) - 1, b"\xff" * 10) == "att_7" + "z" * 25


def test_the_ulid_of_the_specification() -> None:
    """The ULID specification's example time, 1469918176385 ms, is written 01ARYZ6S41."""
    assert ids.make("org", 1469918176385, DICE)[4:14] == "01aryz6s41"


@pytest.mark.parametrize("dice", [b"", bytes(9), bytes(11)])
def test_ten_bytes_of_dice(dice: bytes) -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        ids.make("att", 1, dice)


def test_only_known_kinds() -> None:
    with pytest.raises(ValueError, match="known prefix"):
        ids.make("xyz", 1, DICE)


@given(st.lists(st.tuples(st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10)), min_size=2, max_size=20))
def test_ids_sort_by_time_and_never_meet(made: list[tuple[int, bytes]]) -> None:
    assert sorted(made) == [p for _, p in sorted((ids.make("enr", *p), p) for p in made)]
    assert len({ids.make("enr", *p) for p in made}) == len(set(made))


MOMENTS = st.integers(1_700_000_000_000, 1_700_000_000_003)


@given(st.lists(st.tuples(MOMENTS, st.binary(min_size=10, max_size=10)), max_size=50))
def test_what_one_process_makes_sorts_as_it_was_made(given: list[tuple[int, bytes]]) -> None:
    """Within a millisecond, with any dice, and when the clock is set back."""
    maker = ids.Maker()
    made = [maker.make("evt", *one) for one in given]
    assert all(earlier < later for earlier, later in pairwise(made))
    assert all(ids.is_id(one, "evt") for one in made)


def test_a_millisecond_has_room_for_thousands_of_ids() -> None:
    maker = ids.Maker()
    made = [maker.make("evt", 1469918176385, b"\xff" * 10) for _ in range(30_000)]
    assert made == sorted(set(made))
    assert {one[4:14] for one in made} == {"01aryz6s41"}


def test_a_maker_wants_ten_bytes_of_dice_too() -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        ids.Maker().make("att", 1, bytes(9))


@given(st.sampled_from(sorted(ids.PREFIXES)), st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10))
def test_what_is_made_is_an_id_of_its_kind_only(prefix: str, milliseconds: int, dice: bytes) -> None:
    made = ids.make(prefix, milliseconds, dice)
    assert [other for other in ids.PREFIXES if ids.is_id(made, other)] == [prefix]


@pytest.mark.parametrize(
    "text", ["", "att_", "att_" + "0" * 25, "att_" + "0" * 27, "att_" + "0" * 25 + "u", "att_" + "0" * 26 + "\n",
             "ATT_" + "0" * 26, "att-" + "0" * 26, "att_" + "0" * 25 + "๐"],
)  # fmt: skip
def test_what_is_no_id(text: str) -> None:
    assert not ids.is_id(text, "att")


@pytest.mark.parametrize("code", ["law\n", "", "-a", "Law", "a" * 65, "a b", "กฎ"])
def test_what_is_no_code(code: str) -> None:
    """`$` alone would let a line feed at the end pass."""
    assert re.search(ids.CODE_PATTERN, code) is None


@pytest.mark.parametrize("code", ["law", "2569-law", "a" * 64, "0"])
def test_what_is_a_code(code: str) -> None:
    assert re.search(ids.CODE_PATTERN, code)
