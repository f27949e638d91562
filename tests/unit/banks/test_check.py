"""A bank with many faults is told all of them, each with its place and question."""

import copy
from typing import Any

import pytest

from exam_service.core.banks.check import check_bank
from exam_service.core.banks.interactions import TYPES
from exam_service.core.banks.model import Bank

SOUND: dict[str, Any] = {
    "format": "exam-service/bank@1",
    "code": "law",
    "title": {"th": "กฎหมาย", "en": "Law"},
    "objectives": [{"code": "pdpa", "title": {"th": "ข้อมูลส่วนบุคคล"}}],
    "questions": [
        {
            "id": "q1",
            "type": "single_choice",
            "objective": "pdpa",
            "difficulty": "easy",
            "stem": {"th": "ก"},
            "options": [{"id": "a", "text": {"th": "ก"}}, {"id": "b", "text": {"th": "ข"}}],
            "key": "a",
        },
        {
            "id": "q2",
            "type": "multiple_response",
            "objective": "pdpa",
            "difficulty": "hard",
            "stem": {"th": "ก"},
            "options": [{"id": "a", "text": {"th": "ก"}}, {"id": "b", "text": {"th": "ข"}}],
            "key": ["a", "b"],
            "scoring": "partial",
            "points": 3,
            "tags": ["new"],
        },
        {
            "id": "q3",
            "type": "true_false",
            "objective": "pdpa",
            "difficulty": "easy",
            "stem": {"th": "ก"},
            "key": False,
        },
        {"id": "q4", "type": "numeric", "objective": "pdpa", "difficulty": "easy", "stem": {"th": "ก"}, "key": 0.3},
        {
            "id": "q5",
            "type": "short_text",
            "objective": "pdpa",
            "difficulty": "easy",
            "stem": {"th": "ก"},
            "key": ["น้ำ"],
        },
    ],
}


def bank() -> Any:
    return copy.deepcopy(SOUND)


def check(raw: object) -> list[tuple[str, str, str | None]]:
    value, faults = check_bank(raw)
    assert (value is None) is bool(faults)
    assert all(fault.message.th and fault.message.en for fault in faults)
    return sorted((fault.code, fault.path, fault.question) for fault in faults)


def test_a_sound_bank_is_read() -> None:
    value, faults = check_bank(bank())
    assert faults == []
    assert isinstance(value, Bank)
    assert [question.type for question in value.questions] == [question["type"] for question in SOUND["questions"]]


def test_as_many_faults_as_there_are_come_at_once() -> None:
    raw = bank()
    q = raw["questions"]
    raw["licence"] = 5
    raw["objectives"].append({"code": "pdpa", "title": {"en": "Twice"}})
    q[0]["key"] = "z"
    q[0]["options"].append({"id": "b", "text": {"th": "ค"}})
    q[1]["key"] = []
    q[1]["objective"] = "copyright"
    q[2]["key"] = "no"
    q[2]["id"] = "q1"
    q[3]["tolerance"] = -1
    q[3]["key"] = float("inf")
    q[4]["key"] = ["\u200b "]
    q[4]["dificulty"] = "easy"
    del q[4]["difficulty"]
    q.append({"id": "q6", "type": "essay"})
    assert check(raw) == sorted(
        [
            ("wrong-value", "licence", None),
            ("objective-twice", "objectives[1].code", None),
            ("key-without-option", "questions[0].key", "q1"),
            ("option-twice", "questions[0].options[2].id", "q1"),
            ("no-key", "questions[1].key", "q2"),
            ("unknown-objective", "questions[1].objective", "q2"),
            ("wrong-value", "questions[2].key", "q1"),
            ("question-twice", "questions[2].id", "q1"),
            ("bad-tolerance", "questions[3].tolerance", "q4"),
            ("key-out-of-range", "questions[3].key", "q4"),
            ("empty-key", "questions[4].key[0]", "q5"),
            ("unknown-field", "questions[4].dificulty", "q5"),
            ("missing-field", "questions[4]", "q5"),
            ("unknown-kind", "questions[5].type", "q6"),
        ]
    )


def test_the_message_says_which() -> None:
    raw = bank()
    raw["questions"][4]["difficulty"] = "eazy"
    raw["questions"][1]["objektive"] = "pdpa"
    _, faults = check_bank(raw)
    says = {fault.path: fault.message.en for fault in faults}
    assert says == {
        "questions[4].difficulty": "`difficulty`: Invalid enum value 'eazy'; known: easy, medium, hard",
        "questions[1].objektive": "unknown field `objektive`; did you mean `objective`?",
    }


