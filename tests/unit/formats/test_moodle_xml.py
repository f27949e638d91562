"""A bank of ours from Moodle XML."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.adapters.formats.moodle_bank import convert
from exam_service.adapters.formats.native import read_bank, write_bank
from exam_service.core.banks.converted import Converted
from exam_service.core.errors import Invalid


def quiz(*questions: str) -> Converted:
    return convert(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n{"".join(questions)}</quiz>'.encode(), "bank", "ทดสอบ"
    )


def asked(kind: str, more: str, text: str = "<![CDATA[<p>ถามว่า <b>อะไร</b></p>]]>") -> str:
    return f"""<question type="{kind}"><name><text>ข้อ 1</text></name>
<questiontext format="html"><text>{text}</text></questiontext>{more}</question>\n"""


def answer(fraction: object, text: str, more: str = "") -> str:
    return f'<answer fraction="{fraction}" format="html"><text>{text}</text>{more}</answer>'


def one(kind: str, more: str, text: str = "ถามว่า") -> dict[str, Any]:
    found = quiz(asked(kind, more, text))
    assert found.bank is not None, found.notes
    raw: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found.bank.questions[0]))
    return {name: raw[name] for name in raw if name not in ("id", "objective", "difficulty", "type", "stem")}


def test_what_every_question_has() -> None:
    found = quiz(
        '<question type="category"><category><text>$course$/top/คณิต/เศษส่วน</text></category></question>',
        asked(
            "truefalse",
            "<generalfeedback format='html'><text>&lt;p&gt;เพราะ 2 &amp;gt; 1&lt;/p&gt;</text></generalfeedback>"
            "<defaultgrade>2.0000000</defaultgrade><idnumber>TF-1</idnumber>"
            "<tags><tag><text>easy one</text></tag></tags>"
            + answer(100, "true", "<feedback format='html'><text>ดี</text></feedback>")
            + answer(0, "false"),
        ),
    )
    assert found.bank is not None
    (question,) = found.bank.questions
    assert (question.id, question.points, question.tags, question.stem.th) == (
        "TF-1",
        2,
        ("easy-one",),
        "ถามว่า **อะไร**",
    )
    assert question.rationale is not None
    assert question.rationale.th == "เพราะ 2 > 1"
    assert found.bank.objectives[0].title.th == "เศษส่วน"
    assert [(note.line, note.question, note.code) for note in found.notes] == [(3, "TF-1", "feedback")]


def test_choices() -> None:
    single = one("multichoice", "<single>true</single>" + answer(100, "ก") + answer(50, "ข") + answer(0, "ค"))
    assert (single["key"], single["values"]) == ("a", {"b": 0.5})
    several = one("multichoice", "<single>false</single>" + answer(50, "ก") + answer(50, "ข") + answer(-100, "ค"))
    assert (several["key"], several["values"]) == (["a", "b"], {"a": 0.5, "b": 0.5, "c": -1})


def test_words_and_numbers() -> None:
    assert one("shortanswer", "<usecase>1</usecase>" + answer(100, "pH") + answer("33.33333", "ph*")) == {
        "key": ["pH"],
        "partly": [{"text": "ph*", "share": 0.3333333}],
        "wildcards": True,
        "case_sensitive": True,
    }
    units = "<units><unit><multiplier>1</multiplier><unit_name>m</unit_name></unit>"
    units += "<unit><multiplier>100</multiplier><unit_name>cm</unit_name></unit></units>"
    number = answer(100, "1.5", "<tolerance>0.05</tolerance>") + answer(0, "*")
    assert one("numerical", number + units) == {
        "key": 1.5,
        "tolerance": 0.05,
        "units": [{"name": "m"}, {"name": "cm", "factor": 0.01}],
    }


def test_pairs_and_orders() -> None:
    pair = "<subquestion format='html'><text>{0}</text><answer><text>{1}</text></answer></subquestion>"
    found = one("matching", pair.format("หมา", "dog") + pair.format("แมว", "cat") + pair.format("", "cow"))
    assert found["key"] == {"p1": "a", "p2": "b"}
    assert len(found["options"]) == 3
    order = "".join(answer(f"{n}.0", text) for n, text in enumerate("กขค", 1))
    found = one("ordering", "<gradingtype>RELATIVE_NEXT_EXCLUDE_LAST</gradingtype>" + order)
    assert (found["key"], found["scoring"]) == (["a", "b", "c"], "adjacent")


def test_gaps_to_choose() -> None:
    words = "".join(
        f"<selectoption><text>{text}</text><group>{group}</group></selectoption>"
        for text, group in (("แมว", 1), ("หมา", 1), ("สอง", 2), ("สี่", 2))
    )
    found = one("gapselect", words, "[[1]]มี[[4]]ขา")
    assert found["text"] == {"th": "[[g1]]มี[[g2]]ขา"}
    assert [gap["key"] for gap in found["gaps"]] == ["w1", "w4"]
    assert [option["text"]["th"] for option in found["gaps"][1]["options"]] == ["สอง", "สี่"]


def test_embedded_answers() -> None:
    text = "{1:MULTICHOICE:=แมว~หมา#ไม่ใช่}มี{1:NUMERICAL:=4:0.1~%0%3:0}ขา ชื่อ{:SA:=เหมียว~=ม\\}~%0%*}"
    found = one("cloze", "", text)
    assert found["text"] == {"th": "[[g1]]มี[[g2]]ขา ชื่อ[[g3]]"}
    first, second, third = found["gaps"]
    assert (first["kind"], first["key"], len(first["options"])) == ("choice", "a", 2)
    assert (second["kind"], second["key"], second["tolerance"]) == ("number", 4, 0.1)
    assert (third["kind"], third["key"]) == ("text", ["เหมียว", "ม}"])


@pytest.mark.parametrize(
    "kind, more, text, code",
    [
        ("essay", "", "x", "essay"),
        ("description", "", "x", "description"),
        ("calculated", "", "x", "unknown-type"),
        ("multichoice", answer(40, "a") + answer(40, "b"), "x", "no-right-answer"),
        ("multichoice", "<single>false</single>" + answer(40, "a") + answer(40, "b"), "x", "key-earns-less"),
        ("multichoice", answer(100, "a") + answer(0, "&lt;img src='y'/&gt;"), "x", "nothing-to-read"),
        ("multichoice", answer("many", "a") + answer(0, "b"), "x", "not-a-number"),
        ("truefalse", answer(0, "true"), "x", "no-right-answer"),
        ("numerical", answer(100, "five"), "x", "not-a-number"),
        (
            "numerical",
            answer(100, "5") + "<units><unit><multiplier>0</multiplier><unit_name>m</unit_name></unit></units>",
            "x",
            "not-a-number",
        ),
        ("gapselect", "<selectoption><text>a</text></selectoption>", "[[2]]", "unknown-gap"),
        ("cloze", "", "nothing", "no-gaps"),
        ("cloze", "", "{1:SA:=a} {2:SA:=b}", "gap-weights"),
        ("cloze", "", "{1:SA:=a~%50%b}", "gap-parts"),
        ("cloze", "", "{1:MULTIRESPONSE:=a~=b}", "unknown-type"),
    ],
)
def test_what_is_left_out_is_told_with_its_line(kind: str, more: str, text: str, code: str) -> None:
    found = quiz(asked("truefalse", answer(100, "true")), asked(kind, more, text))
    assert found.bank is not None
    assert len(found.bank.questions) == 1
    assert (5, code) in [(note.line, note.code) for note in found.notes]
    assert all(note.message.th and note.message.en for note in found.notes)


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "not-xml"),
        (b"GIFT? {T}", "not-xml"),
        (b"<quiz><question></quiz>", "not-xml"),
        (b"<html/>", "not-a-quiz"),
        (b"<?xml version='1.0' encoding='klingon'?><quiz/>", "not-xml"),
        (b"<!DOCTYPE quiz SYSTEM 'http://127.0.0.1:1/x.dtd'><quiz/>", "xml-doctype"),
        (b"<!DOCTYPE q [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><quiz>&b;</quiz>", "xml-doctype"),
        (b"<!DOCTYPE q [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><quiz>&a;</quiz>", "xml-doctype"),
        (b"<quiz>&nbsp;</quiz>", "not-xml"),
        (b"<a>" * 1_000_000, "xml-too-deep"),
    ],
)
def test_what_is_no_such_file_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        convert(content, "bank", "x")
    (fault,) = refused.value.faults
    assert fault.code == code
    assert fault.line
    assert fault.message.th


PIECES = [
    "<p>",
    "</p>",
    "<text>",
    "</text>",
    "{1:SA:=a}",
    "[[1]]",
    "~",
    "=",
    "%50%",
    "\\",
    "<![CDATA[",
    "]]>",
    "&amp;",
    "ก",
    " ",
    "{1:MC:",
]
KINDS = ["multichoice", "shortanswer", "numerical", "matching", "ordering", "gapselect", "cloze", "truefalse"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_is_written_gives_a_bank_or_reasons(kind: str, inside: str) -> None:
    try:
        found = quiz(asked(kind, inside + answer(100, inside) + answer(0, "b"), inside))
    except Invalid as refused:
        assert refused.faults  # noqa: PT017 - what else is raised fails
        return
    assert found.bank is not None or found.notes
    if found.bank is not None:
        assert read_bank(write_bank(found.bank, "json"), "x.json") == found.bank
