"""Each question type: what a candidate may send, what it earns, what is shown."""

from fractions import Fraction
from typing import Any

import msgspec
import pytest

from exam_service.core.banks.interactions import TYPES, BadResponse, BaseQuestion, Layout, Question

ORDER = Layout(("b", "d", "a", "c"))
"""c1 is b, c2 is d, c3 is a, c4 is c."""
NONE = Layout()
OPTIONS = [{"id": option, "text": {"th": f"ตัวเลือก {option}"}} for option in "abcd"]
ZERO, ONE = Fraction(0), Fraction(1)


def question(kind: str, **fields: Any) -> BaseQuestion:
    raw = {"id": "q", "type": kind, "objective": "o", "difficulty": "easy", "stem": {"th": "ข้อความ"}, **fields}
    made: BaseQuestion = msgspec.convert(raw, Question)
    assert list(made.check()) == []
    return made


def earns(made: BaseQuestion, raw: object, layout: Layout = NONE) -> Fraction:
    return made.score(made.parse(raw, layout))


def test_types_go_by_their_names() -> None:
    choices = {"single_choice", "multiple_response", "true_false", "matching", "ordering"}
    assert set(TYPES) == choices | {"numeric", "short_text", "gap_text"}
    assert all(kind.__struct_config__.tag == name for name, kind in TYPES.items())


# Single choice


def test_single_choice() -> None:
    made = question("single_choice", options=OPTIONS, key="a")
    assert [earns(made, raw, ORDER) for raw in ("c3", "c1", None)] == [ONE, ZERO, ZERO]
    assert made.reveal(ORDER) == "c3"
    view = msgspec.json.decode(msgspec.json.encode(made.view("i7", ORDER)))
    assert view == {
        "item": "i7",
        "type": "single_choice",
        "stem": {"th": "ข้อความ"},
        "choices": [{"id": f"c{n}", "text": {"th": f"ตัวเลือก {option}"}} for n, option in enumerate(ORDER.order, 1)],
    }


@pytest.mark.parametrize(
    "raw", ["", "a", "c0", "c5", "c01", "c", "C1", "c1 ", "c๑", "c²", "c-1", "c9999999", 1, True, ["c1"], {"c1": True}]
)
def test_what_is_no_choice(raw: object) -> None:
    for kind in ("single_choice", "multiple_response"):
        with pytest.raises(BadResponse) as refused:
            TYPES[kind].parse(raw if kind == "single_choice" or raw in ("", "a") else [raw], ORDER)
        assert refused.value.text.th
        assert refused.value.text.en


# Multiple response

ALL_OR_NOTHING = [
    (["c3", "c2"], ONE),
    (["c2", "c3"], ONE),
    (["c3"], ZERO),
    (["c3", "c2", "c1"], ZERO),
    ([], ZERO),
    (None, ZERO),
]
PARTIAL = [
    (["c2", "c3"], ONE),
    (["c3"], Fraction(1, 2)),
    (["c3", "c1"], ZERO),
    (["c1"], ZERO),
    (["c1", "c4"], ZERO),
    (["c3", "c2", "c1"], Fraction(1, 2)),
    (["c1", "c2", "c3", "c4"], ZERO),
    ([], ZERO),
]  # fmt: skip


@pytest.mark.parametrize("raw, earned", ALL_OR_NOTHING)
def test_all_or_nothing(raw: object, earned: Fraction) -> None:
    assert earns(question("multiple_response", options=OPTIONS, key=["a", "d"]), raw, ORDER) == earned


@pytest.mark.parametrize("raw, earned", PARTIAL)
def test_partial_credit_is_right_ticks_less_wrong_ones(raw: object, earned: Fraction) -> None:
    made = question("multiple_response", options=OPTIONS, key=["a", "d"], scoring="partial")
    assert earns(made, raw, ORDER) == earned
    assert made.reveal(ORDER) == ["c2", "c3"]


def test_thirds_are_exact() -> None:
    made = question("multiple_response", options=OPTIONS, key=["a", "b", "d"], scoring="partial")
    assert earns(made, ["c1"], ORDER) * 3 == 1


@pytest.mark.parametrize("raw", ["c1", ["c1", "c1"], ["c1", "c2", "c3", "c4", "c1"], {"c1": 1}, True, [["c1"]], [None]])
def test_what_is_no_list_of_choices(raw: object) -> None:
    with pytest.raises(BadResponse):
        TYPES["multiple_response"].parse(raw, ORDER)


# True or false


def test_true_false() -> None:
    for key in (True, False):
        made = question("true_false", key=key)
        assert [earns(made, raw) for raw in (key, not key, None)] == [ONE, ZERO, ZERO]
        assert made.reveal(NONE) is key


@pytest.mark.parametrize("raw", [0, 1, "true", "", [], [True], {}])
def test_what_is_not_true_or_false(raw: object) -> None:
    with pytest.raises(BadResponse):
        TYPES["true_false"].parse(raw, NONE)


