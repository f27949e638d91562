"""A save when much is stored: with ten million rows in the journal, beside one with ten thousand."""

import itertools
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import rows, scripts
from bench.client import drive
from bench.exams import finished
from bench.figures import Bench, Place, median_ratio
from bench.saves import CONNECTIONS
from bench.servers import Server, service
from bench.site import open_site

FEW, MANY = 10_000, 10_000_000
SAVES_EACH = 20


@dataclass
class _Way:
    place: Place
    server: Server
    savers: list[tuple[bytes, "itertools.count[int]"]]
    seconds: list[float] = field(default_factory=list)
    """By the clock, for one save."""
    cpu: list[float] = field(default_factory=list)
    """Of processors: the service and the database."""


def measure(bench: Bench) -> None:
    """saves_growth, by the clock and by processor time."""
    for kind in bench.databases:
        with ExitStack() as stack:
            few, many = (_way(bench, stack, kind, count) for count in (FEW, MANY))
            for number in range(bench.runs):
                bench.say(f"growth on {kind}, run {number + 1} of {bench.runs}")
                for way in (few, many):
                    _save(way, min(1.0, bench.seconds))
                    before = way.server.cpu() + way.place.cpu()
                    count = _save(way, bench.seconds)
                    way.seconds.append(bench.seconds / count)
                    way.cpu.append((way.server.cpu() + way.place.cpu() - before) / count)
            bench.tell("saves_growth", kind, median_ratio(many.seconds, few.seconds), "ratio")
            bench.tell("saves_growth_cpu", kind, median_ratio(many.cpu, few.cpu), "ratio")
            bench.tell("save_ms_with_10000000_rows", kind, statistics.median(many.seconds) * 1000, "ms")


def _way(bench: Bench, stack: ExitStack, kind: str, count: int) -> _Way:
    place = stack.enter_context(bench.place(kind))
    site = open_site(place)
    stored = bench.scaled(count, 1000)
    bench.say(f"growth on {kind}: storing {stored} rows of the journal")
    with service(place.url, place.folder) as server:
        taken = finished(server, site, 1)
    rows.journal(place, taken, stored, SAVES_EACH)
    rows.tidy(place)
    serving = stack.enter_context(service(place.url, place.folder))
    heads = [scripts.save_head(*one) for one in scripts.begin(serving.port, site, CONNECTIONS)]
    return _Way(place, serving, [(head, itertools.count(1)) for head in heads])


def _save(way: _Way, seconds: float) -> int:
    savings = [scripts.saves(head, seqs) for head, seqs in way.savers]
    return len(drive(way.server.port, savings, connections=CONNECTIONS, seconds=seconds).latencies)
