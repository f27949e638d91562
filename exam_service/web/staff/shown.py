"""How the pages of programme staff say numbers, times and who did what."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from exam_service.core.exams.live import Counts, LiveState
from exam_service.core.text import BANGKOK
from exam_service.services.staff_sessions import STAFF

TONES: Mapping[LiveState, str] = {
    LiveState.not_started: "",
    LiveState.started: "now",
    LiveState.saving: "good",
    LiveState.idle: "now",
    LiveState.lost_contact: "bad",
    LiveState.submitted: "",
    LiveState.expired: "",
    LiveState.graded: "",
    LiveState.voided: "warn",
}
"""The colour of a state; its words stand beside it."""


_MINUTES = re.compile(r"^\+(\d+) min: ")


class Part(NamedTuple):
    """A part of the bar, in thousandths of its width."""

    name: str
    start: float
    width: float


def bar(counts: Counts) -> list[Part]:
    """Everybody on one line: at work, silent, done, voided, not started."""
    numbers = {
        "working": counts.started + counts.saving + counts.idle,
        "lost": counts.lost_contact,
        "done": done(counts),
        "voided": counts.voided,
        "waiting": counts.not_started,
    }
    parts, start = [], 0.0
    for name, number in numbers.items():
        width = 1000 * number / counts.enrolled if counts.enrolled else 0.0
        parts.append(Part(name, round(start, 2), round(width, 2)))
        start += width
    return parts


def done(counts: Counts) -> int:
    """Handed in, ran out or graded."""
    return counts.submitted + counts.expired + counts.graded


def clock(when: datetime, language: str, *, seconds: bool = False) -> str:
    """The time of day in Bangkok; seconds where people compare it with another clock."""
    text = f"{when.astimezone(BANGKOK):%H:%M:%S}" if seconds else f"{when.astimezone(BANGKOK):%H:%M}"
    return f"{text} น." if language == "th" and not seconds else text


def countdown(seconds: int) -> str:
    """`29:05`, or `1:29:05` from an hour on."""
    hours, minutes = divmod(max(0, seconds) // 60, 60)
    rest = max(0, seconds) % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def actor(name: str) -> tuple[str, str]:
    """(what kind of actor, their name) as the audit trail keeps them."""
    if name.startswith(STAFF):
        return "person", name.removeprefix(STAFF)
    return ("key" if name.startswith("key_") else "system"), name


def because(reason: str, language: str) -> str:
    """The reason as the trail keeps it, its minutes in the reader's language."""
    return _MINUTES.sub(r"+\1 นาที: ", reason) if language == "th" else reason


def deed(action: str) -> str:
    """The end of the key under which the words for an action are kept: its dots and dashes are underscores there."""
    return action.replace(".", "_").replace("-", "_")
