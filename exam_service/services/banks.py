"""Question banks: uploads that become immutable versions, and what may be said of them without a key."""

import asyncio
import hashlib
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from exam_service.core.banks.interactions.base import Difficulty
from exam_service.core.banks.model import Bank
from exam_service.core.errors import Fault, Invalid, NotFound
from exam_service.core.records import BankVersion
from exam_service.core.text import Text
from exam_service.services import audit
from exam_service.services.context import Context
from exam_service.services.ports import Tx


class BankUploadedView(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload became. `created` is false when the newest version holds the same already."""

    code: str
    version: int
    questions: int
    created: bool


class BankLine(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a bank in a list."""

    code: str
    title: Text
    version: int
    questions: int
    created_at: datetime


class ObjectiveLine(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    title: Text


class BankCount(msgspec.Struct, frozen=True, kw_only=True):
    """So many questions of a kind: what a blueprint can draw from."""

    objective: str
    difficulty: Difficulty
    type: str
    questions: int


class BankView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of a bank: what is in it, counted; no question and no key."""

    code: str
    title: Text
    description: Text | None
    licence: str | None
    version: int
    questions: int
    created_at: datetime
    objectives: tuple[ObjectiveLine, ...]
    counts: tuple[BankCount, ...]


async def read(ctx: Context, code: str, content: bytes, filename: str) -> Bank:
    """The uploaded bank. Raises Invalid with every fault, each with file, line and question."""
    # A large YAML file takes seconds to read, in which everybody else's requests must go on.
    bank = await asyncio.to_thread(ctx.read_bank, content, filename)
    if bank.code != code:
        text = Text(
            en=f"the bank says it is `{bank.code}`, the address says `{code}`",
            th=f"ในไฟล์ระบุรหัส `{bank.code}` แต่ที่อยู่ระบุ `{code}`",
        )
        raise Invalid(count=1, faults=[Fault(code="code-differs", path="code", file=filename, message=text)])
    return bank


async def store(ctx: Context, tx: Tx, bank: Bank, actor: str) -> BankUploadedView:
    """Keep the bank as its next version, unless the newest one is the same."""
    document = msgspec.json.encode(bank)
    digest = hashlib.sha256(document).digest()
    newest = await tx.banks.newest(bank.code)
    if newest is not None and newest.digest == digest:
        return BankUploadedView(code=newest.code, version=newest.number, questions=newest.size, created=False)
    version = BankVersion(
        id=ctx.new_id("bnk"),
        code=bank.code,
        number=1 if newest is None else newest.number + 1,
        digest=digest,
        title=bank.title,
        size=len(bank.questions),
        created_at=ctx.now(),
    )
    await tx.banks.add(version, document)
    await audit.record(ctx, tx, actor, "bank.upload", version.id)
    return BankUploadedView(code=version.code, version=version.number, questions=version.size, created=True)


async def page(tx: Tx, after: str | None, limit: int) -> list[BankLine]:
    """The newest version of each bank, by code."""
    return [_line(version) for version in await tx.banks.page(after, limit)]


async def versions(tx: Tx, code: str) -> list[BankLine]:
    """Every version of a bank, newest first. Raises NotFound."""
    found = sorted(await tx.banks.versions(code), key=lambda version: -version.number)
    if not found:
        raise NotFound(what="bank", id=code)
    return [_line(version) for version in found]


async def show(ctx: Context, tx: Tx, code: str) -> BankView:
    """The newest version, counted by objective, difficulty and type. Raises NotFound."""
    version = await tx.banks.newest(code)
    if version is None:
        raise NotFound(what="bank", id=code)
    bank = await ctx.documents.bank(tx, version.id)
    counts = Counter((q.objective, q.difficulty, q.type) for q in bank.questions)
    return BankView(
        code=version.code,
        title=version.title,
        description=bank.description,
        licence=bank.licence,
        version=version.number,
        questions=version.size,
        created_at=version.created_at,
        objectives=tuple(ObjectiveLine(code=o.code, title=o.title) for o in bank.objectives),
        counts=tuple(
            BankCount(objective=objective, difficulty=difficulty, type=kind, questions=number)
            for (objective, difficulty, kind), number in sorted(counts.items())
        ),
    )


def schema(ctx: Context) -> dict[str, Any]:
    """The JSON Schema of the bank format, which YAML, TOML and JSON share, with the address where it is published."""
    return {**ctx.bank_schema, "$id": f"{ctx.policy.public_url}/v1/banks/schema.json"}


def _line(version: BankVersion) -> BankLine:
    return BankLine(
        code=version.code,
        title=version.title,
        version=version.number,
        questions=version.size,
        created_at=version.created_at,
    )
