"""How the process ends when it is told to: nothing that was accepted goes unanswered, and not later than stated.

At SIGTERM /readyz says no, streams end and starts are refused, so that balancers and candidates turn to another
process; what else comes is still answered, on connections that are not kept. Once nobody comes any more, or the time is
over, the port is closed and what is under way is finished. Ctrl-C skips the first part; a second signal skips the rest.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Generator

import uvicorn

from exam_service.services.load import Load
from exam_service.web.admission import Gate

QUIET_SECONDS = 1.0
"""Nobody has come for so long: the balancer has noticed."""
MARGIN_SECONDS = 15.0
"""For closing the database after the last answer; then the process ends itself, whatever hangs."""

log = logging.getLogger(__name__)


class DrainingServer(uvicorn.Server):
    """uvicorn, with an end in two steps."""

    def __init__(self, config: uvicorn.Config, load: Load, gate: Gate, notice_seconds: float) -> None:
        super().__init__(config)
        self._load = load
        self._gate = gate
        self._notice = notice_seconds
        self._leaving: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are heard in the loop. They are not raised again afterwards: to be told to stop is no failure."""
        loop = asyncio.get_running_loop()
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._told, number)
        except (RuntimeError, ValueError):
            # Windows, or not the main thread.
            with super().capture_signals():
                yield
            return
        # The handlers stay until the process ends: a signal while the database is closed must not kill it.
        yield

    def _told(self, number: signal.Signals) -> None:
        if self._leaving is not None:
            self.force_exit = self.should_exit
            self.should_exit = True
            return
        log.info("told to stop by %s: readiness is withdrawn, starts are refused", signal.Signals(number).name)
        self._load.drain()
        notice = self._notice if number == signal.SIGTERM else 0.0
        limit = float(self.config.timeout_graceful_shutdown or 0)
        _end_at_last(notice + limit + MARGIN_SECONDS)
        self._leaving = asyncio.get_running_loop().create_task(self._leave(notice), name="drain")

    async def _leave(self, notice: float) -> None:
        end = time.monotonic() + notice
        while (now := time.monotonic()) < end:
            if self._gate.in_flight == 0 and now - self._gate.last_answer >= QUIET_SECONDS:
                break
            await asyncio.sleep(0.05)
        log.info("closing the port; %d request(s) under way are finished", self._gate.in_flight)
        self.should_exit = True


def _end_at_last(seconds: float) -> None:
    """End the process after so many seconds even when the loop hangs. What was acknowledged is durable already."""

    def end() -> None:
        log.critical("not stopped after %.0f s; ending now", seconds)
        os._exit(70)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
