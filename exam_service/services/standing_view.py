"""A standing as it may be seen: by the candidate as far as the review policy has opened it (P6), by the LMS whole."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.errors import ConditionsNotMet, Refusal
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import CertificateKind, Course, Exam
from exam_service.core.exams.standing import (
    Opened,
    Standing,
    certificate_decision,
    exam_sequence,
    opened,
    refusal_to_start,
    running,
)
from exam_service.core.exams.timing import extra_time, seconds_left
from exam_service.core.records import Candidate, Enrolment, Organisation
from exam_service.core.rules import Because, Decision, Value
from exam_service.core.text import Text
from exam_service.services.issued import IssuedView, issued_view


class _View(msgspec.Struct, frozen=True, kw_only=True):
    pass


PlainValue = bool | int | float | str | tuple[float, ...] | None
"""A fact's value as JSON carries it; moments are ISO 8601."""


class PersonView(_View, frozen=True, kw_only=True):
    name: str


class CourseLine(_View, frozen=True, kw_only=True):
    code: str
    title: Text
    description: Text | None = None
    hours: float | None = None


class FactView(_View, frozen=True, kw_only=True):
    """A declared fact; null until the learning system has reported it."""

    name: str
    label: Text
    value: PlainValue = None


class WindowView(_View, frozen=True, kw_only=True):
    """When attempts may start."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None


class RefusalView(_View, frozen=True, kw_only=True):
    """Why a new attempt may not start now."""

    code: str
    message: Text
    retry_at: datetime | None = None
    missing: tuple[Text, ...] = ()


class RunningView(_View, frozen=True, kw_only=True):
    attempt: str
    deadline: datetime
    seconds_left: int


class CountedView(_View, frozen=True, kw_only=True):
    """The score that counts; null where the review policy keeps it back."""

    percent: float | None = None
    passed: bool | None = None


class LateAnswers(_View, frozen=True, kw_only=True):
    """Of the responses that arrived late, how many wait for staff, count, and do not count."""

    held: int
    accepted: int
    refused: int


class AttemptLine(_View, frozen=True, kw_only=True):
    attempt: str
    number: int
    state: State
    started_at: datetime
    ended_at: datetime | None = None
    ended_by: State | None = None
    percent: float | None = None
    passed: bool | None = None
    review_open: bool = False
    late: LateAnswers | None = None
    """When responses arrived late."""


class ExamStanding(_View, frozen=True, kw_only=True):
    code: str
    kind: Literal["pre_test", "post_test"]
    title: Text
    questions: int
    time_limit_minutes: int | None
    extra_minutes: int
    """The candidate's accommodation at this exam, rounded up."""
    window: WindowView
    attempts_used: int
    attempts_limit: int | None
    cool_down_minutes: int
    counts: Literal["best", "last", "first", "average"]
    can_start: bool
    refusal: RefusalView | None = None
    running: RunningView | None = None
    counted: CountedView | None = None
    attempts: tuple[AttemptLine, ...] = ()


class Reason(_View, frozen=True, kw_only=True):
    """Why a rule is met or not: what it wanted, what was found, and the same for its parts."""

    rule: str
    met: bool
    sentence: Text
    fact: str | None = None
    wanted: PlainValue = None
    found: PlainValue = None
    of: tuple["Reason", ...] = ()


class CertificateStanding(_View, frozen=True, kw_only=True):
    """Whether a certificate may be had, and what is still missing."""

    met: bool
    kinds: tuple[CertificateKind, ...]
    issue: Literal["on_request", "at_once"]
    missing: tuple[Text, ...]
    sentence: Text
    because: Reason | None = None
    """The whole decision; only for the learning system."""
    issued: tuple[IssuedView, ...] = ()


class MeView(_View, frozen=True, kw_only=True):
    """What the candidate's home page shows."""

    candidate: PersonView
    organisation: Text
    course: CourseLine
    language: str | None
    return_url: str | None
    now: datetime
    facts: tuple[FactView, ...]
    exams: tuple[ExamStanding, ...]
    certificate: CertificateStanding | None = None


