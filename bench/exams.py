"""Whole exams (start, paper, 20 saves, submit, result) by what they cost, while ever more finished ones are stored."""

import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import rows, scripts
from bench.client import Ask, Script, asked, drive, good, post
from bench.figures import Bench, Place
from bench.saves import CONNECTIONS
from bench.servers import Server, service
from bench.site import Site, open_site

STORED = (100, 10_000, 1_000_000)
SAVES_STORED = 3
"""Rows of the journal of each stored attempt: twenty would only take longer to make (bench.growth has ten million)."""


@dataclass
class _Way:
    """One database with so many finished attempts, and what exams cost in it."""

    stored: int
    place: Place
    site: Site
    server: Server
    own: list[float] = field(default_factory=list)
    """Processor seconds of the service's process for one exam."""
    whole: list[float] = field(default_factory=list)
    """With those of the database server."""


def measure(bench: Bench) -> None:
    """exams_per_minute_per_core at each size, and exams_growth: the cost at the largest over that at the smallest."""
    for kind in bench.databases:
        with ExitStack() as stack:
            ways = [_way(bench, stack, kind, stored) for stored in STORED]
            for number in range(bench.runs):
                bench.say(f"exams on {kind}, run {number + 1} of {bench.runs}")
                for way in ways:
                    _exams(bench, way)
            for way in ways:
                rate = 60 / statistics.median(way.own)
                bench.tell(f"exams_per_minute_per_core_{way.stored}_stored", kind, rate, "1/min")
                whole = 60 / statistics.median(way.whole)
                bench.tell(f"exams_per_minute_per_core_with_database_{way.stored}_stored", kind, whole, "1/min")
            growth = [last / first for first, last in zip(ways[0].whole, ways[-1].whole, strict=True)]
            bench.tell("exams_growth", kind, statistics.median(growth), "ratio")


def _way(bench: Bench, stack: ExitStack, kind: str, stored: int) -> _Way:
    place = stack.enter_context(bench.place(kind))
    site = open_site(place)
    count = bench.scaled(stored, 10)
    bench.say(f"exams on {kind}: storing {count} finished attempts")
    with service(place.url, place.folder) as server:
        store_finished(place, site, server, count)
    rows.tidy(place)
    serving = stack.enter_context(service(place.url, place.folder))
    return _Way(stored, place, site, serving)


def store_finished(place: Place, site: Site, server: Server, count: int) -> None:
    """So many finished attempts of other people, copies of one that is taken now."""
    taken = finished(server, site, SAVES_STORED)
    step = 50_000
    for first in range(1, count + 1, step):
        last = min(count, first + step - 1)
        rows.enrolments(place, site.template, first, last, rows.FINISHED)
        rows.attempts(place, taken, first, last, rows.FINISHED, cut=True)


def finished(server: Server, site: Site, saves: int, *, hand_in: bool = True) -> str:
    """One attempt from start to submission (or still running), through the API."""
    found = []

    def one(token: str) -> Script:
        view = scripts.started((yield from asked(scripts.start_request(token))))
        found.append(view.attempt)
        head = scripts.save_head(view.attempt, token)
        for seq in range(1, saves + 1):
            good((yield Ask(scripts.save_request(head, view.epoch, seq))))
        if hand_in:
            good((yield Ask(post(f"/v1/candidate/attempts/{view.attempt}/submit", b'{"epoch":1}', token))))

    drive(server.port, [one(site.token(site.template))])
    return found[0]


def _exams(bench: Bench, way: _Way) -> None:
    def take(count: int) -> float:
        """Seconds of so many exams, each taken to its end."""
        exams = [scripts.exam(way.site.token(enrolment)) for enrolment in way.site.enrol(count)]
        return drive(way.server.port, exams, connections=CONNECTIONS, at_once=CONNECTIONS).seconds

    count = max(2 * CONNECTIONS, int(CONNECTIONS / take(CONNECTIONS) * bench.seconds))
    own, database = way.server.cpu(), way.place.cpu()
    take(count)
    own, database = way.server.cpu() - own, way.place.cpu() - database
    way.own.append(own / count)
    way.whole.append((own + database) / count)
