"""Deadlines. The server's clock decides; the candidate's is never asked."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from exam_service.core.exams.model import Accommodation, Exam

NO_LIMIT = timedelta(days=30)
"""An attempt without time limit or window still ends: a month after its start."""


def deadline(
    exam: Exam, started_at: datetime, accommodations: Iterable[Accommodation], extra_seconds: int = 0
) -> datetime:
    """min(start + limit x accommodation, window close + accommodation) + what staff gave.

    The window moves by as much as the limit does, so that extra time is not lost by whoever starts late.
    """
    limit = timedelta(minutes=exam.time_limit_minutes) if exam.time_limit_minutes else None
    extra = extra_time(exam, limit, accommodations)
    ends = started_at + (limit + extra if limit else NO_LIMIT)
    closes = exam.window.closes_at
    return (min(ends, closes + extra) if closes else ends) + timedelta(seconds=extra_seconds)


def extra_time(exam: Exam, limit: timedelta | None, accommodations: Iterable[Accommodation]) -> timedelta:
    """The sum of what applies to the exam: percent of the limit, and minutes."""
    extra = timedelta()
    for one in accommodations:
        if one.exam in (None, exam.code):
            extra += timedelta(minutes=one.extra_minutes)
            if limit:
                extra += limit * one.extra_percent / 100
    return extra


def seconds_left(until: datetime, now: datetime) -> int:
    """Whole seconds, rounded down and never negative: what the candidate's page counts down from."""
    left = until - now
    # A timedelta keeps its microseconds positive, so this rounds down, and exactly.
    return max(0, left.days * 86_400 + left.seconds)
