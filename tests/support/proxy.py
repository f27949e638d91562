"""A TCP proxy that a test puts between two programs: it delays, stalls, cuts in the middle of a message, and heals.

It knows nothing of what it carries. With several targets it spreads connections over those that answer, as the proxy
before several replicas does.
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass
from typing import Literal, Self

Way = Literal["question", "answer"]
PIECE = 65536


@dataclass
class Cut:
    """One connection is to break: after so many bytes of the piece that holds `asked`, or of the answer to it."""

    way: Way
    asked: bytes
    after: int


@dataclass(eq=False)
class _Link:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    cut_answer: Cut | None = None


class Proxy:
    """Listens on a port of its own of 127.0.0.1 while its block runs; give it the ports it leads to."""

    def __init__(self, *targets: int, port: int = 0) -> None:
        self.targets = list(targets)
        self.port = port
        self.delay = 0.0
        """Seconds that each piece waits, each way."""
        self.accepted = 0
        self.cuts: list[Cut] = []
        """Those that have not happened yet, in the order in which they are to."""
        self._turn = 0
        self._refusing = False
        self._flowing = asyncio.Event()
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        """How many connections go through it now."""
        return len(self._links)

    def stall(self) -> None:
        """From now on nothing passes, and nobody is told: the other side seems to think. What is sent is kept."""
        self._flowing.clear()

    def refuse(self) -> None:
        """Break what is open, and every new connection as soon as it is made: the other side is gone."""
        self._refusing = True
        self.cut()

    def heal(self) -> None:
        """Everything passes again; what had been stalled arrives now."""
        self._refusing, self.delay = False, 0.0
        self._flowing.set()

    def cut(self) -> None:
        """Break every open connection, wherever in a message it is."""
        for link in list(self._links):
            self._break(link)

    def cut_question(self, asked: bytes, *, after: int = 0) -> None:
        """The next message that holds `asked` breaks off: `after` bytes of it arrive, and the connection ends."""
        self.cuts.append(Cut("question", asked, after))

    def cut_answer(self, asked: bytes, *, after: int = 0) -> None:
        """The next message that holds `asked` arrives whole, and its answer breaks off after so many bytes."""
        self.cuts.append(Cut("answer", asked, after))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._carry(reader, writer)
        except asyncio.CancelledError:
            # Only the end of the block cancels; asyncio would log a handler that was.
            pass
        finally:
            self._tasks.discard(task)
            _abort(writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flowing.wait()
        if self._refusing or (found := await self._connect()) is None:
            return
        answers, server = found
        link = _Link(writer, server)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, server, link, "question"))
                both.create_task(self._pump(answers, writer, link, "answer"))
        finally:
            self._links.discard(link)
            _abort(server)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the next target that takes one."""
        for _ in self.targets:
            self._turn += 1
            target = self.targets[self._turn % len(self.targets)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", target)
        return None

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, link: _Link, way: Way) -> None:
        try:
            while piece := await source.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                end = self._end_in(piece, link, way)
                sink.write(piece if end is None else piece[:end])
                await sink.drain()
                if end is not None:
                    # What was let through is given the time to be read; breaking off may throw away what was not.
                    await asyncio.sleep(0.02)
                    self._break(link)
                    return
        except ConnectionError:
            # A side that breaks off is what this is for.
            self._break(link)
        else:
            sink.close()

    def _end_in(self, piece: bytes, link: _Link, way: Way) -> int | None:
        """Where this piece breaks off, if it is to."""
        if way == "answer":
            if link.cut_answer is None:
                return None
            if (left := link.cut_answer.after) < len(piece):
                return left
            link.cut_answer.after -= len(piece)
            return None
        if self.cuts and self.cuts[0].asked in piece:
            cut = self.cuts.pop(0)
            if cut.way == "question":
                return cut.after
            link.cut_answer = cut
        return None

    def _break(self, link: _Link) -> None:
        _abort(link.client)
        _abort(link.server)


def _abort(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST: the other side gets an error, and no orderly goodbye."""
    found: socket.socket | None = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, ValueError):
        if found is not None:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
