from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.exams.model import Accommodation
from exam_service.core.exams.timing import NO_LIMIT, deadline, extra_time, seconds_left
from tests.support.documents import MINUTE, NOW, exam

CLOSES = {"window": {"closes_at": (NOW + 90 * MINUTE).isoformat()}}


def more(**fields: Any) -> Accommodation:
    return Accommodation(**fields)


@pytest.mark.parametrize(
    "fields, accommodations, minutes",
    [
        ({"time_limit_minutes": 60}, [], 60),
        ({"time_limit_minutes": 60}, [more(extra_percent=25)], 75),
        ({"time_limit_minutes": 60}, [more(extra_minutes=10)], 70),
        ({"time_limit_minutes": 60}, [more(extra_percent=50, extra_minutes=5, exam="post")], 95),
        ({"time_limit_minutes": 60}, [more(extra_percent=50, exam="pre")], 60),
        (
            {"time_limit_minutes": 60},
            [more(extra_percent=25), more(extra_minutes=5), more(extra_minutes=7, exam="pre")],
            80,
        ),
        ({"time_limit_minutes": 1}, [more(extra_percent=33)], 1.33),
        # The window ends it, and moves by as much as the limit does.
        ({"time_limit_minutes": 60, **CLOSES}, [], 60),
        ({"time_limit_minutes": 120, **CLOSES}, [], 90),
        ({"time_limit_minutes": 120, **CLOSES}, [more(extra_percent=25)], 120),
        ({"time_limit_minutes": 80, **CLOSES}, [more(extra_percent=25)], 100),
        ({"time_limit_minutes": 80, **CLOSES}, [more(extra_minutes=30)], 110),
        # Without a limit there is nothing to take percents of.
        (CLOSES, [], 90),
        (CLOSES, [more(extra_percent=50, extra_minutes=15)], 105),
        ({}, [], NO_LIMIT / MINUTE),
        ({}, [more(extra_minutes=15)], NO_LIMIT / MINUTE),
    ],
    ids=range(16),
)
def test_deadlines(fields: dict[str, Any], accommodations: list[Accommodation], minutes: float) -> None:
    assert deadline(exam(**fields), NOW, accommodations) == NOW + minutes * MINUTE


@pytest.mark.parametrize("fields", [{"time_limit_minutes": 60}, {"time_limit_minutes": 120, **CLOSES}, CLOSES, {}])
def test_extra_time_by_staff_is_not_ignored_against_the_windows_end(fields: dict[str, Any]) -> None:
    accommodations = [more(extra_minutes=5)]
    before = deadline(exam(**fields), NOW, accommodations)
    assert deadline(exam(**fields), NOW, accommodations, 600) == before + 10 * MINUTE


def test_extra_time_is_told_apart_from_the_limit() -> None:
    assert extra_time(exam(), 60 * MINUTE, [more(extra_percent=10), more(extra_minutes=1)]) == 7 * MINUTE


@pytest.mark.parametrize(
    "left, seconds",
    [
        (0, 0),
        (-1, 0),
        (-3_600_000_000, 0),
        (1, 0),
        (999_999, 0),
        (1_000_000, 1),
        (59_999_999, 59),
        (3_600_000_000, 3600),
    ],
)
def test_seconds_left_are_rounded_down(left: int, seconds: int) -> None:
    assert seconds_left(NOW + timedelta(microseconds=left), NOW) == seconds


ACCOMMODATION = st.builds(
    Accommodation,
    extra_percent=st.integers(0, 400),
    extra_minutes=st.integers(0, 1440),
    exam=st.sampled_from([None, "post", "pre"]),
)


@given(
    st.lists(ACCOMMODATION, max_size=3),
    ACCOMMODATION,
    st.one_of(st.none(), st.integers(1, 300)),
    st.one_of(st.none(), st.integers(1, 500)),
    st.integers(0, 400),
)
def test_more_time_never_takes_time_away(
    some: list[Accommodation], one_more: Accommodation, limit: int | None, closes: int | None, started: int
) -> None:
    window = {} if closes is None else {"closes_at": (NOW + closes * MINUTE).isoformat()}
    it = exam(time_limit_minutes=limit, window=window)
    start: datetime = NOW + started * MINUTE
    assert deadline(it, start, [*some, one_more]) >= deadline(it, start, some)
    if limit and not (closes and started >= closes):
        # Whoever starts in the window has some time, and whoever has extra time loses none of it.
        assert deadline(it, start, some) > start
        extra = extra_time(it, limit * MINUTE, some)
        assert deadline(it, start, some) == deadline(it, start, []) + extra
