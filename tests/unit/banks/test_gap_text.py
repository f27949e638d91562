"""A text with gaps: chosen, typed, and numbers."""

from fractions import Fraction
from typing import Any

import msgspec
import pytest

from exam_service.core.banks.interactions import TYPES, BadResponse, Layout
from tests.support.questions import codes_of, earns, options, question

GAPS: list[dict[str, Any]] = [
    {"kind": "choice", "id": "capital", "options": options("a", "b", "c"), "key": "a"},
    {"kind": "text", "id": "river", "key": ["เจ้าพระยา", "Chao Phraya"]},
    {"kind": "number", "id": "people", "key": 66, "tolerance": 2},
    {"kind": "choice", "id": "sea", "options": options("x", "y"), "key": "y"},
]
TEXT = {"th": "[[capital]] อยู่ริม [[river]] มี [[people]] ล้านคน [[sea]]", "en": "[[sea]] [[people]] [[river]] [[capital]]"}
LAYOUT = Layout(("b", "a", "c", "y", "x"), (3, 0, 0, 2))
RIGHT = {"g1": "c2", "g2": " เจ้าพระยา ", "g3": "๖๗.๕", "g4": "c4"}


def made(**fields: Any) -> Any:
    return question("gap_text", **{"text": TEXT, "gaps": GAPS, **fields})


@pytest.mark.parametrize(
    "raw, right",
    [
        (RIGHT, 4),
        ({**RIGHT, "g2": "แม่กลอง"}, 3),
        ({**RIGHT, "g3": "หกสิบหก", "g4": "c5"}, 2),
        ({"g3": "64", "g2": "", "g1": None}, 1),
        ({"g3": "63.99"}, 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_each_gap_earns_its_share(raw: object, right: int) -> None:
    assert earns(made(), raw, LAYOUT) == Fraction(right, 4)
    assert earns(made(scoring="all_or_nothing"), raw, LAYOUT) == (right == 4)


def test_nothing_filled_in_is_blank() -> None:
    for raw in (None, {}, {"g1": None, "g2": "", "g3": "  "}):
        assert TYPES["gap_text"].parse(raw, LAYOUT) is None


@pytest.mark.parametrize(
    "raw",
    [
        [],
        "c1",
        {"g0": "x"},
        {"g5": "x"},
        {"capital": "c1"},
        {"g1": "c4"},
        {"g4": "c1"},
        {"g1": "a"},
        {"g2": 5},
        {"g2": "x" * 501},
    ],
)
def test_what_fills_no_gap(raw: object) -> None:
    with pytest.raises(BadResponse) as refused:
        TYPES["gap_text"].parse(raw, LAYOUT)
    assert refused.value.text.th
    assert refused.value.text.en


def test_the_view_names_gaps_by_number_in_both_languages() -> None:
    view = msgspec.json.decode(msgspec.json.encode(made().view("i1", LAYOUT)))
    assert view["text"] == {"th": "[[g1]] อยู่ริม [[g2]] มี [[g3]] ล้านคน [[g4]]", "en": "[[g4]] [[g3]] [[g2]] [[g1]]"}
    assert [(gap["id"], gap["kind"]) for gap in view["gaps"]] == [
        ("g1", "choice"),
        ("g2", "text"),
        ("g3", "number"),
        ("g4", "choice"),
    ]
    assert [[choice["id"] for choice in gap.get("choices", [])] for gap in view["gaps"]] == [
        ["c1", "c2", "c3"],
        [],
        [],
        ["c4", "c5"],
    ]


def test_the_key_in_the_papers_terms() -> None:
    assert made().reveal(LAYOUT) == {"g1": "c2", "g2": ["เจ้าพระยา", "Chao Phraya"], "g3": 66, "g4": "c4"}


@pytest.mark.parametrize(
    "fields, codes",
    [
        ({"gaps": [], "text": {"th": "ไม่มี"}}, ["no-gaps"]),
        ({"text": {"th": "[[capital]] [[river]] [[people]]"}}, ["gap-without-place"]),
        ({"text": {**TEXT, "en": f"{TEXT['en']} [[moon]]"}}, ["unknown-gap"]),
        ({"text": {**TEXT, "th": f"{TEXT['th']} [[sea]]"}}, ["gap-twice"]),
        ({"gaps": [*GAPS, GAPS[0]]}, ["gap-twice"]),
        ({"gaps": [{**GAPS[0], "key": "z"}, *GAPS[1:]]}, ["key-without-option"]),
        ({"gaps": [GAPS[0], {**GAPS[1], "key": []}, *GAPS[2:]]}, ["no-key"]),
        ({"gaps": [*GAPS[:2], {**GAPS[2], "tolerance": -1}, GAPS[3]]}, ["bad-tolerance"]),
    ],
)
def test_what_the_fields_alone_cannot_show(fields: dict[str, Any], codes: list[str]) -> None:
    assert codes_of("gap_text", **{"text": TEXT, "gaps": GAPS, **fields}) == codes


def test_one_gap_alone() -> None:
    one = question("gap_text", text={"th": "[[a]]"}, gaps=[{"kind": "text", "id": "a", "key": ["ก"]}])
    assert earns(one, {"g1": "ก"}) == 1
    with pytest.raises(BadResponse):
        one.parse({"g2": "ก"}, Layout())
