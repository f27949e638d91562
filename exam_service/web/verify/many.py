"""`POST /v1/verify` with NDJSON: up to two thousand certificates in one call, each line with an answer of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from exam_service.core.certificates.verdict import Verdict
from exam_service.core.errors import Fault, Refusal
from exam_service.core.text import Text
from exam_service.web.body import invalid
from exam_service.web.problems import HTTP_TEXTS, STATUS

log = logging.getLogger(__name__)

MOST = 2_000
"""Lines of one call."""
FOR_ONE = 50
"""So many lines count as one call of the address."""

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


def lines_of(content: bytes) -> list[tuple[int, bytes]]:
    """The lines that are not empty with their numbers. Raises Invalid for more than MOST."""
    lines = [(number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    if len(lines) > MOST:
        raise invalid(
            "too-many-lines",
            f"{len(lines)} lines; one call takes {MOST}",
            f"มี {len(lines)} บรรทัด ส่งได้ครั้งละไม่เกิน {MOST} บรรทัด",
        )
    return lines


async def answers(lines: Sequence[tuple[int, bytes]], judge: Judge) -> bytes:
    """A line for each, in their order.

    They are sent when all are judged: a reader who does not read would else keep the place of somebody else.
    """
    said = []
    for number, line in lines:
        said.append(msgspec.json.encode(await _answer(number, line, judge)) + b"\n")
        # Whoever saves responses goes in between.
        await asyncio.sleep(0)
    return b"".join(said)


async def _answer(number: int, line: bytes, judge: Judge) -> LineVerdict:
    try:
        return LineVerdict(line=number, verdict=await judge(line))
    except Refusal as refusal:
        told = LineRefused(code=refusal.code, status=STATUS[refusal.code], message=refusal.text, faults=refusal.faults)
    except Exception:
        # One line that nobody has thought of must not cost the answers to all others.
        log.exception("line %d of many could not be judged", number)
        code, text = HTTP_TEXTS[500]
        told = LineRefused(code=code, status=500, message=text)
    return LineVerdict(line=number, refused=told)
