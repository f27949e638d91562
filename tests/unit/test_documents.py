from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.core.documents import read
from exam_service.core.ids import CODE_PATTERN
from exam_service.core.text import Text


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")]
    title: Text
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    note: str | None = None


class Circle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="circle"):
    radius: float


class Square(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="square"):
    side: float
    inner: "Circle | Square | None" = None


class Loose(msgspec.Struct, frozen=True):
    """Unknown fields are let through."""

    name: str


class Tree(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str
    leaves: tuple[Leaf, ...] = ()
    shapes: list[Circle | Square] = []
    by_code: dict[str, Leaf] = {}
    pair: tuple[int, str] | None = None
    best: Leaf | None = None
    value: bool | int | str = True
    when: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    loose: Loose | None = None
    numbers: dict[int, str] = {}
    size: Literal["small", "large"] | None = None


GOOD: dict[str, Any] = {
    "format": "tree",
    "leaves": [{"code": "a", "title": {"th": "ก"}}, {"code": "b", "title": {"en": "B"}, "count": 9}],
    "shapes": [
        {"kind": "circle", "radius": 1},
        {"kind": "square", "side": 2, "inner": {"kind": "circle", "radius": 3}},
    ],
    "by_code": {"x": {"code": "x", "title": {"en": "X"}}},
    "pair": [1, "one"],
    "best": None,
    "value": "text",
    "when": "2026-11-22T09:00:00+07:00",
    "loose": {"name": "n", "more": 1},
    "numbers": {"1": "one"},
}


def faults(raw: object, kind: Any = Tree) -> dict[str, str]:
    value, found = read(raw, kind)
    assert (value is None) is bool(found)
    return {fault.path: fault.code for fault in found}


def test_a_good_document_is_what_msgspec_makes_of_it() -> None:
    good = {**GOOD, "numbers": {1: "one"}}
    assert read(good, Tree) == (msgspec.convert(good, Tree), [])


def test_every_fault_is_found_where_it_is() -> None:
    raw = {
        "leaves": [
            {"code": "A", "title": {}, "count": 10, "notes": "x"},
            "no leaf",
            {"code": "c", "title": {"th": "ค", "fr": "c"}, "note": 5},
        ],
        "shapes": [
            {"kind": "circel", "radius": 1},
            {"radius": 1},
            {"kind": "square", "side": "2", "inner": {"kind": "circle"}},
            7,
        ],
        "by_code": {"x": {"title": {"en": "X"}}, "y": []},
        "pair": [1, 2],
        "best": {"code": "b"},
        "value": 1.5,
        "when": "2026-11-22T09:00:00",
        "loose": {"more": 1},
        "colour": "red",
    }
    assert faults(raw) == {
        # `format` is not there.
        "": "missing-field",
        "leaves[0].code": "wrong-value",
        "leaves[0].title": "wrong-value",
        "leaves[0].count": "wrong-value",
        "leaves[0].notes": "unknown-field",
        "leaves[1]": "wrong-value",
        "leaves[2].title.fr": "unknown-field",
        "leaves[2].note": "wrong-value",
        "shapes[0].kind": "unknown-kind",
        "shapes[1]": "missing-field",
        "shapes[2].side": "wrong-value",
        "shapes[2].inner": "missing-field",
        "shapes[3]": "missing-field",
        "by_code.x": "missing-field",
        "by_code.y": "wrong-value",
        "pair[1]": "wrong-value",
        "best": "missing-field",
        "value": "wrong-value",
        "when": "wrong-value",
        "loose": "missing-field",
        "colour": "unknown-field",
    }


@pytest.mark.parametrize("raw", [None, [], "text", 5, True])
def test_what_is_no_document_at_all(raw: object) -> None:
    assert faults(raw) == {"": "wrong-value"}


def test_the_path_starts_where_the_caller_says() -> None:
    _, found = read({"code": "a"}, Leaf, "course.leaves[3]")
    assert [(f.path, f.message.en) for f in found] == [("course.leaves[3]", "`title` is missing")]


def test_the_nearest_name_is_offered() -> None:
    _, found = read({"code": "a", "titel": {"th": "ก"}}, Leaf)
    by_code = {fault.code: fault for fault in found}
    assert by_code["unknown-field"].path == "titel"
    assert by_code["unknown-field"].message == Text(
        en="unknown field `titel`; did you mean `title`?", th="ไม่รู้จักช่อง `titel` หมายถึง `title` หรือไม่"
    )
    assert by_code["missing-field"].message == Text(en="`title` is missing", th="ขาด `title`")


def test_without_a_near_name_the_known_ones_are_listed() -> None:
    _, [fault] = read({"kind": "hexagon"}, Circle | Square)  # type: ignore[arg-type]
    assert fault.message.en == "unknown `kind` `hexagon`; known: circle, square"


def test_a_null_key_is_an_unknown_field_of_a_struct_without_tag() -> None:
    assert faults({"code": "a", "title": {"th": "ก"}, None: 1}, Leaf) == {"None": "unknown-field"}


def test_keys_of_mappings_are_read_too() -> None:
    assert faults({"format": "t", "numbers": {"one": "1"}}) == {"numbers": "wrong-value"}


def test_what_is_nested_too_deeply_is_a_fault_and_no_crash() -> None:
    raw: object = {"kind": "circle", "radius": 1}
    for _ in range(5000):
        raw = {"kind": "square", "side": 1, "inner": raw}
    assert faults(raw, Square) == {"": "too-deep"}


@pytest.mark.parametrize(
    "raw, kind, thai",
    [
        ("x", Leaf, "ต้องเป็นกลุ่มข้อมูล แต่ได้รับข้อความ"),
        ({"code": 1, "title": {"th": "ก"}}, Leaf, "`code`: ต้องเป็นข้อความ แต่ได้รับจำนวนเต็ม"),
        ({"code": "a", "title": {"th": "ก"}, "count": 0}, Leaf, "`count`: ต้องเป็นตัวเลข >= 1"),
        ({"code": "A", "title": {"th": "ก"}}, Leaf, "`code`: ข้อความต้องตรงตามรูปแบบ ^[a-z]+$"),
        ({"code": "a", "title": {}}, Leaf, "`title`: ใส่ข้อความในช่อง `th` หรือ `en` หรือทั้งสองช่อง"),
        (
            {"format": "t", "when": "2026-11-22T09:00:00"},
            Tree,
            "`when`: วันเวลาต้องระบุเขตเวลาด้วย เช่น 2026-11-22T09:00:00+07:00",
        ),
        ({"format": "t", "size": "huge"}, Tree, "`size`: ไม่รู้จักค่า 'huge' ค่าที่ใช้ได้คือ small, large"),
        ({"format": "t", "when": "soon"}, Tree, "`when`: วันเวลาไม่ถูกรูปแบบ เช่น 2026-11-22T09:00:00+07:00"),
    ],
)
def test_faults_are_said_in_thai(raw: object, kind: Any, thai: str) -> None:
    _, [fault] = read(raw, kind)
    assert fault.message.th == thai


@pytest.mark.parametrize(
    "raw, kind, english",
    [
        ({"format": "t", "size": "huge"}, Tree, "`size`: Invalid enum value 'huge'; known: small, large"),
        ({"format": "t", "size": 3}, Tree, "`size`: Expected `str`, got `int`; known: small, large"),
        ({"format": "t", "pair": [1, 2]}, Tree, "`pair[1]`: Expected `str`, got `int`"),
        ({"format": "t", "leaves": [{"code": "a", "title": {}}]}, Tree,
         "`title`: give the text in `th` or `en`, or both"),
        ("x", Leaf, "Expected `object`, got `str`"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_its_field_and_what_is_known(raw: object, kind: Any, english: str) -> None:
    _, [fault] = read(raw, kind)
    assert fault.message.en == english


@pytest.mark.parametrize(
    "pattern, english, thai",
    [
        (CODE_PATTERN, "use 1 to 64 of a-z, 0-9 and -, beginning with a letter or digit",
         "ใช้ได้เฉพาะ a-z, 0-9 และ - จำนวน 1 ถึง 64 ตัว และต้องขึ้นต้นด้วยตัวอักษรหรือตัวเลข"),
        (r"^[A-Za-z0-9._-]{1,32}$(?!\n)", "use 1 to 32 of A-Z, a-z, 0-9, ., _ and -",
         "ใช้ได้เฉพาะ A-Z, a-z, 0-9, ., _ และ - จำนวน 1 ถึง 32 ตัว"),
        (r"^[a-z][a-z0-9_]{0,63}$(?!\n)", "use 1 to 64 of a-z, 0-9 and _, beginning with a letter",
         "ใช้ได้เฉพาะ a-z, 0-9 และ _ จำนวน 1 ถึง 64 ตัว และต้องขึ้นต้นด้วยตัวอักษร"),
        (r"^[A-Z2-7]{16}$", "use exactly 16 of A-Z and 2-7", "ใช้ได้เฉพาะ A-Z และ 2-7 จำนวน 16 ตัว"),
    ],
)  # fmt: skip
def test_a_pattern_is_told_in_words(pattern: str, english: str, thai: str) -> None:
    coded = msgspec.defstruct("Coded", [("code", Annotated[str, msgspec.Meta(pattern=pattern)])])
    _, [fault] = read({"code": "ก ข"}, coded)
    assert fault.message == Text(en=f"`code`: {english}", th=f"`code`: {thai}")


def mangled(document: Any) -> st.SearchStrategy[Any]:
    """The document, with any of its parts exchanged for something else, or taken away."""
    junk = st.one_of(
        st.none(), st.booleans(), st.integers(-2, 12), st.text("ab{}`$ก", max_size=3), st.just({}), st.just([]),
        st.sampled_from(["circle", "square", "2026-11-22T09:00:00Z"]),
    )  # fmt: skip
    if isinstance(document, dict):
        parts = st.fixed_dictionaries(
            {}, optional={key: mangled(value) for key, value in document.items()} | {"extra": junk}
        )
        whole: st.SearchStrategy[Any] = parts
    elif isinstance(document, list):
        whole = st.tuples(*map(mangled, document)).map(list)
    else:
        whole = st.just(document)
    return st.integers(0, 7).flatmap(lambda n: junk if n == 0 else whole)


@settings(max_examples=150, deadline=None)
@given(mangled(GOOD))
def test_reading_agrees_with_msgspec(raw: Any) -> None:
    try:
        wanted = msgspec.convert(raw, Tree)
    except msgspec.ValidationError:
        wanted = None
    value, found = read(raw, Tree)
    assert value == wanted
    assert (value is None) is bool(found)
    assert all(fault.message.th and fault.message.en for fault in found)
