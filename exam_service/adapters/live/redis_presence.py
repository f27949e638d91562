"""Who was heard when, shared by all replicas through Redis or Valkey, which may lose it all."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from exam_service.adapters.live.memory import KEPT, MOST, MemoryPresence, from_microseconds, microseconds
from exam_service.adapters.live.redis_link import AWAY, FAILURES, connect, hang_up, log

CONNECTIONS = 2
EVERY_SECONDS = 1.0
"""What was heard is told to Redis so often, all of it together."""
TOGETHER = 1000
"""So many attempts go in one command."""


class RedisPresence:
    """The Presence port over Redis: a sorted set for each organisation, attempts by the time they were heard.

    The set forgets by number, not by time: one replica whose clock is ahead would make it forget what all others heard.

    What this process heard it also keeps for itself. After a failure all of that is told again, so a Redis that came
    back empty knows within a second what its replicas know.
    """

    def __init__(self, url: str, *, every: float = EVERY_SECONDS) -> None:
        self._redis = connect(url, CONNECTIONS)
        self._own = MemoryPresence()
        self._every = every
        self._untold: dict[str, datetime] = {}
        self._telling: asyncio.Task[None] | None = None
        self._away_until = 0.0
        self._closed = False

    def heard(self, org: str, attempt: str, at: datetime) -> None:
        """Remember it; Redis is told with the next batch."""
        self._own.heard(org, attempt, at)
        self._untold[f"{org}/{attempt}"] = at
        if self._telling is None and not self._closed:
            self._telling = asyncio.get_running_loop().create_task(self._tell_soon(), name="presence")

    async def last_heard(self, org: str, attempts: Sequence[str]) -> dict[str, datetime]:
        """The newest that any process has heard of each; of this process alone while Redis is away."""
        found = self._own.known(org, attempts)
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            return found
        try:
            for start in range(0, len(attempts), TOGETHER):
                some = attempts[start : start + TOGETHER]
                for attempt, score in zip(some, await self._redis.zmscore(_key(org), list(some)), strict=True):
                    if score is not None:
                        at = from_microseconds(int(score))
                        found[attempt] = max(at, found.get(attempt, at))
        except FAILURES as error:
            await self._failed(error)
        return found

    async def close(self) -> None:
        """Tell what is still untold, if Redis takes it, and close every connection."""
        self._closed = True
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        try:
            await self._tell(self._untold)
        except FAILURES:
            log.debug("Redis was not there to be told who was heard last")
        await self._redis.aclose()
        await self._own.close()

    async def _tell_soon(self) -> None:
        """Gather for a moment, tell, and stop when nothing new came meanwhile."""
        while self._untold:
            await asyncio.sleep(self._every)
            told, self._untold = self._untold, {}
            try:
                await self._tell(told)
            except FAILURES as error:
                await self._failed(error)
                # Redis may come back empty, so it is told everything; what is newer by then wins.
                self._untold = {**self._own.everything(), **self._untold}
        self._telling = None

    async def _tell(self, told: dict[str, datetime]) -> None:
        by_org: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name, at in told.items():
            org, _, attempt = name.partition("/")
            by_org[org].append((attempt, microseconds(at)))
        for org, heard in by_org.items():
            for start in range(0, len(heard), TOGETHER):
                some = dict(heard[start : start + TOGETHER])
                pipe = self._redis.pipeline(transaction=False)
                pipe.zadd(_key(org), some, gt=True)
                pipe.zremrangebyrank(_key(org), 0, -MOST - 1)
                pipe.pexpire(_key(org), KEPT)
                await pipe.execute()

    async def _failed(self, error: Exception) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._away_until:
            log.info("Redis does not answer (%s); who was heard is known to each process alone", type(error).__name__)
        self._away_until = loop.time() + AWAY.total_seconds()
        await hang_up(self._redis)


def _key(org: str) -> str:
    return f"exam:heard:{org}"
