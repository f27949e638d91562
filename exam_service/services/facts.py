"""Facts that the learning system reports of an enrolment: of the types the course declares, and only ever added."""

import difflib
import math
import unicodedata
from datetime import UTC, datetime

import msgspec

from exam_service.core.errors import Fault, Invalid
from exam_service.core.exams.model import Course, FactDeclaration
from exam_service.core.records import ReportedFact
from exam_service.core.rules import Value
from exam_service.core.text import Text
from exam_service.services.context import Context
from exam_service.services.enrolments import enrolment_of
from exam_service.services.ports import Tx
from exam_service.services.standing import course_of, reported
from exam_service.services.standing_view import FactView, PlainValue, plain


class FactsView(msgspec.Struct, frozen=True, kw_only=True):
    """Every declared fact with its newest value, and which reports were new."""

    enrolment: str
    facts: tuple[FactView, ...]
    added: tuple[str, ...]


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """One report as it came in."""

    name: str
    value: PlainValue
    reported_at: datetime
    reported_by: str


class FactHistory(msgspec.Struct, frozen=True, kw_only=True):
    """Every report, oldest first."""

    enrolment: str
    reports: tuple[ReportView, ...]


async def report(ctx: Context, tx: Tx, enrolment_id: str, raw: object, actor: str) -> FactsView:
    """Add what is new among the facts sent. Raises NotFound, NotPublished, and Invalid with every fault.

    A value equal to the newest report of its name adds nothing, so a report may be sent again. null takes a fact back.
    """
    enrolment = await enrolment_of(tx, enrolment_id, lock=True)
    course = (await course_of(tx, enrolment.course)).course
    values, faults = read_facts(course, raw)
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    before = await reported(tx, enrolment.id)
    now = ctx.now()
    new = [
        ReportedFact(enrolment=enrolment.id, name=name, value=value, reported_at=now, reported_by=actor)
        for name, value in values.items()
        if name not in before or type(before[name]) is not type(value) or before[name] != value
    ]
    if new:
        await tx.enrolments.report(new)
    after = before | values
    return FactsView(
        enrolment=enrolment.id,
        facts=tuple(FactView(name=f.name, label=f.label, value=plain(after.get(f.name))) for f in course.facts),
        added=tuple(fact.name for fact in new),
    )


async def history(tx: Tx, enrolment_id: str) -> FactHistory:
    """Every report of the enrolment. Raises NotFound."""
    enrolment = await enrolment_of(tx, enrolment_id)
    return FactHistory(
        enrolment=enrolment.id,
        reports=tuple(
            ReportView(name=f.name, value=plain(f.value), reported_at=f.reported_at, reported_by=f.reported_by)
            for f in await tx.enrolments.facts(enrolment.id)
        ),
    )


def read_facts(course: Course, raw: object) -> tuple[dict[str, Value], list[Fault]]:
    """The values in their declared types, and a fault for each name that is not declared or value of another type."""
    if not isinstance(raw, dict) or not raw:
        return {}, [_fault("wrong-value", "", "send an object of fact names and values, at least one",
                           "ส่งวัตถุที่มีชื่อข้อมูลและค่า อย่างน้อยหนึ่งรายการ")]  # fmt: skip
    values: dict[str, Value] = {}
    faults: list[Fault] = []
    names = [fact.name for fact in course.facts]
    for name, given in raw.items():
        declared = course.declared(name)
        if declared is None:
            near = difflib.get_close_matches(name, names, 1)
            hint_en = f"; did you mean `{near[0]}`?" if near else f"; it has {', '.join(names) or 'none'}"
            hint_th = f" หมายถึง `{near[0]}` หรือไม่" if near else f" ที่มีคือ {', '.join(names) or '-'}"
            faults.append(
                _fault("unknown-fact", name, f"course `{course.code}` declares no fact `{name}`{hint_en}",
                       f"หลักสูตร `{course.code}` ไม่มีข้อมูลชื่อ `{name}`{hint_th}")
            )  # fmt: skip
            continue
        try:
            values[name] = None if given is None else _read(declared, given)
        except ValueError:
            en, th = _WANTED[declared.type]
            faults.append(_fault("wrong-value", name, f"`{name}` wants {en}", f"`{name}` ต้องเป็น{th}"))
    return values, faults


_WANTED = {
    "boolean": ("true or false", "ค่า true หรือ false"),
    "number": ("a number", "ตัวเลข"),
    "text": ("a text of at most 1000 characters", "ข้อความไม่เกิน 1000 อักขระ"),
    "date_time": (
        "a time with its zone, as in 2026-11-22T09:00:00+07:00", "เวลาพร้อมเขตเวลา เช่น 2026-11-22T09:00:00+07:00",
    ),
    "numbers": ("a list of at most 1000 numbers", "รายการตัวเลขไม่เกิน 1000 ตัว"),
}  # fmt: skip


def _read(declared: FactDeclaration, given: object) -> Value:
    """The value in the declared type. Raises ValueError."""
    match declared.type:
        case "boolean":
            if isinstance(given, bool):
                return given
        case "number":
            return _number(given)
        case "numbers":
            if isinstance(given, list) and len(given) <= 1000:
                return tuple(float(_number(one)) for one in given)
        case "text":
            if isinstance(given, str) and len(given) <= 1000 and "\x00" not in given:
                return unicodedata.normalize("NFC", given)
        case "date_time":
            if isinstance(given, str) and len(given) <= 40:
                moment = datetime.fromisoformat(given)
                if moment.tzinfo is not None:
                    return moment.astimezone(UTC)
    raise ValueError(f"not of type {declared.type}")


def _number(given: object) -> int | float:
    # Beyond 2**53 a number would not be the same in every program that reads it.
    if isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given) and abs(given) <= 2**53:
        return given
    raise ValueError("not a number")


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
