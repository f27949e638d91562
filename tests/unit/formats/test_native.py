"""Reading a bank: the same document in three forms, and every fault where it stands."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.adapters.formats import located_yaml, native
from exam_service.adapters.formats.located_yaml import plain_value, read_yaml
from exam_service.core.banks.model import Bank
from tests.support.banks import TOML, YAML, as_json, read, refused, where


def test_the_three_forms_say_the_same() -> None:
    bank = read(YAML)
    assert [question.id for question in bank.questions] == ["q1", "q2"]
    assert bank.questions[0].options[0].text.en == "No"  # type: ignore[union-attr]
    assert bank.questions[0].options[1].text.en == "2024-01-01"  # type: ignore[union-attr]
    assert read(TOML, "bank.toml") == bank
    assert read(as_json(), "bank.json") == bank
    assert read(YAML, "C:\\banks\\BANK.YML") == bank
    assert read(b"\xef\xbb\xbf" + YAML.replace("\n", "\r\n").encode()) == bank


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_is_written_is_read_back_the_same(form: Any, repository: Path) -> None:
    for file in sorted((repository / "question_banks").glob("*.yaml")):
        bank = native.read_bank(file.read_bytes(), file.name)
        assert native.read_bank(native.write_bank(bank, form), f"bank.{form}") == bank


words = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1).filter(
    lambda text: text.strip() != ""
)
odd = st.sampled_from(
    ["no", "NULL", "~", "1e5", "0o17", "12:30", "0123", "1_000", "- a", "a: b", "#x", "''", "|", ".5"]
)


@given(st.lists(words | odd, min_size=2, max_size=4), st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9))
@settings(deadline=None)
def test_any_text_survives_being_written_and_read(texts: list[str], number: float) -> None:
    raw: dict[str, Any] = yaml.safe_load(YAML)
    raw["questions"][0]["options"] = [{"id": f"o{n}", "text": {"th": text}} for n, text in enumerate(texts)]
    raw["questions"][0]["key"] = "o0"
    raw["questions"][1] |= {"key": number, "tolerance": 0, "source": texts[0]}
    raw["title"], raw["questions"][0]["stem"] = {"en": texts[0]}, {"en": texts[1]}
    raw["questions"][0]["options"][1]["text"] = {"en": "x"}
    bank = msgspec.convert(raw, Bank)
    for form in ("yaml", "json"):
        assert native.read_bank(native.write_bank(bank, form), f"bank.{form}") == bank


@given(words | odd)
def test_pyyaml_without_libyaml_reads_the_same(text: str) -> None:
    written = yaml.safe_dump({"a": [text, {"b": text}]}, allow_unicode=True)
    quick = read_yaml(written)
    before = located_yaml.Loader
    try:
        located_yaml.Loader = yaml.SafeLoader
        slow = read_yaml(written)
    finally:
        located_yaml.Loader = before
    assert (quick.raw, quick.faults) == (slow.raw, slow.faults)


@pytest.mark.parametrize(
    "word, value",
    [("true", True), ("False", False), ("yes", "yes"), ("No", "No"), ("off", "off"), ("~", None), ("12", 12),
     ("-3", -3), ("007", "007"), ("1.50", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1_000", "1_000"), ("12:30", "12:30"),
     ("2024-01-01", "2024-01-01"), ("0x1F", "0x1F"), ("๑๒", "๑๒"), ("9" * 5000, "9" * 5000)],
)  # fmt: skip
def test_words_mean_what_yaml_1_2_says(word: str, value: object) -> None:
    assert plain_value(word) == value
    assert type(plain_value(word)) is type(value)


# Every fault, where it stands


def test_faults_of_all_questions_come_at_once_with_line_and_question() -> None:
    text = (
        YAML.replace("difficulty: easy", "dificulty: easy").replace("key: 1.5", "key: many").replace("key: a", "key: z")
    )
    found = where(text)
    assert ("unknown-field", 12, "q1") in found
    assert ("missing-field", 9, "q1") in found
    assert ("wrong-value", 26, "q2") in found


def test_faults_of_sense_have_their_line_too() -> None:
    text = YAML.replace("key: a\n", "key: z\n").replace("id: q2", "id: q1")
    text = text.replace("objective: one\n    difficulty: hard", "objective: two\n    difficulty: hard")
    assert sorted(where(text)) == [
        ("key-without-option", 17, "q1"),
        ("question-twice", 18, "q1"),
        ("unknown-objective", 20, "q1"),
    ]


@pytest.mark.parametrize("name", ["bank.yaml", "bank.json", "short.json"])
def test_faults_come_in_the_order_of_the_file(name: str) -> None:
    raw = json.loads(as_json())
    raw["questions"][0] |= {"objective": "nowhere", "key": "z", "difficulty": "eassy", "points": 0}
    raw["questions"][1] |= {"colour": "red", "id": "q1", "tolerance": -1}
    raw = {**{key: value for key, value in raw.items() if key != "code"}, "code": "No Code"}
    form = {"bank.yaml": yaml.safe_dump(raw, sort_keys=False), "bank.json": json.dumps(raw, indent=1)}
    found = refused(form.get(name, json.dumps(raw)), name)
    first, second = ([f"questions[{number}].{key}" for key in raw["questions"][number]] for number in (0, 1))
    order = [*first, *second, "code"]
    places = [order.index(fault.path) for fault in found]
    assert len(places) == 8
    assert places == sorted(places)


def test_json_faults_have_the_line_of_their_value() -> None:
    lines = as_json().replace('"hard"', '"harder"').replace('"key": "a"', '"kye": "a"').split("\n")
    found = where("\n".join(lines), "bank.json")
    at = {name: next(n for n, line in enumerate(lines, 1) if name in line) for name in ("harder", "kye")}
    assert ("wrong-value", at["harder"], "q2") in found
    assert ("unknown-field", at["kye"], "q1") in found


def test_toml_faults_have_the_line_of_their_field_or_table() -> None:
    text = TOML.replace('difficulty = "hard"', 'difficulty = "harder"').replace('id = "b"', 'id = "ข"')
    lines = text.split("\n")
    found = where(text, "bank.toml")
    assert ("wrong-value", lines.index('difficulty = "harder"') + 1, "q2") in found
    assert ("wrong-value", lines.index('id = "ข"') + 1, "q1") in found
    missing = TOML.replace('objective = "one"\ndifficulty = "hard"\n', 'difficulty = "hard"\n')
    assert ("missing-field", missing.split("\n").index('id = "q2"'), "q2") in where(missing, "bank.toml")


def test_a_text_of_several_lines_hides_no_tables_from_the_line_count_of_toml() -> None:
    trap = TOML.replace("เท่าไร\n", '[[questions]]\nid = "trap"\n') + '\n[[questions]]\nid = "q3"\n'
    lines = trap.split("\n")
    assert {line for _, line, question in where(trap, "bank.toml") if question == "q3"} == {lines.index('id = "q3"')}


@pytest.mark.parametrize("name", ["bank.yaml", "bank.json", "bank.toml"])
def test_a_doubled_name_is_a_fault_at_its_second_place(name: str) -> None:
    wanted: tuple[str, int, str | None]
    if name == "bank.yaml":
        text, wanted = YAML.replace("    key: a\n", "    key: a\n    key: b\n"), ("key-twice", 18, "q1")
    elif name == "bank.toml":
        text, wanted = TOML.replace('key = "a"\n', 'key = "a"\nkey = "b"\n'), ("syntax-error", 16, None)
    else:
        lines = as_json().split("\n")
        at = next(n for n, line in enumerate(lines) if '"key": "a"' in line)
        comma = lines[at] if lines[at].endswith(",") else lines[at] + ","
        lines[at : at + 1] = [comma, lines[at]]
        text, wanted = "\n".join(lines), ("key-twice", at + 2, "q1")
    assert where(text, name) == [wanted]


def test_a_doubled_name_does_not_hide_other_faults() -> None:
    text = YAML.replace("    key: a\n", "    key: a\n    key: b\n").replace("hard", "harder")
    assert {code for code, _, _ in where(text)} == {"key-twice", "wrong-value"}


@pytest.mark.parametrize(
    "text, name, line",
    [
        ("format: x\n  code: [1, 2\n", "bank.yaml", 2),
        ("a: b\n\tc: d\n", "bank.yaml", 2),
        ("a: 'b\n", "bank.yaml", 2),
        ("a: b\nc: \x01\n", "bank.yaml", 2),
        ('{\n  "a": 1,\n}\n', "bank.json", 3),
        ('{"a": 1} {"b": 2}', "bank.json", 1),
        ("// note\n{}", "bank.json", 1),
        ('a = 1\nb = "open\n', "bank.toml", 2),
        ("a = 1\nb = [1,\n", "bank.toml", 3),
    ],
)
def test_broken_text_is_located_by_line_and_column(text: str, name: str, line: int) -> None:
    (fault,) = refused(text, name)
    assert (fault.code, fault.line) == ("syntax-error", line)
    assert re.match(r"column [0-9]+: ", fault.message.en or "")
    assert re.match(r"คอลัมน์ [0-9]+ ", fault.message.th or "")


@pytest.mark.parametrize(
    "content, looks_like, line",
    [
        ("ชื่อ: ข้อสอบ\n".encode("utf-16"), "UTF-16", 1),
        ("a: b\nชื่อ: ข้อสอบเรื่องการวัดผล\n".encode("cp874"), "windows-874", 2),
        (b"a: b\nc: caf\xe9 au lait\n", "another encoding", 2),
    ],
)
def test_another_encoding_is_named(content: bytes, looks_like: str, line: int) -> None:
    (fault,) = refused(content)
    assert (fault.code, fault.line) == ("wrong-encoding", line)
    assert looks_like in (fault.message.en or "")


@pytest.mark.parametrize("name", ["bank.txt", "bank", "bank.yaml.exe", ""])
def test_a_name_that_says_no_format_is_refused(name: str) -> None:
    assert [fault.code for fault in refused(YAML, name)] == ["unknown-format"]


@pytest.mark.parametrize("text", ["", " \n\n", "\ufeff"])
def test_an_empty_file_is_said_to_be_empty(text: str) -> None:
    for name in ("a.yaml", "a.json", "a.toml"):
        assert where(text, name) == [("empty-file", 1, None)]


@pytest.mark.parametrize(
    "text, name",
    [("just words", "a.yaml"), ("- a\n- b", "a.yaml"), ("12", "a.json"), ("null", "a.json"), ("", "a.toml")],
)
def test_a_document_that_is_no_mapping_is_refused(text: str, name: str) -> None:
    assert refused(text, name)
