"""Rate limits that all replicas share, in Redis or Valkey; each replica's own while that is away."""

import logging
from datetime import datetime, timedelta
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from exam_service.adapters.live.memory import MemoryRateLimiter, microseconds

TIMEOUT_SECONDS = 0.25
CONNECTIONS = 8
"""Each answer takes a fraction of a millisecond, so few connections carry much, and a burst does not open hundreds."""
AWAY = timedelta(seconds=1)
"""After a failure Redis is left alone for so long, so that a dead one does not slow every request down."""
SAY_AGAIN = timedelta(minutes=1)

# The rule of `bucket.take`. KEYS[1]: the bucket. ARGV: limit, window, now. Answers how many microseconds to wait.
SCRIPT = """
local limit, window, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'at', 'fill')
local at, fill = tonumber(kept[1]) or now, tonumber(kept[2]) or 0
local elapsed = math.max(0, now - at)
fill = elapsed >= window and 0 or math.max(0, fill - elapsed * limit)
at = math.max(now, at)
local over, wait = fill + window - window * limit, 0
if over > 0 then
  wait = at - now + (limit > 0 and math.ceil(over / limit) or window)
else
  fill = fill + window
end
redis.call('HSET', KEYS[1], 'at', string.format('%.0f', at), 'fill', string.format('%.0f', fill))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 1000)
return string.format('%.0f', wait)
"""

_log = logging.getLogger("exam_service.live")


class RedisRateLimiter:
    """The RateLimiter port over Redis: one script, run as a whole, so no two replicas count past each other.

    When Redis does not answer, this process counts for itself: looser by the number of replicas, never without a limit
    (P12).
    """

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            # The driver's default would hold a request for seconds; the next request is the retry.
            retry=None,
        )
        self._redis = Redis.from_pool(pool)
        self._script = self._redis.register_script(SCRIPT)
        self._alone = MemoryRateLimiter()
        self._away_until: datetime | None = None
        self._said_at: datetime | None = None

    async def take(self, key: str, limit: int, window_seconds: int, now: datetime) -> datetime | None:
        """None when there is room, else when to come again."""
        if self._away_until is not None and self._away_until - AWAY <= now < self._away_until:
            return await self._alone.take(key, limit, window_seconds, now)
        try:
            answer: Any = await self._script(
                keys=[f"exam:limit:{window_seconds}:{limit}:{key}"],
                args=[limit, window_seconds * 1_000_000, microseconds(now)],
            )
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error, now)
            return await self._alone.take(key, limit, window_seconds, now)
        if self._away_until is not None:
            self._away_until = self._said_at = None
            _log.info("Redis answers again; rate limits are shared")
        wait = int(cast(bytes, answer))
        return now + timedelta(microseconds=wait) if wait else None

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()
        await self._alone.close()

    def _failed(self, error: Exception, now: datetime) -> None:
        self._away_until = now + AWAY
        if self._said_at is None or now - self._said_at >= SAY_AGAIN:
            self._said_at = now
            _log.warning("Redis does not answer (%s); each process keeps rate limits of its own", type(error).__name__)
