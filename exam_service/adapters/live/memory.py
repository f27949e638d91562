"""Rate limits, presence and wake-ups inside one process."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from exam_service.adapters.live.bucket import Bucket, take

KEYS = 100_000
"""So many callers are remembered at most; who was quiet for longest is forgotten first."""

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
        self._buckets: OrderedDict[tuple[str, int, int], Bucket] = OrderedDict()

    @property
    def shared(self) -> None:
        """Each process counts for itself."""

    async def take(self, key: str, limit: int, window_seconds: int, now: datetime) -> datetime | None:
        """None when there is room, else when to come again."""
        wait = self.count(key, limit, window_seconds, now)
        return now + timedelta(microseconds=wait) if wait else None

    def count(self, key: str, limit: int, window_seconds: int, now: datetime) -> int:
        """0 when there was room, and then it is taken; else after how many microseconds there will be."""
        name = (key, limit, window_seconds)
        bucket, wait = take(self._buckets.get(name), limit, window_seconds * 1_000_000, microseconds(now))
        self._buckets[name] = bucket
        self._buckets.move_to_end(name)
        if len(self._buckets) > KEYS:
            self._buckets.popitem(last=False)
        return wait

    def give_back(self, key: str, limit: int, window_seconds: int) -> None:
        """One that was counted did not count after all."""
        bucket = self._buckets.get((key, limit, window_seconds))
        if bucket is not None:
            at, fill = bucket
            self._buckets[key, limit, window_seconds] = (at, max(0, fill - window_seconds * 1_000_000))

    async def close(self) -> None:
        """Forget everything."""
        self._buckets.clear()


class MemoryPresence:
    """The Presence port for a single process.

    Two stretches of time are kept, this one and the one before, so forgetting costs nothing and nothing is swept.
    """

    def __init__(self) -> None:
        self._now: dict[str, datetime] = {}
        self._before: dict[str, datetime] = {}
        self._since: datetime | None = None

    def heard(self, org: str, attempt: str, at: datetime) -> None:
        """Remember it; a dictionary entry, no more."""
        if self._since is None:
            self._since = at
        if at - self._since > KEPT or len(self._now) >= MOST:
            self._before, self._now, self._since = self._now, {}, at
        name = f"{org}/{attempt}"
        known = self._now.get(name)
        if known is None or known < at:
            self._now[name] = at

    async def last_heard(self, org: str, attempts: Sequence[str]) -> dict[str, datetime]:
        """When each of them was heard last; those nothing is known of are missing."""
        return self.known(org, attempts)

    def known(self, org: str, attempts: Sequence[str]) -> dict[str, datetime]:
        """What this process itself has heard."""
        found: dict[str, datetime] = {}
        for attempt in attempts:
            name = f"{org}/{attempt}"
            at = self._now.get(name) or self._before.get(name)
            if at is not None:
                found[attempt] = at
        return found

    def everything(self) -> dict[str, datetime]:
        """All that is remembered, under `organisation/attempt`."""
        return self._before | self._now

    async def close(self) -> None:
        """Forget everything."""
        self._now.clear()
        self._before.clear()


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
