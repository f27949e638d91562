"""What signing costs: the service, beside the same service with receipts that nobody signed."""

import itertools
import statistics
import time
from contextlib import ExitStack

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import scripts
from bench.client import drive
from bench.figures import Bench
from bench.saves import CONNECTIONS
from bench.servers import Server, service
from bench.site import open_site

SLICES = 10
Ways = dict[str, tuple[Server, list[tuple[bytes, "itertools.count[int]"]]]]


def measure(bench: Bench) -> None:
    """receipt_cost_us, and as a part of what a save costs the process; signature_us, which is of one alone."""
    _signature(bench)
    for kind in bench.databases:
        with ExitStack() as stack:
            ways: Ways = {}
            for name in ("signed", "unsigned"):
                place = stack.enter_context(bench.place(kind))
                site = open_site(place)
                server = stack.enter_context(service(place.url, place.folder, unsigned=name == "unsigned"))
                heads = [scripts.save_head(*one) for one in scripts.begin(server.port, site, CONNECTIONS)]
                ways[name] = (server, [(head, itertools.count(1)) for head in heads])
            costs: dict[str, list[float]] = {"signed": [], "unsigned": []}
            for number in range(bench.runs):
                bench.say(f"receipts on {kind}, run {number + 1} of {bench.runs}")
                for name, cost in _costs(bench, ways).items():
                    costs[name].append(cost)
            signing = [a - b for a, b in zip(costs["signed"], costs["unsigned"], strict=True)]
            bench.tell("receipt_cost_us", kind, statistics.median(signing) * 1e6, "us")
            part = [s / whole for s, whole in zip(signing, costs["signed"], strict=True)]
            bench.tell("receipt_part_of_save", kind, statistics.median(part), "ratio")


def _costs(bench: Bench, ways: Ways) -> dict[str, float]:
    """Processor seconds of the service's process for one save, in turn in short slices: the difference is small."""
    used = dict.fromkeys(ways, 0.0)
    counts = dict.fromkeys(ways, 0)
    for _ in range(SLICES):
        for name, (server, savers) in ways.items():
            before = server.cpu()
            savings = [scripts.saves(head, seqs) for head, seqs in savers]
            load = drive(server.port, savings, connections=CONNECTIONS, seconds=2 * bench.seconds / SLICES)
            used[name] += server.cpu() - before
            counts[name] += len(load.latencies)
    return {name: used[name] / counts[name] for name in ways}


def _signature(bench: Bench) -> None:
    """What one signature costs by itself; one covers a whole group of saves."""
    key, message = Ed25519PrivateKey.generate(), bytes(300)
    times = []
    for _ in range(500):
        begun = time.perf_counter()
        key.sign(message)
        times.append(time.perf_counter() - begun)
    bench.tell("signature_us", "", statistics.median(times) * 1e6, "us")
