"""P4: opening an attempt on a second device moves it there at once; the first is told so at its next save."""

import asyncio

import pytest

from exam_service.core.errors import MovedToOtherDevice
from exam_service.services import attempts, results, saving
from tests.support.service import World


async def test_the_second_device_takes_over_and_the_first_is_told(first: World) -> None:
    phone = await first.start()
    key = await first.key_of(phone)
    await first.save(phone, 1, {"i1": key["i1"]})
    tablet = await attempts.open_here(first.ctx, first.org, first.enrolment, phone.attempt)
    assert (tablet.epoch, tablet.responses) == (2, {"i1": key["i1"]})
    with pytest.raises(MovedToOtherDevice):
        await first.save(phone, 2, {"i2": key["i2"]})
    with pytest.raises(MovedToOtherDevice):
        await first.submit(phone)
    await first.save(tablet, 1, {"i3": key["i3"]})
    await first.submit(tablet)
    result = await results.result(first.ctx, first.org, first.enrolment, phone.attempt)
    assert result.answered == 2


async def test_starting_again_opens_the_running_attempt(first: World) -> None:
    one, other = await first.start(), await first.start()
    assert (one.attempt, one.number, other.epoch) == (other.attempt, other.number, one.epoch + 1)


async def test_starts_at_the_same_moment_make_one_attempt(first: World) -> None:
    views = await asyncio.gather(*(first.start() for _ in range(8)))
    assert len({view.attempt for view in views}) == 1
    assert sorted(view.epoch for view in views) == list(range(1, 9))


async def test_of_devices_that_save_at_the_same_moment_only_the_newest_writes(first: World) -> None:
    phone = await first.start()
    tablet = await attempts.open_here(first.ctx, first.org, first.enrolment, phone.attempt)
    outcomes = await asyncio.gather(
        *(first.save(device, seq, {"i1": None}) for seq in range(1, 6) for device in (phone, tablet)),
        return_exceptions=True,
    )
    assert all(isinstance(outcome, MovedToOtherDevice) for outcome in outcomes[::2])
    assert all(isinstance(outcome, saving.SavedView) for outcome in outcomes[1::2])


async def test_a_save_repeated_from_the_first_device_still_gets_its_receipt(first: World) -> None:
    phone = await first.start()
    saved = await first.save(phone, 1, {"i1": None})
    await attempts.open_here(first.ctx, first.org, first.enrolment, phone.attempt)
    again = await first.save(phone, 1, {"i1": None})
    assert again.receipt == saved.receipt
