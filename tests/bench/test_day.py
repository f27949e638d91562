"""A small exam day, live: the simulation of `make bench ARGS=day` stays alive, and nothing acknowledged is lost."""

import pytest

from bench.behaviour import Plan
from bench.day import run
from bench.figures import Bench


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_on_a_small_exam_day(database: str) -> None:
    plan = Plan(
        candidates=120, speed=60.0, minutes=5.0, arrive_seconds=60.0, drop_out=0.1, change_device=0.1, questions=200
    )
    with Bench(databases=[database], keep=False) as bench, bench.place(database) as place:
        report = run(place, plan, bench.say)
    assert report.day.dropped_out > 0
    assert report.day.changed_device > 0
    assert report.acknowledged == plan.candidates * 10
    assert (report.lost, report.ungraded, report.day.told_wrong) == (0, 0, [])
