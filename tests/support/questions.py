"""Questions of every type, as an author writes them."""

from fractions import Fraction
from typing import Any

import msgspec

from exam_service.core.banks.interactions import BaseQuestion, Layout, Question

NONE = Layout()


def options(*ids: str) -> list[dict[str, Any]]:
    return [{"id": option, "text": {"th": f"ตัวเลือก {option}"}} for option in ids]


def raw_question(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": "q", "type": kind, "objective": "o", "difficulty": "easy", "stem": {"th": "ข้อความ"}, **fields}


def question(kind: str, **fields: Any) -> BaseQuestion:
    """One without a fault."""
    made: BaseQuestion = msgspec.convert(raw_question(kind, **fields), Question)
    assert list(made.check()) == []
    return made


def codes_of(kind: str, **fields: Any) -> list[str]:
    """Of its faults."""
    made: BaseQuestion = msgspec.convert(raw_question(kind, **fields), Question)
    return [problem.code for problem in made.check()]


def earns(made: BaseQuestion, raw: object, layout: Layout = NONE) -> Fraction:
    """The share that this response earns."""
    return made.score(made.parse(raw, layout))
