"""Rate limits that all replicas share, in Redis or Valkey; each replica's own while that is away."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from exam_service.adapters.live.memory import MemoryRateLimiter, microseconds
from exam_service.adapters.live.redis_link import AWAY, FAILURES, SAY_AGAIN, connect, hang_up, log

CONNECTIONS = 2
"""One round trip is under way at a time, and carries all that came meanwhile."""
TOGETHER = 500
"""So many requests are counted by one script at most: Redis does nothing else meanwhile, some two milliseconds."""

# The rule of `bucket.take`, for each in turn. ARGV[1]: [[key, limit, window, now], …]. Answers how many microseconds
# each is to wait, parted by spaces. One argument and one answer for all: the driver's price is by the argument.
SCRIPT = """
local waits = {}
for n, asked in ipairs(cjson.decode(ARGV[1])) do
  local key, limit, window, now = asked[1], asked[2], asked[3], asked[4]
  local at, fill = now, 0
  local kept = redis.call('GET', key)
  if kept then
    local first, second = string.match(kept, '^(%d+) (%d+)$')
    at, fill = tonumber(first) or now, tonumber(second) or 0
  end
  if at - now > window then at, fill = now, 0 end
  local elapsed = math.max(0, now - at)
  fill = elapsed >= window and 0 or math.max(0, fill - elapsed * limit)
  at = math.max(now, at)
  local over, wait = fill + window - window * limit, 0
  if over > 0 then
    wait = at - now + (limit > 0 and math.ceil(over / limit) or window)
  else
    fill = fill + window
  end
  redis.call('SET', key, string.format('%.0f %.0f', at, fill), 'PX', math.ceil(window / 1000) + 1000)
  waits[n] = string.format('%.0f', wait)
end
return table.concat(waits, ' ')
"""


class _Asked(NamedTuple):
    key: str
    limit: int
    window: int
    now: int
    answer: asyncio.Future[int]


class RedisRateLimiter:
    """The RateLimiter port over Redis: one script, run as a whole, so no two replicas count past each other.

    Every request is counted here first and then, if there was room, by Redis. So one process never lets more through
    than the limit, whatever becomes of Redis, and N replicas never more than N times the limit, however often it
    vanishes and returns empty (P12). Who floods is refused without Redis hearing of it.

    What is asked while a round trip is under way goes together in the next one.
    """

    def __init__(self, url: str) -> None:
        self._redis = connect(url, CONNECTIONS)
        self._script = self._redis.register_script(SCRIPT)
        self._own = MemoryRateLimiter()
        self._waiting: list[_Asked] = []
        self._flight: asyncio.Task[None] | None = None
        self._away_until: datetime | None = None
        self._said_at: datetime | None = None

    @property
    def shared(self) -> bool:
        """Whether Redis answered when it was asked last."""
        return self._away_until is None

    async def take(self, key: str, limit: int, window_seconds: int, now: datetime) -> datetime | None:
        """None when there is room, else when to come again."""
        wait = self._own.count(key, limit, window_seconds, now)
        if not wait and not self._is_away(now):
            wait = await self._ask(key, limit, window_seconds, now)
            if wait:
                # A refusal costs nothing, here as there.
                self._own.give_back(key, limit, window_seconds)
        return now + timedelta(microseconds=wait) if wait else None

    async def close(self) -> None:
        """Close every connection."""
        if self._flight is not None:
            await asyncio.gather(self._flight, return_exceptions=True)
        await self._redis.aclose()
        await self._own.close()

    def _is_away(self, now: datetime) -> bool:
        return self._away_until is not None and self._away_until - AWAY <= now < self._away_until

    def _ask(self, key: str, limit: int, window_seconds: int, now: datetime) -> asyncio.Future[int]:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        name = f"exam:limit:{window_seconds}:{limit}:{key}"
        self._waiting.append(_Asked(name, limit, window_seconds * 1_000_000, microseconds(now), answer))
        if self._flight is None:
            # The task begins in the loop's next round, with all that this round asks.
            self._flight = asyncio.create_task(self._fly(now), name="rate limits")
        return answer

    async def _fly(self, now: datetime) -> None:
        """Ask until nobody waits. Without an answer, what this process counted stands."""
        asked: list[_Asked] = []
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                for one, wait in zip(asked, await self._count(asked), strict=True):
                    if not one.answer.done():
                        one.answer.set_result(wait)
        except FAILURES as error:
            self._failed(error, now)
            await hang_up(self._redis)
        finally:
            self._flight = None
            left, self._waiting = asked + self._waiting, []
            for one in left:
                if not one.answer.done():
                    one.answer.set_result(0)

    async def _count(self, asked: list[_Asked]) -> list[int]:
        answers: Any = await self._script(args=[msgspec.json.encode([one[:4] for one in asked])])
        if self._away_until is not None:
            self._away_until = self._said_at = None
            log.info("Redis answers again; rate limits are shared")
        return [int(wait) for wait in answers.split()]

    def _failed(self, error: Exception, now: datetime) -> None:
        self._away_until = now + AWAY
        if self._said_at is None or now - self._said_at >= SAY_AGAIN:
            self._said_at = now
            log.warning("Redis does not answer (%s); each process keeps rate limits of its own", type(error).__name__)
