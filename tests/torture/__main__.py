"""`make torture`: the long form of promise P1 and of the model of an attempt.

ROUNDS (200) of kills on each of DATABASES (sqlite,postgresql) from SEED, then EXAMPLES (500) histories of an attempt.
"""

import asyncio
import os
import random
import subprocess
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
    examples = os.environ.get("EXAMPLES") or "500"
    model = [sys.executable, "-m", "pytest", "-q", "tests/property/test_attempt_model.py"]
    failed = subprocess.run(model, env=os.environ | {"EXAM_TEST_MODEL_EXAMPLES": examples}, check=False).returncode
    return 1 if found or failed else 0


if __name__ == "__main__":
    sys.exit(main())
