"""Ordering: by all, by position, by neighbours, by the longest part in order."""

from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

import pytest

from exam_service.core.banks.interactions import TYPES, BadResponse, Layout
from exam_service.core.banks.interactions.ordering import Ordering
from tests.support.questions import codes_of, earns, options, question

WORDS = ["Modular", "Object", "Oriented", "Dynamic", "Learning", "Environment"]
"""Moodle's own example: its tests say what these orders earn (moodle/moodle, question/type/ordering/tests)."""
LAYOUT = Layout(tuple(sorted(WORDS)))


def made(**fields: Any) -> Any:
    return question("ordering", **{"options": options(*sorted(WORDS)), "key": WORDS, **fields})


def named(words: list[str]) -> list[str]:
    return [f"c{LAYOUT.order.index(word) + 1}" for word in words]


SWAPPED = ["Object", "Oriented", "Dynamic", "Learning", "Environment", "Modular"]


@pytest.mark.parametrize(
    "scoring, words, share",
    [
        ("all_or_nothing", WORDS, "1"),
        ("all_or_nothing", WORDS[:5], "0"),
        ("all_or_nothing", SWAPPED, "0"),
        ("position", WORDS, "1"),
        ("position", WORDS[:3], "1/2"),
        ("position", ["Object", "Modular", *WORDS[2:]], "2/3"),
        ("position", SWAPPED, "0"),
        ("adjacent", WORDS, "1"),
        ("adjacent", SWAPPED, "4/5"),
        ("adjacent", WORDS[::-1], "0"),
        ("adjacent", WORDS[:2], "1/5"),
        ("adjacent", WORDS[:1], "0"),
        ("longest_subset", WORDS, "1"),
        ("longest_subset", SWAPPED, "5/6"),
        ("longest_subset", WORDS[::-1], "0"),
        ("longest_subset", WORDS[:1], "0"),
        ("longest_subset", ["Environment", "Object", "Modular", "Oriented"], "1/3"),
    ],
)
def test_what_an_order_earns(scoring: str, words: list[str], share: str) -> None:
    assert earns(made(scoring=scoring), named(words), LAYOUT) == Fraction(share)


def test_the_longest_part_is_found_as_trying_all_parts_finds_it() -> None:
    key = list("abcde")
    one: Ordering = question("ordering", options=options(*key), key=key, scoring="longest_subset")  # type: ignore[assignment]
    for order in permutations(key):
        rising = max(n for n in range(1, 6) for part in combinations(order, n) if list(part) == sorted(part))
        assert one.score(order) * 5 == (rising if rising > 1 else 0)


def test_nothing_placed_is_blank() -> None:
    assert TYPES["ordering"].parse(None, LAYOUT) is None
    assert TYPES["ordering"].parse([], LAYOUT) is None
    assert earns(made(), None) == 0


@pytest.mark.parametrize(
    "raw", ["c1", {"c1": 1}, ["c1", "c1"], ["c7"], ["c0"], [1], [None], [f"c{n}" for n in range(8)]]
)
def test_what_is_no_order(raw: object) -> None:
    with pytest.raises(BadResponse) as refused:
        TYPES["ordering"].parse(raw, LAYOUT)
    assert refused.value.text.th


def test_the_key_in_the_papers_terms_earns_everything() -> None:
    for scoring in ("all_or_nothing", "position", "adjacent", "longest_subset"):
        one = made(scoring=scoring)
        assert earns(one, one.reveal(LAYOUT), LAYOUT) == 1


@pytest.mark.parametrize(
    "fields, codes",
    [
        ({"key": WORDS[:5]}, ["option-without-place"]),
        ({"key": [*WORDS, "Modular"]}, ["key-twice"]),
        ({"key": [*WORDS[:5], "Other"]}, ["key-without-option", "option-without-place"]),
        ({"options": options("a"), "key": ["a"]}, ["too-few-options"]),
    ],
)
def test_what_the_fields_alone_cannot_show(fields: dict[str, Any], codes: list[str]) -> None:
    assert codes_of("ordering", **{"options": options(*WORDS), "key": WORDS, **fields}) == codes
