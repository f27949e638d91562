"""Servers started for a test: on a free port, in their own process group, gone when the test run is gone."""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on.

    It lies below the range from which systems take ports for outgoing connections, so that it is still free when a
    crashed server is started again on it.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def listening(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Give a directory outside pytest's own (which other users cannot enter), removed at the end.

    Its name holds our process id, so that what a killed run left is removed by the next one.
    """
    base = Path(tempfile.gettempdir())
    for old in base.glob(f"{prefix}-*"):
        owner = old.name.removeprefix(f"{prefix}-").partition("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-{os.getpid()}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _children(pid: int) -> list[int]:
    """The processes that this one started; only Linux tells."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in listed.split()]


@dataclass
class Process:
    """A program that a test started. `log` is where it writes."""

    popen: subprocess.Popen[bytes]
    log: Path
    farewell: signal.Signals = signal.SIGTERM

    @property
    def pid(self) -> int:
        return self.popen.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def output(self) -> str:
        """Return everything it wrote so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 30, what: str = "be ready") -> None:
        """Return as soon as `ready()`; raise with the program's own words when it ends or takes too long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ready():
                return
            if not self.alive():
                raise RuntimeError(f"{self.popen.args!r} ended with {self.popen.returncode}:\n{self.output()}")
            time.sleep(0.01)
        raise TimeoutError(f"{self.popen.args!r} did not {what} in {seconds} s:\n{self.output()}")

    def kill(self) -> None:
        """End it and everything it started with SIGKILL, as a power cut would."""
        # PostgreSQL's sessions are groups of their own, and would go on answering until they miss their parent.
        children = _children(self.popen.pid)
        self._signal(signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, seconds: float = 10) -> int:
        """Ask it to end, wait, and kill what is left of its group; return its exit code."""
        if self.alive():
            self.popen.send_signal(self.farewell)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self._signal(signal.SIGKILL)
        return self.popen.wait(10)

    def _signal(self, number: signal.Signals) -> None:
        # macOS answers EPERM for a group of which only a zombie is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, number)


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
    farewell: signal.Signals = signal.SIGTERM,
) -> Process:
    """Start a program in its own process group; on Linux it gets `farewell` when this process dies, however it dies."""
    parent = os.getpid()

    def follow_parent() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(farewell))
            if os.getppid() != parent:  # It died before we asked to be told.
                os._exit(1)

    with log.open("ab") as sink:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
            preexec_fn=follow_parent,  # noqa: PLW1509 - the child only calls prctl; no thread of ours holds its locks
        )
    return Process(popen, log, farewell)
