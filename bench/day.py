"""A day of an exam: 20,000 candidates on one process, compressed in time, and nothing acknowledged may be lost.

They arrive within one minute and save every 30 s. 5 % drop out for some minutes and return, 1 % change to another
device, and everybody hands in.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from bench import scripts
from bench.behaviour import Day, Plan, Told
from bench.client import Load, Script, asked, drive, get
from bench.figures import Bench, Place
from bench.servers import service
from bench.site import Site, open_site

CANDIDATES, SPEED = 20_000, 4.0
CONNECTIONS = 8_000
"""Of the proxy in front, which opens one for each request that waits (docs/how-to/run-it.md): with fewer, who
waits for a start would stand before who saves, and the service could not let the saves pass."""


class Report(NamedTuple):
    """How the day went."""

    load: Load
    day: Day
    acknowledged: int
    lost: int
    """Acknowledged saves that are not in the journal as they were sent."""
    ungraded: int
    """Candidates who handed in and whose attempt is not graded."""
    memory_before: int
    memory_after: int
    cpu: float


def measure(bench: Bench) -> None:
    """Latency, refusals, memory, and what was lost."""
    for kind in bench.databases:
        with bench.place(kind) as place:
            plan = Plan(bench.scaled(CANDIDATES, 100), SPEED)
            bench.say(
                f"day on {kind}: {plan.candidates} candidates, {plan.minutes:.0f} minutes, {SPEED:g} times as fast"
            )
            _tell(bench, kind, run(place, plan, bench.say))


def run(place: Place, plan: Plan, say: Callable[[str], None]) -> Report:
    """Live through the day, then compare what was acknowledged with what is stored, through the staff's API."""
    site = open_site(place, questions=plan.questions)
    tokens = [site.token(enrolment) for enrolment in site.enrol(plan.candidates)]
    told, day = [Told() for _ in tokens], Day(plan)
    with service(place.url, place.folder) as server:
        scripts.begin(server.port, site, 8)
        before, used = server.memory(), server.cpu()
        load = drive(server.port, arrivals=day.arrivals(tokens, told), connections=CONNECTIONS)
        after, used = server.memory(), server.cpu() - used
        say(f"  {len(load.latencies)} answers in {load.seconds:.0f} s; comparing with what is stored")
        lost, ungraded = _compare(server.port, site, told)
    for wrong in day.told_wrong[:10]:
        say(f"  {wrong}")
    return Report(load, day, sum(len(one.saved) for one in told), lost, ungraded, before, after, used)


class _Saved(msgspec.Struct):
    epoch: int
    seq: int
    digest: str


class _Journal(msgspec.Struct):
    saves: list[_Saved]


class _Attempt(msgspec.Struct):
    state: str


class _Detail(msgspec.Struct):
    attempt: _Attempt


def _compare(port: int, site: Site, told: list[Told]) -> tuple[int, int]:
    """(acknowledged saves that are not stored as they were sent, attempts handed in and not graded)."""
    lost = ungraded = 0

    def look(one: Told) -> Script:
        nonlocal lost, ungraded
        own = f"/v1/attempts/{one.attempt}"
        journal = msgspec.json.decode((yield from asked(get(f"{own}/journal", site.key))).body, type=_Journal)
        stored = {(save.epoch, save.seq): bytes.fromhex(save.digest) for save in journal.saves}
        lost += sum(stored.get(key) != digest for key, digest in one.saved.items())
        detail = msgspec.json.decode((yield from asked(get(own, site.key))).body, type=_Detail)
        ungraded += detail.attempt.state != "graded"

    drive(port, (look(one) for one in told), connections=8, at_once=8)
    return lost, ungraded


def _tell(bench: Bench, kind: str, report: Report) -> None:
    for name, latencies in report.day.latencies.items():
        of_kind = Load(latencies=latencies)
        for part in (0.5, 0.99, 1.0):
            shown = "max" if part == 1.0 else f"p{part * 100:.0f}"
            bench.tell(f"day_{name}_{shown}_ms", kind, of_kind.percentile(part) * 1000, "ms")
    bench.tell("day_candidates", kind, report.day.plan.candidates, "candidates")
    bench.tell("day_seconds", kind, report.load.seconds, "s")
    bench.tell("day_answers_per_second", kind, report.load.rate, "1/s")
    bench.tell("day_server_cpu", kind, report.cpu / report.load.seconds, "cores")
    bench.tell("day_refused", kind, sum(report.day.refusals.values()), "times told to come again")
    bench.tell("day_dropped_out", kind, report.day.dropped_out, "candidates")
    bench.tell("day_changed_device", kind, report.day.changed_device, "candidates")
    bench.tell("day_memory_before_mb", kind, report.memory_before / 1e6, "MB")
    bench.tell("day_memory_after_mb", kind, report.memory_after / 1e6, "MB")
    bench.tell("day_acknowledged", kind, report.acknowledged, "saves")
    bench.tell("day_lost", kind, report.lost, "saves")
    bench.tell("day_ungraded", kind, report.ungraded, "attempts")
    bench.tell("day_told_wrong", kind, len(report.day.told_wrong), "times")
