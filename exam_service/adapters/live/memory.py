"""Rate limits, presence and wake-ups inside one process."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from exam_service.adapters.live.bucket import Bucket, take
from exam_service.core.recent import Recent

KEYS = 200_000
"""So many callers of one limit are remembered at most, and never fewer than half; who was quiet is forgotten first."""

KEPT = timedelta(minutes=20)
"""Who was silent for longer is known from the journal only, which is enough."""
MOST = 200_000
"""So many attempts are remembered in one stretch of `KEPT`, so that memory stays bounded whatever comes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_log = logging.getLogger("exam_service.live")


class MemoryRateLimiter:
    """The RateLimiter port for a single process."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[int, int], Recent[str, Bucket]] = {}
        """(limit, window) -> caller -> its bucket"""

    @property
    def shared(self) -> None:
        """Each process counts for itself."""

    async def take(self, key: str, limit: int, window_seconds: int, now: datetime) -> datetime | None:
        """None when there is room, else when to come again."""
        wait = self.count(key, limit, window_seconds, now)
        return now + timedelta(microseconds=wait) if wait else None

    def count(self, key: str, limit: int, window_seconds: int, now: datetime) -> int:
        """0 when there was room, and then it is taken; else after how many microseconds there will be."""
        buckets = self._buckets.get((limit, window_seconds))
        if buckets is None:
            buckets = self._buckets[limit, window_seconds] = Recent(KEYS)
        bucket, wait = take(buckets.get(key), limit, window_seconds * 1_000_000, microseconds(now))
        buckets.put(key, bucket)
        return wait

    def give_back(self, key: str, limit: int, window_seconds: int) -> None:
        """One that was counted did not count after all."""
        buckets = self._buckets.get((limit, window_seconds))
        bucket = buckets.get(key) if buckets else None
        if buckets and bucket:
            at, fill = bucket
            buckets.put(key, (at, max(0, fill - window_seconds * 1_000_000)))

    async def close(self) -> None:
        """Forget everything."""
        self._buckets.clear()


Heard = dict[str, dict[str, datetime]]
"""organisation -> attempt -> when it was heard last"""


class MemoryPresence:
    """The Presence port for a single process.

    Two stretches of time are kept, this one and the one before, so forgetting costs nothing and nothing is swept.
    """

    def __init__(self) -> None:
        self._now: Heard = {}
        self._before: Heard = {}
        self._count = 0
        self._since: datetime | None = None

    def heard(self, org: str, attempt: str, at: datetime) -> None:
        """Remember it; a dictionary entry, no more."""
        if self._since is None:
            self._since = at
        if at - self._since > KEPT or self._count >= MOST:
            self._before, self._now, self._count, self._since = self._now, {}, 0, at
        heard = self._now.get(org)
        if heard is None:
            heard = self._now[org] = {}
        known = heard.get(attempt)
        if known is None:
            self._count += 1
        if known is None or known < at:
            heard[attempt] = at

    async def last_heard(self, org: str, attempts: Sequence[str]) -> dict[str, datetime]:
        """When each of them was heard last; those nothing is known of are missing."""
        return self.known(org, attempts)

    def known(self, org: str, attempts: Sequence[str]) -> dict[str, datetime]:
        """What this process itself has heard."""
        now, before = self._now.get(org, {}), self._before.get(org, {})
        found: dict[str, datetime] = {}
        for attempt in attempts:
            at = now.get(attempt) or before.get(attempt)
            if at is not None:
                found[attempt] = at
        return found

    def everything(self) -> dict[str, datetime]:
        """All that is remembered, under `organisation/attempt`."""
        return {
            f"{org}/{attempt}": at
            for stretch in (self._before, self._now)
            for org, heard in stretch.items()
            for attempt, at in heard.items()
        }

    async def close(self) -> None:
        """Forget everything."""
        self._now.clear()
        self._before.clear()
        self._count = 0


class MemoryBell:
    """The Bell port for a single process: who listens is called at once."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Callable[[str], None]]] = {}

    def publish(self, topic: str, payload: str = "") -> None:
        """Call everybody who listens to the topic. One that fails is logged and keeps nobody from hearing it."""
        for listener in list(self._listeners.get(topic, ())):
            with _logged(topic):
                listener(payload)

    def subscribe(self, topic: str, heard: Callable[[str], None]) -> Callable[[], None]:
        """Be called with the payload of each, until the returned function is called."""
        self._listeners.setdefault(topic, []).append(heard)

        def stop() -> None:
            listeners = self._listeners.get(topic, [])
            if heard in listeners:
                listeners.remove(heard)
            if not listeners:
                self._listeners.pop(topic, None)

        return stop

    @property
    def topics(self) -> tuple[str, ...]:
        """What anybody listens to."""
        return tuple(self._listeners)

    async def close(self) -> None:
        """Nobody listens any more."""
        self._listeners.clear()


@contextmanager
def _logged(topic: str) -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever it was, the others must be called
        _log.exception("a listener to %s failed", topic)


def microseconds(now: datetime) -> int:
    """The time as a whole number, exactly."""
    return (now - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """The time that `microseconds` made a number of."""
    return _EPOCH + timedelta(microseconds=number)
