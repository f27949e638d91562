"""Connections: uvicorn's, with a shorter way for saves.

A third of what a save cost was the server's general way of a request: a scope, an event, messages that are checked
again. An ordinary save (HTTP/1.1, its length told, not behind another one on its connection) needs none of it: it goes
from the parser to `Saves.answer`, and its answer to the socket. Everything else goes uvicorn's way, and is answered
alike (docs/decisions/0010).
"""

from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from exam_service.web.candidate.saves import AFTER, BEFORE, Saves
from exam_service.web.candidate.shortcut import Asked, Headers

MOST_BYTES = 65_536
"""Of a body that comes this way: uvicorn stops reading a connection when more than that waits."""
_BEFORE, _AFTER = BEFORE.encode(), AFTER.encode()
_UNUSUAL = frozenset((b"upgrade", b"expect", b"transfer-encoding"))
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class _Save:
    """A save that is being answered; to its connection what any other request is (uvicorn's RequestResponseCycle)."""

    __slots__ = ("asked", "attempt", "body", "disconnected", "keep_alive", "message_event", "response_complete")

    def __init__(self, attempt: str, asked: Asked, *, keep_alive: bool) -> None:
        self.attempt = attempt
        self.asked = asked
        self.keep_alive = keep_alive
        self.body = bytearray()
        self.message_event = _NOBODY
        self.disconnected = False
        self.response_complete = False


class _Nobody:
    """Waits for nothing."""

    def set(self) -> None: ...


_NOBODY = _Nobody()


def connections(saves: Saves) -> type[HttpToolsProtocol]:
    """The class of the server's connections, to be given to uvicorn."""

    class Connection(HttpToolsProtocol):
        def on_headers_complete(self) -> None:
            save = self._ordinary_save()
            if save is None:
                super().on_headers_complete()
            else:
                self.cycle = save  # type: ignore[assignment]

        def on_message_complete(self) -> None:
            save: Any = self.cycle
            if not isinstance(save, _Save) or save.response_complete:
                super().on_message_complete()
                return
            task = self.loop.create_task(self._answer(save))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

        def _ordinary_save(self) -> _Save | None:
            url = self.url
            if not (url.endswith(_AFTER) and url.startswith(_BEFORE)) or self.root_path or self.limit_concurrency:
                return None
            attempt, parser, before = url[len(_BEFORE) : -len(_AFTER)], self.parser, cast("Any", self.cycle)
            if (
                not attempt.replace(b"_", b"").isalnum()
                or parser.get_method() != b"POST"
                or parser.get_http_version() != "1.1"
                or (before is not None and not before.response_complete)
                or any(name in _UNUSUAL for name, _ in self.headers)
            ):
                return None
            asked = Asked(self.headers)
            if not 0 <= asked.length <= min(MOST_BYTES, saves.max_body):
                return None
            return _Save(attempt.decode("ascii"), asked, keep_alive=parser.should_keep_alive())

        async def _answer(self, save: _Save) -> None:
            try:
                status, headers, content = await saves.answer(save.attempt, save.asked, bytes(save.body))
                if self.flow.write_paused and not save.disconnected:
                    await self.flow.drain()
                if save.disconnected:
                    return
                self.transport.write(self._written(status, headers, content, save))
            except BaseException:
                # Cut off, or a fault of the lines above: whatever goes wrong before has its answer.
                self.transport.close()
                raise
            save.response_complete = True
            if not save.keep_alive:
                self.transport.close()
            self.on_response_complete()

        def _written(self, status: int, headers: Headers, content: bytes, save: _Save) -> bytes:
            parts = [_STATUS_LINES[status]]
            for name, value in (*self.server_state.default_headers, *headers):
                parts += (name, b": ", value, b"\r\n")
                if name == b"connection":
                    save.keep_alive = False
            if not save.keep_alive and (b"connection", b"close") not in headers:
                parts.append(b"connection: close\r\n")
            parts += (b"\r\n", content)
            return b"".join(parts)

    return Connection
