"""Starts: beside the echo, with papers drawn at the start (40 items from 5,000) and with papers prepared before."""

import itertools
import statistics
import subprocess
import sys
from contextlib import ExitStack

from bench import scripts
from bench.client import Load, drive, post, repeated
from bench.figures import Bench, Place, median_ratio
from bench.saves import CONNECTIONS
from bench.servers import REPOSITORY, Server, beside, environ, service
from bench.site import COURSE, EXAM, SLUG, Site, open_site

PEOPLE_A_SECOND = 1200
"""Candidates for each second of a run; when all have started, the run is over early."""


def measure(bench: Bench) -> None:
    """start_vs_echo_drawn and start_vs_echo_prepared."""
    for kind in bench.databases:
        with ExitStack() as stack:
            place = stack.enter_context(bench.place(kind))
            site = open_site(place)
            echo = stack.enter_context(beside("echo", place.folder))
            serving = stack.enter_context(service(place.url, place.folder))
            # Whoever starts first waits until the bank has been read; that is the same for a bank of any course.
            scripts.begin(serving.port, site, CONNECTIONS)
            loads: dict[str, list[Load]] = {"echo": [], "drawn": [], "prepared": []}
            for number in range(bench.runs):
                bench.say(f"starts on {kind}, run {number + 1} of {bench.runs}")
                request = itertools.repeat(post("/echo", scripts.save_body(1, 12)))
                echoes = [repeated(request) for _ in range(CONNECTIONS)]
                loads["echo"].append(drive(echo.port, echoes, connections=CONNECTIONS, seconds=bench.seconds))
                loads["drawn"].append(_starts(bench, site, serving, _people(bench, site)))
                people = _people(bench, site)
                if prepare(bench, place):
                    loads["prepared"].append(_starts(bench, site, serving, people))
            _tell(bench, kind, loads)


def _people(bench: Bench, site: Site) -> list[str]:
    return site.enrol(bench.scaled(int(PEOPLE_A_SECOND * bench.seconds), CONNECTIONS))


def _starts(bench: Bench, site: Site, serving: Server, people: list[str]) -> Load:
    tokens = [site.token(enrolment) for enrolment in people]
    return drive(
        serving.port,
        (scripts.start(token) for token in tokens),
        connections=CONNECTIONS,
        at_once=CONNECTIONS,
        seconds=bench.seconds,
    )


def prepare(bench: Bench, place: Place) -> bool:
    """Draw the papers of everybody who has not started; False when this version has no such command."""
    command = [sys.executable, "-m", "exam_service", "papers", "prepare"]
    named = ["--org", SLUG, "--course", COURSE, "--exam", EXAM]
    done = subprocess.run(
        command + named,
        env=environ(place.url, place.folder),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        bench.say(f"papers were not prepared: {done.stderr.strip()[-300:]}")
    return not done.returncode


def _tell(bench: Bench, kind: str, loads: dict[str, list[Load]]) -> None:
    rates = {name: [load.rate for load in of] for name, of in loads.items() if of}
    for name in ("drawn", "prepared"):
        if name in rates:
            bench.tell(f"start_{name}_per_second", kind, statistics.median(rates[name]), "1/s")
            bench.tell(f"start_{name}_vs_echo", kind, median_ratio(rates[name], rates["echo"]), "ratio")
