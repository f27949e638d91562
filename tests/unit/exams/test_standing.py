"""Who may start when, what a review shows, and the facts that rules see."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from exam_service.core import errors
from exam_service.core.decisions import Value
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import Course
from exam_service.core.exams.scoring import Result, SectionScore
from exam_service.core.exams.standing import (
    Opened,
    Standing,
    certificate_decision,
    exam_sequence,
    fact_names,
    facts,
    opened,
    refusal_to_start,
    running,
)
from exam_service.core.text import Text
from tests.support.documents import MINUTE, NOW, attempt, course, exam_document

PASS = {"rule": "percent", "exam": "post", "at_least": 60}
LEARNED = {"name": "learned", "type": "boolean", "label": {"th": "เรียนครบ", "en": "All lessons done"}}
OPENS_WHEN = {"rule": "all", "of": [{"rule": "taken", "exam": "pre"}, {"rule": "fact", "fact": "learned"}]}


def result(percent: float, passed: bool | None) -> Result:
    section = SectionScore(section="all", earned=0, possible=2, percent=percent)
    return Result(earned=0, possible=2, percent=percent, sections=(section,), items=(), passed=passed)


def standing(
    *attempts: Attempt,
    scores: dict[str, Result] | None = None,
    reported: dict[str, Value] | None = None,
    now: datetime = NOW,
    of: Course | None = None,
    **post: Any,
) -> Standing:
    """Results are those given by attempt id; other graded attempts failed with 50 percent."""
    whole = of or course(exam_document("post", **{"pass_rule": PASS, **post}), exam_document("pre"), facts=[LEARNED])
    results = {a.id: result(50, False) for a in attempts if a.state is State.graded} | (scores or {})
    return Standing(
        course=whole, attempts=attempts, results=results, reported=reported or {}, target_standing=None, now=now
    )


def refusal(it: Standing) -> tuple[type[errors.Refusal] | None, datetime | None]:
    found = refusal_to_start(it, it.course.exams[0])
    return type(found) if found else None, found.retry_at if found else None


def window(opens: int | None = None, closes: int | None = None) -> dict[str, str]:
    """Minutes from now."""
    times = {"opens_at": opens, "closes_at": closes}
    return {name: (NOW + minutes * MINUTE).isoformat() for name, minutes in times.items() if minutes is not None}


OUT = {"state": State.expired, "ended_by": State.expired}


@pytest.mark.parametrize(
    "attempts, policy, reason, minutes",
    [
        ([], {}, None, None),
        ([attempt(1)], {}, None, None),
        ([attempt(1, State.in_progress)], {}, errors.AttemptRunning, None),
        ([], {"window": window(closes=0)}, errors.WindowClosed, None),
        ([], {"window": window(closes=1)}, None, None),
        ([], {"window": window(opens=0)}, None, None),
        ([], {"window": window(opens=1)}, errors.WindowNotOpen, 1),
        ([attempt(1)], {"attempts": {"limit": 1}}, errors.AttemptsExhausted, None),
        ([attempt(1)], {"attempts": {"limit": 2}}, None, None),
        ([attempt(1, State.voided)], {"attempts": {"limit": 1}}, None, None),
        # It ended an hour ago.
        ([attempt(1)], {"attempts": {"cool_down_minutes": 60}}, None, None),
        ([attempt(1)], {"attempts": {"cool_down_minutes": 61}}, errors.CoolingDown, 1),
        (
            [attempt(1, ended_at=NOW - 90 * MINUTE), attempt(2)],
            {"attempts": {"cool_down_minutes": 90}},
            errors.CoolingDown,
            30,
        ),
        ([attempt(1, State.voided, ended_at=NOW)], {"attempts": {"cool_down_minutes": 90}}, None, None),
        # The window closes before the cool-down ends: waiting cures nothing.
        ([attempt(1)], {"attempts": {"cool_down_minutes": 90}, "window": window(closes=30)}, errors.WindowClosed, None),
        ([attempt(1)], {"attempts": {"cool_down_minutes": 90}, "window": window(closes=31)}, errors.CoolingDown, 30),
        # Of two waits the longer one is told.
        ([attempt(1)], {"attempts": {"cool_down_minutes": 90}, "window": window(opens=10)}, errors.CoolingDown, 30),
        ([attempt(1)], {"attempts": {"cool_down_minutes": 90}, "window": window(opens=40)}, errors.WindowNotOpen, 40),
        # In the grace of an attempt that ran out, its result is not known yet.
        ([attempt(1, **OUT, deadline=NOW, ended_at=NOW)], {}, errors.CoolingDown, 0.5),
        ([attempt(1, **OUT, deadline=NOW - MINUTE, ended_at=NOW - MINUTE)], {}, None, None),
        ([], {"opens_when": OPENS_WHEN}, errors.ConditionsNotMet, None),
        (
            [],
            {"opens_when": {"rule": "after", "fact": "now", "than": (NOW + 5 * MINUTE).isoformat()}},
            errors.ConditionsNotMet,
            5,
        ),
    ],
    ids=range(22),
)
def test_who_may_start(
    attempts: list[Attempt], policy: dict[str, Any], reason: type[errors.Refusal] | None, minutes: float | None
) -> None:
    wanted = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert refusal(standing(*attempts, **policy)) == (reason, wanted)
    if wanted is not None:
        ready = standing(*attempts, now=wanted, **policy)
        assert refusal(ready) == (None, None)


def test_one_who_has_passed_need_not_start_again() -> None:
    passed = {"att_post_1": result(90, True)}
    assert refusal(standing(attempt(1), scores=passed))[0] is errors.AlreadyPassed
    assert refusal(standing(attempt(1), scores=passed, attempts={"block_after_pass": False}))[0] is None
    assert refusal(standing(attempt(1), scores={"att_post_1": result(90, None)}, pass_rule=None))[0] is None


def test_the_reason_that_lasts_is_told_first() -> None:
    """Each time the one before it is out of the way."""
    passed = {"att_post_1": result(90, True)}
    policy: dict[str, Any] = {
        "window": window(opens=5, closes=0),
        "attempts": {"limit": 1, "cool_down_minutes": 120},
        "opens_when": OPENS_WHEN,
    }
    order: list[tuple[type[errors.Refusal], dict[str, Any]]] = [
        (errors.WindowClosed, {"window": window(opens=5)}),
        (errors.AlreadyPassed, {"scores": {}}),
        (errors.AttemptsExhausted, {"attempts": {"cool_down_minutes": 120}}),
        (errors.ConditionsNotMet, {"opens_when": None}),
        (errors.CoolingDown, {"attempts": {}}),
    ]
    given: dict[str, Any] = {"scores": passed, **policy}
    for reason, mended in order:
        assert refusal(standing(attempt(1), **given))[0] is reason
        given |= mended
    assert refusal(standing(attempt(1), **given))[0] is errors.WindowNotOpen


def test_what_is_missing_is_data_and_a_sentence() -> None:
    it = standing(opens_when=OPENS_WHEN)
    found = refusal_to_start(it, it.course.exams[0])
    assert found is not None
    assert found.text.th == "“แบบทดสอบ post” จะเปิดเมื่อครบเงื่อนไข: ทำ “แบบทดสอบ pre” และเรียนครบ"
    assert found.text.en == "“Test post” opens when its conditions are met: take “Test pre”; All lessons done"
    assert [leaf.fact for leaf in found.data.missing] == ["exam.pre.taken", "learned"]  # type: ignore[attr-defined]


def test_the_conditions_are_met_by_what_happened() -> None:
    it = standing(attempt(1, exam="pre"), reported={"learned": True}, opens_when=OPENS_WHEN)
    assert refusal(it) == (None, None)


# Facts


def test_every_fact_has_a_name_that_rules_may_use_and_words() -> None:
    it = standing(
        attempt(1),
        attempt(1, exam="pre"),
        scores={"att_pre_1": result(20, None)},
        reported={"learned": True, "gone": 1},
    )
    known = facts(it)
    assert set(known.values) == set(known.labels) == fact_names(it.course)
    assert known.values == {
        "now": NOW,
        "learned": True,
        "exam.pre.taken": True,
        "exam.pre.passed": True,
        "exam.pre.percent": 20,
        "exam.pre.section.all.percent": 20,
        "exam.post.taken": True,
        "exam.post.passed": False,
        "exam.post.percent": 50,
        "exam.post.section.all.percent": 50,
    }
    assert known.label("exam.post.passed") == Text(th="แบบทดสอบ post", en="Test post")
    assert all(label.th for label in known.labels.values())


def test_nothing_is_known_before_the_first_attempt() -> None:
    known = facts(standing()).values
    assert {name for name, value in known.items() if value not in (None, False)} == {"now"}
    assert set(known) <= fact_names(standing().course)


@pytest.mark.parametrize(
    "state, taken",
    [
        (State.in_progress, False),
        (State.submitted, True),
        (State.expired, True),
        (State.graded, True),
        (State.voided, False),
    ],
)
def test_taken_means_that_an_attempt_has_ended(state: State, taken: bool) -> None:
    it = standing(attempt(1, state, exam="pre"))
    assert facts(it).values["exam.pre.taken"] is taken


def test_a_certificate_waits_for_its_rule() -> None:
    policy = {"rule": {"rule": "all", "of": [{"rule": "passed", "exam": "post"}, {"rule": "fact", "fact": "learned"}]}}
    whole = course(exam_document("post", pass_rule=PASS), facts=[LEARNED], certificate=policy)
    decision = certificate_decision(standing(attempt(1), of=whole))
    assert decision is not None
    assert [leaf.fact for leaf in decision.missing] == ["exam.post.passed", "learned"]
    passed = certificate_decision(
        standing(attempt(1), scores={"att_post_1": result(60, True)}, reported={"learned": True}, of=whole)
    )
    assert passed is not None
    assert passed.met
    assert certificate_decision(standing()) is None


# Review

ALL = Opened(score=True, responses=True, correctness=True, key=True)
NONE = Opened(score=False, responses=False, correctness=False, key=False)


def at(when: str) -> dict[str, Any]:
    return {"review": dict.fromkeys(("score", "responses", "correctness", "key"), when)}


def test_the_careful_policy_is_the_default() -> None:
    it = standing(attempt(1))
    careful = Opened(score=True, responses=True, correctness=False, key=False)
    assert opened(it, it.course.exams[0], it.attempts[0]) == careful


RUNS = attempt(2, State.in_progress)


@pytest.mark.parametrize(
    "policy, attempts, scores, open_",
    [
        (at("at_once"), [], {}, True),
        (at("never"), [], {}, False),
        (at("after_window"), [], {}, False),
        ({**at("after_window"), "window": window(closes=1)}, [], {}, False),
        ({**at("after_window"), "window": window(closes=0)}, [], {}, True),
        # One with extra time may still be running when the window has closed.
        ({**at("after_window"), "window": window(closes=0)}, [RUNS], {}, False),
        (at("after_pass_or_last"), [], {}, False),
        ({**at("after_pass_or_last"), "attempts": {"limit": 1}}, [], {}, True),
        ({**at("after_pass_or_last"), "attempts": {"limit": 2}}, [], {}, False),
        ({**at("after_pass_or_last"), "attempts": {"limit": 2}}, [RUNS], {}, False),
        ({**at("after_pass_or_last"), "attempts": {"limit": 2}}, [attempt(2)], {}, True),
        ({**at("after_pass_or_last"), "attempts": {"limit": 2}}, [attempt(2, State.voided)], {}, False),
        (at("after_pass_or_last"), [], {"att_post_1": result(90, True)}, True),
        (
            {**at("after_pass_or_last"), "attempts": {"block_after_pass": False}},
            [],
            {"att_post_1": result(90, True)},
            False,
        ),
    ],
    ids=range(14),
)
def test_what_a_review_shows_when(
    policy: dict[str, Any], attempts: list[Attempt], scores: dict[str, Result], open_: bool
) -> None:
    it = standing(attempt(1), *attempts, scores=scores, **policy)
    assert opened(it, it.course.exams[0], it.attempts[0]) == (ALL if open_ else NONE)


def test_while_somebody_still_writes_after_the_window_the_answers_stay_shut() -> None:
    """The score opens: nobody learns an answer from it, and one with extra time must not hold up thousands."""
    it = standing(attempt(1), **at("after_window"), window=window(closes=0))
    waiting = msgspec.structs.replace(it, still_writing=frozenset({"post"}))
    elsewhere = msgspec.structs.replace(it, still_writing=frozenset({"pre"}))
    exam, mine = it.course.exams[0], it.attempts[0]
    assert opened(waiting, exam, mine) == Opened(score=True, responses=False, correctness=False, key=False)
    assert opened(elsewhere, exam, mine) == ALL


@pytest.mark.parametrize("state", [s for s in State if s is not State.graded])
def test_nothing_is_shown_before_an_attempt_is_graded(state: State) -> None:
    it = standing(attempt(1, state), **at("at_once"))
    assert opened(it, it.course.exams[0], it.attempts[0]) == NONE


def test_each_part_has_a_time_of_its_own() -> None:
    review = {"score": "never", "responses": "at_once", "correctness": "after_window", "key": "after_pass_or_last"}
    it = standing(attempt(1), review=review, window=window(closes=0))
    assert opened(it, it.course.exams[0], it.attempts[0]) == Opened(
        score=False, responses=True, correctness=True, key=False
    )


def test_running_and_order() -> None:
    it = standing(RUNS, attempt(1), attempt(1, State.in_progress, exam="pre"))
    assert running(it, it.course.exams[0]) == RUNS
    assert [a.number for a in it.of(it.course.exams[0])] == [1, 2]
    assert [e.code for e in exam_sequence(it.course)] == ["pre", "post"]
