"""What ticks earn, rule by rule."""

from fractions import Fraction
from typing import Any

import pytest

from exam_service.core.banks.interactions import Layout
from tests.support.questions import codes_of, earns, options, question

LAYOUT = Layout(tuple("abcd"))
VALUES = {"a": 0.5, "b": 0.5, "c": -0.25, "d": 0.1}


def ticked(letters: str) -> list[str]:
    return [f"c{'abcd'.index(letter) + 1}" for letter in letters]


@pytest.mark.parametrize(
    "scoring, ticks, share",
    [
        ("all_or_nothing", "ab", "1"),
        ("all_or_nothing", "a", "0"),
        ("partial", "a", "1/2"),
        ("partial", "abc", "1/2"),
        ("partial", "acd", "0"),
        ("partial_without_penalty", "a", "1/2"),
        ("partial_without_penalty", "ac", "1/2"),
        ("partial_without_penalty", "ab", "1"),
        # Ticking everything earns nothing.
        ("partial_without_penalty", "abc", "0"),
        ("partial_without_penalty", "abcd", "0"),
        ("mapped", "ab", "1"),
        ("mapped", "abd", "1"),
        ("mapped", "ac", "1/4"),
        ("mapped", "c", "0"),
        ("mapped", "d", "1/10"),
    ],
)
def test_multiple_response(scoring: str, ticks: str, share: str) -> None:
    fields: dict[str, Any] = {"values": VALUES} if scoring == "mapped" else {}
    made = question("multiple_response", options=options(*"abcd"), key=["a", "b"], scoring=scoring, **fields)
    assert earns(made, ticked(ticks), LAYOUT) == Fraction(share)
    assert earns(made, None, LAYOUT) == 0


def test_bounds_hold_what_is_mapped() -> None:
    fields: dict[str, Any] = {"options": options(*"abcd"), "key": ["a", "b"], "scoring": "mapped"}
    made = question("multiple_response", values={"a": 1, "b": 1, "c": -1}, lower_bound=0.2, **fields)
    assert [earns(made, ticked(t), LAYOUT) for t in ("a", "ab", "ac", "c")] == [1, 1, Fraction("1/5"), Fraction("1/5")]
    # Nothing ticked is blank, and earns nothing all the same.
    assert earns(made, [], LAYOUT) == 0


def test_another_option_may_be_worth_something() -> None:
    made = question("single_choice", options=options(*"abcd"), key="a", values={"b": 0.5, "c": -0.5})
    assert [earns(made, f"c{n}", LAYOUT) for n in (1, 2, 3, 4)] == [1, Fraction("1/2"), 0, 0]
    assert earns(made, None, LAYOUT) == 0


@pytest.mark.parametrize(
    "kind, fields, codes",
    [
        ("single_choice", {"key": "a", "values": {"x": 0.5}}, ["value-without-option"]),
        ("single_choice", {"key": "a", "values": {"a": 0.5}}, ["key-earns-less"]),
        ("multiple_response", {"key": ["a"], "values": {"a": 1}}, ["values-without-mapping"]),
        ("multiple_response", {"key": ["a"], "scoring": "mapped", "values": {"a": 0.5}}, ["key-earns-less"]),
        ("multiple_response", {"key": ["a"], "scoring": "mapped"}, ["key-earns-less"]),
        (
            "multiple_response",
            {"key": ["a"], "scoring": "mapped", "values": {"a": 1, "x": 0}, "upper_bound": 0.5},
            ["value-without-option", "key-earns-less"],
        ),
    ],
)
def test_what_the_fields_alone_cannot_show(kind: str, fields: dict[str, Any], codes: list[str]) -> None:
    assert codes_of(kind, options=options(*"abcd"), **fields) == codes
