"""The page about performance is filled from the results, and only between its markers."""

import json
from pathlib import Path

import pytest

from bench.figures import RESULTS
from bench.table import TABLES, filled, newest


def line(figure: str, database: str, value: float) -> str:
    return json.dumps({"figure": figure, "database": database, "value": value, "unit": "ratio"})


def test_of_each_figure_the_newest_line_counts() -> None:
    found = newest([line("save_vs_echo", "sqlite", 0.3), "", line("save_vs_echo", "sqlite", 1.1)])
    assert found["save_vs_echo", "sqlite"]["value"] == 1.1


def test_each_table_has_its_place_in_the_page_and_filling_twice_changes_nothing(repository: Path) -> None:
    page = (repository / "docs" / "performance.md").read_text()
    once = filled(page, newest([line("save_vs_echo", "sqlite", 1.1), line("day_lost", "postgresql", 0)]))
    assert "| `save_vs_echo` | ≥ 1.0 | 1.1 | – | ratio |" in once
    assert "| `day_lost` | 0 | – | 0 | ratio |" in once
    assert filled(once, newest([line("save_vs_echo", "sqlite", 1.1), line("day_lost", "postgresql", 0)])) == once


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="saves"):
        filled("# Performance\n", {})


def test_every_line_that_was_kept_is_a_figure() -> None:
    kept = [json.loads(one) for one in RESULTS.read_text().splitlines()]
    assert all({"figure", "database", "value", "unit"} <= one.keys() for one in kept)
    assert {figure for rows in TABLES.values() for figure, _ in rows} >= {"save_vs_echo", "saves_growth", "day_lost"}
