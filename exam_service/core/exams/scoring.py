"""Scoring: stored paper + journal + key -> the same number, always.

Sums are exact fractions; what is stored is rounded *down* to four decimals, so that rounding never lifts anybody over a
threshold, and a threshold with up to four decimals is met by the stored number exactly when it is met by the fraction.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

import msgspec

from exam_service.core.banks.interactions import BaseQuestion
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import Exam
from exam_service.core.exams.paper import Form, Pool, read_responses
from exam_service.core.rules import Decision, Facts, Value, decide


class ItemScore(msgspec.Struct, frozen=True, kw_only=True):
    item: str
    earned: float
    possible: int
    answered: bool


class SectionScore(msgspec.Struct, frozen=True, kw_only=True):
    section: str
    earned: float
    possible: int
    percent: float
    share: str | None = None
    """The share of the points, exactly, as in `2/3`: a mean of rounded percents could miss a threshold that is met."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt is worth. `passed` is None when the exam sets no criterion: then completing is enough."""

    earned: float
    possible: int
    percent: float
    sections: tuple[SectionScore, ...]
    items: tuple[ItemScore, ...]
    passed: bool | None = None
    share: str | None = None


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One save as it was acknowledged: what it holds for each item, None for an item that was cleared."""

    epoch: int
    seq: int
    responses: dict[str, object]
    digest: bytes = b""
    """SHA-256 of the responses as they were sent."""


def latest(entries: Iterable[JournalEntry]) -> dict[str, object]:
    """The last response to each item, in the order of device session and sequence."""
    responses: dict[str, object] = {}
    for entry in sorted(entries, key=lambda e: (e.epoch, e.seq)):
        responses.update(entry.responses)
    return responses


def score(exam: Exam, form: Form, responses: Mapping[str, object], pool: Pool) -> Result:
    """The result of a paper with these responses under the keys of these bank versions."""
    given, _ = read_responses(form, responses)
    keys = questions_of(form, pool)
    earned = {place.item: _points(keys[place.item].score(given.get(place.item)), place.points) for place in form.items}
    sections = []
    for section in exam.sections:
        places = [place for place in form.items if place.section == section.code]
        got, possible = sum(earned[p.item] for p in places), sum(p.points for p in places)
        sections.append(
            SectionScore(
                section=section.code,
                earned=_down(got),
                possible=possible,
                percent=_percent(got, possible),
                share=_share(got, possible),
            )
        )
    total, possible = sum(earned.values()), sum(place.points for place in form.items)
    result = Result(
        earned=_down(total),
        possible=possible,
        percent=_percent(total, possible),
        share=_share(total, possible),
        sections=tuple(sections),
        items=tuple(
            ItemScore(
                item=p.item, earned=_down(earned[p.item]), possible=p.points, answered=given.get(p.item) is not None
            )
            for p in form.items
        ),
    )
    return msgspec.structs.replace(result, passed=passes(exam, result))


def questions_of(form: Form, pool: Pool) -> dict[str, BaseQuestion]:
    """The question behind each item of the paper."""
    return {place.item: pool[place.bank].by_id[place.question] for place in form.items}


def passes(exam: Exam, result: Result) -> bool | None:
    """The exam's pass rule on this result; None when it has none."""
    decision = pass_decision(exam, result)
    return None if decision is None else decision.met


def pass_decision(exam: Exam, result: Result) -> Decision | None:
    """The exam's pass rule on this result, with the reasons."""
    if exam.pass_rule is None:
        return None
    labels = {f"exam.{exam.code}.percent": exam.title} | {
        f"exam.{exam.code}.section.{section.code}.percent": section.title for section in exam.sections
    }
    return decide(exam.pass_rule, Facts(score_facts(exam, result), labels))


def score_facts(exam: Exam, result: Result) -> dict[str, Value]:
    """The facts of one result, under the names that rules use."""
    values: dict[str, Value] = {f"exam.{exam.code}.percent": result.percent}
    for section in result.sections:
        values[f"exam.{exam.code}.section.{section.section}.percent"] = section.percent
    return values


def counted(exam: Exam, finished: Sequence[tuple[Attempt, Result]]) -> Result | None:
    """The result that counts among the graded attempts, by the exam's policy; None before the first."""
    results = [r for a, r in sorted(finished, key=lambda pair: pair[0].number) if a.state is State.graded]
    if not results:
        return None
    match exam.attempts.counts:
        case "best":
            return max(results, key=lambda r: (r.passed is True, r.percent))
        case "last":
            return results[-1]
        case "first":
            return results[0]
        case "average":
            return _average(exam, results)


def _average(exam: Exam, results: Sequence[Result]) -> Result:
    """The mean of the exact shares, whole and by section; points are those of the last attempt's paper."""
    last = results[-1]
    whole = _mean(results)
    sections = []
    for section in last.sections:
        # A newer version of the course may have other sections: each is averaged over the attempts that had it.
        mean = _mean([s for r in results for s in r.sections if s.section == section.section])
        sections.append(_with_share(section, mean))
    result = msgspec.structs.replace(_with_share(last, whole), sections=tuple(sections), items=())
    return msgspec.structs.replace(result, passed=passes(exam, result))


_Scored = TypeVar("_Scored", Result, SectionScore)


def _mean(scored: Sequence[Result] | Sequence[SectionScore]) -> Fraction:
    shares = [Fraction(str(s.percent)) / 100 if s.share is None else Fraction(s.share) for s in scored]
    return sum(shares, Fraction()) / len(shares)


def _with_share(scored: _Scored, share: Fraction) -> _Scored:
    return msgspec.structs.replace(
        scored, share=str(share), percent=_down(share * 100), earned=_down(share * scored.possible)
    )


def _points(share: Fraction, points: int) -> Fraction | int:
    """The points earned, as a whole number where it is one: most are, and whole numbers are quick to add."""
    return share.numerator * points if share.denominator == 1 else share * points


def _down(value: Fraction | int) -> float:
    return math.floor(value * 10_000) / 10_000


def _percent(earned: Fraction | int, possible: int) -> float:
    return _down(Fraction(earned * 100, possible)) if possible else 0.0


def _share(earned: Fraction | int, possible: int) -> str:
    return str(Fraction(earned, possible)) if possible else "0"
