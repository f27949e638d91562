"""`make bench`: every figure, or those of the measurements that are named (`make bench ARGS="saves starts"`).

One JSON line a figure on standard output, also kept in bench/results.jsonl; lines with # say how far it is.
"""

import argparse
import importlib
import traceback

from bench.figures import DATABASES, Bench, machine

MEASUREMENTS = {
    "saves": "saves a second beside the echo, the raw ceiling and an upsert per request",
    "receipts": "what signing costs",
    "starts": "starts beside the echo, with papers drawn then and prepared before",
    "exams": "whole exams a minute and core, with up to 1,000,000 finished attempts stored",
    "growth": "a save with 10,000,000 rows in the journal beside one with 10,000",
    "open_loop": "100,000 candidates on one process, each saving every 30 s",
    "open_loop_most": "as many of them as one process sustains; a quarter of an hour for each database",
    "storms": "3,000 starts at one moment, 3,000 submits at the deadline",
    "sizes": "memory idle and for an open attempt, seconds from start to ready",
    "certificates": "certificates for 20,000, by extrapolation for 400,000; signatures, PyLD, the verify page",
    "day": "20,000 candidates on one process through a whole exam, compressed in time",
}


def main() -> None:
    """Measure what is asked for."""
    listed = "\n".join(f"  {name:14} {what}" for name, what in MEASUREMENTS.items())
    parser = argparse.ArgumentParser(
        prog="bench",
        description=f"Measurements:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which of them; all when none is named")
    parser.add_argument("--runs", type=int, default=3, help="how often each is repeated; medians are told")
    parser.add_argument("--seconds", type=float, default=5.0, help="of one run under load")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of stored rows and people; below 1 to try it out, and nothing is kept"
    )
    parser.add_argument("--dry", action="store_true", help="do not keep the figures in bench/results.jsonl")
    given = parser.parse_args()
    if unknown := set(given.names) - set(MEASUREMENTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there is {', '.join(MEASUREMENTS)}")
    failed = []
    # Figures of another size would stand under the names of the real ones.
    keep = not given.dry and given.scale == 1
    with Bench(given.runs, given.seconds, given.databases, given.scale, keep=keep) as bench:
        bench.say(machine())
        for name in given.names or MEASUREMENTS:
            bench.say(name)
            try:
                importlib.import_module(f"bench.{name}").measure(bench)
            except Exception:  # noqa: BLE001 - an hour of other measurements must not be lost with this one.
                failed.append(name)
                bench.say(f"{name} failed:\n{traceback.format_exc()}")
            bench.say(f"{name}: over; {machine()}")
    if failed:
        parser.exit(1, f"failed: {', '.join(failed)}\n")


if __name__ == "__main__":
    main()
