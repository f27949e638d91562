"""Late saves that come again after staff changed something: one number, one content, one receipt, counted once."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from exam_service.core import errors
from exam_service.core.exams.late import Evidence
from exam_service.services import saving
from tests.support.problems import refused
from tests.web.lms.conftest import Lms
from tests.web.lms.test_late import ACCEPT, HOLD, MINUTE, NO, YES, Device, device, said

UNDECIDED = "/v1/courses/course/exams/post/late-saves?undecided=true"


async def send(
    phone: Device, responses: Mapping[str, object], seq: int = 2, *, said: Any = None, epoch: int = 1
) -> saving.SavedView:
    """The whole way of a save, as the candidate's page sends it."""
    world = phone.lms.world
    evidence = None if said is None else msgspec.convert(said, Evidence)
    body = msgspec.json.encode(responses)
    return await saving.save(world.ctx, world.org, world.enrolment, phone.view.attempt, epoch, seq, body, evidence)


async def given_time(phone: Device, minutes: int = 10) -> None:
    made = await phone.lms.post(f"{phone.path}/extra-time", json={"minutes": minutes, "reason": "x"})
    assert made.status_code == 200, made.text


async def journal_of(phone: Device) -> list[tuple[int, int, dict[str, object]]]:
    async with phone.lms.world.ctx.store.read(phone.lms.world.org) as tx:
        return [(one.epoch, one.seq, dict(one.responses)) for one in await tx.results.journal(phone.view.attempt)]


WEAK = said(monotonic=False)


@pytest.mark.parametrize("evidence", [None, WEAK], ids=["refused", "held"])
async def test_a_late_save_that_comes_again_in_time_that_was_given_counts_once(lms_on_both: Lms, evidence: Any) -> None:
    """Refused or held first. Never two contents under one number, and never two receipts."""
    phone = await device(lms_on_both, ACCEPT)
    if evidence is None:
        with pytest.raises(errors.DeadlinePassed):
            await send(phone, phone.some(2, 6))
    else:
        assert (await send(phone, phone.some(2, 6), said=evidence)).held
    first = (await phone.kept())[0]["receipt"]
    await given_time(phone)
    with pytest.raises(errors.SequenceReused):
        await send(phone, phone.some(2, 5), said=evidence)
    assert [seq for _, seq, _ in await journal_of(phone)] == [1]
    for _ in range(2):
        again = await send(phone, phone.some(2, 6), said=evidence)
        assert (again.receipt, again.held, again.seconds_left) == (first, False, 600)
    with pytest.raises(errors.SequenceReused):
        await send(phone, phone.some(2, 5), said=evidence)
    assert await journal_of(phone) == [(1, 1, phone.some(0, 2)), (1, 2, phone.some(2, 6))]
    assert (await phone.lms.get(UNDECIDED)).json()["items"] == []
    (kept,) = await phone.kept()
    assert (kept["decision"], kept["decided_by"], kept["judged"]) == ("accepted", "policy", "time-given")
    await send(phone, phone.some(6, 10), seq=3)
    await phone.lms.world.submit(phone.view)
    assert await phone.revisions() == [(1, 100.0)]


async def test_what_staff_decided_stands_when_the_save_comes_again(lms_on_both: Lms) -> None:
    phone = await device(lms_on_both, ACCEPT)
    first = await send(phone, phone.some(2, 6), said=WEAK)
    await send(phone, phone.some(6, 8), seq=3, said=WEAK)
    await phone.decide(NO)
    await phone.decide(YES, seq=3)
    await given_time(phone)
    assert (await send(phone, phone.some(2, 6), said=WEAK)).receipt == first.receipt
    assert (await send(phone, phone.some(6, 8), seq=3, said=WEAK)).late
    assert [seq for _, seq, _ in await journal_of(phone)] == [1, 3]
    assert [one["decision"] for one in await phone.kept()] == ["refused", "accepted"]


async def test_staff_accepts_what_the_journal_has_already(lms: Lms) -> None:
    """Where the same save was late at one process and in time at another, accepting it settles it."""
    phone = await device(lms, HOLD)
    await send(phone, phone.some(2, 6), said=said())
    async with lms.world.ctx.store.begin(lms.world.org) as tx:
        (kept,) = await tx.late_saves.of(phone.view.attempt)
        await tx.late_saves.enter(kept, late=False, seconds_left=1, in_grace=False)
    answer = await phone.decide(YES)
    assert answer.status_code == 200, answer.text
    assert (await phone.kept())[0]["decision"] == "accepted"
    assert len(await journal_of(phone)) == 2


