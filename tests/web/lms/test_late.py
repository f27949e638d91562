"""Responses that arrive late: accepted, held or refused by the policy, and decided by staff, on both databases."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from exam_service.core import errors
from exam_service.core.certificates.receipt import Receipt, parse
from exam_service.core.exams.attempt import State
from exam_service.core.exams.journal import Save, Saved
from exam_service.core.records import LateSave
from exam_service.services import attempts, late, messages, results, sweeper
from tests.support.problems import faults_of, refused
from tests.support.service import open_course
from tests.web.lms.conftest import Lms

MINUTE = timedelta(minutes=1)
ACCEPT = {"late_responses": {"policy": "accept", "minutes": 30}}
HOLD = {"late_responses": {"policy": "hold"}}
YES = {"decision": "accept", "reason": "ผู้คุมสอบเห็นว่าตอบก่อนหมดเวลา"}
NO = {"decision": "refuse", "reason": "ตอบหลังหมดเวลา"}


class Device:
    """A phone that took an exam, lost its connection 5 minutes before the end, and comes back 10 minutes after it."""

    def __init__(self, lms: Lms, view: attempts.AttemptView, key: dict[str, Any]) -> None:
        self.lms, self.view, self.key = lms, view, list(key.items())

    @property
    def path(self) -> str:
        return f"/v1/attempts/{self.view.attempt}"

    def some(self, start: int, end: int) -> dict[str, Any]:
        return dict(self.key[start:end])

    async def late(self, responses: Mapping[str, object], seq: int = 2, said: Any = None, epoch: int = 1) -> Saved:
        world = self.lms.world
        body = msgspec.json.encode(responses)
        save = Save(
            org=world.org, enrolment=world.enrolment, attempt=self.view.attempt, epoch=epoch, seq=seq, body=body,
            received_at=world.clock(),
        )  # fmt: skip
        return await late.receive(world.ctx, save, None if said is None else msgspec.json.encode(said))

    async def kept(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.lms.get(f"{self.path}/late-saves")).json()
        return found

    async def decide(self, body: dict[str, Any], seq: int = 2) -> Any:
        return await self.lms.post(f"{self.path}/late-saves/1/{seq}/decision", json=body)

    async def revisions(self) -> list[tuple[int, float]]:
        shown = (await self.lms.get(self.path)).json()
        return [(one["revision"], one["percent"]) for one in shown["results"]]


def said(answered_ago: timedelta = 12 * MINUTE, contact_ago: timedelta = 15 * MINUTE, **more: Any) -> dict[str, Any]:
    return {
        "answered_ago_ms": answered_ago // timedelta(milliseconds=1), "monotonic": True, "after_receipt": 1,
        "contact_ago_ms": contact_ago // timedelta(milliseconds=1), "queued": 1, **more,
    }  # fmt: skip


async def device(lms: Lms, late_responses: dict[str, Any]) -> Device:
    """Two responses saved, then offline, and back ten minutes after the end."""
    world = lms.world
    await world.publish(open_course(**late_responses))
    view = await world.start()
    made = Device(lms, view, await world.key_of(view))
    world.clock.at = view.deadline - 5 * MINUTE
    await world.save(view, 1, made.some(0, 2))
    world.clock.at = view.deadline + 10 * MINUTE
    return made


async def test_accepted_responses_count_and_the_result_waits_for_them(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, ACCEPT)
    world = phone.lms.world
    assert await sweeper.sweep(world.ctx) == 0, "others may still arrive"
    saved = await phone.late(phone.some(2, 10), said=said())
    assert (saved.late, saved.held, saved.seconds_left) == (True, False, 0)
    assert saved.receipt
    again = await phone.late(phone.some(2, 10), said=said(20 * MINUTE))
    assert (again.receipt, again.late) == (saved.receipt, True)
    with pytest.raises(errors.SequenceReused):
        await phone.late(phone.some(2, 3), said=said())
    world.clock.at = phone.view.deadline + 30 * MINUTE
    result = await results.result(world.ctx, world.org, world.enrolment, phone.view.attempt)
    assert (result.percent, result.ended_at, result.ended_by) == (100.0, phone.view.deadline, State.expired)
    (kept,) = await phone.kept()
    assert (kept["decision"], kept["decided_by"], kept["judged"], kept["reason"]) == (
        "accepted", "policy", "in-time", None,
    )  # fmt: skip
    assert kept["answered_at"] == "2026-11-22T02:28:00Z"
    assert kept["evidence"] == said()
    refused(await phone.decide(NO), 409, "late-save-decided")
    receipts = await results.receipts_of(world.ctx, world.org, world.enrolment, phone.view.attempt)
    assert saved.receipt in receipts.receipts


async def test_the_receipt_of_the_whole_says_how_many_saves_it_covers(lms: Lms) -> None:
    """Two receipts of one attempt are told apart, and each is true of what counted when it was given."""
    phone = await device(lms, HOLD)
    held = await phone.late(phone.some(2, 10), said=said())

    async def whole() -> tuple[str, Receipt]:
        found = await results.receipts_of(lms.world.ctx, lms.world.org, lms.world.enrolment, phone.view.attempt)
        receipt, _ = parse(found.receipts[-1])
        return found.receipts[-1], receipt

    text, before = await whole()
    assert (before.seq, before.saves, before.received_at) == (0, 1, phone.view.deadline)
    lms.world.clock.pass_(minutes=5)
    assert await whole() == (text, before), "nothing was decided, so it is the same one"
    assert (await phone.decide(YES)).status_code == 200
    text, after = await whole()
    assert (after.saves, after.received_at, after.session) == (2, before.received_at, before.session)
    of_saves = await _receipts(phone)
    assert [one.saves for one in of_saves] == [0, 0]
    digests = [one.digest for one in of_saves]
    assert after.digest == together_of(digests)
    assert before.digest == together_of(digests[:1])
    assert digests[1] == base64.urlsafe_b64encode(held.digest).rstrip(b"=").decode()


async def _receipts(phone: Device) -> list[Receipt]:
    """Those of its saves."""
    world = phone.lms.world
    found = await results.receipts_of(world.ctx, world.org, world.enrolment, phone.view.attempt)
    return [parse(one)[0] for one in found.receipts[:-1]]


def together_of(digests: list[str]) -> str:
    """As docs/reference/receipts.md says."""
    plain = b"".join(base64.urlsafe_b64decode(one + "=") for one in digests)
    return base64.urlsafe_b64encode(hashlib.sha256(plain).digest()).rstrip(b"=").decode()


@pytest.mark.parametrize("swept", [False, True])
async def test_held_responses_count_when_staff_accepts_them_as_a_new_revision(lms_on_both: Lms, swept: bool) -> None:
    """P9: the old result stays. And whether the sweeper had been there makes no difference (P2)."""
    phone = await device(lms_on_both, HOLD)
    world = phone.lms.world
    if swept:
        assert await sweeper.sweep(world.ctx) == 1
    saved = await phone.late(phone.some(2, 10), said=said())
    assert (saved.late, saved.held) == (False, True)
    assert (await phone.late(phone.some(2, 10), said=said())).receipt == saved.receipt
    waiting = (await phone.lms.get("/v1/courses/course/exams/post/late-saves?undecided=true")).json()["items"]
    assert [(one["seq"], one["judged"], one["decision"]) for one in waiting] == [(2, "policy-holds", None)]
    world.clock.pass_(minutes=20)
    answer = (await phone.decide(YES)).json()
    assert answer["revision"] == 2
    assert (answer["late_save"]["decision"], answer["late_save"]["reason"]) == ("accepted", YES["reason"])
    assert answer["late_save"]["judged"] == "policy-holds"
    assert await phone.revisions() == [(1, 20.0), (2, 100.0)]
    newest = (await phone.lms.get(phone.path)).json()["results"][1]
    assert (newest["graded_by"][:4], newest["reason"], newest["graded_at"]) == (
        "key_", YES["reason"], "2026-11-22T03:00:00Z",
    )  # fmt: skip
    assert (await phone.decide(YES)).json()["revision"] is None
    assert await phone.revisions() == [(1, 20.0), (2, 100.0)]
    assert (await phone.lms.get("/v1/courses/course/exams/post/late-saves?undecided=true")).json()["items"] == []
    trail = (await phone.lms.get(f"{phone.path}/audit")).json()
    assert [(one["action"], one["reason"]) for one in trail] == [("late-save.accept", f"1/2: {YES['reason']}")]
    assert (await phone.late(phone.some(2, 10), said=said())).receipt == saved.receipt


async def test_staff_refuses_and_thinks_better_of_it(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, HOLD)
    await phone.late(phone.some(2, 4), said=said())
    assert (await phone.decide(NO)).json()["late_save"]["decision"] == "refused"
    assert (await phone.decide(NO)).status_code == 200
    assert await phone.revisions() == [(1, 20.0)]
    assert (await phone.decide(YES)).json()["revision"] == 2
    assert await phone.revisions() == [(1, 20.0), (2, 40.0)]
    assert len((await phone.lms.get(f"{phone.path}/audit")).json()) == 2


@pytest.mark.parametrize(
    "policy, evidence, why",
    [
        ({}, said(), "policy-refuses"),
        (ACCEPT, None, "no-evidence"),
        (HOLD, None, "no-evidence"),
        (ACCEPT, said(9 * MINUTE), "answered-late"),
        ({"late_responses": {"policy": "accept", "minutes": 5}}, said(), "too-late"),
    ],
    ids=range(5),
)
async def test_what_is_refused_is_kept_for_staff_to_see(
    lms_on_both: Lms, policy: dict[str, Any], evidence: Any, why: str
) -> None:
    phone = await device(lms_on_both, policy)
    told = []
    for _ in range(2):
        with pytest.raises(errors.DeadlinePassed) as refusal:
            await phone.late(phone.some(2, 10), said=evidence)
        told.append(refusal.value.data)
    assert told[0] == told[1]
    assert isinstance(told[0], late.Kept)
    assert (told[0].kept, told[0].why) == (True, why)
    assert told[0].receipt
    (kept,) = await phone.kept()
    assert (kept["decision"], kept["decided_by"], kept["judged"], kept["responses"]) == (
        "refused", "policy", why, phone.some(2, 10),
    )  # fmt: skip
    assert kept["judgement"]["th"]
    phone.lms.world.clock.at = phone.view.deadline + 40 * MINUTE
    assert await phone.revisions() == [(1, 20.0)]
    assert (await phone.decide(YES)).json()["revision"] == 2
    with pytest.raises(errors.SequenceReused):
        await phone.late({}, said=evidence)


@pytest.mark.parametrize(
    "evidence, why",
    [
        (said(monotonic=False), "clock-restarted"),
        (said(after_receipt=9), "not-anchored"),
        (said(contact_ago_ms=None), "not-anchored"),
        (said(contact_ago=16 * MINUTE), "contradicts"),
        (said(9 * MINUTE, 9 * MINUTE), "clock-uncertain"),
    ],
    ids=range(5),
)
async def test_weak_evidence_is_held_for_staff_rather_than_refused(lms: Lms, evidence: Any, why: str) -> None:
    phone = await device(lms, ACCEPT)
    assert (await phone.late(phone.some(2, 10), said=evidence)).held
    assert [one["judged"] for one in await phone.kept()] == [why]


async def test_saves_that_waited_on_the_device_arrive_one_after_the_other(lms: Lms) -> None:
    phone = await device(lms, ACCEPT)
    first = await phone.late(phone.some(2, 5), seq=2, said=said(13 * MINUTE, queued=2))
    lms.world.clock.pass_(seconds=1)
    second = await phone.late(phone.some(5, 10), seq=3, said=said(11 * MINUTE, timedelta(seconds=1)))
    assert (first.late, second.late) == (True, True)


async def test_before_the_first_receipt_the_start_is_the_anchor(lms: Lms) -> None:
    world = lms.world
    await world.publish(open_course(**ACCEPT))
    view = await world.start()
    phone = Device(lms, view, await world.key_of(view))
    world.clock.at = view.deadline + 10 * MINUTE
    assert (await phone.late(phone.some(0, 3), seq=1, said=said(39 * MINUTE, 40 * MINUTE, after_receipt=0))).late
    second = await attempts.look(world.ctx, world.org, world.enrolment, view.attempt)
    assert second.state is State.expired


async def test_what_was_handed_in_elsewhere_meanwhile_waits_for_staff(lms_on_both: Lms) -> None:
    world = lms_on_both.world
    await world.publish(open_course(**ACCEPT))
    view = await world.start()
    phone = Device(lms_on_both, view, await world.key_of(view))
    world.clock.pass_(minutes=20)
    await world.submit(view)
    world.clock.at = view.deadline + 10 * MINUTE
    handed_in = 20 * MINUTE
    assert (await phone.late(phone.some(0, 3), seq=1, said=said(handed_in + MINUTE, 40 * MINUTE, after_receipt=0))).held
    with pytest.raises(errors.DeadlinePassed):
        await phone.late(phone.some(3, 6), seq=2, said=said(handed_in - MINUTE, 40 * MINUTE, after_receipt=0))
    assert [(one["judged"]) for one in await phone.kept()] == ["already-graded", "answered-late"]
    assert (await phone.decide(YES, seq=1)).json()["revision"] == 2


async def test_accepted_before_the_grading_it_is_simply_graded(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, ACCEPT)
    world = phone.lms.world
    assert (await phone.late(phone.some(2, 10), said=said(monotonic=False))).held
    assert (await phone.decide(YES)).json()["revision"] is None
    world.clock.at = phone.view.deadline + 30 * MINUTE
    assert await phone.revisions() == [(1, 100.0)]


async def test_a_device_that_never_was_is_refused_as_ever(lms: Lms) -> None:
    phone = await device(lms, ACCEPT)
    with pytest.raises(errors.MovedToOtherDevice):
        await phone.late(phone.some(2, 3), said=said(), epoch=2)
    assert await phone.kept() == []


async def test_time_that_was_given_meanwhile_makes_it_a_save_like_any_other(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, ACCEPT)
    await lms_on_both.post(f"{phone.path}/extra-time", json={"minutes": 10, "reason": "x"})
    saved = await phone.late(phone.some(2, 10), said=said())
    assert (saved.late, saved.held, saved.seconds_left) == (False, False, 600)
    assert (await phone.late(phone.some(2, 10), said=said())).receipt == saved.receipt
    with pytest.raises(errors.SequenceReused):
        await phone.late(phone.some(2, 9), said=said())
    assert await phone.kept() == []
    await phone.lms.world.submit(phone.view)
    assert await phone.revisions() == [(1, 100.0)]


async def test_what_does_not_look_like_evidence_is_told_with_its_place(lms: Lms) -> None:
    phone = await device(lms, ACCEPT)
    for wrong, path in (({**said(), "queued": -1}, "offline.queued"), ({}, "offline"), (7, "offline")):
        with pytest.raises(errors.Invalid) as refusal:
            await phone.late(phone.some(2, 3), said=wrong)
        assert refusal.value.faults[0].path == path
    assert await phone.kept() == []


async def test_a_certificate_is_not_left_standing_on_a_result_that_late_responses_spoil(lms: Lms) -> None:
    world = lms.world
    await world.publish(open_course(**HOLD))
    view = await world.start()
    phone = Device(lms, view, await world.key_of(view))
    await world.save(view, 1, phone.some(0, 10))
    world.clock.at = view.deadline + 10 * MINUTE
    made = await lms.post(f"/v1/enrolments/{world.enrolment}/certificates", json={"kind": "certificate"})
    assert made.status_code == 201, made.text
    cleared = dict.fromkeys(phone.some(0, 8))
    await phone.late(cleared, said=said(12 * MINUTE, 40 * MINUTE))
    refused(await phone.decide(YES), 409, "certificate-stands")
    assert await phone.revisions() == [(1, 100.0)]
    assert (await phone.kept())[0]["decision"] is None
    await world.revoke(made.json()["id"], "result_annulled", None, "test")  # type: ignore[arg-type]
    assert (await phone.decide(YES)).json()["revision"] == 2


async def test_bad_decisions(lms: Lms) -> None:
    phone = await device(lms, HOLD)
    await phone.late(phone.some(2, 3), said=said())
    assert faults_of(await phone.decide({"decision": "maybe", "reason": "x"})) == [("decision", "wrong-value")]
    assert faults_of(await phone.decide({"decision": "accept"})) == [("", "missing-field")]
    assert faults_of(await phone.decide({"decision": "accept", "reason": " "})) == [("reason", "wrong-value")]
    refused(await phone.decide(YES, seq=9), 404, "not-found")
    assert faults_of(await lms.get("/v1/courses/course/exams/post/late-saves?after=x")) == [("after", "wrong-value")]


async def test_lists_go_on_where_they_ended(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, HOLD)
    for seq in range(2, 7):
        await phone.late(phone.some(seq, seq + 1), seq=seq, said=said())
    await phone.decide(NO, seq=3)
    path = "/v1/courses/course/exams/post/late-saves?undecided=true&limit=3"
    first = (await phone.lms.get(path)).json()
    second = (await phone.lms.get(f"{path}&after={first['next']}")).json()
    assert [one["seq"] for one in first["items"] + second["items"]] == [2, 4, 5, 6]
    assert second["next"] is None


async def test_the_same_late_save_at_the_same_moment_is_one(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, ACCEPT)
    answers = await asyncio.gather(*(phone.late(phone.some(2, 10), said=said()) for _ in range(6)))
    assert len({answer.receipt for answer in answers}) == 1
    async with phone.lms.world.ctx.store.read(phone.lms.world.org) as tx:
        kept = await tx.late_saves.of(phone.view.attempt)
    assert len(kept) == 1
    assert isinstance(kept[0], LateSave)


async def test_the_candidate_reads_what_became_of_late_responses(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, HOLD)
    world, token = phone.lms.world, await phone.lms.world.session()

    async def read() -> list[Any]:
        result = await phone.lms.get(f"/v1/candidate/attempts/{phone.view.attempt}/result", key=token)
        me = await phone.lms.get("/v1/candidate/me", key=token)
        return [result.json()["late"], me.json()["exams"][1]["attempts"][0]["late"]]

    assert await read() == [None, None]
    await phone.late(phone.some(2, 6), said=said())
    await phone.late(phone.some(5, 8), seq=3, said=said())
    assert await read() == [{"held": 6, "accepted": 0, "refused": 0}] * 2
    before = (await messages.contact(world.ctx, world.org, world.enrolment, phone.view.attempt, 1)).news
    await phone.decide(YES)
    await phone.decide(NO, seq=3)
    assert await read() == [{"held": 0, "accepted": 4, "refused": 3}] * 2
    after = (await messages.contact(world.ctx, world.org, world.enrolment, phone.view.attempt, 1)).news
    assert after == before + 2, "the page learns of each decision"


async def test_late_responses_over_http(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, HOLD)
    token = await phone.lms.world.session()
    path = f"/v1/candidate/attempts/{phone.view.attempt}/responses"
    body = {"epoch": 1, "seq": 2, "responses": phone.some(2, 3), "offline": said()}
    held = await phone.lms.post(path, json=body, key=token)
    assert (held.status_code, held.json()["held"], held.json()["seconds_left"]) == (202, True, 0)
    again = await phone.lms.post(path, json=body, key=token)
    assert (again.status_code, again.json()["receipt"]) == (202, held.json()["receipt"])
    without = {"epoch": 1, "seq": 3, "responses": phone.some(3, 4)}
    problem = refused(await phone.lms.post(path, json=without, key=token), 409, "deadline-passed")
    assert (problem["data"]["kept"], problem["data"]["why"]) == (True, "no-evidence")
    assert problem["data"]["message"]["th"]
    assert problem["data"]["receipt"]
