"""The load generator counts what it is told it counts: refusals are waited out, broken connections are no answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.client import Ask, Refused, Script, asked, clock, drive, get, good

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 0.1\r\ncontent-length: 2\r\n\r\n{}"


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """A server that gives these answers in turn, one on each connection, which it then closes; nothing: no answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(10_000)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


def test_who_is_told_to_wait_waits_and_is_counted_as_refused() -> None:
    with answering(BUSY, OK) as port:
        load = drive(port, [asked(get("/"))], connections=1)
    assert load.statuses == {503: 1, 200: 1}
    assert (load.refused, load.finished) == (1, 1)
    assert load.seconds >= 0.2
    assert load.rate == pytest.approx(1 / load.seconds)


def test_a_request_whose_connection_broke_is_sent_again_and_answered_once() -> None:
    with answering(b"", b"", OK) as port:
        load = drive(port, [asked(get("/"))], connections=1)
    assert load.statuses == {200: 1}


def test_latency_counts_from_when_a_request_was_due() -> None:
    due = clock() - 1.5

    def late() -> Script:
        good((yield Ask(get("/"), due)))

    with answering(OK) as port:
        load = drive(port, [late()], connections=1)
    assert 1.5 <= load.latencies[0] < 10


def test_an_unexpected_refusal_is_no_speed() -> None:
    with (
        answering(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}") as port,
        pytest.raises(Refused, match="404"),
    ):
        drive(port, [asked(get("/"))], connections=1)
