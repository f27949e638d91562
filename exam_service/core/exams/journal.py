"""The journal of responses: append-only, so it is what is graded and the audit trail in one.

One row is one save of one device session: a batch of item -> response, exactly the bytes that were sent.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from exam_service.core import errors
from exam_service.core.exams.attempt import Writable, admit

Key = tuple[str, int, int]
"""(attempt, epoch, seq)"""


class Save(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of responses on its way to the journal."""

    org: str
    enrolment: str
    attempt: str
    epoch: int
    seq: int
    body: bytes
    """JSON of item -> response."""
    received_at: datetime

    @property
    def key(self) -> Key:
        return self.attempt, self.epoch, self.seq

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A save that is durable: the facts of its receipt. The same save sent again gets the same facts."""

    attempt: str
    epoch: int
    seq: int
    digest: bytes
    received_at: datetime
    seconds_left: int
    """At `received_at`."""
    in_grace: bool
    deadline: datetime
    """As it is now, so that the page can set its countdown anew; not a part of the receipt."""
    news: int = 0
    """As it is now: goes up when staff said or changed something."""
    late: bool = False
    held: bool = False
    receipt: str | None = None
    """As it was given; missing in rows from before receipts were kept."""


Attest = Callable[[Sequence[Saved]], Sequence[str]]
"""The receipts of saves that become durable together, in their order."""


class Owned(msgspec.Struct, frozen=True):
    """An attempt that is under lock: whose it is, and what decides whether a save counts."""

    org: str
    enrolment: str
    writable: Writable
    news: int


class Group:
    """Saves that become durable together: which of them count, and what each is told in the end."""

    def __init__(self, saves: Iterable[Save], attempts: Mapping[str, Owned]) -> None:
        """`attempts` are those of the saves that exist, under lock. The rule is `core.exams.attempt.admit`."""
        self._saves = list(saves)
        self._attempts = attempts
        self._refused: dict[int, errors.Refusal] = {}
        self.doubtful: set[Key] = set()
        """Those of `fresh` that may have been kept as late saves before: `set_aside` must hear which of them were."""
        self.fresh: dict[Key, Saved] = {}
        """What is to be written, unless it is there already."""
        self.bodies: dict[Key, bytes] = {}
        self.orgs: dict[Key, str] = {}
        for number, save in enumerate(self._saves):
            self._take(number, save)

    def _take(self, number: int, save: Save) -> None:
        found = self._attempts.get(save.attempt)
        if found is None or found.org != save.org or found.enrolment != save.enrolment:
            self._refused[number] = errors.NotFound(what="attempt", id=save.attempt)
            return
        key = save.key
        if key in self.fresh:
            return
        try:
            admitted = admit(found.writable, save.epoch, save.received_at)
        except errors.Refusal as refusal:
            self._refused[number] = refusal
            return
        self.fresh[key] = Saved(
            attempt=save.attempt,
            epoch=save.epoch,
            seq=save.seq,
            digest=save.digest,
            received_at=save.received_at,
            seconds_left=admitted.seconds_left,
            in_grace=admitted.in_grace,
            deadline=found.writable.deadline,
            news=found.news,
        )
        self.bodies[key] = save.body
        self.orgs[key] = save.org
        # What was late can only be in time when staff has moved the deadline since, and that is news.
        if found.news:
            self.doubtful.add(key)

    def set_aside(self, late: Iterable[Key]) -> None:
        """These were kept as late saves, each with its receipt: they are not written here, whatever they hold now.

        They are told what they were told then, DeadlinePassed; who knows of late saves says the rest.
        """
        for key in set(late) & self.fresh.keys():
            deadline = self.fresh.pop(key).deadline
            for number, save in enumerate(self._saves):
                if save.key == key and number not in self._refused:
                    self._refused[number] = errors.DeadlinePassed(deadline=deadline)

    def receipts(self, attest: Attest) -> dict[Key, str]:
        """The receipt of each that is to be written. None of them leaves the process before that is done."""
        return dict(zip(self.fresh, attest(list(self.fresh.values())), strict=True)) if self.fresh else {}

    def to_look_up(self, *, all_written: bool) -> set[Key]:
        """The saves that may have been written before: what was refused now, and, when not all of `fresh` could be
        written, those."""
        keys = {
            self._saves[number].key
            for number, refusal in self._refused.items()
            if not isinstance(refusal, errors.NotFound)
        }
        return keys if all_written else keys | self.fresh.keys()

    def outcomes(self, receipts: Mapping[Key, str], stored: Mapping[Key, Saved]) -> list[Saved | Exception]:
        """For each save its facts or its refusal. What is stored counts before what was meant to be."""
        answers: list[Saved | Exception] = []
        for number, save in enumerate(self._saves):
            refusal = self._refused.get(number)
            key = save.key
            saved = stored.get(key)
            if saved is not None and not isinstance(refusal, errors.NotFound):
                found = self._attempts[save.attempt]
                saved = msgspec.structs.replace(saved, deadline=found.writable.deadline, news=found.news)
            elif refusal is not None:
                answers.append(refusal)
                continue
            else:
                saved = msgspec.structs.replace(self.fresh[key], receipt=receipts[key])
            answers.append(saved if saved.digest == save.digest else errors.SequenceReused(seq=save.seq))
        return answers
