"""Where one person stands in one course: the facts for its rules, whether an exam may start, what a review shows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import Course, Exam, ReviewTime
from exam_service.core.exams.scoring import Result, counted, score_facts
from exam_service.core.rules import Decision, Facts, Value, cured_at, decide, say_missing
from exam_service.core.text import Text


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of one enrolment. Attempts are as seen now; results are those of graded attempts."""

    course: Course
    attempts: tuple[Attempt, ...]
    results: Mapping[str, Result]
    """attempt id -> its current result"""
    reported: Mapping[str, Value]
    target_standing: str | None
    now: datetime
    still_writing: frozenset[str] = frozenset()
    """Exams whose window has closed while somebody, with extra time, is still taking them."""

    def of(self, exam: Exam) -> tuple[Attempt, ...]:
        """The attempts that count at an exam, in order; voided ones do not."""
        mine = [a for a in self.attempts if a.exam == exam.code and a.state is not State.voided]
        return tuple(sorted(mine, key=lambda a: a.number))

    def counted(self, exam: Exam) -> Result | None:
        return counted(exam, [(a, self.results[a.id]) for a in self.of(exam) if a.id in self.results])


def facts(standing: Standing) -> Facts:
    """What the course's rules may ask for, with the words that people read."""
    values: dict[str, Value] = {"now": standing.now}
    labels: dict[str, Text] = {"now": Text(th="วันเวลาปัจจุบัน", en="the time now")}
    for declared in standing.course.facts:
        labels[declared.name] = declared.label
        values[declared.name] = standing.reported.get(declared.name)
    for exam in standing.course.exams:
        result = standing.counted(exam)
        values[f"exam.{exam.code}.taken"] = any(a.state is not State.in_progress for a in standing.of(exam))
        values[f"exam.{exam.code}.passed"] = result is not None and result.passed is not False
        if result is not None:
            values |= score_facts(exam, result)
        for what in ("taken", "passed", "percent"):
            labels[f"exam.{exam.code}.{what}"] = exam.title
        for section in exam.sections:
            labels[f"exam.{exam.code}.section.{section.code}.percent"] = section.title
    return Facts(values, labels, standing.target_standing)


def fact_names(course: Course) -> set[str]:
    """Every fact name that a rule of the course may use."""
    names = {"now"} | {declared.name for declared in course.facts}
    for exam in course.exams:
        names |= {f"exam.{exam.code}.{what}" for what in ("taken", "passed", "percent")}
        names |= {f"exam.{exam.code}.section.{section.code}.percent" for section in exam.sections}
    return names


def certificate_decision(standing: Standing) -> Decision | None:
    """Whether a certificate may be issued, and what is missing; None when the course gives none."""
    policy = standing.course.certificate
    return None if policy is None else decide(policy.rule, facts(standing))


def running(standing: Standing, exam: Exam) -> Attempt | None:
    """The attempt in progress, if there is one."""
    return next((a for a in standing.of(exam) if a.state is State.in_progress), None)


def refusal_to_start(standing: Standing, exam: Exam) -> errors.Refusal | None:
    """Why a new attempt may not start now; None when it may. The reasons that waiting cures say until when."""
    if running(standing, exam) is not None:
        return errors.AttemptRunning()
    now, opens, closes = standing.now, exam.window.opens_at, exam.window.closes_at
    if closes is not None and now >= closes:
        return errors.WindowClosed(exam=exam.title, closed_at=closes)
    attempts, policy = standing.of(exam), exam.attempts
    result = standing.counted(exam)
    if policy.block_after_pass and exam.pass_rule is not None and result is not None and result.passed:
        return errors.AlreadyPassed(exam=exam.title)
    if policy.limit is not None and len(attempts) >= policy.limit:
        return errors.AttemptsExhausted(exam=exam.title, limit=policy.limit)
    if exam.opens_when is not None:
        decision = decide(exam.opens_when, facts(standing))
        if not decision.met:
            return errors.ConditionsNotMet(
                exam=exam.title, missing=say_missing(decision), data=decision, retry_at=cured_at(decision)
            )
    ready = max((_rested(exam, a) for a in attempts), default=now)
    if opens is not None and now < opens and ready <= opens:
        return errors.WindowNotOpen(exam=exam.title, retry_at=opens)
    if now < ready:
        if closes is not None and ready >= closes:
            return errors.WindowClosed(exam=exam.title, closed_at=closes)
        return errors.CoolingDown(exam=exam.title, retry_at=ready)
    return None


def _rested(exam: Exam, attempt: Attempt) -> datetime:
    """When the next attempt may start: after the cool-down, and not before this one's result can be known."""
    rested = (attempt.ended_at or attempt.deadline) + timedelta(minutes=exam.attempts.cool_down_minutes)
    return max(rested, attempt.closes_at) if attempt.state is State.expired else rested


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What the review policy lets the candidate see of one ended attempt now."""

    score: bool
    responses: bool
    correctness: bool
    key: bool


def opened(standing: Standing, exam: Exam, attempt: Attempt) -> Opened:
    """Nothing before the attempt has been graded; then what the policy says."""
    if attempt.state is not State.graded:
        return Opened(score=False, responses=False, correctness=False, key=False)
    review = exam.review
    return Opened(**{
        what: _is_open(what, getattr(review, what), standing, exam)
        for what in ("score", "responses", "correctness", "key")
    })  # fmt: skip


def _is_open(what: str, when: ReviewTime, standing: Standing, exam: Exam) -> bool:
    match when:
        case "at_once":
            return True
        case "after_window":
            closes = exam.window.closes_at
            # An attempt with extra time may run past the window: its candidate would see the answers, or hear of them.
            quiet = running(standing, exam) is None and (what == "score" or exam.code not in standing.still_writing)
            return closes is not None and standing.now >= closes and quiet
        case "after_pass_or_last":
            return _nothing_to_gain(standing, exam)
        case "never":
            return False


def _nothing_to_gain(standing: Standing, exam: Exam) -> bool:
    """The candidate has passed, or no attempt is left: then seeing more helps nobody to a better score."""
    if running(standing, exam) is not None:
        return False
    result, limit = standing.counted(exam), exam.attempts.limit
    passed = exam.attempts.block_after_pass and result is not None and result.passed is True
    spent = limit is not None and len(standing.of(exam)) >= limit
    return passed or spent


def exam_sequence(course: Course) -> Sequence[Exam]:
    """The exams in the order in which people take them: pre-tests first."""
    return sorted(course.exams, key=lambda exam: exam.kind == "post_test")
