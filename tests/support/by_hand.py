"""Connections to a real process that are spoken by hand, byte for byte."""

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.running import running_service
from tests.support.site import make_site
from tests.support.taker import Sitting, Taker


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Desk:
    """A running attempt, and connections to its service that are spoken by hand."""

    port: int
    taker: Taker
    sitting: Sitting
    seqs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def content(self, seq: int | None = None, **more: Any) -> bytes:
        item = min(self.sitting.items)
        asks = {"epoch": self.sitting.epoch, "seq": seq or next(self.seqs), "responses": {item: None}, **more}
        return json.dumps(asks).encode()

    def save(self, content: bytes, *more: str, head: str = "", version: str = "1.1", token: str | None = None) -> bytes:
        """The bytes of a save; `head` instead of the length that is told otherwise."""
        path = f"attempts/{self.sitting.attempt}/responses"
        return self.post(path, content, *more, head=head, version=version, token=token)

    def post(
        self,
        path: str,
        content: bytes,
        *more: str,
        head: str | None = "",
        version: str = "1.1",
        token: str | None = None,
    ) -> bytes:
        """The bytes of anything a candidate asks for by POST; None for no word about a length."""
        told = [] if head is None else [head or f"Content-Length: {len(content)}"]
        lines = [
            f"POST /v1/candidate/{path} HTTP/{version}",
            "Host: localhost",
            f"Authorization: Bearer {self.taker.token if token is None else token}",
            "Content-Type: application/json",
            *told,
            *more,
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def one(self, *pieces: bytes) -> tuple[Answer, bool]:
        """The answer to one request on a connection of its own, and whether the connection was closed then."""
        async with self.line() as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.02)
            answer = await answered(reader)
            with contextlib.suppress(TimeoutError):
                return answer, await asyncio.wait_for(reader.read(1), 0.3) == b""
            return answer, False


async def answered(reader: asyncio.StreamReader) -> Answer:
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        if head[0].endswith(" 100 Continue"):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in head[1:] if line]
        headers = dict(pairs)
        assert len(headers) == len(pairs), "no header stands twice"
        return Answer(
            int(head[0].split()[1]), headers, json.loads(await reader.readexactly(int(headers["content-length"])))
        )


def chunked(content: bytes) -> bytes:
    chunk = b"%x\r\n%b\r\n" % (len(content), content) if content else b""
    return chunk + b"0\r\n\r\n"


@asynccontextmanager
async def desk_of(folder: Path, **environ: str) -> AsyncIterator[Desk]:
    """A service of its own, and one attempt that runs."""
    url = f"sqlite:///{folder}/exam.db"
    with running_service(url, folder, **environ) as service:
        site = await make_site(lambda: service.url, url, folder)
        taker = Taker(lambda: service.url, await site.session(await site.enrol("one")), site.http, random.Random(1))
        yield Desk(service.port, taker, await taker.start())
        await site.close()
