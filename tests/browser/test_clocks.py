"""A device whose own clock is wrong, or is set right in between: nothing that was not sent may be lost by it."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import RUNNER, OpenContext
from tests.browser.fake_api import FakeService, journey
from tests.browser.steps import choose, close_offline, enter, enter_kept, expect_saved, expect_unsaved

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_2015 = "const real = Date.now; Date.now = () => real() - 11 * 365 * 86400000;"


async def test_answers_given_while_the_clock_said_2015_outlive_its_correction(
    open_context: OpenContext, service: FakeService
) -> None:
    phone = await (await open_context()).new_page()
    await phone.add_init_script(IN_2015)
    await enter_kept(phone)
    await phone.context.set_offline(True)
    await choose(phone, 3)
    await expect_unsaved(phone, 1)
    await close_offline(phone)

    service.me = journey("running")
    await phone.context.set_offline(False)
    again = await phone.context.new_page()
    await again.goto("/exam")
    await expect(again.locator("[data-unsent]")).to_contain_text("1 ข้อ")
    await again.reload()
    await again.locator("[data-unsent] a").click()
    await expect(again.locator("input[value=c3]")).to_be_checked()
    await expect_saved(again)
    assert service.attempt.responses == {"i1": "c3"}


async def test_what_has_nothing_unsent_goes_after_weeks(open_context: OpenContext, service: FakeService) -> None:
    phone = await (await open_context()).new_page()
    await phone.add_init_script(IN_2015)
    await enter(phone)
    await choose(phone, 3)
    await expect_saved(phone)
    await phone.close()

    again = await phone.context.new_page()
    await again.goto("/exam")
    await expect(again.locator(".step").first).to_be_visible()
    kept = 'import("/static/js/store.js").then(({ Store }) => Store.open()).then((store) => store.entries())'
    assert await again.evaluate(kept) == {}


async def test_a_clock_that_makes_the_browser_drop_its_cookies_does_not_shut_the_page(
    open_context: OpenContext, service: FakeService
) -> None:
    phone = await (await open_context()).new_page()
    await enter_kept(phone)
    await phone.context.set_offline(True)
    await choose(phone, 3)
    await expect_unsaved(phone, 1)
    # What a browser does when its clock says that they are too old.
    await phone.context.clear_cookies()
    await close_offline(phone)
    again = await phone.context.new_page()
    await again.goto(RUNNER)
    await expect(again.locator("input[value=c3]")).to_be_checked()
    await phone.context.set_offline(False)
    await expect_saved(again)
    assert service.attempt.responses == {"i1": "c3"}
