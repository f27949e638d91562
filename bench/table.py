"""The tables of docs/performance.md, made from bench/results.jsonl: `python -m bench.table`, after a run.

Of each figure the newest line counts. What stands between the markers in the page is replaced; the words around it are
written by people.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.figures import DATABASES, RESULTS
from bench.servers import REPOSITORY

PAGE = REPOSITORY / "docs" / "performance.md"

TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    # marker -> (figure, target); the targets are the ones that were set before anything was measured.
    "saves": (
        ("save_vs_echo", "≥ 1.0"),
        ("save_vs_echo_cpu", ""),
        ("naive_upsert_vs_echo", ""),
        ("raw_vs_echo", "the ceiling"),
        ("save_p99_vs_echo_p99", "≤ 3"),
        ("naive_upsert_p99_vs_echo_p99", ""),
        ("save_per_second", ""),
        ("echo_per_second", ""),
        ("naive_upsert_per_second", ""),
        ("raw_per_second", ""),
        ("client_ceiling_per_second", ""),
        ("save_cpu_us", ""),
        ("echo_cpu_us", ""),
        ("receipt_cost_us", ""),
        ("receipt_part_of_save", ""),
        ("signature_us", ""),
    ),
    "starts": (
        ("start_prepared_vs_echo", "≥ 0.4"),
        ("start_drawn_vs_echo", "≥ 0.1"),
        ("start_prepared_per_second", ""),
        ("start_drawn_per_second", ""),
    ),
    "exams": (
        ("exams_per_minute_per_core_100_stored", ""),
        ("exams_per_minute_per_core_10000_stored", ""),
        ("exams_per_minute_per_core_1000000_stored", ""),
        ("exams_per_minute_per_core_with_database_1000000_stored", ""),
        ("exams_growth", "≤ 1.2"),
        ("saves_growth", "≤ 1.2"),
        ("saves_growth_cpu", "≤ 1.2"),
    ),
    "crowds": (
        ("open_loop_100000_p99_ms", "≤ 500"),
        ("open_loop_100000_p50_ms", ""),
        ("open_loop_100000_held", "1"),
        ("open_loop_100000_stolen", ""),
        ("open_loop_candidates", "≥ 100,000"),
        ("open_loop_saves_per_second", ""),
        ("open_loop_p99_ms", "≤ 500"),
        ("open_loop_p50_ms", ""),
        ("storm_starts_prepared_last_s", "≤ 5"),
        ("storm_starts_drawn_last_s", "≤ 5"),
        ("storm_starts_prepared_refused", ""),
        ("storm_starts_drawn_refused", ""),
        ("storm_submits_all_graded_s", "≤ 10"),
    ),
    "certificates": (
        ("issue_400000_minutes", "≤ 60"),
        ("issue_ms", ""),
        ("credential_vs_pyld", "≥ 10"),
        ("credential_ms", ""),
        ("certificate_vs_pyld", ""),
        ("pyld_canonical_ms", ""),
        ("qr_sign_vs_ed25519", "≤ 2"),
        ("qr_verify_vs_ed25519", "≤ 2"),
        ("pdf_vs_typst", "≤ 1.5"),
        ("pdf_ms", ""),
        ("verify_page_vs_echo", "≥ 0.5"),
        ("verify_page_per_second", ""),
    ),
    "sizes": (
        ("idle_memory_mb", "≤ 120"),
        ("start_to_ready_s", "≤ 2"),
        ("memory_per_open_attempt_bytes", "≤ 1,000"),
        ("memory_with_20000_open_mb", ""),
    ),
    "day": (
        ("day_candidates", "20,000"),
        ("day_lost", "0"),
        ("day_ungraded", "0"),
        ("day_told_wrong", "0"),
        ("day_acknowledged", ""),
        ("day_refused", ""),
        ("day_dropped_out", ""),
        ("day_changed_device", ""),
        ("day_start_p50_ms", ""),
        ("day_start_p99_ms", ""),
        ("day_save_p50_ms", ""),
        ("day_save_p99_ms", ""),
        ("day_save_max_ms", ""),
        ("day_submit_p99_ms", ""),
        ("day_answers_per_second", ""),
        ("day_server_cpu", ""),
        ("day_memory_before_mb", ""),
        ("day_memory_after_mb", ""),
    ),
}


def newest(lines: Iterable[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """(figure, database) -> its last line."""
    read = (json.loads(line) for line in lines if line.strip())
    return {(one["figure"], one["database"]): one for one in read}


def table(rows: Iterable[tuple[str, str]], found: dict[tuple[str, str], dict[str, Any]]) -> str:
    """One table in Markdown; a figure that was never taken has a dash."""
    out = ["| figure | wanted | SQLite | PostgreSQL | unit |", "|---|--:|--:|--:|---|"]
    for figure, target in rows:
        both = [found.get((figure, database), found.get((figure, ""))) for database in DATABASES]
        unit = next((one["unit"] for one in both if one), "")
        shown = " | ".join(_number(one["value"]) if one else "–" for one in both)
        out.append(f"| `{figure}` | {target} | {shown} | {unit} |")
    return "\n".join(out)


def taken(rows: Iterable[tuple[str, str]], found: dict[tuple[str, str], dict[str, Any]]) -> str:
    """When these were taken, at which commits, and how busy the machine was."""
    names = {figure for figure, _ in rows}
    lines = [one for (figure, _), one in found.items() if figure in names and "at" in one]
    if not lines:
        return "Not taken yet."
    days, commits = sorted({one["at"][:10] for one in lines}), sorted({one["commit"] for one in lines})
    loads = [one["load"] for one in lines]
    return f"Taken {' and '.join(days)} at {', '.join(commits)}; load of the machine {min(loads)} to {max(loads)}."


def filled(page: str, found: dict[tuple[str, str], dict[str, Any]]) -> str:
    """The page with each table made anew."""
    for name, rows in TABLES.items():
        begin, end = f"<!-- figures: {name} -->", f"<!-- end of {name} -->"
        before, middle, rest = page.partition(begin)
        _, last, after = rest.partition(end)
        if not middle or not last:
            raise ValueError(f"the page has no place for the table `{name}`")
        page = f"{before}{begin}\n{table(rows, found)}\n\n{taken(rows, found)}\n{end}{after}"
    return page


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"


def main(page: Path = PAGE, results: Path = RESULTS) -> None:
    """Fill the page."""
    page.write_text(filled(page.read_text(), newest(results.read_text().splitlines())))


if __name__ == "__main__":
    main()
