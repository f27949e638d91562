"""The body of a request while it arrives: waited for outside of every line, and not for ever.

Whoever sends slowly, or not at all, would otherwise keep a place that others wait for. So the beginning of a body is
there before its request takes a place, which for nearly all of them is the whole of it, and the rest has to come at
a pace that a bad telephone line still holds.
"""

import asyncio
from collections import deque

from litestar.types import Receive, ReceiveMessage

from exam_service.core.errors import RequestTimeout

BEGINNING = 65_536
"""Bytes that are waited for before the request takes a place; the server keeps as many of a connection by itself."""
SLOWEST = 500
"""Bytes a second; Apache's mod_reqtimeout lets its users choose, and has this rate as its default."""
LONGEST_SECONDS = 300.0
"""However large the body: 20 MB at half a megabit a second take as long."""


def patient_until(began: float, heard: float, size: int, patience: float) -> float:
    """The moment until which the rest of a body is waited for.

    It began to be read at `began`, something last came at `heard`, and `size` bytes are there. Nobody is silent for
    longer than `patience` seconds, and whoever sends little at a time has not much longer for the whole.
    """
    return min(heard + patience, began + min(patience + size / SLOWEST, LONGEST_SECONDS))


class Arriving:
    """What a request sends; `receive` is for who reads it."""

    __slots__ = ("_ahead", "_began", "_patience", "_receive", "gone", "size", "whole")

    def __init__(self, receive: Receive, patience: float) -> None:
        self._receive = receive
        self._patience = patience
        self._ahead: deque[ReceiveMessage] = deque()
        self.size = 0
        """Bytes of it that came."""
        self._began: float | None = None
        """On the loop's clock, when somebody began to read: until then it may be we who let others wait."""
        self.whole = False
        """Whether nothing more of it comes."""
        self.gone = False
        """Whether that is so because whoever sent it has gone."""

    async def begin(self) -> None:
        """Wait until the whole body is there, or the beginning of a large one. Raises RequestTimeout."""
        while not self.whole and self.size < BEGINNING:
            self._ahead.append(await self._next())

    async def read(self) -> bytes:
        """A body that is no longer than a beginning, as the headers have told; when whoever sent it has `gone`, a part.

        Raises RequestTimeout.
        """
        await self.begin()
        return b"".join([message.get("body", b"") for message in self._ahead])  # type: ignore[misc]

    async def receive(self) -> ReceiveMessage:
        """The next message, as ASGI has it. Raises RequestTimeout."""
        return self._ahead.popleft() if self._ahead else await self._next()

    async def _next(self) -> ReceiveMessage:
        if self.whole:
            # From here on one waits for the end of the connection, which is nobody's fault.
            return await self._receive()
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = now
        until = patient_until(self._began, now, self.size, self._patience)
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout(bytes=self.size, seconds=round(until - self._began)) from None
        self.size += len(message.get("body", b""))  # type: ignore[arg-type]
        self.gone = message["type"] != "http.request"
        self.whole = self.gone or not message.get("more_body", False)
        return message