@pytest.mark.parametrize("broken", range(5))
def test_a_broken_question_hides_neither_others_nor_itself(broken: int) -> None:
    """Whichever question cannot be read, what is wrong with its sense and that of the others is still found."""
    raw = bank()
    q = raw["questions"]
    q[0]["key"] = "z"
    q[1]["key"] = ["a", "a"]
    q[2]["objective"] = "nowhere"
    q[3]["tolerance"] = -1
    q[4]["key"] = []
    sense = check(raw)
    assert [code for code, _, _ in sense] == sorted(
        ["key-without-option", "key-twice", "unknown-objective", "bad-tolerance", "no-key"]
    )
    name = f"q{broken + 1}"
    for field, value, code in [("stem", 5, "wrong-value"), ("difficulty", "eassy", "wrong-value"),
                               ("colour", "red", "unknown-field"), ("source", [], "wrong-value")]:  # fmt: skip
        worse = copy.deepcopy(raw)
        worse["questions"][broken][field] = value
        assert check(worse) == sorted([*sense, (code, f"questions[{broken}].{field}", name)])
    del q[broken]["difficulty"]
    assert check(raw) == sorted([*sense, ("missing-field", f"questions[{broken}]", name)])


def test_one_question_with_faults_of_every_sort() -> None:
    raw = bank()
    raw["questions"][0] = {
        "id": "q2",
        "type": "single_choice",
        "objective": "nowhere",
        "difficulty": "eassy",
        "points": 0,
        "options": [{"id": "a", "text": {}}, {"id": "a", "txt": {"th": "ข"}}],
        "key": "z",
    }
    assert sorted((code, path) for code, path, _ in check(raw)) == [
        ("key-without-option", "questions[0].key"),
        ("missing-field", "questions[0]"),
        ("missing-field", "questions[0].options[1]"),
        ("option-twice", "questions[0].options[1].id"),
        ("question-twice", "questions[1].id"),
        ("unknown-field", "questions[0].options[1].txt"),
        ("unknown-objective", "questions[0].objective"),
        ("wrong-value", "questions[0].difficulty"),
        ("wrong-value", "questions[0].options[0].text"),
        ("wrong-value", "questions[0].points"),
    ]


@pytest.mark.parametrize(
    "number, part",
    [
        (0, {"options": "a, b"}),
        (0, {"key": 5}),
        (0, {"options": [{"id": "a", "text": {"th": "ก"}}, {"id": "ข", "text": {"th": "ข"}}], "key": "b"}),
        (0, {"options": [{"id": "a", "text": {"th": "ก"}}, "b"], "key": "b"}),
        (0, {"objective": "PDPA act"}),
        (1, {"key": ["a", "b c", "b c"]}),
        (2, {"key": "no"}),
        (3, {"key": "many"}),
        (3, {"tolerance": "-1"}),
        (4, {"key": ["", "น้ำ"]}),
    ],
)
def test_what_is_misshapen_is_told_once(number: int, part: dict[str, Any]) -> None:
    raw = bank()
    raw["questions"][number] |= part
    assert {code for code, _, _ in check(raw)} == {"wrong-value"}
    paths = [path for _, path, _ in check(raw)]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("tag", TYPES)
def test_a_question_of_nothing_but_its_type_lacks_fields_and_nothing_else(tag: str) -> None:
    raw = bank()
    raw["questions"][0] = {"type": tag}
    assert {found[:2] for found in check(raw)} == {("missing-field", "questions[0]")}


@pytest.mark.parametrize("raw", [None, [], "bank", 5])
def test_what_is_no_bank(raw: object) -> None:
    assert check(raw) == [("wrong-value", "", None)]


def test_a_question_that_is_nothing_at_all() -> None:
    raw = bank()
    raw["questions"][1:] = [None, "q2", {}, {"type": 5}]
    assert [(path, question) for _, path, question in check(raw)] == [(f"questions[{n}]", None) for n in range(1, 5)]


def test_no_questions() -> None:
    assert check({**bank(), "questions": []}) == [("no-questions", "questions", None)]


def test_without_a_list_of_objectives_only_that_is_told() -> None:
    raw = bank()
    del raw["objectives"]
    assert check(raw) == [("missing-field", "", None)]


def test_objectives_without_code_are_not_the_same_one() -> None:
    raw = bank()
    raw["objectives"] += [{"title": {"en": "A"}}, {"title": {"en": "B"}}]
    assert check(raw) == [("missing-field", "objectives[1]", None), ("missing-field", "objectives[2]", None)]


@pytest.mark.parametrize("path, value", [("code", "law\n"), ("code", "Law"), ("format", "exam-service/bank@2")])
def test_fields_of_the_bank(path: str, value: object) -> None:
    assert check({**bank(), path: value}) == [("wrong-value", path, None)]


def test_an_id_ends_where_it_ends() -> None:
    raw = bank()
    raw["questions"][0]["id"] = "q1\n"
    raw["questions"][1]["options"][0]["id"] = "a\n"
    assert [path for _, path, _ in check(raw)] == ["questions[0].id", "questions[1].options[0].id"]


def test_numbers_too_large_are_faults_and_no_crash() -> None:
    raw = bank()
    raw["questions"][3] |= {"key": 10**400, "tolerance": float("nan")}
    assert [code for code, _, _ in check(raw)] == ["bad-tolerance", "key-out-of-range"]
