"""Classes of requests: who may be turned away first when there is too much, and what is told apart in the figures."""

import re
from typing import NamedTuple

SAVE = "save"
LONG_SAVE = "long-save"
SUBMIT = "submit"
PAPER = "paper"
CANDIDATE = "candidate"
START = "start"
STAFF = "staff"
LIVE = "live"
LMS = "lms"
PUBLIC = "public"
STATIC = "static"
EVIDENCE = "evidence"
MANY = "many"
PRINT = "print"
OPERATIONS = "operations"


class Bounds(NamedTuple):
    """How much of one kind a process takes on.

    `together` are worked on at once, `waiting` more wait for their turn; `pressure` is where they are turned away.
    """

    together: int
    waiting: int
    pressure: float


NEVER = float("inf")

BOUNDS: dict[str, Bounds] = {
    # Saves and submits of running attempts are turned away only by the bound of their own queue.
    SAVE: Bounds(8_000, 0, NEVER),
    # Of more than 64 kB, or in chunks: rare, and read while they have a place, so few have one.
    LONG_SAVE: Bounds(8, 200, NEVER),
    SUBMIT: Bounds(32, 4_000, NEVER),
    # Who has started must see the questions.
    PAPER: Bounds(16, 4_000, 6.0),
    CANDIDATE: Bounds(16, 2_000, 3.0),
    STAFF: Bounds(8, 100, 3.0),
    LIVE: Bounds(500, 0, 3.0),
    # A page that was let in needs its scripts as it needs the questions. A few at a time, since they cost little.
    STATIC: Bounds(8, 4_000, 6.0),
    # A school's class that starts at one moment waits in line; past that the line would be longer than patience.
    # As many as fill a group or two; more would only make every save wait behind all their steps.
    START: Bounds(32, 4_000, 1.0),
    # A bank may have 20 MB, so few of these are in memory at once.
    LMS: Bounds(8, 200, 1.5),
    PUBLIC: Bounds(8, 200, 1.5),
    # What somebody brings may take seconds to open: who only looks a certificate up must not stand behind it.
    # Of these places files never take all (adapters/aside.WAITING).
    EVIDENCE: Bounds(8, 60, 1.5),
    # Two thousand lines take seconds: who brings one certificate must not stand behind them.
    MANY: Bounds(1, 20, 1.5),
    # A page takes some hundredths of a second, and one is set at a time: nobody else may wait behind a queue of them.
    PRINT: Bounds(2, 200, 1.5),
    # One look answers all who ask; a refusal would tell a balancer that the process is not ready.
    OPERATIONS: Bounds(1_000, 0, NEVER),
}

LONGEST_SAVE = 262_144
"""Bytes of one save: some 80,000 Thai characters in all its responses."""

SMALL = frozenset((SUBMIT, START, PAPER, CANDIDATE, STAFF))
"""Kinds that send little. Their bodies are whole before they have their turn, so nobody holds a place by sending."""

_OPERATIONS = frozenset(("/healthz", "/readyz", "/metrics"))
_OF_RUNNING = {
    ("POST", "responses"): SAVE,
    ("POST", "submit"): SUBMIT,
    ("GET", "paper"): PAPER,
    ("GET", "contact"): PAPER,
    ("POST", "open"): PAPER,
}

# By the whole address: a bank, a course or a candidate may be called `audit` or `events`.
_STAFF = re.compile(
    r"/v1/(?:"
    r"attempts/[^/]+/(?:extra-time|reopen|void|messages|audit|late-saves(?:/[^/]+/[^/]+/decision)?)"
    r"|courses/[^/]+/exams/[^/]+/(?:live|extra-time|messages|audit|late-saves)"
    r"|enrolments/[^/]+/launches"
    r")"
)
"""What staff do while an exam runs, and what an LMS does to let a candidate in."""
_EVIDENCE = ("/verify", "/credentials/verify", "/presentations/verify", "/credentials/issue")
_LIVE = re.compile(r"/v1/courses/[^/]+/exams/[^/]+/live/events|/staff/[^/]+/[^/]+/events")
_PRINT = re.compile(r"/(?:v1|exam)/certificates/[^/]+/(?:certificate\.(?:pdf|png)|badge\.(?:png|svg))")


def kind_of(method: str, path: str) -> str:
    """The class of a request, from nothing but its first line."""
    if path.startswith("/v1/candidate/"):
        last = path[path.rfind("/") + 1 :]
        if method == "POST" and last == "attempts":
            return START
        if path.startswith("/v1/candidate/attempts/"):
            return _OF_RUNNING.get((method, last), CANDIDATE)
        return CANDIDATE
    if path in _OPERATIONS:
        return OPERATIONS
    if path.startswith(("/static/", "/exam/kept/", "/v/kept/")):
        return STATIC
    if method == "GET" and _LIVE.fullmatch(path):
        return LIVE
    if _PRINT.fullmatch(path):
        return PRINT
    if path.startswith("/v1/"):
        return _of_lms(path)
    if path.startswith("/staff"):
        return STAFF
    if path in _EVIDENCE and method == "POST":
        return EVIDENCE
    # Who comes back after a break comes by a launch link and sees these pages.
    return CANDIDATE if path.startswith(("/exam", "/l/")) else PUBLIC


def _of_lms(path: str) -> str:
    if path == "/v1/launches/redeem":
        return CANDIDATE
    if path == "/v1/verify":
        return EVIDENCE
    return STAFF if _STAFF.fullmatch(path) else LMS
