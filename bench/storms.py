"""Everybody at one moment: 3,000 starts as the window opens, 3,000 submits at the deadline, a connection for each."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from bench import rows, scripts
from bench.client import Load, Script, asked, clock, drive, post
from bench.exams import finished
from bench.figures import Bench, Place
from bench.servers import Server, service
from bench.site import Site, open_site
from bench.starts import prepare

PEOPLE = 3000
SAVES = 20


def measure(bench: Bench) -> None:
    """Seconds until the last start was answered (papers drawn, papers prepared), and until all submits are graded."""
    for kind in bench.databases:
        with bench.place(kind) as place:
            site = open_site(place)
            _starts(bench, kind, place, site)
            _submits(bench, kind, place, site)


def _starts(bench: Bench, kind: str, place: Place, site: Site) -> None:
    count = bench.scaled(PEOPLE, 20)
    drawn, prepared = [], []
    with service(place.url, place.folder) as server:
        scripts.begin(server.port, site, 8)
        for number in range(bench.runs):
            bench.say(f"storms on {kind}: {count} starts, run {number + 1} of {bench.runs}")
            drawn.append(_start_all(bench, site, server, site.enrol(count)))
            people = site.enrol(count)
            if prepare(bench, place):
                prepared.append(_start_all(bench, site, server, people))
    for name, loads in (("drawn", drawn), ("prepared", prepared)):
        if loads:
            bench.tell(f"storm_starts_{name}_last_s", kind, statistics.median(load.seconds for load in loads), "s")
            bench.tell(
                f"storm_starts_{name}_refused",
                kind,
                statistics.median(load.refused for load in loads),
                "times told to come again",
            )


def _start_all(bench: Bench, site: Site, server: Server, people: list[str]) -> Load:
    load = drive(server.port, [scripts.start(site.token(enrolment)) for enrolment in people], connections=len(people))
    bench.say(
        f"  last after {load.seconds:.2f} s, p50 {load.percentile(0.5):.2f} s, p99 {load.percentile(0.99):.2f} s, "
        f"answers {load.statuses}"
    )
    return load


def _submits(bench: Bench, kind: str, place: Place, site: Site) -> None:
    count = bench.scaled(PEOPLE, 20)
    seconds = []
    with service(place.url, place.folder) as server:
        template = finished(server, site, SAVES, hand_in=False)
    for number in range(bench.runs):
        bench.say(f"storms on {kind}: {count} submits at the deadline, run {number + 1} of {bench.runs}")
        first = site.people + 1
        people = site.enrol(count)
        at = datetime.now(UTC) + timedelta(seconds=20)
        closes_at = _time(kind, at + timedelta(seconds=30))
        rows.attempts(place, template, first, site.people, deadline=_time(kind, at), closes_at=closes_at)
        ids = [rows.identifier("att", rows.RUNNING, first + n) for n in range(count)]
        with service(place.url, place.folder) as server:
            time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
            graded = 0

            def hand_in(attempt: str, enrolment: str) -> Script:
                nonlocal graded
                request = post(f"/v1/candidate/attempts/{attempt}/submit", b'{"epoch":1}', site.token(enrolment))
                answer = yield from asked(request)
                graded += b'"state":"graded"' in answer.body

            handed = [hand_in(*one) for one in zip(ids, people, strict=True)]
            begun = clock()
            load = drive(server.port, handed, connections=count)
            _await_all_graded(place, ids)
            seconds.append(clock() - begun)
        bench.say(
            f"  all graded after {seconds[-1]:.2f} s, {graded} when answered, p50 {load.percentile(0.5):.2f} s, "
            f"p99 {load.percentile(0.99):.2f} s, answers {load.statuses}"
        )
    bench.tell("storm_submits_all_graded_s", kind, statistics.median(seconds), "s")


def _await_all_graded(place: Place, ids: list[str]) -> None:
    """Asks the database itself, so that asking costs the service nothing and brings nothing about."""
    query = f"SELECT count(*) FROM attempt WHERE id BETWEEN '{ids[0]}' AND '{ids[-1]}' AND state = 'graded'"
    until = clock() + 60
    while rows.ask(place, query) != [(len(ids),)]:
        if clock() > until:
            raise RuntimeError("not all submits were graded within a minute")
        time.sleep(0.02)


def _time(kind: str, at: datetime) -> str:
    """As both databases read it in an INSERT."""
    return f"'{at:%Y-%m-%d %H:%M:%S.%f}'" if kind == "sqlite" else f"'{at.isoformat()}'::timestamptz"
