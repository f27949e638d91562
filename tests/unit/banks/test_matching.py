"""Matching: each prompt with one option."""

from fractions import Fraction
from typing import Any

import msgspec
import pytest

from exam_service.core.banks.interactions import TYPES, BadResponse, Layout
from tests.support.questions import codes_of, earns, options, question

PROMPTS, OPTIONS = options("p", "q", "r"), options("a", "b", "c", "d")
KEY = {"p": "a", "q": "b", "r": "a"}
LAYOUT = Layout(("r", "p", "q", "d", "b", "a", "c"), (3, 4))
"""c1 is r, c2 is p, c3 is q; c4 is d, c5 is b, c6 is a, c7 is c."""


def made(**fields: Any) -> Any:
    return question("matching", **{"prompts": PROMPTS, "options": OPTIONS, "key": KEY, **fields})


@pytest.mark.parametrize(
    "raw, right",
    [
        ({"c1": "c6", "c2": "c6", "c3": "c5"}, 3),
        ({"c1": "c6", "c2": "c5", "c3": "c5"}, 2),
        ({"c1": "c6", "c3": None}, 1),
        ({"c1": "c4"}, 0),
        ({"c1": None}, 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_each_prompt_earns_its_share(raw: object, right: int) -> None:
    assert earns(made(), raw, LAYOUT) == Fraction(right, 3)
    assert earns(made(scoring="all_or_nothing"), raw, LAYOUT) == (right == 3)


def test_nothing_matched_is_blank() -> None:
    for raw in (None, {}, {"c1": None, "c2": None}):
        assert TYPES["matching"].parse(raw, LAYOUT) is None


@pytest.mark.parametrize(
    "raw", [[], "c1", {"c4": "c5"}, {"c1": "c2"}, {"c1": "c8"}, {"c0": "c5"}, {"c1": ["c5"]}, {"c1": True}, {"p": "a"}]
)
def test_what_is_no_match(raw: object) -> None:
    with pytest.raises(BadResponse) as refused:
        TYPES["matching"].parse(raw, LAYOUT)
    assert refused.value.text.th
    assert refused.value.text.en


def test_the_key_in_the_papers_terms_earns_everything() -> None:
    key = made().reveal(LAYOUT)
    assert key == {"c1": "c6", "c2": "c6", "c3": "c5"}
    assert earns(made(scoring="all_or_nothing"), key, LAYOUT) == 1


def test_both_columns_are_shown_under_names_of_the_paper() -> None:
    view = msgspec.json.decode(msgspec.json.encode(made().view("i1", LAYOUT)))
    assert [(one["id"], one["text"]["th"][-1]) for one in view["prompts"]] == [("c1", "r"), ("c2", "p"), ("c3", "q")]
    assert "".join(one["text"]["th"][-1] for one in view["choices"]) == "dbac"
    assert [one["id"] for one in view["choices"]] == ["c4", "c5", "c6", "c7"]


@pytest.mark.parametrize(
    "fields, codes",
    [
        ({"prompts": PROMPTS[:1], "key": {"p": "a"}}, ["too-few-options"]),
        ({"options": OPTIONS[:1], "key": dict.fromkeys("pqr", "a")}, ["too-few-options"]),
        ({"key": {"p": "a", "q": "b"}}, ["prompt-without-key"]),
        ({"key": {**KEY, "x": "a"}}, ["key-without-option"]),
        ({"key": {**KEY, "r": "x"}}, ["key-without-option"]),
        ({"prompts": [*PROMPTS, PROMPTS[0]]}, ["option-twice"]),
        # A name may stand in both columns.
        ({"options": options("p", "q"), "key": dict.fromkeys("pqr", "p")}, []),
    ],
)
def test_what_the_fields_alone_cannot_show(fields: dict[str, Any], codes: list[str]) -> None:
    assert codes_of("matching", **{"prompts": PROMPTS, "options": OPTIONS, "key": KEY, **fields}) == codes