async def test_a_connected_device_is_not_given_the_time_that_late_responses_have(lms_on_both: Lms) -> None:
    """Save after save, each with its receipt, and each says that it waited since before the deadline."""
    phone = await device(lms_on_both, ACCEPT)
    clock, told = phone.lms.world.clock, []
    for seq in range(2, 5):
        told.append((await send(phone, phone.some(seq, seq + 1), seq, said=said())).late)
        clock.pass_(seconds=9)
    truthful = said(12 * MINUTE, MINUTE / 6, queued=4)
    told.append((await send(phone, phone.some(5, 6), 5, said=truthful)).late)
    assert told == [True, False, False, False]
    assert [one["judged"] for one in await phone.kept()] == [
        "in-time", "contradicts", "contradicts", "connected-before",
    ]  # fmt: skip
    assert [seq for _, seq, _ in await journal_of(phone)] == [1, 2]


@pytest.mark.parametrize("policy", [{}, ACCEPT, HOLD], ids=["refuse", "accept", "hold"])
async def test_what_the_first_device_gave_offline_is_not_lost_when_it_comes_after_the_end(
    lms_on_both: Lms, policy: dict[str, Any]
) -> None:
    """P4 and the policy: it never counts by itself, for the other device may have answered differently."""
    phone = await device(lms_on_both, policy)
    world = phone.lms.world
    world.clock.at = phone.view.deadline - 3 * MINUTE
    second = await world.start()
    assert second.epoch == 2
    await world.save(second, 1, phone.some(0, 1))
    with pytest.raises(errors.MovedToOtherDevice):
        await send(phone, phone.some(2, 4), said=said(MINUTE, 2 * MINUTE))
    assert await phone.kept() == [], "it may be sent from the other device"
    world.clock.at = phone.view.deadline + 10 * MINUTE
    if policy == {}:
        with pytest.raises(errors.DeadlinePassed):
            await send(phone, phone.some(2, 4), said=said())
    else:
        held = await send(phone, phone.some(2, 4), said=said())
        assert (held.held, held.late) == (True, False)
        assert await send(phone, phone.some(2, 4), said=said()) == held
    (kept,) = await phone.kept()
    assert (kept["epoch"], kept["responses"], kept["evidence"]) == (1, phone.some(2, 4), said())
    assert kept["judged"] == ("policy-refuses" if policy == {} else "other-device")
    assert (await phone.decide(YES)).status_code == 200
    world.clock.at = phone.view.deadline + 40 * MINUTE
    assert (await phone.revisions())[-1][1] == 40.0


async def test_what_comes_to_a_voided_attempt_is_kept_and_counts_when_staff_reopens_it(lms_on_both: Lms) -> None:
    """The wrong person was voided; what that person had not sent yet is there all the same."""
    phone = await device(lms_on_both, HOLD)
    world = phone.lms.world
    world.clock.at = phone.view.deadline - 3 * MINUTE
    assert (await phone.lms.post(f"{phone.path}/void", json={"reason": "x"})).status_code == 200
    told = []
    for _ in range(2):
        with pytest.raises(errors.AttemptVoided) as refusal:
            await send(phone, phone.some(2, 10), said=said())
        told.append(refusal.value.data)
    assert told[0] == told[1]
    assert told[0].kept  # type: ignore[attr-defined]
    assert told[0].receipt  # type: ignore[attr-defined]
    with pytest.raises(errors.MovedToOtherDevice):
        await send(phone, phone.some(2, 3), said=said(), epoch=9)
    (kept,) = await phone.kept()
    assert (kept["decision"], kept["judged"], kept["responses"]) == ("refused", "voided", phone.some(2, 10))
    refused(await phone.decide(YES), 409, "attempt-voided")
    assert (await phone.lms.post(f"{phone.path}/reopen", json={"minutes": 5, "reason": "x"})).status_code == 200
    with pytest.raises(errors.MovedToOtherDevice):
        await send(phone, phone.some(2, 10), said=said())
    assert (await phone.decide(YES)).status_code == 200
    world.clock.pass_(minutes=30)
    assert (await phone.revisions())[-1][1] == 100.0