def me_view(
    standing: Standing, enrolment: Enrolment, candidate: Candidate, organisation: Organisation,
    certificates: Sequence[CertificateRecord], public_url: str, *,
    language: str | None = None, return_url: str | None = None, late: Mapping[str, LateAnswers] | None = None,
) -> MeView:  # fmt: skip
    """The candidate's view: scores only where the review policy has opened them."""
    return MeView(
        candidate=PersonView(name=candidate.name.display),
        organisation=organisation.name,
        course=course_line(standing.course),
        language=language,
        return_url=return_url,
        now=standing.now,
        facts=fact_views(standing),
        exams=exam_standings(standing, enrolment, staff=False, late=late),
        certificate=certificate_standing(standing, certificates, public_url, staff=False),
    )


def course_line(course: Course) -> CourseLine:
    return CourseLine(code=course.code, title=course.title, description=course.description, hours=course.hours)


def fact_views(standing: Standing) -> tuple[FactView, ...]:
    """Every declared fact with its newest value."""
    return tuple(
        FactView(name=fact.name, label=fact.label, value=plain(standing.reported.get(fact.name)))
        for fact in standing.course.facts
    )


def reason_of(because: Because) -> Reason:
    """The tree of reasons as JSON carries it."""
    return Reason(
        rule=because.rule,
        met=because.met,
        sentence=because.sentence,
        fact=because.fact,
        wanted=plain(because.wanted),
        found=plain(because.found),
        of=tuple(reason_of(part) for part in because.of),
    )


def plain(value: Value) -> PlainValue:
    """A fact's value as JSON carries it."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def exam_standings(
    standing: Standing, enrolment: Enrolment, *, staff: bool, late: Mapping[str, LateAnswers] | None = None
) -> tuple[ExamStanding, ...]:
    """Each exam in the order in which people take them. For staff, nothing is kept back."""
    sequence = exam_sequence(standing.course)
    return tuple(_exam_standing(standing, enrolment, exam, staff, late or {}) for exam in sequence)


def certificate_standing(
    standing: Standing, certificates: Sequence[CertificateRecord], public_url: str, *, staff: bool
) -> CertificateStanding | None:
    """The certificate's decision and what was issued; None when the course gives none."""
    policy, decision = standing.course.certificate, certificate_decision(standing)
    if policy is None or decision is None:
        return None
    missing = missing_texts(standing, decision, staff=staff)
    met = Text(th="ครบเงื่อนไขการขอวุฒิบัตรแล้ว", en="Everything for the certificate is there.")
    lacks = Text(th="ยังขาด: " + _joined(missing, "th", " และ "), en="Still missing: " + _joined(missing, "en", "; "))
    return CertificateStanding(
        met=decision.met,
        kinds=policy.kinds,
        issue=policy.issue,
        missing=missing,
        sentence=met if decision.met else lacks,
        because=reason_of(decision.because) if staff else None,
        issued=tuple(issued_view(one, public_url, standing.now) for one in certificates),
    )


def missing_texts(standing: Standing, decision: Decision, *, staff: bool) -> tuple[Text, ...]:
    """What is still to be done, a sentence each; without scores that the candidate may not see yet."""
    hidden = set() if staff else _hidden_scores(standing)
    return tuple(_veiled(leaf, hidden, standing).sentence for leaf in decision.missing)


def refusal_view(standing: Standing, refusal: Refusal, *, staff: bool) -> RefusalView:
    """A refusal to start, with each missing condition in its own sentence."""
    missing: tuple[Text, ...] = ()
    message = refusal.text
    if isinstance(refusal, ConditionsNotMet) and isinstance(refusal.data, Decision):
        missing = missing_texts(standing, refusal.data, staff=staff)
        words = Text(th=_joined(missing, "th", " และ "), en=_joined(missing, "en", "; "))
        message = refusal.sentence.fill({**refusal.facts, "missing": words})
    return RefusalView(code=refusal.code, message=message, retry_at=refusal.retry_at, missing=missing)


def without_hidden_scores(standing: Standing, refusal: Refusal) -> Refusal:
    """The same refusal as the candidate may read it: its sentence holds no score that is kept back (P6)."""
    if not isinstance(refusal, ConditionsNotMet):
        return refusal
    view = refusal_view(standing, refusal, staff=False)
    words = Text(th=_joined(view.missing, "th", " และ "), en=_joined(view.missing, "en", "; "))
    return ConditionsNotMet(
        exam=refusal.facts["exam"], missing=words, data={"missing": view.missing}, retry_at=refusal.retry_at
    )


def review_is_open(what: Opened) -> bool:
    """Whether a review page has anything to show."""
    return what.responses or what.correctness or what.key


