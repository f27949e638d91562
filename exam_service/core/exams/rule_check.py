"""The check of a course's rules: every fact is known and of the kind asked for, and no exam waits for itself."""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal, get_args

from exam_service.core.errors import Fault
from exam_service.core.exams.model import Course, Exam
from exam_service.core.exams.standing import fact_names
from exam_service.core.rules import (
    After,
    All,
    Any_,
    AtLeast,
    Before,
    ByStanding,
    EachRater,
    EveryIndicator,
    FactAtLeast,
    FactIs,
    IndicatorsAtLevel,
    Passed,
    Percent,
    Rule,
    Taken,
    Within,
    names,
)
from exam_service.core.text import Text

FactType = Literal["boolean", "number", "text", "date_time", "numbers"]

_THAI: dict[FactType, str] = {
    "boolean": "ใช่หรือไม่ใช่", "number": "ตัวเลข", "text": "ข้อความ", "date_time": "วันเวลา", "numbers": "รายการตัวเลข",
}  # fmt: skip


def fact_types(course: Course) -> dict[str, FactType]:
    """Every fact that a rule of the course may ask for, and its type."""
    declared = {fact.name: fact.type for fact in course.facts}
    return {name: _type_of(name, declared) for name in sorted(fact_names(course))}


def check_rule(rule: Rule, known: Mapping[str, FactType], path: str) -> Iterator[Fault]:
    """A fault for each fact that nobody reports, or that is of another type than the rule compares."""
    for name in dict.fromkeys(names(rule)):
        if name not in known:
            yield _fault(
                "unknown-fact",
                path,
                f"the rule asks for `{name}`, which nobody reports here; known: {', '.join(sorted(known))}",
                f"กฎอ้างถึง `{name}` ซึ่งไม่มีในหลักสูตรนี้ ที่มีคือ {', '.join(sorted(known))}",
            )
    asked = dict.fromkeys((name, _tag(leaf), _wanted(leaf)) for leaf in _leaves(rule) for name in names(leaf))
    for name, tag, wanted in asked:
        found = known.get(name, wanted)
        if found != wanted:
            yield _fault(
                "fact-of-other-type",
                path,
                f"`{name}` is of type {found}, but `{tag}` needs {wanted}: it would never be met",
                f"`{name}` เป็น{_THAI[found]} แต่ `{tag}` ต้องใช้{_THAI[wanted]} จึงไม่มีทางครบเงื่อนไข",
            )


def check_pass_rule(rule: Rule, exam: Exam, path: str) -> Iterator[Fault]:
    """An attempt is judged by its own score alone, so that its result can be computed again from it alone."""
    own: dict[str, FactType] = dict.fromkeys(names(Percent(exam=exam.code, at_least=0)), "number")
    for section in exam.sections:
        own |= dict.fromkeys(names(Percent(exam=exam.code, section=section.code, at_least=0)), "number")
    yield from check_rule(rule, own, path)
    if any(isinstance(node, ByStanding) for node in _nodes(rule)):
        yield _fault(
            "standing-in-pass-rule",
            path,
            "a pass rule knows no standing; choose by standing in `opens_when` or in the certificate's rule",
            "กฎการผ่านของการสอบไม่ทราบวิทยฐานะ ให้แยกตามวิทยฐานะใน `opens_when` หรือในกฎของวุฒิบัตร",
        )


def never_open(course: Course) -> Iterator[Fault]:
    """A fault for each exam that waits for itself, alone or in a circle with others."""
    opening: set[str] = set()
    while True:
        more = {
            exam.code
            for exam in course.exams
            if exam.code not in opening and (exam.opens_when is None or _can_be_met(exam.opens_when, opening, course))
        }
        if not more:
            break
        opening |= more
    for number, exam in enumerate(course.exams):
        if exam.code not in opening:
            yield _fault(
                "never-opens",
                f"exams[{number}].opens_when",
                f"exam `{exam.code}` never opens: it waits for itself, or for what can never be",
                f"การสอบ `{exam.code}` ไม่มีวันเปิด เพราะรอตัวเองหรือรอสิ่งที่เกิดขึ้นไม่ได้",
            )


def _can_be_met(rule: Rule, opening: Collection[str], course: Course) -> bool:
    """Whether some facts meet it, when only these exams can have been taken."""
    match rule:
        case All():
            return all(_can_be_met(part, opening, course) for part in rule.of)
        case Any_():
            return any(_can_be_met(part, opening, course) for part in rule.of)
        case AtLeast():
            return sum(_can_be_met(part, opening, course) for part in rule.of) >= rule.n
        case ByStanding():
            return any(_can_be_met(one, opening, course) for one in (*rule.choose.values(), rule.otherwise))
        case Percent() | Taken() | Passed():
            # An exam that is not there has its own fault.
            return rule.exam in opening or course.exam(rule.exam) is None
        case FactIs(equals=False):
            return True
        case _:
            waits_for = [
                exam.code for exam in course.exams if any(n.startswith(f"exam.{exam.code}.") for n in names(rule))
            ]
            return all(code in opening for code in waits_for)


def _nodes(rule: Rule) -> Iterator[Rule]:
    yield rule
    match rule:
        case All() | Any_() | AtLeast():
            parts: tuple[Rule, ...] = rule.of
        case ByStanding():
            parts = (*rule.choose.values(), rule.otherwise)
        case _:
            parts = ()
    for part in parts:
        yield from _nodes(part)


_Leaf = (
    Percent
    | Taken
    | Passed
    | FactIs
    | FactAtLeast
    | EveryIndicator
    | IndicatorsAtLevel
    | EachRater
    | Before
    | After
    | Within
)


def _leaves(rule: Rule) -> Iterator[_Leaf]:
    return (node for node in _nodes(rule) if isinstance(node, get_args(_Leaf)))


def _wanted(leaf: _Leaf) -> FactType:
    match leaf:
        case Percent() | FactAtLeast():
            return "number"
        case Taken() | Passed() | FactIs(equals=bool()):
            return "boolean"
        case FactIs(equals=str()):
            return "text"
        case FactIs():
            return "number"
        case EveryIndicator() | IndicatorsAtLevel() | EachRater():
            return "numbers"
        case Before() | After() | Within():
            return "date_time"


def _type_of(name: str, declared: Mapping[str, FactType]) -> FactType:
    if name == "now":
        return "date_time"
    if name in declared:
        return declared[name]
    return "number" if name.endswith(".percent") else "boolean"


def _tag(leaf: _Leaf) -> str:
    return str(leaf.__struct_config__.tag)


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
