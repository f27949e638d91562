"""What was used lately, at most so much of it."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A bounded mapping that forgets what was not used for longest, roughly, at no cost.

    It has two halves: what is used moves to this one, and when that is full it becomes the one before, whose rest is
    forgotten. An ordered dictionary takes half as much memory again for each entry; a plain one, whose oldest entry is
    deleted each time, walks past all that was deleted before it.
    """

    def __init__(self, most: int) -> None:
        """At most so many are kept, and never fewer than half of that."""
        self._half = max(1, most // 2)
        self._now: dict[K, V] = {}
        self._before: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._now) + len(self._before)

    def get(self, key: K) -> V | None:
        """What is kept under the key. It is used now."""
        found = self._now.get(key)
        if found is None and self._before:
            found = self._before.pop(key, None)
            if found is not None:
                self._put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Keep it, instead of what was there."""
        if key in self._now:
            self._now[key] = value
        else:
            self._before.pop(key, None)
            self._put(key, value)

    def drop(self, key: K) -> None:
        """Forget it."""
        self._now.pop(key, None)
        self._before.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._now, self._before = {}, {}

    def _put(self, key: K, value: V) -> None:
        if len(self._now) >= self._half:
            self._before, self._now = self._now, {}
        self._now[key] = value
