"""Load over raw sockets and epoll: one process, no framework, requests built ahead, so that the client costs little.

What a candidate does is a generator of requests, which is given each answer. Latency counts from when a request was
due, not from when a connection was free for it: a server that is slow cannot slow down what is asked of it.
"""

import gc
import heapq
import select
import socket
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

clock = time.perf_counter


class Ask(NamedTuple):
    """A whole HTTP request, and when it is due by `clock`; 0 means now."""

    request: bytes
    due: float = 0.0


class Answer(NamedTuple):
    status: int
    body: bytes
    retry_after: float
    """Seconds, from the header; 0 when there is none."""
    seconds: float
    """Since the request was due."""


Script = Generator[Ask, Answer, Any]


WAIT = (429, 503)
"""Statuses that say: come again."""


class Refused(Exception):
    """An answer that the script did not expect: a refusal is quick, and would count as speed."""


@dataclass
class Load:
    """What one run of scripts gave."""

    seconds: float = 0.0
    own_cpu: float = 0.0
    """Processor seconds of this client."""
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    finished: int = 0
    """Scripts that came to their end."""
    most_waiting: int = 0
    """The most requests that were due and had no answer yet."""
    waiting: list[tuple[float, int]] = field(default_factory=list)
    """(second of the run, requests that were due and had no answer), about ten times a second."""

    @property
    def refused(self) -> int:
        """Answers that said: come again."""
        return sum(self.statuses.get(status, 0) for status in WAIT)

    @property
    def rate(self) -> float:
        """Answers a second, without those that said: come again."""
        return (len(self.latencies) - self.refused) / self.seconds

    def percentile(self, part: float) -> float:
        """The latency that `part` of the answers stayed within, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


class _Connection:
    __slots__ = ("due", "out", "received", "request", "script", "socket")

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.script: Script | None = None
        self.request = b""
        self.out = b""
        """What of the request has not been sent yet."""
        self.received = b""
        self.due = 0.0


class _Driver:
    """Runs scripts over a pool of keep-alive connections, as a reverse proxy in front of the service would."""

    def __init__(self, port: int, scripts: Iterable[Script], connections: int, seconds: float | None) -> None:
        self._address = ("127.0.0.1", port)
        self._scripts = iter(scripts)
        self._free = [_Connection() for _ in range(connections)]
        self._all = list(self._free)
        self._by_fd: dict[int, _Connection] = {}
        self._epoll = select.epoll()
        self._later: list[tuple[float, int, Script, bytes]] = []
        self._ready: deque[tuple[float, Script, bytes]] = deque()
        self._count = 0
        self._broken = 0
        """Connections that broke under a request, since the last answer."""
        self._load = Load()
        self._until = float("inf") if seconds is None else clock() + seconds

    def run(self, at_once: int | None, arrivals: Iterator[tuple[float, Script]]) -> Load:
        started, used = clock(), time.process_time()
        for script in _first(self._scripts, at_once):
            self._begin(script)
        noted = 0.0
        arriving = next(arrivals, None)
        try:
            while arriving or self._later or self._ready or len(self._free) < len(self._all):
                now = clock()
                if now >= self._until:
                    break
                while arriving and arriving[0] <= now:
                    self._begin(arriving[1])
                    arriving = next(arrivals, None)
                while self._later and self._later[0][0] <= now:
                    due, _, script, request = heapq.heappop(self._later)
                    self._ready.append((due, script, request))
                while self._ready and self._free:
                    self._send(self._free.pop(), *self._ready.popleft())
                open_now = len(self._ready) + len(self._all) - len(self._free)
                self._load.most_waiting = max(self._load.most_waiting, open_now)
                if now - noted >= 0.1:
                    noted = now
                    self._load.waiting.append((now - started, open_now))
                until = min(self._until, self._later[0][0] if self._later else now + 1.0)
                until = min(until, arriving[0]) if arriving else until
                for number, event in self._epoll.poll(max(0.0, until - now)):
                    self._on(self._by_fd[number], event)
        finally:
            self._load.seconds, self._load.own_cpu = clock() - started, time.process_time() - used
            self._epoll.close()
            for connection in self._all:
                if connection.socket is not None:
                    connection.socket.close()
        return self._load

    def _begin(self, script: Script) -> None:
        ask = next(script, None)
        if ask is None:
            self._load.finished += 1
        else:
            self._plan(script, ask)

    def _plan(self, script: Script, ask: Ask) -> None:
        now = clock()
        if ask.due <= now:
            self._ready.append((ask.due or now, script, ask.request))
        else:
            self._count += 1
            heapq.heappush(self._later, (ask.due, self._count, script, ask.request))

    def _send(self, connection: _Connection, due: float, script: Script, request: bytes) -> None:
        connection.script, connection.due, connection.received = script, due, b""
        connection.request = connection.out = request
        if connection.socket is None:
            self._connect(connection)
        else:
            self._flush(connection)

    def _connect(self, connection: _Connection) -> None:
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.connect_ex(self._address)
        connection.socket = made
        self._by_fd[made.fileno()] = connection
        self._epoll.register(made.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _flush(self, connection: _Connection) -> bool:
        """Send what can be sent; False when the connection is gone."""
        assert connection.socket is not None
        try:
            sent = connection.socket.send(connection.out)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._again(connection)
            return False
        if sent < len(connection.out):
            connection.out = connection.out[sent:]
            self._epoll.modify(connection.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)
        return True

    def _again(self, connection: _Connection) -> None:
        """The server closed the connection: a request under way is sent again over a new one, as a proxy does."""
        assert connection.socket is not None
        del self._by_fd[connection.socket.fileno()]
        connection.socket.close()
        connection.socket = None
        script = connection.script
        if script is not None:
            connection.script = None
            self._free.append(connection)
            self._ready.appendleft((connection.due, script, connection.request))
            self._broken += 1
            if self._broken > 20 * len(self._all):
                raise Refused("the server does not answer any more")

    def _on(self, connection: _Connection, event: int) -> None:
        assert connection.socket is not None
        if event & select.EPOLLOUT:
            self._epoll.modify(connection.socket.fileno(), select.EPOLLIN)
            broken = connection.script is None or event & (select.EPOLLHUP | select.EPOLLERR)
            if not broken and (not self._flush(connection) or not event & select.EPOLLIN):
                return
        try:
            data = connection.socket.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._again(connection)
            return
        received = connection.received + data if connection.received else data
        answer = _parse(received, connection.due)
        if answer is None:
            connection.received = received
            return
        script = connection.script
        if script is None:
            raise Refused(received[:500].decode(errors="replace"))
        connection.script, connection.received = None, b""
        self._broken = 0
        self._free.append(connection)
        self._load.latencies.append(answer.seconds)
        self._load.statuses[answer.status] = self._load.statuses.get(answer.status, 0) + 1
        try:
            self._plan(script, script.send(answer))
        except StopIteration:
            self._load.finished += 1
            for following in _first(self._scripts, 1):
                self._begin(following)


def _parse(received: bytes, due: float) -> Answer | None:
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    at = received.find(b"content-length:", 0, end)
    if at < 0:
        raise Refused(f"an answer without content-length: {received[:end].decode(errors='replace')}")
    length = int(received[at + 15 : received.find(b"\r", at)])
    if len(received) < end + 4 + length:
        return None
    status, after = int(received[9:12]), 0.0
    if status >= 400 and (retry := received.lower().find(b"\r\nretry-after:", 0, end)) >= 0:
        after = float(received[retry + 14 : received.find(b"\r", retry + 2)])
    return Answer(status, received[end + 4 :], after, clock() - due)


def _first(scripts: Iterator[Script], count: int | None) -> Iterator[Script]:
    """The next so many, or all."""
    while count is None or count > 0:
        script = next(scripts, None)
        if script is None:
            return
        yield script
        count = None if count is None else count - 1


def drive(
    port: int,
    scripts: Iterable[Script] = (),
    *,
    arrivals: Iterable[tuple[float, Script]] = (),
    connections: int = 32,
    at_once: int | None = None,
    seconds: float | None = None,
) -> Load:
    """Run the scripts, `at_once` of them at a time (all when None), until they end or the seconds are over.

    `arrivals` are (when by `clock`, script) in order of time; each begins then, however many run.

    Raises Refused for an answer that cannot be read; a script raises it for one that it did not expect.
    """
    gc.collect()
    gc.disable()
    try:
        return _Driver(port, scripts, connections, seconds).run(at_once, iter(arrivals))
    finally:
        gc.enable()


def repeated(requests: Iterable[bytes]) -> Script:
    """One request after the other, each of which must succeed."""
    for request in requests:
        good((yield Ask(request)))


def good(answer: Answer) -> Answer:
    """The answer, if it is a success. Raises Refused."""
    if not 200 <= answer.status < 300:
        raise Refused(f"{answer.status} {answer.body[:1000].decode(errors='replace')}")
    return answer


def asked(request: bytes) -> Generator[Ask, Answer, Answer]:
    """The answer, if it is a success, after as many refusals as it takes: who is told to wait waits. Raises Refused."""
    due, until = 0.0, clock() + 300
    while (answer := (yield Ask(request, due))).status in WAIT and clock() < until:
        due = clock() + max(0.2, answer.retry_after)
    return good(answer)


def get(path: str, token: str = "") -> bytes:
    """A whole HTTP/1.1 request; browsers take gzip, and so does this."""
    accepted = "Accept-Encoding: gzip\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{accepted}{_authorization(token)}\r\n".encode()


def post(path: str, body: bytes = b"", token: str = "") -> bytes:
    """A whole HTTP/1.1 request with a JSON body, or with none."""
    return post_head(path, token) + str(len(body)).encode() + b"\r\n\r\n" + body


def post_head(path: str, token: str = "") -> bytes:
    """The part of a request that is always the same: the length, an empty line and the body follow."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{_authorization(token)}Content-Length: "
    ).encode()


def _authorization(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n" if token else ""