def extra_time_at(exam: Exam, enrolment: Enrolment) -> timedelta:
    """How much longer an attempt at the exam lasts for this candidate."""
    limit = timedelta(minutes=exam.time_limit_minutes) if exam.time_limit_minutes else None
    return extra_time(exam, limit, enrolment.accommodations)


def _exam_standing(
    standing: Standing, enrolment: Enrolment, exam: Exam, staff: bool, late: Mapping[str, LateAnswers]
) -> ExamStanding:
    now_running, result = running(standing, exam), standing.counted(exam)
    refusal = None if now_running else refusal_to_start(standing, exam)
    shown = staff or exam.code not in _hidden_scores(standing)
    return ExamStanding(
        code=exam.code,
        kind=exam.kind,
        title=exam.title,
        questions=exam.size,
        time_limit_minutes=exam.time_limit_minutes,
        extra_minutes=math.ceil(extra_time_at(exam, enrolment) / timedelta(minutes=1)),
        window=WindowView(opens_at=exam.window.opens_at, closes_at=exam.window.closes_at),
        attempts_used=len(standing.of(exam)),
        attempts_limit=exam.attempts.limit,
        cool_down_minutes=exam.attempts.cool_down_minutes,
        counts=exam.attempts.counts,
        can_start=now_running is None and refusal is None,
        refusal=None if refusal is None else refusal_view(standing, refusal, staff=staff),
        running=None if now_running is None else _running_view(now_running, standing.now),
        counted=None
        if result is None
        else CountedView(percent=result.percent, passed=result.passed)
        if shown
        else CountedView(),
        attempts=tuple(
            _attempt_line(standing, exam, attempt, staff, late.get(attempt.id))
            for attempt in sorted(standing.attempts, key=lambda a: a.number)
            if attempt.exam == exam.code
        ),
    )


def _running_view(attempt: Attempt, now: datetime) -> RunningView:
    return RunningView(attempt=attempt.id, deadline=attempt.deadline, seconds_left=seconds_left(attempt.deadline, now))


def _attempt_line(
    standing: Standing, exam: Exam, attempt: Attempt, staff: bool, late: LateAnswers | None
) -> AttemptLine:
    what, result = opened(standing, exam, attempt), standing.results.get(attempt.id)
    shown = result if staff or what.score else None
    return AttemptLine(
        attempt=attempt.id,
        number=attempt.number,
        state=attempt.state,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        ended_by=attempt.ended_by,
        percent=None if shown is None else shown.percent,
        passed=None if shown is None else shown.passed,
        review_open=review_is_open(what),
        late=late,
    )


def _hidden_scores(standing: Standing) -> set[str]:
    """The exams with a graded attempt whose score the policy keeps back."""
    return {
        exam.code
        for exam in standing.course.exams
        for attempt in standing.of(exam)
        if attempt.state is State.graded and not opened(standing, exam, attempt).score
    }


def _veiled(node: Because, hidden: set[str], standing: Standing) -> Because:
    """The same reason without what was found of a score that is kept back; sentences of parts are joined again."""
    if not hidden:
        return node
    if node.of:
        parts = tuple(_veiled(part, hidden, standing) for part in node.of)
        sentence = Text(
            th=_joined([p.sentence for p in parts], "th", " หรือ " if node.rule == "any" else " / "),
            en=_joined([p.sentence for p in parts], "en", " or " if node.rule == "any" else " / "),
        )
        if node.rule == "at_least":
            whole = Text(en="at least {n} of these {all}: {parts}", th="อย่างน้อย {n} ใน {all} ข้อต่อไปนี้: {parts}")
            sentence = whole.fill({"n": node.wanted, "all": len(parts), "parts": sentence})
        return msgspec.structs.replace(node, of=parts, sentence=sentence)
    exam = next((e for e in standing.course.exams if node.rule == "percent" and _is_of(node.fact, e.code)), None)
    if exam is None or exam.code not in hidden:
        return node
    sentence = Text(en="{it}: at least {wanted} %", th="{it}: ต้องได้อย่างน้อยร้อยละ {wanted}")
    return msgspec.structs.replace(node, found=None, sentence=sentence.fill({"it": exam.title, "wanted": node.wanted}))


def _is_of(fact: str | None, exam: str) -> bool:
    return fact is not None and fact.startswith(f"exam.{exam}.")


def _joined(texts: Sequence[Text], language: str, between: str) -> str:
    return between.join(text.within(language) for text in texts) or "-"
