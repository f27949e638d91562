"""Candidates: people as the learning system names them. A national id comes in, is sealed, and never goes out."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from exam_service.core.errors import Fault, Invalid, NationalIdTaken, NotFound
from exam_service.core.people import PersonName, national_id_is_valid
from exam_service.core.records import Candidate
from exam_service.core.text import Text, is_line
from exam_service.services.context import Context
from exam_service.services.ports import Tx

Line = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
"""A line of text without control characters."""
ExternalId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._~@:+=-]{1,128}$(?!\n)")]
"""The learning system's own id for a person: 1 to 128 of letters, digits and `. _ ~ @ : + = -`."""


class CandidateBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person. What is written replaces what was there; only `national_id`, left out, keeps what is stored."""

    name: PersonName
    national_id: str | UnsetType | None = UNSET
    """Thirteen digits with their check digit; null forgets it. It is sealed and never given out again."""
    position: Line | None = None
    standing: Line | None = None
    """Academic standing (วิทยฐานะ) now."""
    school: Line | None = None
    affiliation: Line | None = None
    """Parent affiliation (สังกัด)."""


class NewCandidate(CandidateBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person with the learning system's id, given together with an enrolment."""

    external_id: ExternalId


class CandidateView(msgspec.Struct, frozen=True, kw_only=True):
    """A person as the learning system sees them again."""

    external_id: str
    name: PersonName
    has_national_id: bool
    position: str | None
    standing: str | None
    school: str | None
    affiliation: str | None
    created_at: datetime
    updated_at: datetime


class CandidateSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look a person up by; exactly one of the two."""

    national_id: str | None = None
    external_id: str | None = None


async def put(ctx: Context, tx: Tx, external_id: str, body: CandidateBody) -> Candidate:
    """Add the person, or replace what is known. Raises Invalid with every fault, NationalIdTaken."""
    faults = list(check(external_id, body))
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    before = await tx.candidates.find(external_id=external_id)
    now = ctx.now()
    candidate_id = ctx.new_id("cnd") if before is None else before.id
    sealed, index = (None, None) if before is None else (before.national_id, before.national_id_index)
    if body.national_id is None:
        sealed, index = None, None
    elif body.national_id is not UNSET:
        digits = digits_of(body.national_id)
        index = _blind(ctx, tx.org, digits)
        if before is None or before.national_id_index != index:
            holder = await holder_of(ctx, tx, body.national_id)
            if holder is not None and holder.id != candidate_id:
                raise NationalIdTaken(external_id=holder.external_id)
            sealed = ctx.vault.seal(digits.encode(), f"candidate/{tx.org}/{candidate_id}")
    candidate = Candidate(
        id=candidate_id,
        external_id=external_id,
        name=body.name,
        national_id=sealed,
        national_id_index=index,
        position=_tidy(body.position),
        standing=_tidy(body.standing),
        school=_tidy(body.school),
        affiliation=_tidy(body.affiliation),
        created_at=now if before is None else before.created_at,
        updated_at=now,
    )
    if before is not None and msgspec.structs.replace(candidate, updated_at=before.updated_at) == before:
        return before
    await tx.candidates.put(candidate)
    return candidate


async def candidate_of(tx: Tx, external_id: str) -> Candidate:
    """The person with that id of the learning system. Raises NotFound."""
    candidate = await tx.candidates.find(external_id=external_id)
    if candidate is None:
        raise NotFound(what="candidate", id=external_id)
    return candidate


async def page(tx: Tx, after: str | None, limit: int) -> list[Candidate]:
    """The people, in the order in which they were added."""
    return list(await tx.candidates.page(after, limit))


async def search(ctx: Context, tx: Tx, body: CandidateSearch) -> list[CandidateView]:
    """The person with that id, or nobody. Raises Invalid. What was asked for is repeated nowhere."""
    if (body.national_id is None) == (body.external_id is None):
        raise Invalid(
            count=1,
            faults=[_fault("one-of-two", "", "give either `national_id` or `external_id`",
                           "ระบุ `national_id` หรือ `external_id` อย่างใดอย่างหนึ่ง")],
        )  # fmt: skip
    if body.national_id is None:
        found = await tx.candidates.find(external_id=body.external_id)
    else:
        digits = digits_of(body.national_id)
        if not national_id_is_valid(digits):
            raise Invalid(count=1, faults=[_bad_national_id("national_id")])
        found = await holder_of(ctx, tx, digits)
    return [] if found is None else [view(found)]


async def holder_of(ctx: Context, tx: Tx, national_id: str) -> Candidate | None:
    """The person of the organisation who has that national id."""
    return await tx.candidates.find(national_id_index=_blind(ctx, tx.org, digits_of(national_id)))


def check(external_id: str, body: CandidateBody, path: str = "") -> list[Fault]:
    """Every fault that the fields' types cannot show. None of them repeats a national id."""
    faults = []
    if not re.fullmatch(r"[A-Za-z0-9._~@:+=-]{1,128}", external_id):
        faults.append(
            _fault("wrong-value", f"{path}external_id", "use 1 to 128 of letters, digits and . _ ~ @ : + = -",
                   "ใช้ตัวอักษรอังกฤษ ตัวเลข และ . _ ~ @ : + = - ได้ 1 ถึง 128 ตัว")
        )  # fmt: skip
    elif national_id_is_valid(digits_of(external_id)):
        # It stands in addresses, and addresses stand in logs.
        faults.append(
            _fault("external-id-is-national-id", f"{path}external_id",
                   "this has the form of a national id, which must not be in a URL; use another, or put a letter first",
                   "ค่านี้มีรูปแบบเป็นเลขประจำตัวประชาชน จึงใช้ในที่อยู่ (URL) ไม่ได้ โปรดใช้รหัสอื่นหรือเติมตัวอักษรนำหน้า")
        )  # fmt: skip
    if isinstance(body.national_id, str) and not national_id_is_valid(digits_of(body.national_id)):
        faults.append(_bad_national_id(f"{path}national_id"))
    for part in ("title", "given", "family"):
        value = getattr(body.name, part)
        if value and not is_line(value, len(value)):
            faults.append(
                _fault("wrong-value", f"{path}name.{part}", "a name is to be seen, and has no piles of marks",
                       "ชื่อต้องมีตัวอักษรที่มองเห็นได้ และไม่มีวรรณยุกต์หรือสระซ้อนกันหลายชั้น")
            )  # fmt: skip
    for name in ("position", "standing", "school", "affiliation"):
        value = _tidy(getattr(body, name))
        if value is not None and any(unicodedata.category(c) in ("Cc", "Cs", "Co") for c in value):
            faults.append(_fault("wrong-value", path + name, "use printable characters only", "ใช้เฉพาะอักขระที่พิมพ์ได้"))
    return faults


def view(candidate: Candidate) -> CandidateView:
    """The person without internal ids and without the national id."""
    return CandidateView(
        external_id=candidate.external_id,
        name=candidate.name,
        has_national_id=candidate.national_id is not None,
        position=candidate.position,
        standing=candidate.standing,
        school=candidate.school,
        affiliation=candidate.affiliation,
        created_at=candidate.created_at,
        updated_at=candidate.updated_at,
    )


def digits_of(national_id: str) -> str:
    """The id as digits: people write hyphens and spaces between them, and Thai numerals."""
    return re.sub(r"[\s-]", "", national_id).translate(_THAI_DIGITS)


_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def _blind(ctx: Context, org: str, digits: str) -> bytes:
    """The index to look an id up by; each organisation has its own, so that nobody can join two of them."""
    return ctx.vault.blind(f"national-id/{org}/{digits}")


def _tidy(value: str | None) -> str | None:
    return unicodedata.normalize("NFC", " ".join(value.split())) or None if value is not None else None


def _bad_national_id(path: str) -> Fault:
    return _fault(
        "bad-national-id", path, "a national id has 13 digits, and the last one checks the others; these do not fit",
        "เลขประจำตัวประชาชนมี 13 หลัก และหลักสุดท้ายใช้ตรวจสอบหลักอื่น เลขที่ส่งมาไม่ถูกต้อง",
    )  # fmt: skip


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
