"""Exams computed by hand, the counted attempt, and what a stored number promises."""

import random
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.exams.attempt import State
from exam_service.core.exams.model import Exam
from exam_service.core.exams.paper import Form, Pool, compose
from exam_service.core.exams.scoring import (
    JournalEntry,
    Result,
    SectionScore,
    counted,
    latest,
    pass_decision,
    passes,
    score,
    score_facts,
)
from tests.support.documents import attempt, bank, choice, exam

MULTIPLE: dict[str, Any] = {
    "type": "multiple_response",
    "scoring": "partial",
    "points": 2,
    "key": ["right", "w1", "w2"],
}
POOL: Pool = {
    "law": bank(
        choice(0),
        choice(1, points=3),
        choice(2, "b", **MULTIPLE),
        {"id": "q3", "type": "numeric", "objective": "b", "difficulty": "easy", "stem": {"th": "ก"}, "key": 0.3},
    )
}
SECTIONS = [
    {"code": "one", "title": {"th": "หนึ่ง"}, "strata": [{"bank": "law", "count": 2, "objective": "a"}]},
    {"code": "two", "title": {"th": "สอง"}, "strata": [{"bank": "law", "count": 2, "objective": "b"}]},
]
RULE = {
    "rule": "all",
    "of": [
        {"rule": "percent", "exam": "post", "at_least": 60},
        {"rule": "percent", "exam": "post", "section": "two", "at_least": 40},
    ],
}
POST = exam(sections=SECTIONS, pass_rule=RULE, shuffle={"questions": False, "options": False})
FORM, _ = compose(POST, POOL, bytes(16), ())


def test_the_paper_is_as_expected() -> None:
    assert [(p.item, p.question, p.points) for p in FORM.items] == [
        ("i1", "q0", 1),
        ("i2", "q1", 3),
        ("i3", "q2", 2),
        ("i4", "q3", 1),
    ]


@pytest.mark.parametrize(
    "responses, earned, percent, sections, passed",
    [
        ({}, 0, 0, [(0, 0), (0, 0)], False),
        # 1 + 3 + 2 + 1 of 7.
        ({"i1": "c1", "i2": "c1", "i3": ["c1", "c2", "c3"], "i4": "๐.๓"}, 7, 100, [(4, 100), (3, 100)], True),
        # 3 + 2·(2/3) of 7 = 4 1/3; 13/21 = 61.904761… %; section two (4/3)/3 = 44.44… %.
        ({"i1": "c2", "i2": "c1", "i3": ["c1", "c2"]}, 4.3333, 61.9047, [(3, 75), (1.3333, 44.4444)], True),
        # 1 + 3 + 2·(1/3) of 7 = 4 2/3; 66.66… %; section two (2/3)/3 = 22.22… %.
        ({"i1": "c1", "i2": "c1", "i3": ["c3"], "i4": "0,3"}, 4.6666, 66.6666, [(4, 100), (0.6666, 22.2222)], False),
        # A response that no page would send counts as blank.
        ({"i1": "c9", "i2": 5, "i9": "c1", "i4": 0.3}, 1, 14.2857, [(0, 0), (1, 33.3333)], False),
    ],
)
def test_computed_by_hand(
    responses: dict[str, object], earned: float, percent: float, sections: list[tuple[float, float]], passed: bool
) -> None:
    result = score(POST, FORM, responses, POOL)
    assert (result.earned, result.possible, result.percent, result.passed) == (earned, 7, percent, passed)
    assert [(s.section, s.possible) for s in result.sections] == [("one", 4), ("two", 3)]
    assert [(s.earned, s.percent) for s in result.sections] == sections
    assert passes(POST, result) is passed


def test_items() -> None:
    result = score(POST, FORM, {"i1": "c1", "i2": "c2", "i3": ["c1"], "i4": "about three"}, POOL)
    assert [(i.item, i.earned, i.possible, i.answered) for i in result.items] == [
        ("i1", 1, 1, True),
        ("i2", 0, 3, True),
        ("i3", 0.6666, 2, True),
        ("i4", 0, 1, True),
    ]
    blank = score(POST, FORM, {"i1": None, "i3": [], "i4": "  "}, POOL)
    assert [i.answered for i in blank.items] == [False] * 4


def test_without_a_criterion_there_is_nothing_to_pass() -> None:
    it = exam(sections=SECTIONS)
    assert score(it, FORM, {}, POOL).passed is None
    assert pass_decision(it, score(it, FORM, {}, POOL)) is None


def test_the_decision_says_what_was_missing_in_the_exams_own_words() -> None:
    decision = pass_decision(POST, score(POST, FORM, {"i1": "c1", "i2": "c1", "i3": ["c3"]}, POOL))
    assert decision is not None
    [leaf] = decision.missing
    assert leaf.sentence.th == "สอง: ต้องได้อย่างน้อยร้อยละ 40 (ขณะนี้ร้อยละ 22.2222)"


def test_the_journal_in_the_order_of_devices_and_saves() -> None:
    entries = [
        JournalEntry(epoch=1, seq=1, responses={"i1": "c1", "i2": "c1"}),
        JournalEntry(epoch=1, seq=2, responses={"i1": "c2", "i3": ["c1"]}),
        JournalEntry(epoch=1, seq=10, responses={"i2": None}),
        JournalEntry(epoch=2, seq=1, responses={"i3": []}),
    ]
    wanted: dict[str, object] = {"i1": "c2", "i2": None, "i3": []}
    for n in range(20):
        shuffled = entries + entries[:2]
        random.Random(n).shuffle(shuffled)
        assert latest(shuffled) == wanted