# Numeric


@pytest.mark.parametrize(
    "raw, value",
    [
        ("12.5", "12.5"), ("๑๒.๕", "12.5"), ("-๑๒.๕", "-12.5"), ("−3", "-3"),
        ("–3", "-3"), ("‑3", "-3"), ("+3", "3"), ("- 3", "-3"),
        (" 1,234.50 ", "1234.5"), ("๑,๒๓๔", "1234"),
        ("1 234 567", "1234567"), ("1\u00a0234", "1234"), ("1\u202f234", "1234"),
        (".5", "0.5"), ("5.", "5"), ("0", "0"), ("-0", "0"), ("007", "7"), ("1\u200b2", "12"),
        (0.1, "0.1"), (0.30000000000000004, "0.30000000000000004"), (-7, "-7"), (1e-7, "0.0000001"), (0, "0"),
        ("123456789012345", "123456789012345"),
    ],
)  # fmt: skip
def test_numbers_as_they_are_typed(raw: object, value: str) -> None:
    assert TYPES["numeric"].parse(raw, NONE) == Fraction(value)


# The ends of each range are in it; a tenth of a key of 30 is 3, and a tenth more than 30 is 33, a tenth less 27.2727…
@pytest.mark.parametrize(
    "kind, key, right, wrong",
    [
        ("absolute", 30, ["29.9", "30.1"], ["29.89", "30.11"]),
        ("relative", 30, ["27", "33"], ["26.99", "33.01"]),
        ("relative", -30, ["-27", "-33"], ["-26.99", "-33.01", "27"]),
        ("geometric", 33, ["30", "36.3"], ["29.99", "36.31"]),
        ("geometric", -33, ["-30", "-36.3"], ["-29.99", "-36.31", "30"]),
    ],
)
def test_a_tolerance_is_absolute_or_a_share_of_the_key(kind: str, key: int, right: list[str], wrong: list[str]) -> None:
    made = question("numeric", key=key, tolerance=0.1, tolerance_kind=kind)
    assert {earns(made, raw) for raw in right} == {ONE}
    assert {earns(made, raw) for raw in wrong} == {ZERO}


def test_a_share_of_nothing_is_refused() -> None:
    raw = {"id": "q", "type": "numeric", "objective": "o", "difficulty": "easy", "stem": {"th": "ก"}, "key": 0}
    for kind in ("relative", "geometric"):
        made: BaseQuestion = msgspec.convert(raw | {"tolerance": 1, "tolerance_kind": kind}, Question)
        assert [problem.code for problem in made.check()] == ["tolerance-of-nothing"]


