"""The check before a course is published: what can be refused now is never a surprise on exam day."""

from collections.abc import Collection, Iterator, Mapping

from exam_service.core.artwork import LONGEST_NAME, LONGEST_TITLE, Artwork, ArtworkKind
from exam_service.core.banks.model import Bank
from exam_service.core.errors import Fault
from exam_service.core.exams.model import Course, Exam
from exam_service.core.exams.paper import infeasible
from exam_service.core.exams.rule_check import check_pass_rule, check_rule, fact_types, never_open
from exam_service.core.text import Text, is_line

_LONGEST = 300


def check_course(
    course: Course, banks: Mapping[str, Bank], artwork: Collection[tuple[ArtworkKind, str]] = ()
) -> list[Fault]:
    """Every fault of the course against the newest versions of its banks, and the pictures that its organisation has.

    References, rules, times, and strata that lack questions.
    """
    faults = list(_twice([e.code for e in course.exams], "exams", "exam"))
    faults += _twice([f.name for f in course.facts], "facts", "fact")
    faults += _check_titles(course)
    if not course.exams:
        faults.append(_fault("no-exams", "exams", "the course has no exam", "หลักสูตรไม่มีการสอบ"))
    if course.declared("now") is not None:
        where = f"facts[{[f.name for f in course.facts].index('now')}].name"
        faults.append(
            _fault(
                "reserved-name",
                where,
                "`now` is the time of asking, and reported by nobody",
                "`now` คือเวลาปัจจุบัน ใช้เป็นชื่ออื่นไม่ได้",
            )
        )
    known = fact_types(course)
    for number, exam in enumerate(course.exams):
        path = f"exams[{number}]"
        faults += _check_shape(exam, path)
        faults += _check_strata(exam, banks, path)
        if exam.opens_when is not None:
            faults += check_rule(exam.opens_when, known, f"{path}.opens_when")
        if exam.pass_rule is not None:
            faults += check_pass_rule(exam.pass_rule, exam, f"{path}.pass_rule")
    faults += never_open(course)
    if course.certificate is not None:
        faults += check_rule(course.certificate.rule, known, "certificate.rule")
        if not course.certificate.kinds:
            faults.append(_fault("no-kinds", "certificate.kinds", "name at least one kind", "ระบุอย่างน้อยหนึ่งประเภท"))
        faults += _twice(list(course.certificate.kinds), "certificate.kinds", "kind")
        if course.certificate.artwork is not None:
            faults += _check_artwork(course.certificate.artwork, artwork)
    return faults


def bank_codes(course: Course) -> set[str]:
    """The banks that a course draws from."""
    return {stratum.bank for exam in course.exams for section in exam.sections for stratum in section.strata}


def _check_artwork(named: Artwork, known: Collection[tuple[ArtworkKind, str]]) -> Iterator[Fault]:
    for where, kind, digest in named.pictures():
        if (kind, digest) not in known:
            yield _fault(
                "unknown-artwork",
                f"certificate.{where}",
                f"there is no {kind} `{digest}` here; upload it first (POST /v1/artwork/{kind})",
                f"ไม่พบภาพประเภท {kind} `{digest}` โปรดอัปโหลดก่อน (POST /v1/artwork/{kind})",
            )
    for number, signer in enumerate(named.signers):
        for field, said, longest in (("name", signer.name, LONGEST_NAME), ("title", signer.title, LONGEST_TITLE)):
            yield from _check_line(said, longest, f"certificate.signers[{number}].{field}")


def _check_titles(course: Course) -> Iterator[Fault]:
    titles = {"title": course.title}
    if course.objective is not None:
        titles["objective"] = course.objective
    for e, exam in enumerate(course.exams):
        titles[f"exams[{e}].title"] = exam.title
        titles |= {f"exams[{e}].sections[{s}].title": section.title for s, section in enumerate(exam.sections)}
    for path, title in titles.items():
        yield from _check_line(title, _LONGEST, path)


def _check_line(title: Text, longest: int, path: str) -> Iterator[Fault]:
    for language, text in (("th", title.th), ("en", title.en)):
        if text is not None and not is_line(text, longest):
            yield _fault(
                "wrong-value",
                f"{path}.{language}",
                f"a title is one line of 1 to {longest} characters, without control characters or piles of marks",
                f"ชื่อต้องมีบรรทัดเดียว ยาว 1 ถึง {longest} อักขระ ไม่มีอักขระควบคุม และไม่มีวรรณยุกต์หรือสระซ้อนกันหลายชั้น",
            )


