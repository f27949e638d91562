"""A bank of ours from Aiken."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.adapters.formats.aiken_bank import convert

GOOD = """Which is the correct answer?
A. Is it this one?
B) Maybe $5 *this*
C. Possibly
ANSWER: c

เมืองหลวงของไทย
คือข้อใด
ก. เชียงใหม่
ข. กรุงเทพ
มหานคร
เฉลย: ข
2 + 2 =
A. 3
B. 4
ANSWER: B
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_questions_with_and_without_blank_lines_between(end: str) -> None:
    found = convert(("\ufeff" + GOOD.replace("\n", end)).encode(), "bank", "Aiken")
    assert found.notes == ()
    assert found.bank is not None
    first, second, third = (msgspec.to_builtins(question) for question in found.bank.questions)
    assert (first["key"], first["stem"]) == ("c", {"en": "Which is the correct answer?"})
    assert first["options"][1]["text"] == {"en": r"Maybe \$5 \*this\*"}
    assert (second["key"], second["stem"]) == ("b", {"th": "เมืองหลวงของไทย\nคือข้อใด"})
    assert second["options"][1]["text"] == {"th": "กรุงเทพ มหานคร"}
    assert third["key"] == "b"


@pytest.mark.parametrize(
    "text, line, code",
    [
        ("x\nA. a\nB. b\n", 1, "aiken-no-answer"),
        ("A. a\nB. b\nANSWER: A", 1, "aiken-no-question"),
        ("ANSWER: A", 1, "aiken-no-question"),
        ("x\nA. a\nB. b\nANSWER: C", 1, "aiken-no-such-choice"),
        ("x\nA. a\nC. b\nANSWER: C", 1, "aiken-letters"),
        ("x\nA. a\nB. b\nANSWER: A\n\ny\nA. a\nANSWER: A", 6, "too-few-options"),
        ("x\nANSWER: A", 1, "aiken-no-such-choice"),
        ("x\nA. a\n\nB. b\nANSWER: B", 1, "aiken-no-answer"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, code: str) -> None:
    found = convert(text.encode(), "bank", "x")
    assert (line, code) in [(note.line, note.code) for note in found.notes]
    assert all(note.message.th and note.message.en for note in found.notes)


PIECES = ["A. ", "B) ", "ก. ", "ANSWER: A", "ANSWER:", "\n", "\n\n", "x", "เฉลย: ก", " ", "\0"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join))
def test_whatever_is_written_gives_a_bank_or_reasons(text: str) -> None:
    found = convert(text.encode("utf-8", "replace"), "bank", "x")
    assert found.bank is not None or found.notes or not text.strip()