@pytest.mark.parametrize(
    "answer, right, wrong",
    [
        ("*เมือง*", ["เมือง", "ในเมืองใหญ่", "เมือง ใหญ่"], ["เมื่อ", "บ้าน"]),
        ("กรุงเทพ*", ["กรุงเทพ", "กรุงเทพมหานคร"], ["ในกรุงเทพ"]),
        ("*dog", ["dog", "a big DOG"], ["dogs"]),
        ("a*b*c", ["abc", "a b c", "axxbxxc", "abcbc"], ["ac", "acb", "ab"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("น้ำ*", ["น\u0e4d\u0e49าแข็ง"], ["นำ"]),
        (r"2\*3", ["2*3"], ["2x3", "23"]),
        (r"a\\*", [r"a\b", "a\\"], ["ab"]),
        ("a * b", ["a x b", "a  x b"], ["axb"]),
    ],
)
def test_a_star_stands_for_any_text(answer: str, right: list[str], wrong: list[str]) -> None:
    made = question("short_text", key=[answer], wildcards=True)
    assert {raw: earns(made, raw) for raw in right} == dict.fromkeys(right, ONE)
    assert {raw: earns(made, raw) for raw in wrong} == dict.fromkeys(wrong, ZERO)
    assert made.reveal(NONE) == [answer]


def test_a_star_is_a_star_where_nobody_said_otherwise() -> None:
    made = question("short_text", key=["a*"])
    assert [earns(made, raw) for raw in ("a*", "ab")] == [ONE, ZERO]


def test_an_answer_that_takes_everything_is_refused() -> None:
    raw = {"id": "q", "type": "short_text", "objective": "o", "difficulty": "easy", "stem": {"th": "ก"}}
    made: BaseQuestion = msgspec.convert(raw | {"key": ["ก", "*", "* *"], "wildcards": True}, Question)
    assert [problem.path for problem in made.check()] == ["key[1]"]


def test_many_stars_cost_no_time() -> None:
    made = question("short_text", key=["*a" * 250], wildcards=True)
    assert earns(made, "a" * 249 + "b" * 251) == ZERO
    assert earns(made, "a" * 500) == ONE


@pytest.mark.parametrize(
    "raw", ["12,5", "1,23,456", "1,2345", "1234,567", "1 2", "abc", "1e3", "0x10", "1/2", "--1", "1.2.3", "NaN", "inf",
            "-", ".", "12 ซม.", "1_000", "²", "1" * 16],
)  # fmt: skip
def test_text_that_is_no_number_is_kept_and_earns_nothing(raw: str) -> None:
    assert TYPES["numeric"].parse(raw, NONE) == raw
    assert earns(question("numeric", key=125, tolerance=10**9), raw) == 0


@pytest.mark.parametrize("raw", [None, "", "  ", "\u200b", "\u00a0"])
def test_a_blank_number(raw: object) -> None:
    assert TYPES["numeric"].parse(raw, NONE) is None
    assert earns(question("numeric", key=0), raw) == 0


@pytest.mark.parametrize(
    "raw", [True, [], {}, "1" * 65, float("inf"), float("nan"), 10**400, -(10**15), 1e300], ids=lambda v: str(v)[:9]
)
def test_what_is_no_number_at_all(raw: object) -> None:
    with pytest.raises(BadResponse):
        TYPES["numeric"].parse(raw, NONE)


@pytest.mark.parametrize(
    "key, tolerance, raw, right",
    [
        (0.3, 0, "0.3", True),
        (0.3, 0, "0.30", True),
        (0.3, 0, 0.1 + 0.2, False),
        (0.3, 0, 0.3, True),
        (0.3, 0, "๐.๓", True),
        # In floats, 0.3 - 0.1 is less than 0.2 and 0.4 - 0.3 is more than 0.1.
        (0.3, 0.1, "0.2", True),
        (0.3, 0.1, "0.4", True),
        (0.3, 0.1, 0.4, True),
        (0.3, 0.1, "0.400000000000001", False),
        (0.3, 0.1, "0.199999999999999", False),
        (1.005, 0.005, "1.01", True),
        (1.005, 0.005, "1.0", True),
        (-12.5, 0, "−๑๒.๕", True),
        (1000000, 0, "1,000,000", True),
        (5, 0, 5.0, True),
        (1e-7, 0, "0.0000001", True),
    ],
)
def test_numbers_are_compared_as_they_are_written(key: float, tolerance: float, raw: object, right: bool) -> None:
    made = question("numeric", key=key, tolerance=tolerance)
    assert earns(made, raw) == right
    assert made.reveal(NONE) == key


def test_the_unit_is_shown() -> None:
    made = question("numeric", key=1, unit={"th": "ซม.", "en": "cm"})
    assert msgspec.to_builtins(made.view("i1", NONE))["unit"] == {"th": "ซม.", "en": "cm"}


# Short text


@pytest.mark.parametrize("raw", [None, "", "   ", "\u200b", "\n"])
def test_a_blank_text(raw: object) -> None:
    assert TYPES["short_text"].parse(raw, NONE) is None
    assert earns(question("short_text", key=["ก"]), raw) == 0


@pytest.mark.parametrize("raw", [5, True, [], ["ก"], {}, "ก" * 501], ids=lambda v: str(v)[:9])
def test_what_is_no_short_text(raw: object) -> None:
    with pytest.raises(BadResponse):
        TYPES["short_text"].parse(raw, NONE)


def test_any_accepted_answer_will_do() -> None:
    made = question("short_text", key=["น้ำ", "Water"])
    assert [earns(made, raw) for raw in ("น้ำ", "water", " WATER ", "นำ", "water!")] == [ONE, ONE, ONE, ZERO, ZERO]
    assert made.reveal(NONE) == ["น้ำ", "Water"]


def test_letters_count_where_the_author_says_so() -> None:
    made = question("short_text", key=["pH"], case_sensitive=True)
    assert [earns(made, raw) for raw in ("pH", "PH", "ph")] == [ONE, ZERO, ZERO]


@pytest.mark.parametrize(
    "kind, fields, codes",
    [
        ("single_choice", {"options": OPTIONS[:1], "key": "a"}, ["too-few-options"]),
        ("single_choice", {"options": [*OPTIONS, OPTIONS[0]], "key": "e"}, ["option-twice", "key-without-option"]),
        ("multiple_response", {"options": OPTIONS, "key": []}, ["no-key"]),
        ("multiple_response", {"options": OPTIONS, "key": ["a", "a", "x"]}, ["key-without-option", "key-twice"]),
        ("numeric", {"key": float("nan")}, ["key-out-of-range"]),
        ("numeric", {"key": 1, "tolerance": float("inf")}, ["bad-tolerance"]),
        ("short_text", {"key": []}, ["no-key"]),
        ("short_text", {"key": ["\u200b", "ก"]}, ["empty-key"]),
        ("true_false", {"key": True}, []),
    ],
)
def test_what_the_fields_alone_cannot_show(kind: str, fields: dict[str, Any], codes: list[str]) -> None:
    raw = {"id": "q", "type": kind, "objective": "o", "difficulty": "easy", "stem": {"th": "ก"}, **fields}
    made: BaseQuestion = msgspec.convert(raw, Question)
    assert [problem.code for problem in made.check()] == codes