def _check_shape(exam: Exam, path: str) -> Iterator[Fault]:
    yield from _twice([s.code for s in exam.sections], f"{path}.sections", "section")
    if exam.size == 0:
        yield _fault("empty-exam", f"{path}.sections", "the exam draws no question", "การสอบนี้ไม่มีข้อสอบ")
    else:
        for number, section in enumerate(exam.sections):
            if not section.strata:
                where = f"{path}.sections[{number}].strata"
                yield _fault("empty-section", where, "the section draws no question", "ส่วนนี้ไม่มีข้อสอบ")
    opens, closes = exam.window.opens_at, exam.window.closes_at
    naive = [name for name, when in (("opens_at", opens), ("closes_at", closes)) if when and when.tzinfo is None]
    for name in naive:
        yield _fault(
            "time-without-zone",
            f"{path}.window.{name}",
            "give the time with its zone, as in 2026-11-22T09:00:00+07:00",
            "ระบุเวลาพร้อมเขตเวลา เช่น 2026-11-22T09:00:00+07:00",
        )
    if opens and closes and not naive and opens >= closes:
        yield _fault("window-empty", f"{path}.window", "the window closes before it opens", "ช่วงเวลาสอบปิดก่อนเปิด")
    yield from _check_late(exam, f"{path}.late_responses.minutes")
    review = exam.review
    if closes is None and "after_window" in (review.score, review.responses, review.correctness, review.key):
        yield _fault(
            "review-never-opens",
            f"{path}.review",
            "`after_window` needs a window that closes",
            "`after_window` ใช้ได้เมื่อช่วงเวลาสอบมีเวลาปิด",
        )


def _check_late(exam: Exam, path: str) -> Iterator[Fault]:
    late = exam.late_responses
    if late.policy == "accept" and late.minutes is None:
        yield _fault(
            "minutes-missing",
            path,
            "`accept` needs `minutes`: how long after the deadline late responses still count",
            "`accept` ต้องระบุ `minutes` ว่ารับคำตอบที่มาช้าได้ถึงกี่นาทีหลังหมดเวลา",
        )
    if late.policy != "accept" and late.minutes is not None:
        yield _fault(
            "minutes-without-accept",
            path,
            f"`minutes` goes with `accept` only; the policy is `{late.policy}`",
            f"`minutes` ใช้กับ `accept` เท่านั้น แต่นโยบายคือ `{late.policy}`",
        )


def _check_strata(exam: Exam, banks: Mapping[str, Bank], path: str) -> Iterator[Fault]:
    """One fault for each stratum that cannot be filled, with the nearest reason."""
    explained: set[str] = set()
    for s, section in enumerate(exam.sections):
        for n, stratum in enumerate(section.strata):
            where = f"{path}.sections[{s}].strata[{n}]"
            bank = banks.get(stratum.bank)
            if bank is None:
                explained.add(where)
                yield _fault(
                    "unknown-bank",
                    f"{where}.bank",
                    f"there is no bank `{stratum.bank}`",
                    f"ไม่มีคลังข้อสอบ `{stratum.bank}`",
                )
            elif stratum.objective and stratum.objective not in {o.code for o in bank.objectives}:
                explained.add(where)
                yield _fault(
                    "unknown-objective",
                    f"{where}.objective",
                    f"bank `{stratum.bank}` has no objective `{stratum.objective}`",
                    f"คลัง `{stratum.bank}` ไม่มีจุดประสงค์ `{stratum.objective}`",
                )
    # A bank that is not there counts as empty, so that it does not hide what the others lack.
    used = {stratum.bank for section in exam.sections for stratum in section.strata}
    pool = {code: banks.get(code) or _empty(code) for code in used}
    yield from (fault for fault in infeasible(exam, pool, path) if fault.path not in explained)


def _empty(code: str) -> Bank:
    return Bank(format="exam-service/bank@1", code=code, title=Text(en=code), objectives=(), questions=())


def _twice(values: list[str], path: str, what: str) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield _fault("stands-twice", f"{path}[{index}]", f"{what} `{value}` stands twice", f"{what} `{value}` ซ้ำกัน")


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
