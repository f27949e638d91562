"""What is being watched in this process."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from exam_service.services.ports import Bell

KEPT_SECONDS = 60.0
"""What nobody looked at for so long is forgotten."""


class Watched(Protocol):
    """Something that is looked at for many at once."""

    used: float
    """When it was asked for last, on the loop's clock."""

    def wake(self) -> None:
        """Look now, something has changed."""


W = TypeVar("W", bound=Watched)


class Watches:
    """Watched things by name, made when they are first asked for."""

    def __init__(self) -> None:
        self._watched: dict[str, Any] = {}
        self._listens = False

    def of(self, name: str, make: Callable[[], W]) -> W:
        """The one of that name."""
        now = asyncio.get_running_loop().time()
        for old in [key for key, one in self._watched.items() if now - one.used > KEPT_SECONDS]:
            del self._watched[old]
        found = self._watched.get(name)
        if found is None:
            found = self._watched[name] = make()
        found.used = now
        same: W = found
        return same

    def listen(self, bell: Bell, topic: str) -> None:
        """Be woken by the bell, whose payload is the name."""
        if not self._listens:
            self._listens = True
            bell.subscribe(topic, self.wake)

    def wake(self, name: str) -> None:
        """Wake the one of that name; everything when it is empty."""
        for key, one in self._watched.items():
            if name in ("", key):
                one.wake()
