"""How this service speaks to Redis or Valkey: with short timeouts, without retries, and saying once when it is away."""

import logging
from datetime import timedelta

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

TIMEOUT_SECONDS = 0.25
AWAY = timedelta(seconds=1)
"""After a failure Redis is left alone for so long, so that a dead one does not slow every request down."""
SAY_AGAIN = timedelta(minutes=1)

# uvloop answers a write to a connection that has just broken with a bare RuntimeError, and the driver lets it pass.
FAILURES = (RedisError, OSError, TimeoutError, RuntimeError)
"""What a call may raise when Redis is away, half there, or somebody else's."""

log = logging.getLogger("exam_service.live")


def connect(url: str, connections: int) -> Redis:
    """A client that opens so many connections at most, when they are needed."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        # The driver's default would hold a call for seconds; the next call is the retry.
        retry=None,
    )
    return Redis.from_pool(pool)


async def hang_up(client: Redis) -> None:
    """Drop every connection: those from before a failure would only fail once more each."""
    try:
        await client.connection_pool.disconnect()
    except FAILURES:
        log.debug("a connection to Redis could not be closed properly")
