"""Many connections that ask the same thing as fast as they are answered: a process of its own, which heeds nothing.

python -m tests.operations.flood PORT CONNECTIONS SECONDS PATH TOKEN…   prints what was answered, as JSON.
"""

import asyncio
import collections
import json
import re
import sys
from dataclasses import dataclass, field
from typing import Any

from tests.support.running import REPOSITORY

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_RETRY = re.compile(rb"retry-after: (\d+)", re.IGNORECASE)


@dataclass
class Flood:
    """What was answered."""

    status: dict[int, int] = field(default_factory=collections.Counter)
    codes: dict[str, int] = field(default_factory=collections.Counter)
    retry_after: dict[int, int] = field(default_factory=collections.Counter)


async def flood(port: int, connections: int, seconds: float, path: str, tokens: list[str]) -> Flood:
    """Run it beside the test, so that it takes no time from those whom the test measures."""
    words = [str(port), str(connections), str(seconds), path, *tokens]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.operations.flood", *words, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(said)
    numbers = {name: {int(key): count for key, count in found[name].items()} for name in ("status", "retry_after")}
    return Flood(codes=found["codes"], **numbers)


async def _ask(port: int, path: str, token: str, until: float, told: Flood) -> None:
    request = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while loop.time() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length, retry = _LENGTH.search(head), _RETRY.search(head)
        assert length is not None, head
        body = await reader.readexactly(int(length[1]))
        told.status[int(head[9:12])] += 1
        if head[9:12] == b"503":
            assert retry is not None, head
            told.retry_after[int(retry[1])] += 1
            told.codes[json.loads(body)["code"]] += 1
    writer.close()
    await writer.wait_closed()


async def _flood(port: int, connections: int, seconds: float, path: str, tokens: list[str]) -> None:
    told, until = Flood(), asyncio.get_running_loop().time() + seconds
    await asyncio.gather(
        *(_ask(port, path, tokens[number % len(tokens)], until, told) for number in range(connections))
    )
    sys.stdout.write(json.dumps(vars(told)))


if __name__ == "__main__":
    asyncio.run(_flood(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5:]))
