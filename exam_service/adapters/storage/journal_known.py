"""What the journal has read of attempts, so that it can decide about a save before it asks the database."""

from collections.abc import Collection, Iterable, Mapping

from exam_service.core.exams.attempt import State
from exam_service.core.exams.journal import Owned

MOST = 20_000
"""Some 350 bytes each."""


class Known:
    """The facts of attempts as they were when they were last read under lock. Who decides by them asks if they hold.

    Kept only of those that run and about which there is no news: saves of others need more than one look.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._facts: dict[str, Owned] = {}

    def of(self, attempts: Iterable[str]) -> Mapping[str, Owned]:
        """What is known, of those of which anything is."""
        facts = self._facts
        return {attempt: facts[attempt] for attempt in attempts if attempt in facts}

    def forget(self) -> None:
        """Any of it may have changed."""
        self._facts.clear()

    def keep(self, asked: Collection[str], found: Mapping[str, Owned]) -> None:
        """What was found of those that were asked for; who was read longest ago is forgotten for it."""
        for attempt in asked:
            self._facts.pop(attempt, None)
            owned = found.get(attempt)
            if owned is not None and owned.writable.state is State.in_progress and not owned.news:
                self._facts[attempt] = owned
        while len(self._facts) > self._most:
            del self._facts[next(iter(self._facts))]
