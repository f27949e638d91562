"""How one candidate of the simulated day behaves: as the page does, with patience, and remembering what it was told."""

import hashlib
import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import msgspec

from bench import scripts
from bench.client import WAIT, Answer, Ask, Refused, Script, clock, get, good, post


@dataclass(frozen=True)
class Plan:
    """How the day goes, in the candidates' own time."""

    candidates: int
    speed: float
    """Their seconds in one of ours."""
    minutes: float = 30.0
    """From a candidate's start to the hand-in."""
    arrive_seconds: float = 60.0
    save_seconds: float = 30.0
    drop_out: float = 0.05
    change_device: float = 0.01
    questions: int = 5000


@dataclass
class Told:
    """What the service said to one candidate, for the comparison with what it stored."""

    attempt: str = ""
    saved: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """(epoch, seq) -> digest of the responses that were acknowledged."""
    handed_in: bool = False


class _View(msgspec.Struct):
    attempt: str
    epoch: int
    state: str
    saved_seq: int


_view = msgspec.json.Decoder(_View)
_Step = Generator[Ask, Answer, Answer]


@dataclass
class Day:
    """Everybody's behaviour, and what they met."""

    plan: Plan
    latencies: dict[str, list[float]] = field(default_factory=lambda: {"start": [], "save": [], "submit": []})
    refusals: dict[int, int] = field(default_factory=dict)
    told_wrong: list[str] = field(default_factory=list)
    """What a page was told that is not true."""
    dropped_out: int = 0
    changed_device: int = 0

    def arrivals(self, tokens: list[str], told: list[Told]) -> Iterator[tuple[float, Script]]:
        """Everybody within the minute of arriving, at random moments."""
        dice = random.Random(len(tokens))
        begin, span = clock() + 0.2, self.plan.arrive_seconds / self.plan.speed
        moments = sorted(begin + dice.random() * span for _ in tokens)
        for moment, token, one in zip(moments, tokens, told, strict=True):
            yield moment, self._candidate(moment, token, one, random.Random(dice.random()))

    def _candidate(self, begin: float, token: str, told: Told, dice: random.Random) -> Script:
        plan = self.plan
        view = _view.decode(good((yield from self._asked("start", scripts.start_request(token), begin))).body)
        told.attempt, epoch, seq = view.attempt, view.epoch, 0
        own = f"/v1/candidate/attempts/{view.attempt}"
        good((yield from self._asked("", get(f"{own}/paper", token))))
        head = scripts.save_head(view.attempt, token)
        every = plan.save_seconds / plan.speed
        count = int(plan.minutes * 60 / plan.save_seconds)
        drops = dice.randrange(1, count) if dice.random() < plan.drop_out else 0
        changes = dice.randrange(1, count) if dice.random() < plan.change_device else 0
        due = clock() + every * dice.random()
        for number in range(count):
            if number and number == drops:
                self.dropped_out += 1
                due += 60 * dice.uniform(1, 4) / plan.speed
                back = _view.decode(good((yield from self._asked("", get(own, token), due))).body)
                self._expect(back.saved_seq == seq and back.epoch == epoch, "who returned was told another save", own)
            if number and number == changes:
                self.changed_device += 1
                old, epoch = epoch, (yield from self._change(token, due))
                late = yield from self._asked("", scripts.save_request(head, old, seq + 1))
                self._expect(late.status == 409, "the old device could still save", own)
                seq = 0
            seq += 1
            answer = yield from self._asked("save", scripts.save_request(head, epoch, seq), due)
            good(answer)
            told.saved[epoch, seq] = digest(epoch, seq)
            due = max(due + every * dice.uniform(0.9, 1.1), clock())
        handed = _view.decode(good((yield from self._asked("submit", _submit(own, epoch, token), due))).body)
        told.handed_in = True
        self._expect(handed.state == "graded", "who handed in was not graded", own)

    def _change(self, token: str, due: float) -> Generator[Ask, Answer, int]:
        """Start on another device: the same attempt, another epoch."""
        return _view.decode(good((yield from self._asked("", scripts.start_request(token), due))).body).epoch

    def _asked(self, kind: str, request: bytes, due: float = 0.0) -> _Step:
        """The answer, after as many refusals as it takes; latency counts from the first time it was due."""
        first = due or clock()
        answer = yield Ask(request, due)
        while answer.status in WAIT:
            self.refusals[answer.status] = self.refusals.get(answer.status, 0) + 1
            if clock() - first > 300:
                raise Refused(f"refused for five minutes: {answer.body!r}")
            answer = yield Ask(request, clock() + max(0.2, answer.retry_after))
        if kind:
            self.latencies[kind].append(clock() - max(first, 0.0))
        return answer

    def _expect(self, true: bool, otherwise: str, where: str) -> None:
        if not true:
            self.told_wrong.append(f"{otherwise}: {where}")


def digest(epoch: int, seq: int) -> bytes:
    """SHA-256 of the responses of a save, as its receipt holds it."""
    body = scripts.save_body(epoch, seq)
    return hashlib.sha256(body[body.index(b'"responses":') + 12 : -1]).digest()


def _submit(own: str, epoch: int, token: str) -> bytes:
    return post(f"{own}/submit", b'{"epoch":%d}' % epoch, token)
