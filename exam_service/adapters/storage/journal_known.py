"""What the journal has read of attempts, so that it can decide about a save before it asks the database."""

from collections.abc import Iterable, Mapping, Sequence
from sys import intern

from exam_service.core.exams.attempt import State
from exam_service.core.exams.journal import Attest, Group, Owned, Save, Saved
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

    def keep(self, saves: Iterable[Save], found: Mapping[str, Owned]) -> None:
        """What was found of the attempts of these saves."""
        for save in saves:
            owned = found.get(save.attempt)
            if owned is None or owned.writable.state is not State.in_progress or owned.news:
                self._facts.drop(save.attempt)
                continue
            # The same texts, which others keep too, and not some of its own.
            enrolment = save.enrolment if owned.enrolment == save.enrolment else owned.enrolment
            owned = Owned(intern(owned.org), enrolment, owned.writable, owned.news)
            self._facts.put(save.attempt, owned)


class Ahead:
    """Saves that are decided by what is known of their attempts, before the database is asked whether it holds.

    None of the others is decided here: of what is refused, repeated, changed or locked, facts under lock tell.
    """

    def __init__(self, saves: Sequence[Save], known: Known, attest: Attest) -> None:
        self.known = known.of(save.attempt for save in saves)
        self._count = len(saves)
        self._numbers = [number for number, save in enumerate(saves) if save.attempt in self.known]
        self.group = Group((saves[number] for number in self._numbers), self.known)
        self.attested = self.group.attest(attest)
        """None when there is nothing to write."""

    def told(self, *, written: bool) -> list[Saved | Exception | None]:
        """What each is told when they were written, or were not; None of those that have yet to be decided."""
        told: list[Saved | Exception | None] = [None] * self._count
        if written:
            for number, outcome in zip(self._numbers, self.group.outcomes({}), strict=True):
                if isinstance(outcome, Saved):
                    told[number] = outcome
        return told
