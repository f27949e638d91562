"""How many candidates one process sustains, each saving every 30 s: as open_loop, up to what still holds."""

from bench.figures import Bench
from bench.open_loop import EVERY, Crowd, latencies, long, opened, sustained, trial
from bench.servers import Server

MOST = 200_000
"""Attempts that are open; the search goes no further."""


def measure(bench: Bench) -> None:
    """open_loop_candidates: the most with p99 within 500 ms and no growing backlog, for 12 x `seconds` (60 s)."""
    for kind in bench.databases:
        with opened(bench, kind, MOST) as (crowd, server):
            _search(bench, kind, crowd, server)


def _search(bench: Bench, kind: str, crowd: Crowd, server: Server) -> None:
    """In short trials up until one does not hold, and down, then down until most of the long ones hold."""
    tried, most = round(len(crowd.heads) / 4), len(crowd.heads)
    short, whole = max(1.0, 2 * bench.seconds), long(bench)
    step = 1.15
    while _holds(bench, crowd, server, tried, short) and tried < most:
        tried = min(most, round(tried * step))
    while not _holds(bench, crowd, server, tried, short) and tried > 1:
        tried = round(tried / 1.07)
    loads = [trial(bench, crowd, server, tried, whole) for _ in range(bench.runs)]
    while sum(map(sustained, loads)) * 2 <= len(loads):
        tried = round(tried / 1.07)
        loads = [trial(bench, crowd, server, tried, whole) for _ in range(bench.runs)]
    bench.tell("open_loop_candidates", kind, tried, "candidates")
    bench.tell("open_loop_saves_per_second", kind, tried / EVERY, "1/s")
    latencies(bench, "open_loop", kind, loads)


def _holds(bench: Bench, crowd: Crowd, server: Server, candidates: int, seconds: float) -> bool:
    return sustained(trial(bench, crowd, server, candidates, seconds))
