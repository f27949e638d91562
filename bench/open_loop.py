"""100,000 candidates on one process, each saving every 30 s: Poisson arrivals, which wait for nobody."""

import random
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import rows, scripts
from bench.client import Ask, Load, Script, asked, clock, drive
from bench.figures import Bench, Place, stolen_seconds
from bench.servers import Server, service
from bench.site import Site, open_site

EVERY = 30.0
WANTED = 100_000
P99_SECONDS = 0.5
CONNECTIONS = 256
"""Of the proxy in front; what finds none free waits, and its waiting counts."""


def measure(bench: Bench) -> None:
    """open_loop_100000_*: whether the wanted 100,000 are held for 12 x `seconds` (60 s), and what they see."""
    for kind in bench.databases:
        with opened(bench, kind, WANTED) as (crowd, server):
            loads, stolen = [], []
            for _ in range(bench.runs):
                before, began = stolen_seconds(), clock()
                loads.append(trial(bench, crowd, server, len(crowd.heads), long(bench)))
                stolen.append((stolen_seconds() - before) / (clock() - began))
            bench.tell("open_loop_100000_held", kind, sum(map(sustained, loads)) / len(loads), "of the runs")
            latencies(bench, "open_loop_100000", kind, loads)
            bench.tell("open_loop_100000_stolen", kind, statistics.median(stolen), "cores")


@contextmanager
def opened(bench: Bench, kind: str, count: int) -> "Iterator[tuple[Crowd, Server]]":
    """So many candidates in the middle of their exam, and the service that knows them."""
    with bench.place(kind) as place:
        site = open_site(place)
        count = bench.scaled(count, 500)
        bench.say(f"open loop on {kind}: storing {count} running attempts")
        crowd = store_running(place, site, count)
        with service(place.url, place.folder) as server:
            # Everybody saves once, so that what a start would have brought to hand is at hand.
            drive(server.port, (asked(crowd.save(n)) for n in range(count)), connections=64, at_once=64)
            yield crowd, server


@dataclass
class Crowd:
    """Candidates with a running attempt each: the heads of their saves, and the last number of each."""

    heads: list[bytes]
    seqs: list[int]

    def save(self, number: int) -> bytes:
        self.seqs[number] += 1
        return scripts.save_request(self.heads[number], 1, self.seqs[number])


def store_running(place: Place, site: Site, count: int) -> Crowd:
    """So many running attempts, copies of one that is started now through the API."""
    with service(place.url, place.folder) as server:
        [(template, _)] = scripts.begin_of(server.port, [site.token(site.template)])
    first = site.people + 1
    people = site.enrol(count)
    rows.attempts(place, template, first, site.people)
    rows.tidy(place)
    heads = [
        scripts.save_head(rows.identifier("att", rows.RUNNING, first + n), site.token(enrolment))
        for n, enrolment in enumerate(people)
    ]
    return Crowd(heads, [0] * count)


def long(bench: Bench) -> float:
    """Seconds of a trial that counts."""
    return max(2.0, 12 * bench.seconds)


def latencies(bench: Bench, figure: str, kind: str, loads: list[Load]) -> None:
    """The medians of the trials."""
    for name, share in (("p99", 0.99), ("p50", 0.5)):
        median = statistics.median(load.percentile(share) for load in loads)
        bench.tell(f"{figure}_{name}_ms", kind, median * 1000, "ms")


def trial(bench: Bench, crowd: Crowd, server: Server, candidates: int, seconds: float) -> Load:
    """So many of the crowd for so long."""
    load = drive(server.port, arrivals=_arrivals(crowd, candidates, seconds), connections=CONNECTIONS)
    bench.say(
        f"  {candidates} candidates for {seconds:.0f} s: p50 {load.percentile(0.5) * 1000:.0f} ms, "
        f"p99 {load.percentile(0.99) * 1000:.0f} ms, at most {load.most_waiting} waiting, answers {load.statuses}"
    )
    return load


def _arrivals(crowd: Crowd, candidates: int, seconds: float) -> Iterator[tuple[float, Script]]:
    """Saves at random moments, so many that each candidate has one every 30 s, each in turn."""
    dice = random.Random(candidates)
    order = scripts.shuffled(candidates)
    due = clock() + 0.1
    until, number = due + seconds, 0
    while due < until:
        yield due, _due(crowd.save(order[number % candidates]), due)
        due += dice.expovariate(candidates / EVERY)
        number += 1


def _due(request: bytes, due: float) -> Script:
    yield Ask(request, due)


def sustained(load: Load) -> bool:
    """Every save acknowledged, p99 within the limit, and at the end no more waiting than in the middle."""
    if set(load.statuses) != {200} or load.percentile(0.99) > P99_SECONDS:
        return False
    waiting = [count for _, count in load.waiting]
    quarter = max(1, len(waiting) // 4)
    middle, end = statistics.fmean(waiting[quarter : 2 * quarter] or [0]), statistics.fmean(waiting[-quarter:])
    return end <= 2 * middle + 0.1 * load.rate
