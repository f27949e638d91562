"""Courses: a draft that may be written again and again, and versions that never change once they are published."""

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from exam_service.core.artwork import ArtworkKind
from exam_service.core.banks.draw import fitting
from exam_service.core.banks.model import Bank
from exam_service.core.errors import Fault, Invalid, NotFound
from exam_service.core.exams.model import Course, CourseVersion, Exam
from exam_service.core.exams.publish import bank_codes, check_course
from exam_service.core.ids import CODE_PATTERN
from exam_service.core.records import CourseRecord
from exam_service.core.text import Text
from exam_service.services import audit
from exam_service.services.context import Context
from exam_service.services.ports import Tx


class CourseListed(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    title: Text
    published: int | None
    """The newest version's number; null before the first publication."""
    updated_at: datetime


class CourseView(msgspec.Struct, frozen=True, kw_only=True):
    """The draft, and which version is published."""

    code: str
    published: int | None
    updated_at: datetime
    draft: Course


class PublishedView(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing made, or found unchanged."""

    code: str
    version: int
    published_at: datetime
    created: bool


class CourseVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A published version as it is for ever, with the bank versions that it draws from."""

    code: str
    version: int
    published_at: datetime
    banks: dict[str, int]
    """bank code -> version number"""
    course: Course


class StratumCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One stratum of a blueprint: how many questions it wants, and how many fit it in the newest bank version."""

    section: str
    bank: str
    objective: str | None
    difficulty: str | None
    tag: str | None
    wanted: int
    available: int


class ExamCheck(msgspec.Struct, frozen=True, kw_only=True):
    exam: str
    questions: int
    strata: tuple[StratumCheck, ...]


class CourseCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing the draft now would say."""

    code: str
    publishable: bool
    faults: tuple[Fault, ...]
    exams: tuple[ExamCheck, ...]


class ExamList(msgspec.Struct, frozen=True, kw_only=True):
    """The exams of the newest published version."""

    course: str
    version: int
    exams: tuple[Exam, ...]


async def put(ctx: Context, tx: Tx, code: str, course: Course) -> CourseView:
    """Keep the document as the course's draft. Raises Invalid when its code is another."""
    faults = []
    if not re.fullmatch(CODE_PATTERN, code):
        faults.append(_fault("wrong-value", "code", f"`{code}` is no code", f"`{code}` ไม่ใช่รหัสที่ใช้ได้"))
    if course.code != code:
        faults.append(
            _fault("code-differs", "code", f"the course says it is `{course.code}`, the address says `{code}`",
                   f"ในเอกสารระบุรหัส `{course.code}` แต่ที่อยู่ระบุ `{code}`")
        )  # fmt: skip
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    before = await tx.courses.get(code, lock=True)
    document = msgspec.json.encode(course)
    if before is not None and before.draft == document:
        return _view(before, course)
    record = CourseRecord(
        code=code, draft=document, updated_at=ctx.now(), published=None if before is None else before.published
    )
    await tx.courses.put(record)
    return _view(record, course)


async def show(tx: Tx, code: str) -> CourseView:
    """The draft. Raises NotFound."""
    record = await _record(tx, code)
    return _view(record, _draft(record))


async def page(tx: Tx, after: str | None, limit: int) -> list[CourseListed]:
    """The courses by code."""
    return [
        CourseListed(
            code=record.code, title=_draft(record).title, published=record.published, updated_at=record.updated_at
        )
        for record in await tx.courses.page(after, limit)
    ]


async def check(ctx: Context, tx: Tx, code: str) -> CourseCheck:
    """What publishing would say, without doing it. Raises NotFound."""
    course = _draft(await _record(tx, code))
    _, banks = await _newest_banks(ctx, tx, course)
    faults = tuple(check_course(course, banks, await _artwork(tx, course)))
    exams = tuple(ExamCheck(exam=exam.code, questions=exam.size, strata=_strata(exam, banks)) for exam in course.exams)
    return CourseCheck(code=code, publishable=not faults, faults=faults, exams=exams)


async def publish(ctx: Context, tx: Tx, code: str, actor: str) -> PublishedView:
    """Freeze the draft with the newest versions of its banks. Unchanged, it is the version there is already.

    Raises NotFound, and Invalid with every fault: also each stratum that its bank cannot fill, and how many it lacks.
    """
    course = _draft(await _record(tx, code, lock=True))
    pins, banks = await _newest_banks(ctx, tx, course)
    faults = check_course(course, banks, await _artwork(tx, course))
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    newest = await tx.courses.newest(code)
    if newest is not None and newest.course == course and newest.banks == pins:
        return PublishedView(code=code, version=newest.number, published_at=newest.published_at, created=False)
    version = CourseVersion(
        id=ctx.new_id("crs"),
        number=1 if newest is None else newest.number + 1,
        course=course,
        banks=pins,
        published_at=ctx.now(),
    )
    await tx.courses.publish(version)
    await audit.record(ctx, tx, actor, "course.publish", version.id)
    return PublishedView(code=code, version=version.number, published_at=version.published_at, created=True)


async def show_version(tx: Tx, code: str, number: int) -> CourseVersionView:
    """A published version. Raises NotFound."""
    # A larger number than the database's integers is no version either.
    version = await tx.courses.numbered(code, number) if 0 < number < 2**31 else None
    if version is None:
        raise NotFound(what="course version", id=f"{code}/{number}")
    numbers = {v.id: v.number for bank in version.banks for v in await tx.banks.versions(bank)}
    return CourseVersionView(
        code=code,
        version=version.number,
        published_at=version.published_at,
        banks={bank: numbers[version_id] for bank, version_id in version.banks.items()},
        course=version.course,
    )


async def exams(tx: Tx, code: str) -> ExamList:
    """The exams as they are published. Raises NotFound."""
    version = await tx.courses.newest(code)
    if version is None:
        raise NotFound(what="published course", id=code)
    return ExamList(course=code, version=version.number, exams=version.course.exams)


async def show_exam(tx: Tx, code: str, exam_code: str) -> Exam:
    """One exam as it is published. Raises NotFound."""
    exam = next((exam for exam in (await exams(tx, code)).exams if exam.code == exam_code), None)
    if exam is None:
        raise NotFound(what="exam", id=exam_code)
    return exam


async def _record(tx: Tx, code: str, *, lock: bool = False) -> CourseRecord:
    record = await tx.courses.get(code, lock=lock)
    if record is None:
        raise NotFound(what="course", id=code)
    return record


async def _newest_banks(ctx: Context, tx: Tx, course: Course) -> tuple[dict[str, str], dict[str, Bank]]:
    """bank code -> newest version id, and -> that version, for the banks that are there."""
    pins: dict[str, str] = {}
    for code in sorted(bank_codes(course)):
        newest = await tx.banks.newest(code)
        if newest is not None:
            pins[code] = newest.id
    return pins, {code: await ctx.documents.bank(tx, version_id) for code, version_id in pins.items()}


async def _artwork(tx: Tx, course: Course) -> set[tuple[ArtworkKind, str]]:
    """Of the pictures that the course names those that the organisation has."""
    named = course.certificate.artwork if course.certificate else None
    if named is None:
        return set()
    return set(await tx.artwork.known([(kind, digest) for _, kind, digest in named.pictures()]))


def _strata(exam: Exam, banks: Mapping[str, Bank]) -> tuple[StratumCheck, ...]:
    return tuple(
        StratumCheck(
            section=section.code,
            bank=s.bank,
            objective=s.objective,
            difficulty=s.difficulty,
            tag=s.tag,
            wanted=s.count,
            available=len(
                fitting(
                    banks[s.bank].questions if s.bank in banks else (),
                    objective=s.objective, difficulty=s.difficulty, tag=s.tag,
                )
            ),
        )
        for section in exam.sections
        for s in section.strata
    )  # fmt: skip


def _draft(record: CourseRecord) -> Course:
    return msgspec.json.decode(record.draft, type=Course)


def _view(record: CourseRecord, course: Course) -> CourseView:
    return CourseView(code=record.code, published=record.published, updated_at=record.updated_at, draft=course)


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
