"""Files come from anybody, and the libraries that open them are large programs in C. So each is opened in a process of
its own, which knows no secret, gets little memory and little time, and whose end ends nothing else.

No library can be told to give up: a JPEG of 2 MB may ask for an hour of work, and a thread cannot be stopped.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

import exam_service
from exam_service.core.errors import Busy

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
MEMORY = 1 << 30
CPU_SECONDS = 15

WAITING = 4
"""So many stand in line for one process: fewer than have places with what they bring (web/kinds), so that a text never
stands behind files."""
WAIT_SECONDS = 15.0
RETRY = timedelta(seconds=10)

T = TypeVar("T")


class TooSlow(Exception):
    """It took longer than anything honest does."""


class Ended(Exception):
    """The process ended without an answer: it ran into its bounds, or met its end in a library."""


class Turns:
    """One at a time, of whom few wait and not for long: a stranger who sends slow files must not keep others standing
    for minutes without a word."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._one, self._waiting = asyncio.Semaphore(1), 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While it is one's turn. Raises Busy."""
        if self._waiting >= WAITING:
            raise Busy(retry_at=self._clock() + RETRY)
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._one.acquire()
        except TimeoutError as error:
            raise Busy(retry_at=self._clock() + RETRY) from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._one.release()


async def ask(module: str, content: bytes, kind: type[T]) -> T:
    """What that module tells of the content when it is run. Raises TooSlow and Ended."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", module,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            told, _ = await child.communicate(content)
    except TimeoutError as error:
        raise TooSlow from error
    finally:
        # Also when whoever asked has gone.
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    try:
        return msgspec.msgpack.decode(told, type=kind)
    except msgspec.MsgspecError as error:
        if child.returncode == -24:
            # SIGXCPU: its time was up.
            raise TooSlow from error
        # Should it not have been able to start, that is our own fault.
        log.warning("the process %s ended with %s and without an answer", module, child.returncode)
        raise Ended from error


def environment() -> dict[str, str]:
    """What Python needs to start, and nothing of ours."""
    kept = {name: value for name in ("PATH", "SYSTEMROOT", "VIRTUAL_ENV") if (value := os.environ.get(name))}
    # Where this very package lies: it need not be installed where Python would find it by itself (the Dockerfile).
    return kept | {"PYTHONPATH": str(Path(exam_service.__file__).parent.parent)}


def given() -> bytes:
    """In that process: the content, once its bounds are set."""
    _bound()
    return sys.stdin.buffer.read()


def tell(answer: object) -> None:
    """In that process: what was found."""
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


def _bound() -> None:
    if hasattr(os, "nice"):
        # Whoever writes an exam goes first.
        os.nice(15)
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # A second apart: at the harder one it would be killed without a word of why.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    # It has nothing to write and nobody to call.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
