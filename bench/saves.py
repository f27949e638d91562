"""Saves: beside the bare echo of the framework, the server's own ceiling, and an upsert per request."""

import itertools
import statistics
from collections.abc import Callable
from contextlib import ExitStack

from bench import scripts
from bench.client import Load, Script, drive, post, repeated
from bench.figures import Bench, median_ratio
from bench.servers import Server, beside, service
from bench.site import open_site

CONNECTIONS = 32


def measure(bench: Bench) -> None:
    """save_vs_echo, naive_upsert_vs_echo, their 99th percentiles, and raw_vs_echo, the ceiling."""
    for kind in bench.databases:
        _measure(bench, kind)


def _measure(bench: Bench, kind: str) -> None:
    with ExitStack() as stack:
        place, apart = stack.enter_context(bench.place(kind)), stack.enter_context(bench.place(kind))
        site = open_site(place)
        raw = stack.enter_context(beside("raw", place.folder))
        echo = stack.enter_context(beside("echo", place.folder))
        naive = stack.enter_context(beside("naive", apart.folder, apart.url))
        serving = stack.enter_context(service(place.url, place.folder))
        running = scripts.begin(serving.port, site, CONNECTIONS)
        seqs = [itertools.count(1) for _ in running]
        heads = [scripts.save_head(attempt, token) for attempt, token in running]
        same = [post("/echo", scripts.save_body(1, 12))] * CONNECTIONS
        upserts = [post(f"/save/{attempt}", scripts.save_body(1, 12)) for attempt, _ in running]
        ways: dict[str, tuple[Server, Callable[[], list[Script]]]] = {
            "raw": (raw, lambda: _endless(same)),
            "echo": (echo, lambda: _endless(same)),
            "naive_upsert": (naive, lambda: _endless(upserts)),
            "save": (serving, lambda: [scripts.saves(head, seq) for head, seq in zip(heads, seqs, strict=True)]),
        }
        loads: dict[str, list[Load]] = {name: [] for name in ways}
        costs: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(bench.runs):
            bench.say(f"saves on {kind}, run {number + 1} of {bench.runs}")
            for name, (server, load) in ways.items():
                drive(server.port, load(), connections=CONNECTIONS, seconds=min(1.0, bench.seconds))
                before = server.cpu()
                loads[name].append(drive(server.port, load(), connections=CONNECTIONS, seconds=bench.seconds))
                costs[name].append((server.cpu() - before) / len(loads[name][-1].latencies))
        _tell(bench, kind, loads, costs)


def _endless(requests: list[bytes]) -> list[Script]:
    return [repeated(itertools.repeat(request)) for request in requests]


def _tell(bench: Bench, kind: str, loads: dict[str, list[Load]], costs: dict[str, list[float]]) -> None:
    rates = {name: [load.rate for load in of] for name, of in loads.items()}
    tails = {name: [load.percentile(0.99) for load in of] for name, of in loads.items()}
    for name, of in rates.items():
        bench.tell(f"{name}_per_second", kind, statistics.median(of), "1/s")
        bench.tell(f"{name}_cpu_us", kind, statistics.median(costs[name]) * 1e6, "us")
    for name in ("save", "naive_upsert", "raw"):
        bench.tell(f"{name}_vs_echo", kind, median_ratio(rates[name], rates["echo"]), "ratio")
    own = statistics.median(len(load.latencies) / load.own_cpu for load in loads["raw"])
    bench.tell("client_ceiling_per_second", kind, own, "1/s")
    bench.tell("save_vs_echo_cpu", kind, median_ratio(costs["echo"], costs["save"]), "ratio")
    for name in ("save", "naive_upsert"):
        bench.tell(f"{name}_p99_vs_echo_p99", kind, median_ratio(tails[name], tails["echo"]), "ratio")
