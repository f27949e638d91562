"""Two devices answered the same question differently: nothing is dropped undecided, or without a word."""

import time

import pytest
from playwright.async_api import Page, expect

from tests.browser import sample
from tests.browser.conftest import DESK, OpenContext
from tests.browser.fake_api import FakeService
from tests.browser.steps import choose, enter, expect_saved, expect_unsaved, go, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _torn(open_context: OpenContext, service: FakeService) -> Page:
    """The first device, back with another answer than the second one has saved, and asked which counts."""
    first = await (await open_context()).new_page()
    await enter(first)
    await choose(first, 1)
    await expect_saved(first)
    await first.context.set_offline(True)
    await choose(first, 3)
    await expect_unsaved(first, 1)
    second = await (await open_context()).new_page()
    await enter(second)
    await choose(second, 2)
    await until(lambda: service.attempt.responses == {"i1": "c2"})
    await second.close()
    await first.context.set_offline(False)
    await first.locator("dialog.moved [data-action=continue]").click()
    await expect(first.locator("dialog.conflict")).to_be_visible()
    return first


async def test_time_that_runs_out_before_the_choice_is_owned_up_to(
    open_context: OpenContext, service: FakeService
) -> None:
    page = await _torn(open_context, service)
    service.result = sample.result(ended_by="expired")
    service.attempt.ends = time.monotonic() + 2
    await page.reload()
    await page.wait_for_url("**/result")
    await expect(page.locator(".notice[role=alert]")).to_contain_text("สองเครื่องตอบต่างกัน 1 ข้อ")
    assert service.attempt.responses == {"i1": "c2"}


async def test_what_is_undecided_counts_as_unsent_and_is_asked_again(
    open_context: OpenContext, service: FakeService
) -> None:
    page = await _torn(open_context, service)
    await page.goto("/exam")
    await expect(page.locator("[data-unsent]")).to_contain_text("1 ข้อ")
    await page.locator("[data-unsent] a").click()
    await expect(page.locator("dialog.conflict")).to_be_visible()
    # Yet another device takes over, and the choice comes back with the attempt.
    other = await (await open_context()).new_page()
    await enter(other)
    await other.close()
    await page.reload()
    await expect(page.locator("dialog.moved")).to_contain_text("1 ข้อ")
    await page.locator("dialog.moved [data-action=continue]").click()
    await page.locator("dialog.conflict [data-action=theirs]").click()
    await expect(page.locator("input[value=c2]")).to_be_checked()
    await page.goto("/exam")
    await expect(page.locator(".step").first).to_be_visible()
    await expect(page.locator("[data-unsent]")).to_have_count(0)


async def test_the_answer_that_was_chosen_goes_with_the_time_at_which_it_was_given(
    open_context: OpenContext, service: FakeService
) -> None:
    page = await _torn(open_context, service)
    await page.wait_for_timeout(3000)
    await page.locator("dialog.conflict [data-action=mine]").click()
    await expect(page.locator("input[value=c3]")).to_be_checked()
    await until(lambda: service.attempt.responses == {"i1": "c3"})
    assert service.attempt.log[-1]["offline"]["answered_ago_ms"] >= 3000


async def test_going_on_here_does_not_hand_in_what_another_device_went_on_with(
    open_context: OpenContext, service: FakeService
) -> None:
    first = await (await open_context(viewport=DESK)).new_page()
    await enter(first)
    await first.context.set_offline(True)
    await choose(first, 1)
    await go(first, "submit")
    await first.locator("dialog.submit [data-action=confirm]").click()
    await expect(first.locator("dialog.handing")).to_be_visible()
    second = await (await open_context()).new_page()
    await enter(second)
    await go(second, "next")
    await choose(second, 2)
    await expect_saved(second)
    await second.close()
    await first.context.set_offline(False)
    await first.locator("dialog.moved [data-action=continue]").click()
    await expect_saved(first)
    assert service.attempt.responses == {"i1": "c1", "i2": ["c2"]}
    await first.wait_for_timeout(1000)
    await expect(first.locator("dialog")).to_have_count(0)
    assert (service.attempt.state, service.asked("/submit")) == ("in_progress", 0)
