"""What a measurement is given, and where its figures go: a JSON line each, printed and kept in bench/results.jsonl."""

import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from bench.servers import REPOSITORY, cpu_of
from exam_service.adapters.storage import migrate
from tests.support.postgres import PostgresServer, postgres_server

RESULTS = Path(__file__).parent / "results.jsonl"
DATABASES = ("sqlite", "postgresql")


@dataclass
class Place:
    """One fresh database, with the schema, and a folder for what belongs to it."""

    kind: str
    url: str
    folder: Path
    postgres_pid: int | None

    def cpu(self) -> float:
        """Processor seconds of the database server; SQLite's are the service's own."""
        return 0.0 if self.postgres_pid is None else cpu_of(self.postgres_pid)


@dataclass
class Bench:
    """How to measure: so many runs of so many seconds, on which databases, and at which size."""

    runs: int = 3
    seconds: float = 5.0
    databases: Sequence[str] = DATABASES
    scale: float = 1.0
    """Of the numbers of stored rows and people; below 1 only to try a measurement out."""
    keep: bool = True
    _stack: ExitStack = field(default_factory=ExitStack)
    _postgres: PostgresServer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def scaled(self, count: int, least: int = 1) -> int:
        return max(least, int(count * self.scale))

    @contextmanager
    def place(self, kind: str) -> Iterator[Place]:
        """A fresh database, removed at the end."""
        with tempfile.TemporaryDirectory(prefix="exam-bench-", dir=os.environ.get("BENCH_DIR")) as name:
            folder = Path(name)
            if kind == "sqlite":
                url = f"sqlite:///{folder}/exam.db"
                asyncio.run(migrate(url))
                yield Place(kind, url, folder, None)
                return
            server = self._server()
            made = server.fresh_database()
            url = made.replace("+asyncpg", "")
            asyncio.run(migrate(url))
            try:
                yield Place(kind, url, folder, server.own.pid if server.own else None)
            finally:
                server.drop(made)

    def say(self, text: str) -> None:
        """How far it is."""
        print(f"# {datetime.now(UTC):%H:%M:%S} {text}", flush=True)

    def tell(self, figure: str, database: str, value: float, unit: str) -> None:
        """One figure."""
        told: dict[str, Any] = {"figure": figure, "database": database, "value": round(value, 4), "unit": unit}
        print(json.dumps(told), flush=True)
        if self.keep:
            with RESULTS.open("a") as kept:
                kept.write(json.dumps(told | _taken()) + "\n")

    def _server(self) -> PostgresServer:
        if self._postgres is None:
            self._postgres = self._stack.enter_context(postgres_server())
        return self._postgres


def stolen_seconds() -> float:
    """Processor seconds that the machine's host has given to others since it started; 0 where nobody tells."""
    try:
        cpu = Path("/proc/stat").read_text().split(maxsplit=9)
        return int(cpu[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the runs' own ratios: both of one run were taken within seconds of each other."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def machine() -> str:
    """What it was measured on, in words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    free = shutil.disk_usage(tempfile.gettempdir()).free / 2**30
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GB memory, {free:.0f} GB disk free, load {load}, "
        f"Linux {platform.release()}, Python {platform.python_version()}, commit {_commit()}"
    )


def _taken() -> dict[str, object]:
    """When, at which commit, and how busy the machine was."""
    return {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}", "commit": _commit(), "load": round(os.getloadavg()[0], 1)}


def _commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, check=False).stdout.strip() or "?"
