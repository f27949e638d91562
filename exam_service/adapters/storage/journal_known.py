"""What the journal has read of attempts, so that it can decide about a save before it asks the database."""

from collections.abc import Collection, Iterable, Mapping

from exam_service.core.exams.attempt import State
from exam_service.core.exams.journal import Owned
from exam_service.core.recent import Recent

MOST = 250_000
"""Some 300 bytes each; never fewer than half of them: a save of an attempt that is not known costs another question."""


class Known:
    """The facts of attempts as they were when they were last read under lock. Who decides by them asks if they hold.

    Kept only of those that run and about which there is no news: saves of others need more than one look.
    """

    def __init__(self, most: int = MOST) -> None:
        self._facts: Recent[str, Owned] = Recent(most)

    def of(self, attempts: Iterable[str]) -> Mapping[str, Owned]:
        """What is known, of those of which anything is."""
        found = ((attempt, self._facts.get(attempt)) for attempt in attempts)
        return {attempt: owned for attempt, owned in found if owned is not None}

    def forget(self) -> None:
        """Any of it may have changed."""
        self._facts.clear()

    def keep(self, asked: Collection[str], found: Mapping[str, Owned]) -> None:
        """What was found of those that were asked for."""
        for attempt in asked:
            owned = found.get(attempt)
            if owned is not None and owned.writable.state is State.in_progress and not owned.news:
                self._facts.put(attempt, owned)
            else:
                self._facts.drop(attempt)
