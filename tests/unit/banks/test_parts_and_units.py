"""Answers that earn a part, and numbers with units."""

from fractions import Fraction
from typing import Any

import pytest

from tests.support.questions import NONE, codes_of, earns, question

CM, M = {"name": "cm"}, {"name": "m", "factor": 100}


@pytest.mark.parametrize(
    "typed, share",
    [("กรุงเทพมหานคร", "1"), ("กรุงเทพ ฯ", "3/4"), ("กรุงเทพ", "3/4"), ("บางกอก", "1/2"), ("ธนบุรี", "0")],
)
def test_words_that_are_worth_a_part(typed: str, share: str) -> None:
    parts = [{"text": "กรุงเทพ*", "share": 0.75}, {"text": "กรุงเทพ", "share": 0.5}, {"text": "บางกอก", "share": 0.5}]
    made = question("short_text", key=["กรุงเทพมหานคร"], wildcards=True, partly=parts)
    assert earns(made, typed) == Fraction(share)
    assert earns(made, None) == 0


@pytest.mark.parametrize(
    "typed, share", [("1822", "1"), ("1822.4", "1/2"), (1821, "1/2"), ("1820", "1/5"), ("1810", "0")]
)
def test_numbers_that_are_worth_a_part(typed: object, share: str) -> None:
    parts = [{"key": 1822, "tolerance": 1, "share": 0.5}, {"key": 1822, "tolerance": 2, "share": 0.2}]
    assert earns(question("numeric", key=1822, partly=parts), typed) == Fraction(share)


@pytest.mark.parametrize(
    "typed, share",
    [
        ("150 cm", "1"),
        ("150cm", "1"),
        ("1.5 m", "1"),
        ("๑.๕ m", "1"),
        ("1,500,000 m", "0"),
        ("150", "1"),
        (150, "1"),
        ("149.6 cm", "1"),
        # Upper case is another unit, and so is none of them.
        ("1.5 M", "0"),
        ("150 inches", "0"),
        ("cm", "0"),
        ("cm 150", "0"),
        ("150 cm 3", "0"),
    ],
)
def test_units_may_be_typed(typed: object, share: str) -> None:
    made = question("numeric", key=150, tolerance=0.5, units=[CM, M])
    assert earns(made, typed) == Fraction(share)


@pytest.mark.parametrize(
    "typed, share",
    [("150 cm", "1"), ("1.5 m", "1"), ("150", "4/5"), (150, "4/5"), ("150 ซม", "4/5"), ("7 cm", "0"), ("7", "0")],
)
def test_a_unit_that_is_needed_costs_what_the_author_says(typed: object, share: str) -> None:
    made = question("numeric", key=150, units=[CM, M], unit_needed=True, unit_penalty=0.2)
    assert earns(made, typed) == Fraction(share)


def test_without_units_nothing_stands_behind_a_number() -> None:
    assert earns(question("numeric", key=150), "150 cm") == 0


def test_the_key_is_shown_in_its_unit() -> None:
    assert question("numeric", key=150, units=[M, CM]).reveal(NONE) == "150 cm"
    assert question("numeric", key=150).reveal(NONE) == 150
    view = question("numeric", key=150, units=[CM, M], unit_needed=True).view("i1", NONE)
    assert (view.units, view.unit_needed) == (("cm", "m"), True)


@pytest.mark.parametrize(
    "fields, codes",
    [
        ({"units": [CM, CM]}, ["unit-twice"]),
        ({"units": [{"name": "c m"}, CM]}, ["unit-twice"]),
        ({"units": [{"name": "cm", "factor": 0}]}, ["bad-factor"]),
        ({"units": [{"name": "5cm"}]}, ["bad-unit"]),
        ({"units": [{"name": " "}]}, ["bad-unit"]),
        ({"unit_needed": True}, ["no-units"]),
        ({"unit": {"en": "cm"}, "units": [CM]}, ["unit-shown-and-typed"]),
        ({"partly": [{"key": 1, "share": 0.5, "tolerance": -1}]}, ["bad-tolerance"]),
    ],
)
def test_what_the_fields_alone_cannot_show(fields: dict[str, Any], codes: list[str]) -> None:
    assert codes_of("numeric", key=150, **fields) == codes


def test_a_part_that_accepts_anything() -> None:
    parts = [{"text": "*", "share": 0.5}]
    assert codes_of("short_text", key=["a"], wildcards=True, partly=parts) == ["anything-is-right"]
