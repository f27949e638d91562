"""Many connections that ask the same thing as fast as they are answered, with as little work here as can be."""

import asyncio
import collections
import json
import re
from types import TracebackType
from typing import Self

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_RETRY = re.compile(rb"retry-after: (\d+)", re.IGNORECASE)


class Flood:
    """While the block runs, so many connections send POSTs to a path, each with one of the tokens."""

    def __init__(self, port: int, connections: int, path: str, tokens: list[str]) -> None:
        self.status: collections.Counter[int] = collections.Counter()
        self.codes: collections.Counter[str] = collections.Counter()
        self.retry_after: list[int] = []
        self._port = port
        self._path = path
        self._tokens = tokens
        self._connections = connections
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False

    async def lasts(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._ask(number)) for number in range(self._connections)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        await asyncio.gather(*self._tasks)

    async def _ask(self, number: int) -> None:
        token = self._tokens[number % len(self._tokens)]
        request = (
            f"POST {self._path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while not self._over:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                assert length is not None, head
                body = await reader.readexactly(int(length[1]))
                status = int(head[9:12])
                self.status[status] += 1
                if status == 503:
                    retry = _RETRY.search(head)
                    assert retry is not None, head
                    self.retry_after.append(int(retry[1]))
                    self.codes[json.loads(body)["code"]] += 1
        finally:
            writer.close()
            await writer.wait_closed()
