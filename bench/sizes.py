"""Memory of one process, idle and with 20,000 open attempts, and how soon it is ready."""

import statistics

from bench.client import Script, asked, drive, get
from bench.figures import Bench
from bench.open_loop import Crowd, store_running
from bench.servers import service, settle
from bench.site import open_site

OPEN = 20_000
BEFORE = 1000
"""Attempts that are opened first: what the process takes once, it has then."""


def measure(bench: Bench) -> None:
    """start_to_ready_s, idle_memory_mb, memory_per_open_attempt_bytes."""
    for kind in bench.databases:
        with bench.place(kind) as place:
            site = open_site(place)
            ready, idle = [], []
            for _ in range(bench.runs):
                with service(place.url, place.folder) as server:
                    settle(2.0)
                    ready.append(server.started_in)
                    idle.append(server.memory() / 1e6)
            bench.tell("start_to_ready_s", kind, statistics.median(ready), "s")
            bench.tell("idle_memory_mb", kind, statistics.median(idle), "MB")
            before, count = bench.scaled(BEFORE, 50), bench.scaled(OPEN, 200)
            bench.say(f"sizes on {kind}: opening {count} attempts")
            crowd = store_running(place, site, before + count)
            with service(place.url, place.folder) as server:
                _take(server.port, crowd, 0, before)
                settle()
                first = server.memory()
                _take(server.port, crowd, before, before + count)
                settle()
                bench.tell("memory_per_open_attempt_bytes", kind, (server.memory() - first) / count, "bytes")
                bench.tell("memory_with_20000_open_mb", kind, server.memory() / 1e6, "MB")


def _take(port: int, crowd: Crowd, first: int, last: int) -> None:
    def one(number: int) -> Script:
        head = crowd.heads[number]
        path, token = head.split(b" ")[1].decode(), head.partition(b"Bearer ")[2].partition(b"\r")[0].decode()
        own = path.removesuffix("/responses")
        yield from asked(get(own, token))
        yield from asked(get(f"{own}/paper", token))
        yield from asked(crowd.save(number))

    drive(port, (one(number) for number in range(first, last)), at_once=32)
