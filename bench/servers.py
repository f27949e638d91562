"""The processes under measurement: started, waited for, asked for their processor time and memory, stopped."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import clock
from tests.support.process import Process, free_port, spawn

REPOSITORY = Path(__file__).parent.parent
MASTER_KEY = "A" * 43
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NO_LIMIT = "1000000000"


@dataclass
class Server:
    """A process that listens on a port of this machine."""

    port: int
    pid: int
    started_in: float
    """Seconds from start to the first good answer."""

    def cpu(self) -> float:
        """Processor seconds that it has used so far, its ended children included."""
        return cpu_of(self.pid)

    def memory(self) -> int:
        """Bytes of memory that it holds now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE


@contextmanager
def beside(what: str, folder: Path, *arguments: str) -> Iterator[Server]:
    """A server of `bench.server`: raw, echo, naive."""
    port = free_port()
    command = [sys.executable, "-m", "bench.server", what, str(port), *arguments]
    with _running(command, port, folder / f"{what}.log", dict(os.environ)) as server:
        yield server


@contextmanager
def service(database_url: str, folder: Path, *, unsigned: bool = False, **more: str) -> Iterator[Server]:
    """`exam-service serve` over the database, as it is installed, but with no limit of requests a minute."""
    port = free_port()
    module = "bench.unsigned" if unsigned else "exam_service"
    command = [sys.executable, "-m", module, "serve", "--port", str(port)]
    # What cannot sign is never ready.
    path = "/healthz" if unsigned else "/readyz"
    with _running(command, port, folder / "service.log", environ(database_url, folder, **more), path) as server:
        yield server


def environ(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """The environment of `exam-service` over the database."""
    # What was compiled is kept, as it is where the service is installed: else each start compiles what has changed.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EXAM_") and k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "EXAM_DATABASE_URL": database_url,
        "EXAM_DATA_DIR": str(folder),
        "EXAM_MASTER_KEY": MASTER_KEY,
        "EXAM_PUBLIC_URL": "http://127.0.0.1",
        "EXAM_LOG_LEVEL": "warning",
        "EXAM_RATE_LIMIT_PUBLIC_PER_MINUTE": _NO_LIMIT,
        "EXAM_RATE_LIMIT_CANDIDATE_PER_MINUTE": _NO_LIMIT,
        "EXAM_RATE_LIMIT_LMS_PER_MINUTE": _NO_LIMIT,
        **more,
    }


@contextmanager
def _running(command: list[str], port: int, log: Path, env: dict[str, str], path: str = "/") -> Iterator[Server]:
    started = clock()
    process = spawn(list(command), log=log, env=env, cwd=REPOSITORY)
    try:
        _wait(process, port, path)
        yield Server(port, process.pid, clock() - started)
    except Exception:
        print(process.output()[-4000:], file=sys.stderr)
        raise
    finally:
        process.stop(30)


def _wait(process: Process, port: int, path: str) -> None:
    """Until it says that it is ready; whoever knows no such path is ready when it says so."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()

    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as asking:
                asking.sendall(request)
                return asking.recv(12).startswith((b"HTTP/1.1 200", b"HTTP/1.1 404"))
        except OSError:
            return False

    process.wait_until(answers, seconds=60, what="answer")


def cpu_of(pid: int) -> float:
    """Processor seconds of a process and its children, those that ended included; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    # Fields 14 to 17 of proc(5): user and system time, own and of children that were waited for.
    own = sum(int(field) for field in fields[11:15]) / _TICKS
    return own + sum(cpu_of(int(child)) for child in children)


def settle(seconds: float = 1.0) -> None:
    """Let what was started finish starting."""
    time.sleep(seconds)
