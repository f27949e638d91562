"""What an attempt is, said once more in the plainest way: facts in memory and a clock, without storage or sweepers.

The service is right when it answers as this does. Every method says what the answer is: "yes", or the code of the
refusal.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

LIMIT = timedelta(minutes=30)
GRACE = timedelta(seconds=30)


@dataclass
class ModelAttempt:
    """One attempt; `held` is what was acknowledged, by device session and number."""

    number: int
    started: datetime
    deadline: datetime
    epoch: int = 1
    given: timedelta = timedelta()
    """By staff."""
    ended: datetime | None = None
    """When it was handed in; by hand after the deadline it is the deadline."""
    ran_out: bool = False
    voided: bool = False
    revisions: int = 0
    held: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    kept: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    """What was refused as too late, and is kept all the same."""

    @property
    def closes(self) -> datetime:
        return self.deadline + GRACE

    @property
    def responses(self) -> dict[str, Any]:
        """By device session and number, in whatever order they arrived."""
        return {item: value for key in sorted(self.held) for item, value in self.held[key].items()}

    def pass_(self, now: datetime) -> None:
        """Time alone: an attempt that has closed is over for good, at its deadline."""
        if not self.voided and self.ended is None and now >= self.closes:
            self._end(self.deadline, ran_out=True)

    def state(self, now: datetime) -> str:
        if self.voided:
            return "voided"
        if self.ended is not None:
            return "graded"
        return "in_progress" if now < self.deadline else "expired"

    def runs(self, now: datetime) -> bool:
        return self.state(now) == "in_progress"

    def why_ended(self, now: datetime) -> str:
        if self.voided:
            return "attempt-voided"
        return "deadline-passed" if self.ran_out or self.ended is None else "attempt-ended"

    def open(self, now: datetime) -> str:
        if not self.runs(now):
            return self.why_ended(now)
        self.epoch += 1
        return "yes"

    def save(self, epoch: int, seq: int, responses: dict[str, Any], now: datetime) -> str:
        if (epoch, seq) in self.held:
            return "yes" if self.held[epoch, seq] == responses else "sequence-reused"
        if self.voided:
            return self._keep(epoch, seq, responses, "attempt-voided")
        if epoch != self.epoch:
            return "moved-to-other-device"
        if now >= self.closes:
            return self._keep(epoch, seq, responses, "deadline-passed")
        if self.ended is not None:
            return "attempt-ended"
        self.held[epoch, seq] = responses
        return "yes"

    def submit(self, epoch: int, now: datetime) -> str:
        if self.voided:
            return "attempt-voided"
        if self.ended is None:
            if epoch != self.epoch:
                return "moved-to-other-device"
            self._end(min(now, self.deadline), ran_out=now >= self.deadline)
        return "yes"

    def void(self) -> str:
        self.voided = True
        return "yes"

    def accommodate(self, extra: timedelta, now: datetime) -> None:
        """More time for the person, or less again; what has been acknowledged in time stays in time."""
        if not self.voided and self.ended is None:
            wanted = self.started + LIMIT + extra + self.given
            self.deadline = max(wanted, min(now, self.deadline))

    def give(self, more: timedelta, now: datetime, other_runs: bool) -> str:
        if self.voided or (self.ended is not None and not self.ran_out):
            return self.why_ended(now)
        if other_runs and not self.runs(now):
            return "other-attempt-running"
        if self.ended is not None:
            self._again()
        self._until(max(self.deadline, now) + more)
        return "yes"

    def reopen(self, more: timedelta, now: datetime, other_runs: bool) -> str:
        if self.runs(now):
            return "attempt-running"
        if other_runs:
            return "other-attempt-running"
        self._again()
        self._until(now + more)
        return "yes"

    def _keep(self, epoch: int, seq: int, responses: dict[str, Any], refusal: str) -> str:
        """Its number is used, as that of one that counts."""
        return refusal if self.kept.setdefault((epoch, seq), responses) == responses else "sequence-reused"

    def _again(self) -> None:
        self.epoch, self.ended, self.ran_out, self.voided = self.epoch + 1, None, False, False

    def _until(self, moment: datetime) -> None:
        """At least until then, by whole seconds."""
        more = timedelta(seconds=max(0, -((self.deadline - moment) // timedelta(seconds=1))))
        self.deadline, self.given = self.deadline + more, self.given + more

    def _end(self, at: datetime, *, ran_out: bool) -> None:
        self.ended, self.ran_out, self.revisions = at, ran_out, self.revisions + 1


@dataclass
class ModelCandidate:
    """One candidate at one exam that may be taken again and again."""

    attempts: list[ModelAttempt] = field(default_factory=list)
    extra: timedelta = timedelta()

    def pass_(self, now: datetime) -> None:
        for attempt in self.attempts:
            attempt.pass_(now)

    def running(self, now: datetime) -> ModelAttempt | None:
        """The one that runs. There is never a second."""
        found = [attempt for attempt in self.attempts if attempt.runs(now)]
        assert len(found) < 2
        return found[0] if found else None

    def start(self, now: datetime) -> ModelAttempt | None:
        """The one that runs, opened here; or another; or none while responses to one that ran out may still arrive."""
        found = self.running(now)
        if found is None and any(attempt.state(now) == "expired" for attempt in self.attempts):
            return None
        if found is None:
            found = ModelAttempt(len(self.attempts) + 1, now, now + LIMIT + self.extra)
            self.attempts.append(found)
        else:
            found.open(now)
        return found

    def other_runs(self, attempt: ModelAttempt, now: datetime) -> bool:
        return self.running(now) not in (None, attempt)

    def accommodate(self, extra: timedelta, now: datetime) -> None:
        if extra == self.extra:
            # Nothing is said that was not so before.
            return
        self.extra = extra
        for attempt in self.attempts:
            # One whose time is up stays so when another has been begun since.
            if attempt.runs(now) or not self.other_runs(attempt, now):
                attempt.accommodate(extra, now)
