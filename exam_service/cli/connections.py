"""Connections: uvicorn's, with a shorter way for what thousands ask at one moment: saves, starts and submits.

A third of what a save cost was the server's general way of a request: a scope, an event, messages that are checked
again. An ordinary one (HTTP/1.1, its length told, not behind another one on its connection) needs none of it: it goes
from the parser to who claims it (web/candidate/shortcut.py), and its answer to the socket. Everything else goes
uvicorn's way, and is answered alike (docs/decisions/0010).
"""

import re
from asyncio import Task, TimerHandle
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from exam_service.core.errors import RequestTimeout
from exam_service.web.arriving import patient_until
from exam_service.web.candidate.shortcut import Body, Claim, Headers, Shortcuts
from exam_service.web.entrance import CLOSE

_PLAIN = re.compile(rb"/v1/candidate/[A-Za-z0-9_/-]+")
"""A path that reads the same decoded, and has no query."""
MOST_HEAD = 65_536
"""Bytes of a request's first line and headers; nginx passes on 32 kB at most unless it is told otherwise."""
_UNUSUAL = frozenset((b"upgrade", b"expect", b"transfer-encoding"))
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}

_HEAD_TOO_LARGE = _STATUS_LINES[431] + b"connection: close\r\ncontent-length: 0\r\n\r\n"


class _Short:
    """A request that is answered this way; to its connection what uvicorn's RequestResponseCycle is."""

    __slots__ = (
        "began",
        "body",
        "claim",
        "disconnected",
        "heard",
        "keep_alive",
        "message_event",
        "response_complete",
        "task",
        "timer",
        "whole",
    )

    def __init__(self, claim: Claim, *, keep_alive: bool) -> None:
        self.claim = claim
        self.keep_alive = keep_alive
        self.body = bytearray()
        self.whole = False
        self.task: Task[None] | None = None
        self.timer: TimerHandle | None = None
        """Runs only while a part of the body has yet to come, which is rare: most come in one piece."""
        self.began = self.heard = 0.0
        """When something came, first and last, of a body in pieces."""
        self.message_event = _NOBODY
        self.disconnected = False
        self.response_complete = False


class _Nobody:
    """Waits for nothing."""

    def set(self) -> None: ...


_NOBODY = _Nobody()


def connections(shortcuts: Shortcuts, body_seconds: float) -> type[HttpToolsProtocol]:
    """The class of the server's connections, to be given to uvicorn.

    Heads have to arrive within `body_seconds`, from the connection or from their first byte on, and bodies too.
    """

    class Connection(HttpToolsProtocol):
        _in_head = False
        _head_size = 0
        _head_timer: TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._head_timer = self.loop.call_later(body_seconds, self.transport.close)

        def on_message_begin(self) -> None:
            self._in_head = True
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head = False
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer, self._head_size = None, 0
            short = self._ordinary()
            if short is None:
                super().on_headers_complete()
            else:
                self.cycle = short  # type: ignore[assignment]

        def on_message_complete(self) -> None:
            short: Any = self.cycle
            if not isinstance(short, _Short) or short.response_complete:
                super().on_message_complete()
                return
            if short.whole:
                # The rest of a body that was not waited for any longer.
                return
            short.whole = True
            if short.timer is not None:
                short.timer.cancel()
            # Not kept twice while it waits for its turn.
            body, short.body = bytes(short.body), bytearray()
            self._begin(short, body)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._in_head:
                self._wait_for_head(len(data))
            short: Any = self.cycle
            if isinstance(short, _Short) and not short.whole:
                short.heard = self.loop.time()
                if short.timer is None:
                    short.began = short.heard
                    self._wait(short)

        def _wait_for_head(self, size: int) -> None:
            """A head in pieces, which is rare: nobody may keep a connection, or memory, by never ending it."""
            self._head_size += size
            if self._head_size > MOST_HEAD:
                before: Any = self.cycle
                if before is None or before.response_complete:
                    self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()
            elif self._head_timer is None:
                self._head_timer = self.loop.call_later(body_seconds, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
            short: Any = self.cycle
            if isinstance(short, _Short) and short.timer is not None:
                # Else it keeps what has come for as long as it would have waited.
                short.timer.cancel()
            super().connection_lost(exc)

        def _wait(self, short: _Short) -> None:
            """For the rest of a body; in the end whoever sends it is told that it came too slowly."""
            if short.disconnected:
                return
            until = patient_until(short.began, short.heard, len(short.body), body_seconds)
            if self.loop.time() < until:
                short.timer = self.loop.call_at(until, self._wait, short)
                return
            short.whole = True
            self._begin(short, RequestTimeout(bytes=len(short.body), seconds=round(until - short.began)))

        def _begin(self, short: _Short, body: Body) -> None:
            short.task = self.loop.create_task(self._answer(short, body))
            # Until it has answered: the server waits for these when it stops. A callback would be one more turn of the
            # loop for every save.
            self.tasks.add(short.task)

        def _ordinary(self) -> _Short | None:
            parser, before = self.parser, cast("Any", self.cycle)
            if (
                parser.get_method() != b"POST"
                or not _PLAIN.fullmatch(self.url)
                or self.root_path
                or self.limit_concurrency
                or parser.get_http_version() != "1.1"
                or (before is not None and not before.response_complete)
                or any(name in _UNUSUAL for name, _ in self.headers)
            ):
                return None
            claim = shortcuts.claim(self.url.decode("ascii"), self.headers)
            return None if claim is None else _Short(claim, keep_alive=parser.should_keep_alive())

        async def _answer(self, short: _Short, body: Body) -> None:
            try:
                status, headers, content = await short.claim(body)
                if self.flow.write_paused and not short.disconnected:
                    await self.flow.drain()
                if short.disconnected:
                    return
                self.transport.write(self._written(status, headers, content, short))
            except BaseException:
                # Cut off, or a fault of the lines above: whatever goes wrong before has its answer.
                self.transport.close()
                raise
            finally:
                self.tasks.discard(cast("Task[None]", short.task))
            short.response_complete = True
            if not short.keep_alive:
                self.transport.close()
            self.on_response_complete()

        def _written(self, status: int, headers: Headers, content: bytes, short: _Short) -> bytes:
            parts = [_STATUS_LINES[status]]
            for name, value in (*self.server_state.default_headers, *headers):
                parts += (name, b": ", value, b"\r\n")
                if name == b"connection":
                    short.keep_alive = False
            if not short.keep_alive and CLOSE not in headers:
                parts.append(b"connection: close\r\n")
            parts += (b"\r\n", content)
            return b"".join(parts)

    return Connection
