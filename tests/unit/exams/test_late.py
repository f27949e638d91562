"""What becomes of responses that arrive late: by policy, by what their device says, and by what the server knows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.late import SENTENCES, Anchor, Evidence, Why, judge

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DEADLINE = START + 60 * MINUTE
ARRIVED = DEADLINE + 10 * MINUTE
LAST_SEEN = DEADLINE - 5 * MINUTE


def attempt(policy: str, **more: Any) -> Attempt:
    base = Attempt(
        id="a", enrolment="e", course_version="c", exam="x", number=1, state=State.in_progress, started_at=START,
        deadline=DEADLINE, grace_seconds=30, epoch=1, late_responses="hold",
        late_seconds=1800 if policy == "accept" else 0,
    )  # fmt: skip
    return msgspec.structs.replace(base, late_responses=policy, **more)


def evidence(
    answered_ago: timedelta = 12 * MINUTE, contact_ago: timedelta | None = 15 * MINUTE, **more: Any
) -> Evidence:
    found = Evidence(
        answered_ago_ms=answered_ago // timedelta(milliseconds=1), monotonic=True, after_receipt=3,
        contact_ago_ms=None if contact_ago is None else contact_ago // timedelta(milliseconds=1), queued=1,
    )  # fmt: skip
    return msgspec.structs.replace(found, **more)


ANCHOR = Anchor(receipt_at=LAST_SEEN, contact_at=LAST_SEEN)
SECOND = timedelta(seconds=1)


def again(ago: timedelta, last_waiting: int) -> Anchor:
    """Of a device that came back so long ago, and could send no higher number from what waited on it."""
    return Anchor(receipt_at=LAST_SEEN, contact_at=ARRIVED - SECOND, again_at=ARRIVED - ago, last_waiting=last_waiting)


CASES: list[tuple[str, Evidence | None, Anchor, str, Why]] = [
    ("refuse", evidence(), ANCHOR, "refuse", Why.policy_refuses),
    ("refuse", None, ANCHOR, "refuse", Why.policy_refuses),
    ("accept", None, ANCHOR, "refuse", Why.no_evidence),
    ("hold", None, ANCHOR, "refuse", Why.no_evidence),
    ("accept", evidence(), ANCHOR, "accept", Why.in_time),
    ("hold", evidence(), ANCHOR, "hold", Why.policy_holds),
    # Given at the deadline is given late; a millisecond before is not.
    ("accept", evidence(10 * MINUTE), ANCHOR, "refuse", Why.answered_late),
    ("hold", evidence(10 * MINUTE), ANCHOR, "refuse", Why.answered_late),
    ("accept", evidence(10 * MINUTE + timedelta(milliseconds=1)), ANCHOR, "accept", Why.in_time),
    # The page was restarted, or nothing ties its clock to ours: staff decides.
    ("accept", evidence(monotonic=False), ANCHOR, "hold", Why.clock_restarted),
    ("accept", evidence(2 * MINUTE, monotonic=False), ANCHOR, "hold", Why.clock_restarted),
    ("accept", evidence(contact_ago=None), ANCHOR, "hold", Why.not_anchored),
    ("accept", evidence(), Anchor(receipt_at=None, contact_at=None), "hold", Why.not_anchored),
    # Longer ago than the receipt that it had by then; a slow line and a clock that is off by a hundredth are allowed.
    ("accept", evidence(16 * MINUTE), ANCHOR, "hold", Why.contradicts),
    ("accept", evidence(contact_ago=16 * MINUTE), ANCHOR, "hold", Why.contradicts),
    ("accept", evidence(15 * MINUTE + 14 * SECOND), ANCHOR, "accept", Why.in_time),
    ("accept", evidence(15 * MINUTE + 15 * SECOND), ANCHOR, "hold", Why.contradicts),
    # Heard from us since, as a page does that asks for news or has sent the save before: nothing is wrong with that.
    ("accept", evidence(contact_ago=1 * SECOND), ANCHOR, "accept", Why.in_time),
    # Answered by us since, and says that it was not: that cannot be.
    ("accept", evidence(), Anchor(receipt_at=LAST_SEEN, contact_at=ARRIVED - MINUTE), "hold", Why.contradicts),
    ("accept", evidence(), Anchor(receipt_at=LAST_SEEN, contact_at=ARRIVED - 16 * MINUTE), "accept", Why.in_time),
    # Came back a while ago, or had nothing more waiting when it came back.
    ("accept", evidence(contact_ago=SECOND), again(2 * MINUTE, 4), "accept", Why.in_time),
    ("accept", evidence(contact_ago=SECOND), again(2 * MINUTE, 3), "hold", Why.connected_before),
    ("accept", evidence(contact_ago=SECOND), again(2 * MINUTE + SECOND, 9), "hold", Why.connected_before),
    ("hold", evidence(contact_ago=SECOND), again(2 * MINUTE + SECOND, 3), "hold", Why.connected_before),
    ("accept", evidence(10 * MINUTE, SECOND), again(SECOND, 3), "refuse", Why.answered_late),
    # The same with responses that look late: the clock of a phone that slept says so too.
    ("accept", evidence(2 * MINUTE, 1 * MINUTE), ANCHOR, "hold", Why.clock_uncertain),
    ("hold", evidence(2 * MINUTE, 1 * MINUTE), ANCHOR, "hold", Why.clock_uncertain),
    ("accept", evidence(2 * MINUTE), Anchor(receipt_at=LAST_SEEN, contact_at=None), "hold", Why.clock_uncertain),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[0]}-{case[4]}" for n, case in enumerate(CASES)])
def test_the_table(case: tuple[str, Evidence | None, Anchor, str, Why]) -> None:
    policy, said, anchor, decision, why = case
    verdict = judge(attempt(policy), said, 4, ARRIVED, anchor)
    assert (verdict.decision, verdict.why) == (decision, why)
    if said is not None:
        assert verdict.answered_at == ARRIVED - timedelta(milliseconds=said.answered_ago_ms)


def test_the_time_within_which_they_are_accepted_ends() -> None:
    last = DEADLINE + 30 * MINUTE
    anchor = Anchor(receipt_at=LAST_SEEN, contact_at=LAST_SEEN)
    said = evidence(31 * MINUTE, 35 * MINUTE)
    assert judge(attempt("accept"), said, 4, last - SECOND, anchor).decision == "accept"
    assert judge(attempt("accept"), said, 4, last, anchor).why is Why.too_late


def test_what_was_graded_meanwhile_is_not_changed_without_staff() -> None:
    ended = {"ended_by": State.submitted, "ended_at": DEADLINE - MINUTE}
    handed_in = attempt("accept", state=State.graded, **ended)
    assert judge(handed_in, evidence(), 4, ARRIVED, ANCHOR).why is Why.already_graded
    assert judge(handed_in, evidence(10 * MINUTE + 30 * SECOND), 4, ARRIVED, ANCHOR).why is Why.answered_late


def test_every_reason_has_its_sentence_in_both_languages() -> None:
    assert set(SENTENCES) == set(Why)
    assert all(text.th and text.en for text in SENTENCES.values())


LONG = st.integers(0, 10**7).map(lambda ms: timedelta(milliseconds=ms))


@given(
    st.sampled_from(["refuse", "accept", "hold"]), LONG, st.none() | LONG, st.booleans(), st.none() | LONG,
    st.integers(30, 7200),
)  # fmt: skip
def test_only_what_fits_the_servers_own_facts_counts_by_itself(
    policy: str, answered: timedelta, contact: timedelta | None, monotonic: bool, receipt: timedelta | None,
    late: int,
) -> None:  # fmt: skip
    arrived = DEADLINE + late * SECOND
    at = None if receipt is None else arrived - receipt
    verdict = judge(
        attempt(policy),
        evidence(answered, contact, monotonic=monotonic),
        4,
        arrived,
        Anchor(receipt_at=at, contact_at=at),
    )
    if verdict.decision == "accept":
        assert policy == "accept"
        assert monotonic
        assert receipt is not None
        assert arrived - answered < DEADLINE
        assert arrived < DEADLINE + 30 * MINUTE
        assert answered <= receipt + 5 * SECOND + receipt / 100
    if verdict.decision == "hold":
        assert policy != "refuse"


@given(st.integers(0, 3000), st.integers(1, 3000), st.integers(0, 1500), st.floats(-0.009, 0.009))
def test_an_honest_device_whose_clock_runs_a_little_wrong_is_believed(
    seen_before: int, answered_after: int, late: int, drift: float
) -> None:
    """It was connected, gave its responses offline before the deadline, and came back within the time allowed."""
    receipt_at = DEADLINE - (seen_before + answered_after) * SECOND
    answered_at = receipt_at + seen_before * SECOND
    arrived = DEADLINE + (30 + late) * SECOND
    measured = 1 + drift
    said = evidence((arrived - answered_at) * measured, (arrived - receipt_at) * measured)
    verdict = judge(attempt("accept"), said, 4, arrived, Anchor(receipt_at=receipt_at, contact_at=receipt_at))
    just_in_time = abs(DEADLINE - answered_at) <= (arrived - answered_at) * 0.01
    assert verdict.decision == "accept" or just_in_time


class Server:
    """What a server knows of one device session, kept as the store does it."""

    def __init__(self, last_seen: datetime) -> None:
        self.seq, self.last_seen, self.late = 3, last_seen, list[tuple[int, datetime, int]]()

    def receive(self, said: Evidence, at: datetime) -> str:
        self.seq += 1
        heard = [at for _, at, _ in self.late]
        anchor = Anchor(
            receipt_at=self.last_seen, contact_at=max(heard, default=self.last_seen),
            again_at=min(heard, default=None), last_waiting=min((n + q - 1 for n, _, q in self.late), default=None),
        )  # fmt: skip
        self.late.append((self.seq, at, said.queued))
        return judge(attempt("accept"), said, self.seq, at, anchor).decision


@given(
    st.integers(30, 1500), st.lists(st.integers(1, 299_000), min_size=1, max_size=60).map(sorted),
    st.lists(st.integers(50, 1900), min_size=60, max_size=60),
)  # fmt: skip
def test_all_that_waited_on_an_honest_device_counts_when_it_comes_back(
    late: int, answered: list[int], trips: list[int]
) -> None:
    """Its page sends one after the other, each when the answer to the one before is there."""
    last_seen, at = DEADLINE - 300 * SECOND, DEADLINE + late * SECOND
    server, heard = Server(last_seen), last_seen
    for number, ms in enumerate(answered):
        given_at = last_seen + timedelta(milliseconds=ms)
        said = evidence(at - given_at, at - heard, queued=len(answered) - number)
        assert server.receive(said, at) == "accept"
        heard = at + timedelta(milliseconds=trips[number] // 2)
        at += timedelta(milliseconds=trips[number])


@given(
    st.integers(30, 1500), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3000)), min_size=1, max_size=40),
    st.integers(1, 50),
)  # fmt: skip
def test_a_connected_device_has_no_more_time_than_a_replay_takes(
    late: int, saves: list[tuple[int, int]], queued: int
) -> None:
    """Whatever it says of its last contact, once it was answered after the end."""
    server, at = Server(DEADLINE - 60 * SECOND), DEADLINE + late * SECOND
    first, counted = at, 0
    for wait, contact in saves:
        said = evidence(at - DEADLINE + SECOND, contact * SECOND, queued=queued)
        if server.receive(said, at) == "accept":
            counted += 1
            assert at - first <= 2 * MINUTE
        at += wait * SECOND
    assert counted <= queued
