"""A bank of ours from GIFT: what is carried, what is left out, and what cannot be read."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.adapters.formats.gift_bank import convert
from exam_service.adapters.formats.native import read_bank, write_bank
from exam_service.core.banks.converted import Converted
from exam_service.core.errors import Invalid


def made(gift: str) -> Converted:
    return convert(gift.encode(), "bank", "ทดสอบ")


def one(gift: str) -> dict[str, Any]:
    """The only question, without what the file does not say."""
    found = made(gift)
    assert found.bank is not None, found.notes
    (question,) = found.bank.questions
    raw: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(question))
    assert (raw.pop("difficulty"), raw.pop("objective")) == ("medium", found.bank.objectives[0].code)
    return raw


def codes(gift: str) -> list[tuple[int, str | None, str]]:
    return [(note.line, note.question, note.code) for note in made(gift).notes]


def test_one_right_answer() -> None:
    assert one("::Capital:: เมืองหลวงของไทยคือ {=กรุงเทพ ~เชียงใหม่ ~%50%ธนบุรี#เกือบ}") == {
        "id": "Capital",
        "type": "single_choice",
        "stem": {"th": "เมืองหลวงของไทยคือ"},
        "options": [
            {"id": "a", "text": {"th": "กรุงเทพ"}},
            {"id": "b", "text": {"th": "เชียงใหม่"}},
            {"id": "c", "text": {"th": "ธนบุรี"}},
        ],
        "key": "a",
        "values": {"c": 0.5},
    }


def test_several_that_share_the_points() -> None:
    raw = one("Which? {~%50%a ~%-100%b ~%50%c}")
    assert (raw["type"], raw["scoring"], raw["key"]) == ("multiple_response", "mapped", ["a", "c"])
    assert raw["values"] == {"a": 0.5, "b": -1.0, "c": 0.5}


def test_thirds_of_moodle_come_to_one() -> None:
    raw = one("Which? {~%33.33333%a ~%33.33333%b ~%33.33333%c ~%-100%d}")
    assert raw["key"] == ["a", "b", "c"]
    assert raw["values"] == {"a": 0.3333333, "b": 0.3333333, "c": 0.3333334, "d": -1.0}


def test_words_with_wildcards_and_parts() -> None:
    raw = one("Who? {=Grant =%50%*grant* =%0%*#no}")
    assert (raw["key"], raw["partly"], raw["wildcards"]) == (["Grant"], [{"text": "*grant*", "share": 0.5}], True)
    assert one("Star? {=a\\*}")["key"] == ["a\\*"]


@pytest.mark.parametrize(
    "answer, fields",
    [
        ("#1822:2", {"key": 1822, "tolerance": 2}),
        ("#-0.1..0.3", {"key": 0.1, "tolerance": 0.2}),
        (
            "#=3.5:0.1 =%25%3:1#far ~#wrong",
            {"key": 3.5, "tolerance": 0.1, "partly": [{"key": 3, "tolerance": 1, "share": 0.25}]},
        ),
    ],
)
def test_numbers(answer: str, fields: dict[str, Any]) -> None:
    raw = one(f"How many? {{{answer}}}")
    assert {name: raw[name] for name in raw if name in ("key", "tolerance", "partly")} == fields


def test_pairs_and_one_more_to_choose_from() -> None:
    raw = one("Match {=one -> 1 =two -> 2 =deux -> 2 = -> 3}")
    assert raw["key"] == {"p1": "a", "p2": "b", "p3": "b"}
    assert [option["text"]["en"] for option in raw["options"]] == ["1", "2", "3"]


def test_what_surrounds_a_question() -> None:
    found = made(
        "\ufeff// [id:q-7] [tag:Algebra I] [tag:ยาก]\r\n$CATEGORY: $course$/Maths/เศษส่วน\r\n\r\n"
        "// [id:q-7] [tag:Algebra I] [tag:ยาก]\r\n[html]<b>2</b> + 2 {=4 ~5####Because \\= 4}\r\n"
    )
    assert found.bank is not None
    (question,) = found.bank.questions
    assert (question.id, question.tags, question.stem.en) == ("q-7", ("algebra-i",), "**2** + 2")
    assert question.rationale is not None
    assert question.rationale.en == "Because = 4"
    assert [(objective.code, objective.title.th) for objective in found.bank.objectives] == [("objective", "เศษส่วน")]
    assert [note.code for note in found.notes] == ["tag"]


@pytest.mark.parametrize(
    "gift, notes",
    [
        ("Just a text.", [(1, None, "description")]),
        ("Write! {}", [(1, None, "essay")]),
        ("x {~a ~b}", [(1, None, "no-right-answer")]),
        ("x {=a ~%0%b ~<img src\\=x>}", [(1, None, "nothing-to-read")]),
        ("x {~%40%a ~%40%b}", [(1, None, "key-earns-less")]),
        ("x {#five}", [(1, None, "not-a-number")]),
        ("x {#=1 =2}", [(1, None, "several-keys")]),
        ("x {#1e999}", [(1, None, "not-a-number")]),
        ("x {#nan}", [(1, None, "not-a-number")]),
        ("a {=b ~c\n\n}\n\nd {=e ~f}", [(1, None, "gift-no-closing-brace"), (3, None, "gift-no-opening-brace")]),
        ("a {=b ~c} d {=e}", [(1, None, "gift-more-braces")]),
        ("a {~%x%b =c}", [(1, None, "gift-weight")]),
        ("a {b ~c}", [(1, None, "gift-no-sign")]),
        ("a {=b -> c =d}", [(1, None, "gift-no-arrow")]),
        (
            "<script>x</script>a <img src\\=y> {=b ~c#why}",
            [(1, "q001", "feedback"), (1, "q001", "picture"), (1, "q001", "script")],
        ),
        ("one {=a ~b}\n\n::one:: two {~%100%a}", [(3, None, "too-few-options")]),
    ],
)
def test_what_is_left_out_is_told_with_its_line(gift: str, notes: list[tuple[int, str | None, str]]) -> None:
    found = codes(gift)
    assert sorted(found, key=str) == sorted(notes, key=str)
    for note in made(gift).notes:
        assert note.message.th
        assert note.message.en


def test_what_is_sound_is_carried_beside_it() -> None:
    found = made("a {=b\n\nc {=d ~e}\n\nf {}\n\n::x:: g {T}\n\n::x:: h {F}")
    assert found.bank is not None
    assert [question.id for question in found.bank.questions] == ["q001", "x", "x-2"]
    assert len(found.notes) == 2


@pytest.mark.parametrize("content", ["ก".encode("cp874"), "x {=a ~b}".encode("utf-16")])
def test_another_encoding_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        convert(content, "bank", "x")
    (fault,) = refused.value.faults
    assert fault.code == "not-utf-8"
    assert "windows-874" in (fault.message.en or "") or "UTF-16" in (fault.message.en or "")


PIECES = [
    "{",
    "}",
    "=",
    "~",
    "#",
    "->",
    "::",
    "%50%",
    "%",
    "\n",
    "\n\n",
    "//",
    "[html]",
    "<b>",
    "\\",
    "####",
    "T",
    "1..2",
    "ก",
    " ",
    "$CATEGORY: x/y",
    "[id:a]",
    "\0",
    "*",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=40).map("".join))
def test_whatever_is_written_gives_a_bank_or_reasons(gift: str) -> None:
    found = convert(gift.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode(), "bank", "x")
    if found.bank is None:
        assert (
            found.notes
            or not gift.strip()
            or all(line.strip().startswith(("//", "$")) or not line.strip() for line in gift.splitlines())
        )
    else:
        assert read_bank(write_bank(found.bank, "yaml"), "x.yaml") == found.bank
