"""How many candidates one process sustains, each saving every 30 s: Poisson arrivals, which wait for nobody."""

import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bench import rows, scripts
from bench.client import Ask, Load, Script, asked, clock, drive
from bench.figures import Bench, Place
from bench.servers import Server, service
from bench.site import Site, open_site

EVERY = 30.0
WANTED = 100_000
MOST = 200_000
"""Attempts that are open; the search goes no further."""
P99_SECONDS = 0.5
CONNECTIONS = 256
"""Of the proxy in front; what finds none free waits, and its waiting counts."""


def measure(bench: Bench) -> None:
    """open_loop_candidates: the most with p99 within 500 ms and no growing backlog, for 12 x `seconds` (60 s).

    Before it open_loop_100000_*: what the wanted 100,000 see, as the search may end below them or above.
    """
    for kind in bench.databases:
        with bench.place(kind) as place:
            site = open_site(place)
            most = bench.scaled(MOST, 500)
            bench.say(f"open loop on {kind}: storing {most} running attempts")
            crowd = store_running(place, site, most)
            with service(place.url, place.folder) as server:
                # Everybody saves once, so that what a start would have brought to hand is at hand.
                load = drive(server.port, (asked(crowd.save(n)) for n in range(most)), connections=64, at_once=64)
                _wanted(bench, kind, crowd, server)
                _search(bench, kind, crowd, server, round(min(most, EVERY * load.rate)))


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


def _wanted(bench: Bench, kind: str, crowd: Crowd, server: Server) -> None:
    wanted = min(len(crowd.heads), WANTED)
    loads = [_trial(bench, crowd, server, wanted, _long(bench)) for _ in range(bench.runs)]
    bench.tell("open_loop_100000_held", kind, sum(_sustained(load) for load in loads) / len(loads), "of the runs")
    _latencies(bench, "open_loop_100000", kind, loads)


def _search(bench: Bench, kind: str, crowd: Crowd, server: Server, tried: int) -> None:
    """Up from `tried` or down from it, in short trials, then down until most of the long ones hold."""
    most = len(crowd.heads)
    short, long = max(1.0, 2 * bench.seconds), _long(bench)
    step = 1.15
    while _holds(bench, crowd, server, tried, short) and tried < most:
        tried = min(most, round(tried * step))
    while not _holds(bench, crowd, server, tried, short) and tried > 1:
        tried = round(tried / 1.07)
    loads = [_trial(bench, crowd, server, tried, long) for _ in range(bench.runs)]
    while sum(_sustained(load) for load in loads) * 2 <= len(loads):
        tried = round(tried / 1.07)
        loads = [_trial(bench, crowd, server, tried, long) for _ in range(bench.runs)]
    bench.tell("open_loop_candidates", kind, tried, "candidates")
    bench.tell("open_loop_saves_per_second", kind, tried / EVERY, "1/s")
    _latencies(bench, "open_loop", kind, loads)


def _long(bench: Bench) -> float:
    return max(2.0, 12 * bench.seconds)


def _latencies(bench: Bench, figure: str, kind: str, loads: list[Load]) -> None:
    for name, share in (("p99", 0.99), ("p50", 0.5)):
        median = statistics.median(load.percentile(share) for load in loads)
        bench.tell(f"{figure}_{name}_ms", kind, median * 1000, "ms")


def _holds(bench: Bench, crowd: Crowd, server: Server, candidates: int, seconds: float) -> bool:
    return _sustained(_trial(bench, crowd, server, candidates, seconds))


def _trial(bench: Bench, crowd: Crowd, server: Server, candidates: int, seconds: float) -> Load:
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


def _sustained(load: Load) -> bool:
    """Every save acknowledged, p99 within the limit, and at the end no more waiting than in the middle."""
    if set(load.statuses) != {200} or load.percentile(0.99) > P99_SECONDS:
        return False
    waiting = [count for _, count in load.waiting]
    quarter = max(1, len(waiting) // 4)
    middle, end = statistics.fmean(waiting[quarter : 2 * quarter] or [0]), statistics.fmean(waiting[-quarter:])
    return end <= 2 * middle + 0.1 * load.rate
