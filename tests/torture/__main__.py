"""`make torture`: the long form of promise P1. ROUNDS (200) on each of DATABASES (sqlite,postgresql), from SEED."""

import asyncio
import os
import random
import sys
from typing import cast, get_args

from tests.torture.rounds import Database, torture


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Print one line of figures for each database, and every fault; 0 when there is none."""
    rounds = int(os.environ.get("ROUNDS") or 200)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**9))
    chosen = (os.environ.get("DATABASES") or ",".join(get_args(Database))).split(",")
    _say(f"SEED={seed} ROUNDS={rounds} DATABASES={','.join(chosen)}")
    found = 0
    for database in chosen:
        figures = asyncio.run(torture(cast(Database, database), rounds, seed, _say))
        _say("\n".join([figures.line(), *figures.faults]))
        found += len(figures.faults)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
