"""Rate limits inside one process."""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from exam_service.adapters.live.bucket import Bucket, take

KEYS = 100_000
"""So many callers are remembered at most; who was quiet for longest is forgotten first."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryRateLimiter:
    """The RateLimiter port for a single process."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, int, int], Bucket] = OrderedDict()

    async def take(self, key: str, limit: int, window_seconds: int, now: datetime) -> datetime | None:
        """None when there is room, else when to come again."""
        name = (key, limit, window_seconds)
        bucket, wait = take(self._buckets.get(name), limit, window_seconds * 1_000_000, microseconds(now))
        self._buckets[name] = bucket
        self._buckets.move_to_end(name)
        if len(self._buckets) > KEYS:
            self._buckets.popitem(last=False)
        return now + timedelta(microseconds=wait) if wait else None

    async def close(self) -> None:
        """Forget everything."""
        self._buckets.clear()


def microseconds(now: datetime) -> int:
    """The time as a whole number, exactly."""
    return (now - _EPOCH) // timedelta(microseconds=1)
