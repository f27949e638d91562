"""What an operator needs to read of requests: what was refused or failed or was slow, never of whom.

A line holds the request's id, its class, the route's template (never the address, which may name somebody), status,
code and duration. The same code is written at most so often: under a flood the log must not become the next flood.
"""

import logging
import time
from collections.abc import Callable

log = logging.getLogger("exam_service.requests")

WINDOW_SECONDS = 10.0
LINES = 20
"""Of each code, in each window; what came besides is told as a number."""
SLOW_SECONDS = 2.0
_ENDLESS = "live"


class RequestLog:
    """Lines of one application."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since = monotonic()
        self._written: dict[str, int] = {}

    def answered(
        self,
        kind: str,
        status: int,
        seconds: float,
        *,
        code: str | None = None,
        request_id: str | None = None,
        route: str | None = None,
    ) -> None:
        """Write a line when there is something to read."""
        if status < 400 and (seconds < SLOW_SECONDS or kind == _ENDLESS):
            if log.isEnabledFor(logging.DEBUG):
                self._line(logging.DEBUG, "answered", kind, status, seconds, code, request_id, route)
            return
        what = code or (f"status {status}" if status >= 400 else "slow")
        if self._may_write(what):
            level = logging.WARNING if (status >= 500 and code != "busy") or what == "slow" else logging.INFO
            told = "refused" if code else "failed" if status >= 400 else "slow"
            self._line(level, told, kind, status, seconds, code, request_id, route)

    def _may_write(self, what: str) -> bool:
        now = self._monotonic()
        if now - self._since >= WINDOW_SECONDS:
            for code, written in self._written.items():
                if written > LINES:
                    log.warning("%d more of `%s` in %.0f s", written - LINES, code, now - self._since)
            self._since = now
            self._written.clear()
        self._written[what] = self._written.get(what, 0) + 1
        return self._written[what] <= LINES

    def _line(
        self,
        level: int,
        told: str,
        kind: str,
        status: int,
        seconds: float,
        code: str | None,
        request_id: str | None,
        route: str | None,
    ) -> None:
        facts = {
            "request_id": request_id,
            "kind": kind,
            "route": route,
            "status": status,
            "code": code,
            "ms": round(seconds * 1000, 1),
        }
        facts = {name: fact for name, fact in facts.items() if fact is not None}
        words = " ".join(f"{name}={fact}" for name, fact in facts.items())
        log.log(level, "%s %s", told, words, extra={"facts": facts, "told": told})
