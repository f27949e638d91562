"""What is being watched in this process."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class Seats:
    """How many streams are open, so that nobody takes the room of all others."""

    MOST_OF_ONE = 8
    """Of one API key, or of one staff link: a person with some windows, of which a few have just been closed."""
    MOST_OF_ORGANISATION = 100

    def __init__(self) -> None:
        self._of_one: Counter[str] = Counter()
        self._of_organisation: Counter[str] = Counter()

    def free(self, org: str, who: str) -> bool:
        """Whether there is room for one more of theirs."""
        return self._of_one[who] < self.MOST_OF_ONE and self._of_organisation[org] < self.MOST_OF_ORGANISATION

    @contextmanager
    def taken(self, org: str, who: str) -> Iterator[None]:
        """One seat, for as long as the block lasts."""
        self._of_one[who] += 1
        self._of_organisation[org] += 1
        try:
            yield
        finally:
            # What is zero is forgotten, so that the names of years do not gather.
            for seats, name in ((self._of_one, who), (self._of_organisation, org)):
                seats[name] -= 1
                if not seats[name]:
                    del seats[name]


class Watches:
    """Watched things by name, made when they are first asked for."""

    def __init__(self) -> None:
        self._watched: dict[str, Any] = {}
        self._listens = False
        self.seats = Seats()

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
