"""Who is turned away first, and how: decided before any work, by what kind of request it is."""

import asyncio
import time
from typing import Any, cast

import pytest

from exam_service.core.errors import Busy
from exam_service.services.context import Context
from exam_service.services.load import LAG_SECONDS, MOST_WAITING, WAITED_SECONDS, Load
from exam_service.services.meter import NoMeter
from exam_service.web.admission import LONGEST, PATIENCE_SECONDS, SHORTEST, Gate, Line
from exam_service.web.auth import network_of
from exam_service.web.kinds import BOUNDS, NEVER, Bounds, kind_of
from tests.support.service import START as NOW

ORDER = ("start", "lms", "candidate", "paper", "save")


class Press:
    """A context with as much pressure as the test says."""

    def __init__(self) -> None:
        self.load = Load()
        self.meter = NoMeter()
        self.rolls = 0

    def now(self) -> Any:
        return NOW

    def entropy(self, size: int) -> bytes:
        self.rolls = (self.rolls + 9_973) % 65_536
        return self.rolls.to_bytes(size, "big")

    def press(self, pressure: float) -> None:
        self.load.lag = pressure * LAG_SECONDS


@pytest.fixture
def press() -> Press:
    return Press()


@pytest.fixture
def gate(press: Press) -> Gate:
    return Gate(cast(Context, press))


def seconds(busy: Busy) -> float:
    assert busy.retry_at is not None
    return (busy.retry_at - NOW).total_seconds()


@pytest.mark.parametrize(
    "pressure, refused",
    [(0.5, 0), (1.0, 1), (1.5, 2), (3.0, 3), (6.0, 4), (1000.0, 4)],
)
def test_starts_are_refused_first_and_saves_never_for_pressure(
    press: Press, gate: Gate, pressure: float, refused: int
) -> None:
    press.press(pressure)
    assert [gate.refuse(kind) is not None for kind in ORDER] == [n < refused for n in range(len(ORDER))]
    assert gate.refuse("submit") is None
    assert gate.refuse("operations") is None


def test_every_kind_has_a_bound() -> None:
    assert all(0 < bounds.together < 10_000 and 0 <= bounds.waiting < 10_000 for bounds in BOUNDS.values())
    never = {kind for kind, bounds in BOUNDS.items() if bounds.pressure == NEVER}
    assert never == {"save", "long-save", "submit", "operations"}


def test_they_are_told_to_come_again_at_different_moments_the_later_the_greater_the_pressure(
    press: Press, gate: Gate
) -> None:
    told: list[list[float]] = []
    for pressure in (1.0, 2.0, 50.0):
        press.press(pressure)
        told.append([seconds(busy) for _ in range(400) if (busy := gate.refuse("start"))])
    for times in told:
        assert min(times) >= SHORTEST
        assert max(times) <= LONGEST
        # No second of the span holds more than its share of them.
        counts = [sum(int(time) == second for time in times) for second in range(int(SHORTEST), int(max(times)))]
        assert max(counts) < 2.5 * len(times) / len(counts)
        assert min(counts) > 0
    assert max(told[0]) < 11 < max(told[1]) < 21 < max(told[2])


async def test_a_line_is_bounded_and_who_is_over_it_is_told_so(press: Press) -> None:
    gate = Gate(cast(Context, press), {"save": Bounds(3, 0, NEVER)})
    for _ in range(3):
        assert gate.refuse("save") is None
        await gate.turn("save")
    assert isinstance(gate.refuse("save"), Busy)
    assert gate.in_flight == 3
    gate.done("save", 200, time.monotonic())
    assert gate.refuse("save") is None


async def test_who_waits_has_a_turn_in_the_order_they_came(press: Press) -> None:
    gate, begun = Gate(cast(Context, press), {"start": Bounds(2, 3, 1.0)}), []

    async def one(number: int) -> None:
        await gate.turn("start")
        begun.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(5)]
    await asyncio.sleep(0)
    assert begun == [0, 1]
    assert isinstance(gate.refuse("start"), Busy)
    for finished in range(1, 4):
        gate.done("start", 201, time.monotonic())
        await asyncio.sleep(0)
        assert begun == list(range(2 + finished))
    for _ in range(2):
        gate.done("start", 201, time.monotonic())
    await asyncio.gather(*tasks)
    assert gate.in_flight == 0


