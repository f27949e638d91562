"""What signing costs: the service, beside the same service with receipts that nobody signed."""

import itertools
import statistics
from contextlib import ExitStack

from bench import scripts
from bench.client import drive
from bench.figures import Bench
from bench.saves import CONNECTIONS
from bench.servers import Server, service
from bench.site import open_site


def measure(bench: Bench) -> None:
    """receipt_cost_us, and as a part of what a save costs the process."""
    for kind in bench.databases:
        with ExitStack() as stack:
            ways: dict[str, tuple[Server, list[tuple[bytes, itertools.count[int]]]]] = {}
            for name in ("signed", "unsigned"):
                place = stack.enter_context(bench.place(kind))
                site = open_site(place)
                server = stack.enter_context(service(place.url, place.folder, unsigned=name == "unsigned"))
                heads = [scripts.save_head(*one) for one in scripts.begin(server.port, site, CONNECTIONS)]
                ways[name] = (server, [(head, itertools.count(1)) for head in heads])
            costs: dict[str, list[float]] = {"signed": [], "unsigned": []}
            for number in range(bench.runs):
                bench.say(f"receipts on {kind}, run {number + 1} of {bench.runs}")
                for name, (server, savers) in ways.items():
                    costs[name].append(_cost(bench, server, savers))
            signing = [a - b for a, b in zip(costs["signed"], costs["unsigned"], strict=True)]
            bench.tell("receipt_cost_us", kind, statistics.median(signing) * 1e6, "us")
            part = [s / whole for s, whole in zip(signing, costs["signed"], strict=True)]
            bench.tell("receipt_part_of_save", kind, statistics.median(part), "ratio")


def _cost(bench: Bench, server: Server, savers: list[tuple[bytes, "itertools.count[int]"]]) -> float:
    """Processor seconds of the service's process for one save."""

    def load(seconds: float) -> int:
        savings = [scripts.saves(head, seqs) for head, seqs in savers]
        return len(drive(server.port, savings, connections=CONNECTIONS, seconds=seconds).latencies)

    load(min(1.0, bench.seconds))
    before = server.cpu()
    count = load(bench.seconds)
    return (server.cpu() - before) / count
