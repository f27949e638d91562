"""Server-sent events: what changes is sent as it changes, on a connection that stays open."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import msgspec
from litestar.response import Stream

from exam_service.core.errors import NotAuthenticated, NotFound, TooManyRequests, Unavailable

RETRY_MILLISECONDS = 3000
"""After so long a browser asks again when the stream broke."""
HEARTBEAT_SECONDS = 15.0
"""A heartbeat is sent when there was nothing else for so long, so that no proxy thinks the connection dead."""
ALLOWED_SECONDS = 5.0
"""After so long it is asked anew whether somebody may still watch; an older answer lets nothing be seen."""

EVENT_STREAM = "text/event-stream"

_HEADERS = {
    # nginx would gather the events, and nothing would arrive.
    "X-Accel-Buffering": "no",
    "Cache-Control": "no-store, no-transform",
}


def event_stream(
    events: AsyncIterator[msgspec.Struct | None],
    name: str,
    allowed: Callable[[], Awaitable[object]],
    clock: Callable[[], datetime],
) -> Stream:
    """Each thing as a JSON event of that name, numbered; None is a moment without news.

    `allowed` is asked now and then, and raises NotAuthenticated when the stream is to end. Each event is whole, so who
    comes back after a break has missed nothing.
    """
    return Stream(_lines(events, name, allowed, clock), media_type=EVENT_STREAM, headers=_HEADERS)


async def _lines(
    events: AsyncIterator[msgspec.Struct | None],
    name: str,
    allowed: Callable[[], Awaitable[object]],
    clock: Callable[[], datetime],
) -> AsyncIterator[bytes]:
    now = asyncio.get_running_loop().time
    sent = asked = now()
    number = 0
    unsent: msgspec.Struct | None = None
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS
    try:
        async for event in events:
            unsent = event or unsent
            if now() - asked >= ALLOWED_SECONDS:
                # While it cannot be known, what there is to see is kept back and the stream stays.
                with contextlib.suppress(Unavailable, TooManyRequests):
                    await allowed()
                    asked = now()
            if unsent is not None and now() - asked < ALLOWED_SECONDS:
                number += 1
                sent = now()
                yield b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), msgspec.json.encode(unsent))
                unsent = None
            elif now() - sent >= HEARTBEAT_SECONDS:
                sent = now()
                # For proxies the comment; for the page, which cannot see comments, an event that says how late it is.
                yield b": still here\nevent: still\ndata: %s\n\n" % msgspec.json.encode({"at": clock()})
    except (NotAuthenticated, NotFound):
        yield b"event: over\ndata: {}\n\n"
