"""Each fault that is refused when a course is published."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from exam_service.core.banks.check import check_bank
from exam_service.core.banks.model import Bank
from exam_service.core.documents import read
from exam_service.core.exams.model import Course
from exam_service.core.exams.publish import bank_codes, check_course
from tests.support.documents import bank, choice, course, exam_document

BANKS = {"law": bank(choice(0), choice(1), choice(2, "b", "hard"))}
TAKEN_PRE = {"rule": "taken", "exam": "pre"}
PASSED_POST = {"rule": "passed", "exam": "post"}
FACTS = [
    {"name": f"a_{kind}", "type": kind, "label": {"th": "ก"}}
    for kind in ("boolean", "number", "text", "date_time", "numbers")
]


def strata(*strata: dict[str, Any], code: str = "s") -> dict[str, Any]:
    return {"code": code, "title": {"th": "ส่วน"}, "strata": list(strata)}


def faults(*exams: dict[str, Any], **fields: Any) -> list[tuple[str, str]]:
    found = check_course(course(*exams, **{"facts": FACTS, **fields}), BANKS)
    assert all(fault.message.th and fault.message.en for fault in found)
    return [(fault.code, fault.path) for fault in found]


def post(**fields: Any) -> dict[str, Any]:
    return exam_document("post", **fields)


def test_a_sound_course_has_none() -> None:
    rule = {"rule": "all", "of": [PASSED_POST, TAKEN_PRE, {"rule": "fact", "fact": "a_boolean"}]}
    good = post(opens_when=TAKEN_PRE, pass_rule={"rule": "percent", "exam": "post", "section": "all", "at_least": 50})
    assert faults(exam_document("pre"), good, certificate={"rule": rule}) == []


NO_TITLES = ("\x08", "ก\x7f", "ก\tข", "ก\u2028ข", "ก\nข", "ก" * 301)
TITLES = ("ก" * 300, "ก\u200bข — “x” <b>")


@pytest.mark.parametrize("words", NO_TITLES + TITLES)
def test_titles_are_lines_that_certificates_can_sign(words: str) -> None:
    title = {"th": "ก", "en": words}
    section = {"code": "s", "title": title, "strata": [{"bank": "law", "count": 1}]}
    found = faults(post(title=title, sections=[section]), title=title, objective=title)
    places = ["title.en", "objective.en", "exams[0].title.en", "exams[0].sections[0].title.en"]
    assert found == ([] if words in TITLES else [("wrong-value", place) for place in places])


@pytest.mark.parametrize(
    "document, wanted",
    [
        ({"sections": []}, [("empty-exam", "exams[0].sections")]),
        ({"late_responses": {"policy": "accept", "minutes": 10}}, []),
        ({"late_responses": {"policy": "hold"}}, []),
        ({"late_responses": {"policy": "accept"}}, [("minutes-missing", "exams[0].late_responses.minutes")]),
        (
            {"late_responses": {"policy": "hold", "minutes": 5}},
            [("minutes-without-accept", "exams[0].late_responses.minutes")],
        ),
        ({"late_responses": {"minutes": 5}}, [("minutes-without-accept", "exams[0].late_responses.minutes")]),
        ({"sections": [strata()]}, [("empty-exam", "exams[0].sections")]),
        (
            {"sections": [strata({"bank": "law", "count": 1}), strata(code="t")]},
            [("empty-section", "exams[0].sections[1].strata")],
        ),
        ({"sections": [strata({"bank": "law", "count": 1})] * 2}, [("stands-twice", "exams[0].sections[1]")]),
        (
            {"sections": [strata({"bank": "lore", "count": 1})]},
            [("unknown-bank", "exams[0].sections[0].strata[0].bank")],
        ),
        (
            {"sections": [strata({"bank": "law", "count": 1, "objective": "z"})]},
            [("unknown-objective", "exams[0].sections[0].strata[0].objective")],
        ),
        (
            {"sections": [strata({"bank": "law", "count": 4})]},
            [("stratum-infeasible", "exams[0].sections[0].strata[0]")],
        ),
        # One that is not there hides nothing of the others.
        (
            {
                "sections": [
                    strata(
                        {"bank": "lore", "count": 1},
                        {"bank": "law", "count": 1, "objective": "z"},
                        {"bank": "law", "count": 4},
                    )
                ]
            },
            [
                ("unknown-bank", "exams[0].sections[0].strata[0].bank"),
                ("unknown-objective", "exams[0].sections[0].strata[1].objective"),
                ("stratum-infeasible", "exams[0].sections[0].strata[2]"),
            ],
        ),
        (
            {"window": {"opens_at": "2026-11-22T10:00:00Z", "closes_at": "2026-11-22T10:00:00Z"}},
            [("window-empty", "exams[0].window")],
        ),
        (
            {
                "window": {"opens_at": "2026-11-22T10:00:00", "closes_at": "2026-11-22T09:00:00"},
                "review": {"key": "after_window"},
            },
            [("time-without-zone", "exams[0].window.opens_at"), ("time-without-zone", "exams[0].window.closes_at")],
        ),
        (
            {"window": {"opens_at": "2026-11-22T10:00:00"}, "review": {"key": "after_window"}},
            [("time-without-zone", "exams[0].window.opens_at"), ("review-never-opens", "exams[0].review")],
        ),
        ({"opens_when": {"rule": "fact", "fact": "learned"}}, [("unknown-fact", "exams[0].opens_when")]),
        ({"pass_rule": {"rule": "percent", "exam": "pre", "at_least": 5}}, [("unknown-fact", "exams[0].pass_rule")]),
        (
            {"pass_rule": {"rule": "percent", "exam": "post", "section": "x", "at_least": 5}},
            [("unknown-fact", "exams[0].pass_rule")],
        ),
        ({"pass_rule": {"rule": "fact", "fact": "a_boolean"}}, [("unknown-fact", "exams[0].pass_rule")]),
        (
            {
                "pass_rule": {
                    "rule": "by_standing",
                    "choose": {},
                    "otherwise": {"rule": "percent", "exam": "post", "at_least": 5},
                }
            },
            [("standing-in-pass-rule", "exams[0].pass_rule")],
        ),
        ({"opens_when": {"rule": "taken", "exam": "post"}}, [("never-opens", "exams[0].opens_when")]),
        (
            {"opens_when": {"rule": "all", "of": [{"rule": "fact", "fact": "a_boolean"}, PASSED_POST]}},
            [("never-opens", "exams[0].opens_when")],
        ),
        ({"opens_when": {"rule": "any", "of": [{"rule": "fact", "fact": "a_boolean"}, PASSED_POST]}}, []),
        ({"opens_when": {"rule": "fact", "fact": "exam.post.taken", "equals": False}}, []),
        ({"opens_when": {"rule": "any", "of": []}}, [("never-opens", "exams[0].opens_when")]),
    ],
    ids=range(26),
)
def test_faults_of_an_exam(document: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    assert faults(post(**document)) == wanted


@pytest.mark.parametrize(
    "rule, fits",
    [
        ({"rule": "fact", "fact": "{}"}, {"boolean"}),
        ({"rule": "fact", "fact": "{}", "equals": False}, {"boolean"}),
        ({"rule": "fact", "fact": "{}", "equals": 5}, {"number"}),
        ({"rule": "fact", "fact": "{}", "equals": 5.5}, {"number"}),
        ({"rule": "fact", "fact": "{}", "equals": "x"}, {"text"}),
        ({"rule": "fact_at_least", "fact": "{}", "at_least": 5}, {"number"}),
        ({"rule": "every_indicator", "of": "{}", "at_least": 5}, {"numbers"}),
        ({"rule": "indicators_at_level", "of": ["{}"], "level": 2, "count": 3}, {"numbers"}),
        ({"rule": "each_rater", "of": "{}", "at_least": 5}, {"numbers"}),
        ({"rule": "before", "fact": "{}", "than": "2026-11-22T10:00:00Z"}, {"date_time"}),
        ({"rule": "after", "fact": "{}", "than": "2026-11-22T10:00:00Z"}, {"date_time"}),
        ({"rule": "within", "fact": "{}", "days": 5}, {"date_time"}),
    ],
    ids=range(12),
)
def test_a_fact_of_another_type_would_never_do(rule: dict[str, Any], fits: set[str]) -> None:
    for declared in FACTS:
        raw = json.loads(json.dumps(rule).replace("{}", str(declared["name"])))
        nested = {"rule": "by_standing", "choose": {"expert": {"rule": "all", "of": [raw, raw]}}, "otherwise": raw}
        wanted = [] if declared["type"] in fits else [("fact-of-other-type", "certificate.rule")]
        assert faults(post(), certificate={"rule": nested}) == wanted


@pytest.mark.parametrize("name", ["now", "exam.post.percent", "exam.post.passed"])
def test_facts_of_the_service_have_types_too(name: str) -> None:
    fits = {"now": "after", "exam.post.percent": "fact_at_least", "exam.post.passed": "fact"}[name]
    rules = {
        "after": {"rule": "after", "fact": name, "than": "2026-11-22T10:00:00Z"},
        "fact_at_least": {"rule": "fact_at_least", "fact": name, "at_least": 5},
        "fact": {"rule": "fact", "fact": name},
    }
    for kind, rule in rules.items():
        found = faults(post(), certificate={"rule": rule})
        assert found == ([] if kind == fits else [("fact-of-other-type", "certificate.rule")])


def test_exams_that_wait_for_each_other_never_open() -> None:
    circle = [
        post(opens_when=TAKEN_PRE),
        exam_document("pre", opens_when=PASSED_POST),
        exam_document("mid", opens_when=PASSED_POST),
    ]
    assert faults(*circle) == [("never-opens", f"exams[{n}].opens_when") for n in range(3)]
    line = [post(opens_when=TAKEN_PRE), exam_document("pre"), exam_document("mid", opens_when=PASSED_POST)]
    assert faults(*line) == []
    # An exam that is open helps none of a circle that it is no part of.
    beside = [
        exam_document("pre"),
        post(opens_when={"rule": "taken", "exam": "mid"}),
        exam_document("mid", opens_when=PASSED_POST),
    ]
    assert faults(*beside) == [("never-opens", "exams[1].opens_when"), ("never-opens", "exams[2].opens_when")]


def test_faults_of_the_whole() -> None:
    assert faults() == [("no-exams", "exams")]
    assert faults(post(), post()) == [("stands-twice", "exams[1]")]
    assert faults(post(), facts=[FACTS[0], FACTS[0]]) == [("stands-twice", "facts[1]")]
    assert faults(post(), facts=[{"name": "now", "type": "text", "label": {"th": "ก"}}]) == [
        ("reserved-name", "facts[0].name")
    ]
    assert faults(post(), certificate={"rule": PASSED_POST, "kinds": []}) == [("no-kinds", "certificate.kinds")]
    assert faults(post(), certificate={"rule": PASSED_POST, "kinds": ["certificate"] * 2}) == [
        ("stands-twice", "certificate.kinds[1]")
    ]
    assert faults(post(), certificate={"rule": {"rule": "passed", "exam": "x"}}) == [
        ("unknown-fact", "certificate.rule")
    ]


def test_all_of_them_at_once() -> None:
    broken = post(
        sections=[strata({"bank": "law", "count": 9}), strata({"bank": "lore", "count": 1})],
        window={"opens_at": "2026-11-22T10:00:00Z", "closes_at": "2026-11-21T10:00:00Z"},
        opens_when={"rule": "fact", "fact": "nobody"},
        pass_rule={"rule": "taken", "exam": "post"},
    )
    found = {code for code, _ in faults(broken, broken, certificate={"rule": TAKEN_PRE, "kinds": []})}
    assert found == {
        "stands-twice",
        "stratum-infeasible",
        "unknown-bank",
        "window-empty",
        "unknown-fact",
        "no-kinds",
    }


def test_banks_of_a_course() -> None:
    sections = [strata({"bank": "law", "count": 1}, {"bank": "lore", "count": 1})]
    assert bank_codes(course(post(sections=sections), exam_document("pre"))) == {"law", "lore"}


def test_the_demo_course_can_be_published(repository: Path) -> None:
    banks: dict[str, Bank] = {}
    for file in sorted((repository / "question_banks").glob("*.yaml")):
        made, wrong = check_bank(yaml.safe_load(file.read_text(encoding="utf-8")))
        assert made is not None, wrong
        banks[made.code] = made
    raw = json.loads((repository / "exam_service" / "cli" / "demo_course.json").read_text(encoding="utf-8"))
    document, wrong = read(raw, Course)
    assert document is not None, wrong
    assert check_course(document, banks) == []
