"""Every example is read by the real reader of its kind."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
import yaml

from exam_service.bootstrap.apart import check_bank_file
from exam_service.core.banks.interactions import TYPES
from exam_service.core.documents import read
from exam_service.core.exams.model import (
    AttemptPolicy,
    BlueprintStratum,
    CertificatePolicy,
    Course,
    Exam,
    FactDeclaration,
    LateResponses,
    ReviewPolicy,
    Window,
)
from exam_service.core.exams.publish import check_course
from exam_service.core.exams.rule_check import check_rule, fact_types
from exam_service.core.records import SCOPES
from exam_service.core.rules import Facts, Rule, decide
from exam_service.core.text import Text
from exam_service.services.late import DecisionBody
from exam_service.web.problems import STATUS
from tests.docs import pages
from tests.docs.pages import TOP, Block

RULES = "docs/reference/rules.md"
COURSE = "docs/how-to/set-up-a-course.md"
FORMAT = "docs/reference/bank-format.md"


def parsed(value: object, kind: Any) -> Any:
    """The value as that kind; every fault is told."""
    found, faults = read(value, kind)
    assert faults == []
    return found


@pytest.mark.parametrize("block", pages.everywhere("json"), ids=lambda block: block.name)
def test_json_is_json(block: Block) -> None:
    assert isinstance(block.value, dict | list)


@pytest.mark.parametrize("block", pages.everywhere("yaml"), ids=lambda block: block.name)
def test_yaml_is_yaml(block: Block) -> None:
    assert isinstance(yaml.safe_load(block.text), dict)


@pytest.mark.parametrize("block", pages.everywhere("toml"), ids=lambda block: block.name)
def test_toml_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)


def test_problems_that_are_shown_have_a_known_code_and_its_status() -> None:
    shown = [block for block in pages.everywhere("json") if isinstance(block.value, dict) and "code" in block.value]
    problems = [block for block in shown if "status" in block.value]
    assert len(problems) >= 4
    for block in problems:
        assert STATUS[block.value["code"]] == block.value["status"], block.name


# Banks


@pytest.mark.parametrize("page", [FORMAT, "question_banks/README.md"])
def test_banks_that_are_shown_are_sound(page: str) -> None:
    found = [block for block in pages.blocks(page) if block.language in ("yaml", "toml")]
    assert found
    for block in found:
        assert check_bank_file(block.text.encode(), f"example.{block.language}").questions


def test_the_example_bank_has_every_question_type_and_the_table_too() -> None:
    (block,) = pages.blocks(FORMAT, "yaml")
    bank = check_bank_file(block.text.encode(), "example.yaml")
    assert {question.type for question in bank.questions} == set(TYPES)
    text = pages.read(FORMAT)
    for name, kind in TYPES.items():
        assert f"| `{name}` |" in text
        for field in kind.__struct_fields__:
            assert f"`{field}`" in text, (name, field)


def test_the_shown_report_is_what_the_check_says() -> None:
    report = next(block for block in pages.blocks(FORMAT, "text") if "banks check" in block.text)
    bank = {
        "format": "exam-service/bank@1", "code": "x", "title": {"en": "x"},
        "objectives": [{"code": "basics", "title": {"en": "x"}}],
        "questions": [
            {"id": "f01", "type": "single_choice", "objective": "basics", "difficulty": "easy", "stem": {"en": "?"},
             "options": [{"id": "a", "text": {"en": "a"}}, {"id": "b", "text": {"en": "b"}}], "key": "c"},
            {"id": "f02", "type": "true_false", "objective": "basic", "difficulty": "easy", "stem": {"en": "?"},
             "key": True},
        ],
    }  # fmt: skip
    from exam_service.core.banks.check import check_bank

    said = [f"[{fault.question}] {fault.message.en}" for fault in check_bank(bank)[1]]
    assert [line.partition(": ")[2] for line in report.text.splitlines()[1:3]] == said


# Exam day


def test_the_policies_and_the_decision_of_the_exam_day_are_read() -> None:
    page = "docs/how-to/run-an-exam-day.md"
    (block,) = pages.blocks(page, "json", "decision")
    assert parsed(block.value, DecisionBody).decision == "accept"
    policies = [
        msgspec.json.decode(found) for found in re.findall(r'^\| `(\{"policy".*?\})`', pages.read(page), re.MULTILINE)
    ]
    assert [parsed(policy, LateResponses).policy for policy in policies] == ["refuse", "accept", "hold"]


# Rules


def rules_shown() -> list[Block]:
    return [b for b in pages.blocks(RULES, "json") if isinstance(b.value, dict) and "rule" in b.value]


@pytest.mark.parametrize("block", rules_shown(), ids=lambda block: block.name)
def test_rules_that_are_shown_are_rules(block: Block) -> None:
    rule = parsed(block.value, Rule)
    assert not decide(rule, Facts({})).met
    assert decide(rule, Facts({})).missing


def test_every_kind_of_rule_has_an_example() -> None:
    shown = {tag for block in rules_shown() for tag in _tags(block.value)}
    known = {str(kind.__struct_config__.tag) for kind in get_args(Rule)}
    assert shown == known
    text = pages.read(RULES)
    assert [tag for tag in known if f"`{tag}`" not in text] == []


def _tags(value: object) -> set[str]:
    if isinstance(value, Mapping):
        own = {str(value["rule"])} if "rule" in value else set()
        return own.union(*(_tags(one) for one in value.values()))
    return set().union(*(_tags(one) for one in value)) if isinstance(value, list) else set()


LABELS = {
    "exam.pre.taken": Text(th="แบบทดสอบก่อนพัฒนา", en="Pre-test"),
    "exam.post.passed": Text(th="แบบทดสอบหลังพัฒนา", en="Post-test"),
    "exam.post.percent": Text(th="แบบทดสอบหลังพัฒนา", en="Post-test"),
    "learning_complete": Text(th="เรียนครบทุกหน่วย", en="Complete every unit of the course"),
    "attendance": Text(th="เวลาเข้าร่วม (ร้อยละ)", en="Attendance (percent)"),
}


@pytest.mark.parametrize(
    "rule,values",
    [
        ({"rule": "all", "of": [{"rule": "taken", "exam": "pre"}, {"rule": "fact", "fact": "learning_complete"}]}, {}),
        ({"rule": "percent", "exam": "post", "at_least": 60}, {"exam.post.percent": 52.5}),
        ({"rule": "fact_at_least", "fact": "attendance", "at_least": 80}, {"attendance": 75}),
    ],
)
def test_sentences_that_are_shown_are_said(rule: dict[str, Any], values: dict[str, Any]) -> None:
    sentence = decide(parsed(rule, Rule), Facts(values, LABELS)).because.sentence
    assert f"> {sentence.th} · {sentence.en}\n" in pages.read(RULES)


def test_the_decision_that_is_shown_is_the_one_that_is_made() -> None:
    (shown,) = [b.value for b in pages.blocks(RULES, "json") if isinstance(b.value, dict) and "because" in b.value]
    rule = {"rule": "all", "of": [{"rule": "fact", "fact": "learning_complete"}, {"rule": "passed", "exam": "post"}]}
    values = {"learning_complete": True, "exam.post.passed": False}
    decided = decide(parsed(rule, Rule), Facts(values, LABELS))
    assert shown == msgspec.json.decode(msgspec.json.encode(decided))


def standing(name: str | None, levels: dict[str, tuple[float, ...]], years: int) -> bool:
    """The standing rule of the page for somebody with these levels, who met it in so many of five years."""
    (block,) = pages.blocks(RULES, "json", "standings")
    values: dict[str, Any] = dict(levels)
    values |= {f"year_{year}": year <= years for year in range(1, 6)}
    return decide(parsed(block.value, Rule), Facts(values, {}, name)).met


@pytest.mark.parametrize(
    "name,first,level,count,raters",
    [
        ("professional", 2, 2, 2, None), ("senior_professional", 3, 2, 3, None),
        ("expert", 4, 3, 3, 75), ("special_expert", 5, 4, 3, 80),
    ],
)  # fmt: skip
def test_the_academic_standings_are_those_of_the_circulars(
    name: str, first: int, level: int, count: int, raters: int | None
) -> None:
    # Thirteen indicators in three dimensions (8 + 3 + 2), exactly at the threshold.
    marks = [level] * count + [1] * (5 - count)
    levels: dict[str, tuple[float, ...]] = {
        "dimension_1": (first,) * 8, "dimension_2": tuple(marks[:3]), "dimension_3": tuple(marks[3:]),
    }  # fmt: skip
    if raters is not None:
        levels["academic_work"] = (raters, raters + 5, 100)
    assert standing(name, levels, 3)
    assert not standing(name, levels, 2)
    assert not standing(None, levels, 5)
    assert not standing("assistant", levels, 5)
    assert not standing(name, levels | {"dimension_1": (first,) * 7 + (first - 1,)}, 5)
    fewer = tuple(marks[:3])[1:]
    assert not standing(name, levels | {"dimension_2": (1, *fewer)}, 5)
    if raters is not None:
        assert not standing(name, levels | {"academic_work": (raters - 0.5, 100, 100)}, 5)
        assert not standing(name, levels | {"academic_work": ()}, 5)


def test_the_facts_of_the_standings_fit_the_rule() -> None:
    (facts,), (rule,) = pages.blocks(RULES, "json", "facts"), pages.blocks(RULES, "json", "standings")
    course = demo_course() | {"facts": facts.value, "certificate": {"rule": rule.value}}
    found = parsed(course, Course)
    assert list(check_rule(found.certificate.rule, fact_types(found), "certificate.rule")) == []


# Courses


def demo_course() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((TOP / "exam_service/cli/demo_course.json").read_bytes())
    return found


def sample_banks() -> dict[str, Any]:
    banks = [check_bank_file(file.read_bytes(), file.name) for file in (TOP / "question_banks").glob("*.yaml")]
    return {bank.code: bank for bank in banks}


def test_the_shapes_of_courses_can_be_published() -> None:
    banks = sample_banks()
    facts = [one for block in pages.blocks(COURSE, "json", "facts") for one in block.value]
    parsed(facts, tuple[FactDeclaration, ...])
    certificates = pages.blocks(COURSE, "json", "certificate")
    assert len(certificates) == 3
    for block in certificates:
        parsed(block.value, CertificatePolicy)
        course = demo_course()
        course["certificate"] = block.value
        course["facts"] += facts
        assert check_course(parsed(course, Course), banks) == [], block.name
    (exam,) = pages.blocks(COURSE, "json", "exam")
    course = demo_course()
    course["exams"][1] = exam.value
    assert check_course(parsed(course, Course), banks) == []


def test_every_field_of_a_course_is_described() -> None:
    text = pages.read(COURSE)
    for kind in (Course, Exam, BlueprintStratum, Window, AttemptPolicy, ReviewPolicy, CertificatePolicy):
        for field in kind.__struct_fields__:
            assert re.search(rf"`(attempts\.)?{field}[`.]", text), (kind.__name__, field)


def test_every_scope_is_described() -> None:
    text = pages.read("docs/how-to/connect-an-lms.md")
    assert [scope for scope in SCOPES if f"`{scope}`" not in text] == []


def test_the_shown_refusal_is_written_as_the_service_writes_it() -> None:
    from exam_service.core.errors import CoolingDown

    (shown,) = pages.blocks("docs/reference/errors.md", "json")
    title = Text(th="แบบทดสอบหลังพัฒนา", en="Post-test")
    refusal = CoolingDown(exam=title, retry_at=datetime.fromisoformat(shown.value["retry_at"]).astimezone(UTC))
    assert shown.value["message"] == {"th": refusal.text.th, "en": refusal.text.en}
    assert shown.value["title"] == shown.value["detail"] == refusal.text.en