async def test_who_goes_while_waiting_leaves_no_gap(press: Press) -> None:
    gate = Gate(cast(Context, press), {"start": Bounds(1, 3, 1.0)})
    await gate.turn("start")
    leaving, staying = (asyncio.create_task(gate.turn("start")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    gate.done("start", 201, time.monotonic())
    await asyncio.wait_for(staying, 1)
    # One that is cancelled just when its turn comes hands it on.
    last = [asyncio.create_task(gate.turn("start")) for _ in range(2)]
    await asyncio.sleep(0)
    gate.done("start", 201, time.monotonic())
    last[0].cancel()
    await asyncio.wait_for(last[1], 1)
    gate.done("start", 201, time.monotonic())
    assert gate.in_flight == 0


async def test_nobody_is_put_into_a_line_that_takes_too_long() -> None:
    line, second = Line(Bounds(2, 10_000, 1.0)), 0
    turns = [line.enter() for _ in range(200)]
    assert sum(turn is None for turn in turns) == 2
    assert [line.rate, line.full()] == [None, False]

    def five_are_done() -> None:
        """Five a second, at one moment, as groups are."""
        nonlocal second
        second += 1
        for _ in range(5):
            line.leave(float(second))

    five_are_done()
    five_are_done()
    five_are_done()
    assert line.rate is not None
    assert 4 <= line.rate <= 5.5
    found = []
    while line.waiting:
        found.append((len(line.waiting), line.full()))
        five_are_done()
    # Who comes when some fifty wait has ten seconds to wait.
    assert {full for waiting, full in found if waiting > 6 * PATIENCE_SECONDS} == {True}
    assert {full for waiting, full in found if waiting < 4 * PATIENCE_SECONDS} == {False}
    five_are_done()
    rate: float | None = line.rate
    assert rate is None, "nobody waits: it is not known how fast they could be served"


def test_while_it_drains_only_starts_and_streams_are_refused(press: Press, gate: Gate) -> None:
    press.load.drain()
    assert [kind for kind in BOUNDS if gate.refuse(kind) is not None] == ["live", "start"]


class Waits:
    def __init__(self, waiting: int, waited: float) -> None:
        self.waiting = waiting
        self.waited = waited


def test_pressure_is_what_a_candidate_would_feel() -> None:
    assert Load().pressure == 0
    assert Load([("saves", Waits(MOST_WAITING, 0))]).pressure == 1
    assert Load([("saves", Waits(0, 2 * WAITED_SECONDS)), ("submits/org_1", Waits(0, 0))]).pressure == 2
    assert Load([("starts/org_1", Waits(MOST_WAITING, 9))]).pressure == 0, "starts wait for each other in a line"
    load = Load()
    load.heard(LAG_SECONDS * 2)
    assert load.pressure < 1, "one hiccup is no overload"
    for _ in range(20):
        load.heard(LAG_SECONDS * 2)
    assert load.pressure > 1.5
    for _ in range(20):
        load.heard(0.0)
    assert load.pressure < 0.1


async def test_the_lag_of_the_loop_is_measured() -> None:
    import time

    load = Load()
    watching = asyncio.create_task(load.watch())
    await asyncio.sleep(0.15)
    time.sleep(0.4)  # noqa: ASYNC251 - a loop that is held up is what is to be seen.
    await asyncio.sleep(0.15)
    watching.cancel()
    assert load.worst_lag > 0.2


@pytest.mark.parametrize(
    "method, path, kind",
    [
        ("POST", "/v1/candidate/attempts/att_1/responses", "save"),
        ("POST", "/v1/candidate/attempts/att_1/submit", "submit"),
        ("POST", "/v1/candidate/attempts/att_1/open", "paper"),
        ("GET", "/v1/candidate/attempts/att_1/paper", "paper"),
        ("GET", "/v1/candidate/attempts/att_1/contact", "paper"),
        ("GET", "/v1/candidate/attempts/att_1", "candidate"),
        ("POST", "/v1/candidate/exams/post/attempts", "start"),
        ("POST", "/v1/candidate/exams/responses/attempts", "start"),
        ("GET", "/v1/candidate/me", "candidate"),
        ("POST", "/v1/launches/redeem", "candidate"),
        ("POST", "/v1/enrolments/enr_1/launches", "staff"),
        ("POST", "/v1/attempts/att_1/extra-time", "staff"),
        ("POST", "/v1/attempts/att_1/late-saves/1/2/decision", "staff"),
        ("GET", "/v1/attempts/att_1/audit", "staff"),
        ("GET", "/v1/courses/c/exams/e/audit", "staff"),
        ("GET", "/v1/courses/c/exams/e/live", "staff"),
        ("GET", "/v1/courses/c/exams/e/live/events", "live"),
        ("GET", "/v1/attempts", "lms"),
        ("PUT", "/v1/banks/b", "lms"),
        ("POST", "/v1/attempts/att_1/void", "staff"),
        ("GET", "/v1/courses/c/exams/e/late-saves", "staff"),
        # Whatever a bank, a course, an exam or a candidate is called.
        ("PUT", "/v1/banks/audit", "lms"),
        ("PUT", "/v1/banks/live", "lms"),
        ("PUT", "/v1/banks/void", "lms"),
        ("PUT", "/v1/banks/certificate.pdf", "lms"),
        ("PUT", "/v1/courses/events", "lms"),
        ("PUT", "/v1/courses/launches", "lms"),
        ("GET", "/v1/courses/audit/exams/live", "lms"),
        ("PUT", "/v1/candidates/messages", "lms"),
        ("GET", "/staff/c/events", "staff"),
        ("GET", "/staff/c/e/events", "live"),
        ("POST", "/staff/c/e/do", "staff"),
        ("POST", "/v1/courses/c/exams/e/live/events", "lms"),
        ("GET", "/v1/candidate/attempts/att_1/responses", "candidate"),
        ("POST", "/v1/verify", "evidence"),
        ("GET", "/v/ABCDEFGHIJKLMNOP", "public"),
        ("GET", "/exam/attempts/att_1", "candidate"),
        ("GET", "/l/token", "candidate"),
        ("GET", "/static/js/api.js", "static"),
        ("GET", "/exam/kept/0123456789abcdef/js/api.js", "static"),
        ("GET", "/v1/certificates/A/certificate.pdf", "print"),
        ("GET", "/exam/certificates/A/certificate.png", "print"),
        ("GET", "/exam/certificates/A/qr.png", "candidate"),
        ("GET", "/readyz", "operations"),
        ("GET", "/metrics", "operations"),
        ("GET", "/anything", "public"),
    ],
)
def test_the_kind_of_a_request_follows_from_its_first_line(method: str, path: str, kind: str) -> None:
    assert kind_of(method, path) == kind


@pytest.mark.parametrize(
    "given, kept",
    [
        (b"9f8a-trace.01_x", True),
        (b"abcdefgh", True),
        (b"short", False),
        (b"1101700203450", False),
        (b"1-1017-00203-45-0", False),
        (b"with space here", False),
        (b"line\nbreak-here", False),
        (b"x" * 65, False),
    ],
)
def test_a_proxys_request_id_is_kept_when_it_is_sane(gate: Gate, given: bytes, kept: bool) -> None:
    assert (gate.request_id(given) == given.decode()) is kept
    assert gate.request_id() != gate.request_id()


@pytest.mark.parametrize(
    "address, counted",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("a:b", "a:b"),
    ],
)
def test_public_limits_count_a_household_as_one(address: str, counted: str) -> None:
    assert network_of(address) == counted
