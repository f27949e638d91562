"""A load of keep-alive connections over raw sockets, so that the client costs little beside the server."""

import asyncio
import time
from collections.abc import Iterator


async def run(port: int, requests: list[Iterator[bytes]], seconds: float) -> tuple[float, list[float]]:
    """(answers a second, latencies in seconds) of one connection for each iterator of whole requests.

    Raises RuntimeError for an answer that is no success: a refusal is quick, and would count as speed.
    """
    until = time.perf_counter() + seconds
    started = time.perf_counter()
    latencies = await asyncio.gather(*(_connection(port, one, until) for one in requests))
    taken = time.perf_counter() - started
    flat = [latency for one in latencies for latency in one]
    return len(flat) / taken, flat


async def _connection(port: int, requests: Iterator[bytes], until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies = []
    try:
        while (now := time.perf_counter()) < until:
            writer.write(next(requests))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if b" 20" not in head[:13]:
                raise RuntimeError(f"{head.decode()}{body.decode()}")
            latencies.append(time.perf_counter() - now)
    finally:
        writer.close()
    return latencies


def post(path: str, body: bytes, token: str = "") -> bytes:
    """A whole HTTP/1.1 request."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{authorization}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
