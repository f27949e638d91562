"""The service as an operator runs it, `exam_service serve` in a process of its own, to be killed and restarted."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.process import Process, free_port, listening, spawn

REPOSITORY = Path(__file__).resolve().parent.parent.parent
MASTER_KEY = "A" * 43
PLENTY = "1000000"


def environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """The settings of a service over this database: no rate limit in the way, a sweeper that is often there."""
    return {
        "EXAM_DATABASE_URL": database_url,
        "EXAM_DATA_DIR": str(folder),
        "EXAM_MASTER_KEY": MASTER_KEY,
        "EXAM_SWEEP_SECONDS": "1",
        "EXAM_SESSION_HOURS": "48",
        "EXAM_RATE_LIMIT_PUBLIC_PER_MINUTE": PLENTY,
        "EXAM_RATE_LIMIT_CANDIDATE_PER_MINUTE": PLENTY,
        "EXAM_RATE_LIMIT_LMS_PER_MINUTE": PLENTY,
        **more,
    }


@dataclass
class RunningService:
    """One process of the service. `environ` is what it is started with, again and again on the same port."""

    environ: dict[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive()

    @property
    def output(self) -> str:
        """Everything that it logged, in all its lives."""
        log = self.folder / f"service-{self.port}.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def begin(self) -> None:
        """Start the process and don't wait."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("EXAM_")}
        given = {"EXAM_PUBLIC_URL": self.url, **self.environ, "EXAM_PORT": str(self.port)}
        self.process = spawn(
            [sys.executable, "-m", "exam_service", "serve"],
            log=self.folder / f"service-{self.port}.log",
            env=outside | given,
            cwd=REPOSITORY,
        )

    def wait(self) -> None:
        """Return when it takes requests. Raises RuntimeError with what it logged when it ended instead."""
        assert self.process is not None
        self.process.wait_until(lambda: listening(self.port), seconds=60, what="listen")

    def start(self) -> None:
        self.begin()
        self.wait()

    def kill(self) -> None:
        """End it with SIGKILL, in the middle of whatever it does."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> int:
        """Ask it to end, as an operator does, and return its exit code."""
        return 0 if self.process is None else self.process.stop(30)

    def memory(self) -> int:
        """The resident memory of the process in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


@contextmanager
def running_service(database_url: str, folder: Path, **environ: str) -> Iterator[RunningService]:
    """One process, until the block ends however it ends."""
    service = RunningService(environment(database_url, folder, **environ), folder)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def running_replicas(database_url: str, folder: Path, count: int, **environ: str) -> Iterator[list[RunningService]]:
    """Several processes over one database, which know of each other only through it (and Redis)."""
    services = [RunningService(environment(database_url, folder, **environ), folder) for _ in range(count)]
    try:
        # The first brings the schema up to date; the others would wait for it.
        services[0].start()
        for service in services[1:]:
            service.begin()
        for service in services[1:]:
            service.wait()
        yield services
    finally:
        for service in services:
            service.stop()
