"""`make bench`: durable saves, with token check and signed receipt, beside a bare Litestar echo on the same machine.

One JSON line a figure on standard output, and kept in bench/results.jsonl; three runs of each, taken in turn, medians.
"""

import asyncio
import itertools
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.load import post, run
from exam_service.adapters.storage import migrate
from exam_service.bootstrap import now
from tests.support.postgres import postgres_server
from tests.support.process import free_port
from tests.support.service import World, open_course, service, world

CONNECTIONS = 32
SECONDS = 5.0
RUNS = 3
RESULTS = Path(__file__).parent / "results.jsonl"


async def main() -> None:
    """Measure both databases."""
    with tempfile.TemporaryDirectory() as name, postgres_server() as postgres:
        folder = Path(name)
        for database, url in (
            ("sqlite", f"sqlite:///{folder}/exam.db"),
            ("postgresql", postgres.fresh_database().replace("+asyncpg", "")),
        ):
            await _measure(database, url, folder)


async def _measure(database: str, url: str, folder: Path) -> None:
    await migrate(url)
    rates: dict[str, list[float]] = {"echo": [], "save": []}
    tails: dict[str, list[float]] = {"echo": [], "save": []}
    for _ in range(RUNS):
        # New attempts each time: a save number is used once.
        saves = await _attempts(url, folder)
        echoes: list[Iterator[bytes]] = [itertools.repeat(post("/echo", _body(1))) for _ in range(CONNECTIONS)]
        loads = (("echo", "echo", echoes), ("save", url, [_saves(path, token) for path, token in saves]))
        for name, what, requests in loads:
            with _server(what, folder) as port:
                await run(port, requests, 1.0)
                rate, latencies = await run(port, requests, SECONDS)
            rates[name].append(rate)
            tails[name].append(statistics.quantiles(latencies, n=100)[98])
    echo, save = statistics.median(rates["echo"]), statistics.median(rates["save"])
    _tell("echo_per_second", database, echo, "1/s")
    _tell("save_per_second", database, save, "1/s")
    _tell("save_vs_echo", database, save / echo, "ratio")
    p99 = statistics.median(tails["save"]) / statistics.median(tails["echo"])
    _tell("save_p99_vs_echo_p99", database, p99, "ratio")


async def _attempts(url: str, folder: Path) -> list[tuple[str, str]]:
    """(path to save to, session token) of a running attempt for each connection."""
    async with service(url, folder, now) as ctx:
        slug = f"bench-{ctx.entropy(4).hex()}"
        first: World = await world(ctx, now, slug=slug, course=open_course())
        found = []
        for number in range(CONNECTIONS):
            enrolment = await first.enrol(f"candidate-{number}")
            view = await first.start(enrolment=enrolment)
            found.append((f"/v1/candidate/attempts/{view.attempt}/responses", await first.session(enrolment)))
    return found


def _saves(path: str, token: str) -> Iterator[bytes]:
    return (post(path, _body(seq), token) for seq in itertools.count(1))


def _body(seq: int) -> bytes:
    responses = {f"i{1 + seq % 10}": None, f"i{1 + (seq + 3) % 10}": None}
    return msgspec.json.encode({"epoch": 1, "seq": seq, "responses": responses})


@contextmanager
def _server(what: str, folder: Path) -> Iterator[int]:
    port = free_port()
    running = subprocess.Popen([sys.executable, "-m", "bench.server", what, str(port), str(folder)])
    try:
        _wait(port, running)
        yield port
    finally:
        running.terminate()
        running.wait()


def _wait(port: int, running: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if running.poll() is not None:
            raise RuntimeError("the server stopped before it had started")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start within 15 seconds")


def _tell(figure: str, database: str, value: float, unit: str) -> None:
    line = json.dumps({"figure": figure, "database": database, "value": round(value, 3), "unit": unit})
    print(line, flush=True)
    with RESULTS.open("a") as kept:
        kept.write(line + "\n")


if __name__ == "__main__":
    asyncio.run(main())
