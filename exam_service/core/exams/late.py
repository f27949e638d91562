"""Responses that arrive after the deadline and its grace: what their device says of them, and what becomes of them.

A device that was offline says how long ago the responses were given. Whether that can be is checked against what the
server knows itself: when it answered this device before. Nobody can prove when a response was given; what is decided by
itself is only what fits together, and the rest is for staff to decide, with the evidence before them.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.text import Text

LATENCY = timedelta(seconds=5)
"""So long an answer of ours may take to arrive."""
DRIFT = 0.01
"""The clock of a phone that runs by this much wrong is still believed."""
REPLAY = timedelta(minutes=2)
"""So long a device that is heard again may take to send what waited on it; what comes after that may be new."""

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=10**11)]


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device says of a save that it could not send at once."""

    answered_ago_ms: Milliseconds
    """Since the newest response in it was given."""
    monotonic: bool
    """One running clock of the page measured that; else the page was opened anew, and the device's clock says so."""
    after_receipt: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
    """The number of the last save of this device session that had its receipt when the response was given; 0: none."""
    contact_ago_ms: Milliseconds | None
    """Since the device last heard from the server, if it knows."""
    queued: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
    """How many saves wait on the device, this one among them."""

    def answered_at(self, received_at: datetime) -> datetime:
        """When the newest response was given, by the device's account, on the server's clock."""
        return received_at - timedelta(milliseconds=self.answered_ago_ms)


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """What the server knows of the same device session, by its own clock."""

    receipt_at: datetime | None
    """When it received the save `after_receipt`; the start of the attempt when that is 0 in the first session."""
    contact_at: datetime | None
    """When it last received a save that it answered with a receipt. The next number is only used by who has that."""
    again_at: datetime | None = None
    """When it first received one after the deadline: from then on the device was connected."""
    last_waiting: int | None = None
    """The highest number that can have been waiting on the device by what it said with the late saves before."""


class Why(StrEnum):
    """What decided about a late save. `judge` never says `voided` or `time-given`: they stand in its place."""

    in_time = "in-time"
    policy_refuses = "policy-refuses"
    no_evidence = "no-evidence"
    too_late = "too-late"
    answered_late = "answered-late"
    policy_holds = "policy-holds"
    already_graded = "already-graded"
    clock_restarted = "clock-restarted"
    clock_uncertain = "clock-uncertain"
    not_anchored = "not-anchored"
    contradicts = "contradicts"
    connected_before = "connected-before"
    other_device = "other-device"
    voided = "voided"
    time_given = "time-given"


REFUSING = frozenset({Why.policy_refuses, Why.no_evidence, Why.too_late, Why.answered_late, Why.voided})
"""What a policy refuses for; the others hold for staff, but for `in-time`."""

SENTENCES: dict[Why, Text] = {
    Why.in_time: Text(
        en="Given in time by all that is known, and arrived within the time that the exam allows.",
        th="ตอบทันเวลาตามข้อมูลทั้งหมดที่มี และมาถึงภายในเวลาที่การสอบนี้กำหนด",
    ),
    Why.policy_refuses: Text(
        en="This exam does not count responses that arrive late.",
        th="การสอบนี้ไม่นับคำตอบที่มาถึงช้า",
    ),
    Why.no_evidence: Text(
        en="Nothing says that the responses were given before the deadline.",
        th="ไม่มีข้อมูลที่บอกว่าตอบก่อนหมดเวลา",
    ),
    Why.too_late: Text(
        en="They arrived after the time within which this exam accepts late responses.",
        th="มาถึงหลังช่วงเวลาที่การสอบนี้รับคำตอบที่มาช้า",
    ),
    Why.answered_late: Text(
        en="By the device's own account the responses were given after the end.",
        th="ตามข้อมูลของอุปกรณ์เอง คำตอบนี้ตอบหลังสิ้นสุดการสอบ",
    ),
    Why.policy_holds: Text(
        en="In this exam staff decides about responses that arrive late.",
        th="การสอบนี้ให้เจ้าหน้าที่เป็นผู้พิจารณาคำตอบที่มาถึงช้า",
    ),
    Why.already_graded: Text(
        en="They came in time by all that is known, but the attempt had been graded before.",
        th="ตอบทันเวลาตามข้อมูลทั้งหมดที่มี แต่ตรวจการสอบครั้งนี้ไปก่อนแล้ว",
    ),
    Why.clock_restarted: Text(
        en="The page was opened anew in between, so the device's own clock says when, and that can be set.",
        th="มีการเปิดหน้าสอบใหม่ระหว่างนั้น เวลาที่ตอบจึงมาจากนาฬิกาของอุปกรณ์ซึ่งตั้งเองได้",
    ),
    Why.clock_uncertain: Text(
        en="The device's clock may have stood still, as it does on a phone that sleeps.",
        th="นาฬิกาของอุปกรณ์อาจหยุดเดิน เช่น ขณะที่โทรศัพท์พักเครื่อง",
    ),
    Why.not_anchored: Text(
        en="No receipt of the server shows when the device was last connected.",
        th="ไม่มีใบรับของระบบที่บอกว่าอุปกรณ์เชื่อมต่อครั้งสุดท้ายเมื่อใด",
    ),
    Why.contradicts: Text(
        en="What the device says does not fit the receipts that it had.",
        th="ข้อมูลที่อุปกรณ์แจ้งไม่ตรงกับใบรับที่อุปกรณ์ได้รับไปแล้ว",
    ),
    Why.connected_before: Text(
        en="The device had been connected again before, and these were not among the responses that waited on it then.",
        th="ก่อนหน้านี้อุปกรณ์เชื่อมต่อได้อีกครั้งแล้ว และคำตอบนี้ไม่ได้อยู่ในคำตอบที่รอส่งอยู่ในตอนนั้น",
    ),
    Why.other_device: Text(
        en="They come from a device that the candidate had left for another one, which may have answered differently.",
        th="คำตอบนี้มาจากอุปกรณ์เครื่องก่อน ซึ่งผู้สอบเปลี่ยนไปใช้เครื่องอื่นแล้ว และเครื่องนั้นอาจตอบไว้ต่างกัน",
    ),
    Why.voided: Text(
        en="The attempt had been voided when they arrived; they are kept in case staff reopens it.",
        th="การสอบครั้งนี้ถูกยกเลิกแล้วเมื่อคำตอบมาถึง ระบบเก็บคำตอบไว้เผื่อเจ้าหน้าที่เปิดให้สอบต่อ",
    ),
    Why.time_given: Text(
        en="Staff gave time after they had arrived, and the device sent them again within it.",
        th="เจ้าหน้าที่ให้เวลาเพิ่มหลังจากคำตอบมาถึง และอุปกรณ์ส่งคำตอบเดิมมาอีกครั้งภายในเวลานั้น",
    ),
}


class LateCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many late saves of an attempt wait for staff, count, and do not count."""

    held: int
    accepted: int
    refused: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a late save, and why."""

    decision: Literal["accept", "hold", "refuse"]
    why: Why
    answered_at: datetime | None = None
    """By the device's account, on the server's clock."""


def judge(
    attempt: Attempt, evidence: Evidence | None, seq: int, received_at: datetime, anchor: Anchor, *, left: bool = False
) -> Verdict:
    """What becomes of a save that `admit` refused because the deadline and its grace had passed.

    `refuse` refuses; so does every policy what came without evidence, or was given late by a clock that is right.
    `accept` accepts what fits together and arrives in time, and holds for staff what does not fit or comes after the
    grading, or from a device that was `left` for another one. `hold` holds the rest.
    """
    if attempt.late_responses == "refuse":
        answered = None if evidence is None else evidence.answered_at(received_at)
        return Verdict(decision="refuse", why=Why.policy_refuses, answered_at=answered)
    if evidence is None:
        return Verdict(decision="refuse", why=Why.no_evidence)
    answered_at = evidence.answered_at(received_at)
    weak = _weakness(evidence, received_at, anchor)
    if answered_at >= _end(attempt):
        # A clock that stood still makes a response look later than it was. So only a clock that is right convicts.
        weak = weak or _uncertainty(evidence, received_at, anchor)
        if weak is None:
            return Verdict(decision="refuse", why=Why.answered_late, answered_at=answered_at)
        return Verdict(decision="hold", why=weak, answered_at=answered_at)
    weak = weak or _connected(evidence, seq, received_at, anchor) or (Why.other_device if left else None)
    if attempt.late_responses == "hold":
        return Verdict(decision="hold", why=weak or Why.policy_holds, answered_at=answered_at)
    if received_at >= attempt.deadline + timedelta(seconds=attempt.late_seconds):
        return Verdict(decision="refuse", why=Why.too_late, answered_at=answered_at)
    if weak is None and attempt.state is State.in_progress:
        return Verdict(decision="accept", why=Why.in_time, answered_at=answered_at)
    return Verdict(decision="hold", why=weak or Why.already_graded, answered_at=answered_at)


def _end(attempt: Attempt) -> datetime:
    """What is given after the hand-in is late, also when there would have been time left."""
    return attempt.ended_at or attempt.deadline


def _weakness(evidence: Evidence, received_at: datetime, anchor: Anchor) -> Why | None:
    """Why the device's account cannot be relied upon; None when it fits what the server knows."""
    if not evidence.monotonic:
        return Why.clock_restarted
    if anchor.receipt_at is None or evidence.contact_ago_ms is None:
        return Why.not_anchored
    # The response was given, and the server last heard, when the device had that receipt: neither can be longer ago.
    longest = _with_slack(received_at - anchor.receipt_at)
    if timedelta(milliseconds=max(evidence.answered_ago_ms, evidence.contact_ago_ms)) > longest:
        return Why.contradicts
    return None


def _connected(evidence: Evidence, seq: int, received_at: datetime, anchor: Anchor) -> Why | None:
    """Why it cannot have been waiting since before the deadline: the device has been connected in the meantime.

    A device that comes back sends all that waits in a row. So who has its answer to one save cannot say with the next
    that it last heard from us before that; no more can follow than it said were waiting; and they follow at once.
    """
    contact_ago = timedelta(milliseconds=evidence.contact_ago_ms or 0)
    if anchor.contact_at is not None and contact_ago > _with_slack(received_at - anchor.contact_at):
        return Why.contradicts
    if anchor.last_waiting is not None and seq > anchor.last_waiting:
        return Why.connected_before
    if anchor.again_at is not None and received_at - anchor.again_at > REPLAY:
        return Why.connected_before
    return None


def _uncertainty(evidence: Evidence, received_at: datetime, anchor: Anchor) -> Why | None:
    """Whether the device says that it heard from the server later than any receipt tells: its clock may have slept."""
    if anchor.contact_at is None or evidence.contact_ago_ms is None:
        return Why.clock_uncertain
    if _with_slack(timedelta(milliseconds=evidence.contact_ago_ms)) < received_at - anchor.contact_at:
        return Why.clock_uncertain
    return None


def _with_slack(ago: timedelta) -> timedelta:
    return ago + LATENCY + ago * DRIFT