def test_computed_again_it_is_the_same_number() -> None:
    """P9: from stored bytes alone."""
    responses = {"i1": "c1", "i3": ["c1", "c2"], "i4": "0.30"}
    once = score(POST, FORM, responses, POOL)
    form = msgspec.json.decode(msgspec.json.encode(FORM), type=Form)
    pool = {code: msgspec.json.decode(msgspec.json.encode(b), type=type(b)) for code, b in POOL.items()}
    again = score(msgspec.json.decode(msgspec.json.encode(POST), type=Exam), form, responses, pool)
    assert msgspec.json.encode(again) == msgspec.json.encode(once)
    assert msgspec.json.decode(msgspec.json.encode(once), type=Result) == once


# Which attempt counts


def result(percent: str, possible: int = 9, passed: bool | None = None, sections: tuple[str, ...] = ()) -> Result:
    """A result of so much percent, given exactly."""
    share = Fraction(percent) / 100

    def numbers(share: Fraction) -> dict[str, Any]:
        percent, earned = (int(n * 10_000) / 10_000 for n in (share * 100, share * possible))
        return {"percent": percent, "earned": earned, "possible": possible, "share": str(share)}

    return Result(
        **numbers(share),
        items=(),
        passed=passed,
        sections=tuple(SectionScore(section=f"s{n}", **numbers(Fraction(s) / 100)) for n, s in enumerate(sections)),
    )


def counting(policy: str, *results: Result, states: list[State] | None = None, at_least: float = 80) -> Result | None:
    it = exam(attempts={"counts": policy}, pass_rule={"rule": "percent", "exam": "post", "at_least": at_least})
    pairs = [(attempt(n, (states or [State.graded] * 9)[n - 1]), r) for n, r in enumerate(results, 1)]
    random.Random(1).shuffle(pairs)
    return counted(it, pairs)


def test_which_result_counts() -> None:
    three = (result("50"), result("90"), result("70"))
    assert counting("first", *three) == three[0]
    assert counting("last", *three) == three[2]
    assert counting("best", *three) == three[1]
    average = counting("average", *three)
    assert average is not None
    assert (average.percent, average.earned, average.possible, average.passed) == (70, 6.3, 9, False)


def test_a_pass_is_better_than_more_percent() -> None:
    """As when the other one missed a section."""
    failed, passed = result("90", passed=False), result("85", passed=True)
    assert counting("best", failed, passed) == passed
    assert counting("best", passed, failed) == passed


def test_only_graded_attempts_count() -> None:
    assert counting("best") is None
    assert counting("best", result("90"), states=[State.submitted]) is None
    both = (result("40"), result("90"))
    assert counting("best", *both, states=[State.graded, State.expired]) == both[0]


def test_an_average_misses_no_threshold_that_it_meets() -> None:
    """66 2/3 and 93 1/3 are 80 in the mean, though their stored percents are not."""
    average = counting("average", result("200/3"), result("280/3"))
    assert average is not None
    assert (average.percent, average.passed) == (80, True)


def test_an_average_of_sections_goes_by_their_codes() -> None:
    older = result("50", sections=("40",))
    newer = result("70", sections=("60", "80"))
    average = counting("average", older, newer)
    assert average is not None
    assert [(s.section, s.percent) for s in average.sections] == [("s0", 50), ("s1", 80)]


def test_an_average_over_papers_of_different_worth_is_one_of_shares() -> None:
    average = counting("average", result("100", possible=10), result("50", possible=20))
    assert average is not None
    assert (average.percent, average.earned, average.possible) == (75, 15, 20)


def test_results_stored_without_their_share_are_averaged_by_percent() -> None:
    old = msgspec.structs.replace(result("50"), share=None)
    average = counting("average", old, result("70"))
    assert average is not None
    assert average.percent == 60


# What a stored number promises

QUESTIONS = bank(*[choice(n, points=1 + n % 3) for n in range(12)], code="law")


HUNDREDTHS = st.integers(0, 10**6) | st.integers(0, 100).map(lambda t: t * 10**4)


@given(st.integers(1, 12), st.lists(st.booleans(), min_size=12, max_size=12), HUNDREDTHS)
def test_a_threshold_is_met_by_the_stored_number_exactly_when_it_is_met(
    count: int, right: list[bool], ten_thousandths: int
) -> None:
    it = exam(sections=[{"code": "s", "title": {"th": "ส"}, "strata": [{"bank": "law", "count": count}]}])
    form, _ = compose(it, {"law": QUESTIONS}, bytes(16), ())
    responses = {
        p.item: f"c{p.order.index('right') + 1}" if r else None for p, r in zip(form.items, right, strict=False)
    }
    got = score(it, form, responses, {"law": QUESTIONS})
    points = [p.points for p in form.items]
    exact = Fraction(100 * sum(p for p, r in zip(points, right, strict=False) if r), sum(points))
    for threshold in {ten_thousandths, int(exact * 10_000), int(exact * 10_000) + 1}:
        assert (got.percent >= threshold / 10_000) is (exact >= Fraction(threshold, 10_000))
    assert 0 <= exact - Fraction(str(got.percent)) < Fraction(1, 10_000)
    assert got.sections[0].percent == got.percent
    assert score_facts(it, got) == {"exam.post.percent": got.percent, "exam.post.section.s.percent": got.percent}
