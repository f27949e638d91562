"""The journal of responses: append-only, so it is what is graded and the audit trail in one.

One row is one save of one device session: a batch of item -> response, exactly the bytes that were sent.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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


class InGroup(msgspec.Struct, frozen=True):
    """A receipt as it is stored, in parts: what saves that became durable together share, and its place among them."""

    head: str
    """The JWS that signs the root of the group."""
    leaves: bytes
    """The hash of each receipt of the group, one after the other."""
    place: int


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
    """As it was given."""
    group: InGroup | None = None
    """Of one that is read again: what its receipt is made from. In rows from before receipts were kept, neither."""


class Attested(msgspec.Struct, frozen=True):
    """The receipts of saves that become durable together, and what is stored of them once for all."""

    head: str
    leaves: bytes
    texts: Sequence[str]
    """In the order of the saves; a save's place in the group is its place here."""


Attest = Callable[[Sequence[Saved]], Attested]


class Owned(msgspec.Struct, frozen=True, gc=False):
    """An attempt that is under lock: whose it is, and what decides whether a save counts."""

    org: str
    enrolment: str
    writable: Writable
    news: int


class Repeated(Exception):
    """Not all of a group could be written: these were there. Nothing is written then; it is decided again without."""

    def __init__(self, there: set[Key]) -> None:
        super().__init__(f"{len(there)} of the group were there")
        self.there = there


class Group:
    """Saves that become durable together: which of them count, and what each is told in the end."""

    def __init__(
        self, saves: Iterable[Save], attempts: Mapping[str, Owned], there: Collection[Key] = frozenset()
    ) -> None:
        """`attempts` are those of the saves that exist, under lock. The rule is `core.exams.attempt.admit`.

        `there` are saves that are known to have been written before, and so are not written again.
        """
        self._saves = list(saves)
        self._attempts = attempts
        self._there = there
        self.fresh: dict[Key, Saved] = {}
        """What is to be written, unless it is there already; in the order of their places in the group."""
        self.sent: dict[Key, Save] = {}
        """Those of `fresh`, as they came."""
        self.doubtful: set[Key] = set()
        """Those of `fresh` that may have been kept as late saves before: `set_aside` must hear which of them were."""
        self._refused: set[Key] = set()
        """Not those of attempts that nobody knows."""
        self._twins: list[int] = []
        """Who has the number of a save before it in the group."""
        self._keys = [(save.attempt, save.epoch, save.seq) for save in self._saves]
        self._meant = [self._take(number, save, self._keys[number]) for number, save in enumerate(self._saves)]
        """What each is told, unless the database knows better."""

    def _take(self, number: int, save: Save, key: Key) -> Saved | errors.Refusal:
        found = self._attempts.get(save.attempt)
        if found is None or found.org != save.org or found.enrolment != save.enrolment:
            return errors.NotFound(what="attempt", id=save.attempt)
        twin = self.fresh.get(key)
        if twin is not None:
            self._twins.append(number)
            return twin
        try:
            admitted = admit(found.writable, save.epoch, save.received_at)
        except errors.Refusal as refusal:
            self._refused.add(key)
            return refusal
        if key in self._there:
            self._refused.add(key)
            return errors.SequenceReused(seq=save.seq)
        saved = self.fresh[key] = Saved(
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
        self.sent[key] = save
        # What was late can only be in time when staff has moved the deadline since, and that is news.
        if found.news:
            self.doubtful.add(key)
        return saved

    def set_aside(self, late: Iterable[Key]) -> None:
        """These were kept as late saves, each with its receipt: they are not written here, whatever they hold now.

        They are told what they were told then, DeadlinePassed; who knows of late saves says the rest.
        """
        for key in set(late) & self.fresh.keys():
            deadline = self.fresh.pop(key).deadline
            del self.sent[key]
            self._refused.add(key)
            for number, meant in enumerate(self._meant):
                if self._keys[number] == key and isinstance(meant, Saved):
                    self._meant[number] = errors.DeadlinePassed(deadline=deadline)

    def attest(self, attest: Attest) -> Attested | None:
        """Give each that is to be written its receipt.

        None of them leaves the process before every one is written: one signature vouches for all, so whoever has a
        receipt could make one for a save beside it that was not.
        """
        if not self.fresh:
            return None
        saved = list(self.fresh.values())
        attested = attest(saved)
        for one, text in zip(saved, attested.texts, strict=True):
            # They are nobody else's yet, and a copy of each would cost as much as all the rest here.
            msgspec.structs.force_setattr(one, "receipt", text)
        return attested

    @property
    def to_look_up(self) -> set[Key]:
        """The saves that are not to be written now, and may have been before."""
        return self._refused

    def outcomes(self, stored: Mapping[Key, Saved]) -> list[Saved | Exception]:
        """For each save its facts or its refusal. What is stored counts before what was meant to be."""
        told: list[Saved | Exception] = list(self._meant)
        for number in range(len(told)) if stored else self._twins:
            outcome, save = told[number], self._saves[number]
            if isinstance(outcome, errors.NotFound):
                continue
            written = stored.get(self._keys[number])
            if written is not None:
                now = self._attempts[save.attempt]
                outcome = msgspec.structs.replace(written, deadline=now.writable.deadline, news=now.news)
            if isinstance(outcome, Saved) and outcome.digest != save.digest:
                outcome = errors.SequenceReused(seq=save.seq)
            told[number] = outcome
        return told
