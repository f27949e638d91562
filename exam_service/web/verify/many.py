"""`POST /v1/verify` with NDJSON: thousands of certificates in one call, each line with an answer of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from exam_service.core.certificates.verdict import Verdict
from exam_service.core.errors import Fault, Refusal
from exam_service.core.text import Text
from exam_service.web.problems import STATUS

KINDS = ("application/x-ndjson", "application/ndjson", "application/jsonl")

Judge = Callable[[bytes], Awaitable[Verdict]]


class LineRefused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a line got no verdict, as a problem of the whole call would say it."""

    code: str
    status: int
    message: Text
    faults: tuple[Fault, ...] = ()


class LineVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the answer: of that line of what was sent, from 1 on, either the verdict or why there is none."""

    line: int
    verdict: Verdict | None = None
    refused: LineRefused | None = None


async def answers(content: bytes, judge: Judge) -> AsyncIterator[bytes]:
    """A line for each line that is not empty, in their order, as they are judged."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            said = LineVerdict(line=number, verdict=await judge(line))
        except Refusal as refusal:
            told = LineRefused(
                code=refusal.code, status=STATUS[refusal.code], message=refusal.text, faults=refusal.faults
            )
            said = LineVerdict(line=number, refused=told)
        yield msgspec.json.encode(said) + b"\n"
        # Whoever saves responses goes in between.
        await asyncio.sleep(0)
