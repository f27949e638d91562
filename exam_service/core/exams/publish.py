"""The check before a course is published: what can be refused now is never a surprise on exam day."""

from collections.abc import Collection, Iterator, Mapping

from exam_service.core.banks.model import Bank
from exam_service.core.errors import Fault
from exam_service.core.exams.model import Course, Exam
from exam_service.core.exams.paper import infeasible
from exam_service.core.exams.standing import fact_names
from exam_service.core.rules import Percent, Rule, names
from exam_service.core.text import Text


def check_course(course: Course, banks: Mapping[str, Bank]) -> list[Fault]:
    """Every fault of the course against the newest versions of its banks: references, rules, times, and strata that lack questions."""
    faults = list(_twice([e.code for e in course.exams], "exams", "exam"))
    faults += _twice([f.name for f in course.facts], "facts", "fact")
    if not course.exams:
        faults.append(_fault("no-exams", "exams", "the course has no exam", "หลักสูตรไม่มีการสอบ"))
    known = fact_names(course)
    for number, exam in enumerate(course.exams):
        path = f"exams[{number}]"
        faults += _check_shape(exam, path)
        missing = list(_check_banks(exam, banks, path))
        faults += missing or infeasible(exam, banks, path)
        if exam.opens_when is not None:
            faults += _check_rule(exam.opens_when, known, f"{path}.opens_when")
        if exam.pass_rule is not None:
            faults += _check_rule(exam.pass_rule, _own_facts(exam), f"{path}.pass_rule")
    if course.certificate is not None:
        faults += _check_rule(course.certificate.rule, known, "certificate.rule")
        if not course.certificate.kinds:
            faults.append(_fault("no-kinds", "certificate.kinds", "name at least one kind", "ระบุอย่างน้อยหนึ่งประเภท"))
        faults += _twice(list(course.certificate.kinds), "certificate.kinds", "kind")
    return faults


def bank_codes(course: Course) -> set[str]:
    """The banks that a course draws from."""
    return {stratum.bank for exam in course.exams for section in exam.sections for stratum in section.strata}


def _check_shape(exam: Exam, path: str) -> Iterator[Fault]:
    yield from _twice([s.code for s in exam.sections], f"{path}.sections", "section")
    if exam.size == 0:
        yield _fault("empty-exam", f"{path}.sections", "the exam draws no question", "การสอบนี้ไม่มีข้อสอบ")
    opens, closes = exam.window.opens_at, exam.window.closes_at
    for name, moment in (("opens_at", opens), ("closes_at", closes)):
        if moment is not None and moment.tzinfo is None:
            yield _fault("time-without-zone", f"{path}.window.{name}", "give the time with its zone, as in 2026-11-22T09:00:00+07:00",
                         "ระบุเวลาพร้อมเขตเวลา เช่น 2026-11-22T09:00:00+07:00")  # fmt: skip
            return
    if opens and closes and opens >= closes:
        yield _fault("window-empty", f"{path}.window", "the window closes before it opens", "ช่วงเวลาสอบปิดก่อนเปิด")
    if (
        exam.review
        and "after_window" in {getattr(exam.review, w) for w in ("score", "responses", "correctness", "key")}
        and closes is None
    ):
        yield _fault("review-never-opens", f"{path}.review", "`after_window` needs a window that closes",
                     "`after_window` ใช้ได้เมื่อช่วงเวลาสอบมีเวลาปิด")  # fmt: skip


def _check_banks(exam: Exam, banks: Mapping[str, Bank], path: str) -> Iterator[Fault]:
    for s, section in enumerate(exam.sections):
        for n, stratum in enumerate(section.strata):
            where = f"{path}.sections[{s}].strata[{n}]"
            bank = banks.get(stratum.bank)
            if bank is None:
                yield _fault(
                    "unknown-bank",
                    f"{where}.bank",
                    f"there is no bank `{stratum.bank}`",
                    f"ไม่มีคลังข้อสอบ `{stratum.bank}`",
                )
            elif stratum.objective and stratum.objective not in {o.code for o in bank.objectives}:
                yield _fault("unknown-objective", f"{where}.objective", f"bank `{stratum.bank}` has no objective `{stratum.objective}`",
                             f"คลัง `{stratum.bank}` ไม่มีจุดประสงค์ `{stratum.objective}`")  # fmt: skip


def _check_rule(rule: Rule, known: Collection[str], path: str) -> Iterator[Fault]:
    for name in dict.fromkeys(names(rule)):
        if name not in known:
            yield _fault("unknown-fact", path, f"the rule asks for `{name}`, which nobody reports here; known: {', '.join(sorted(known))}",
                         f"กฎอ้างถึง `{name}` ซึ่งไม่มีในหลักสูตรนี้ ที่มีคือ {', '.join(sorted(known))}")  # fmt: skip


def _own_facts(exam: Exam) -> set[str]:
    """An attempt is judged by its own score alone, so that its result can be computed again from it alone."""
    whole = {name for name in names(Percent(exam=exam.code, at_least=0))}
    return whole | {name for s in exam.sections for name in names(Percent(exam=exam.code, section=s.code, at_least=0))}


def _twice(values: list[str], path: str, what: str) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield _fault("stands-twice", f"{path}[{index}]", f"{what} `{value}` stands twice", f"{what} `{value}` ซ้ำกัน")


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
