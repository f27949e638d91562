"""A page whose scripts do not arrive, for the line is torn or the service full: it says how to go on."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser import sample
from tests.browser.conftest import RUNNER
from tests.browser.fake_api import FakeService, journey

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    "place, there",
    [("/exam", ".step"), (RUNNER, ".question"), (f"{RUNNER}/result", ".outcome"), (f"{RUNNER}/review", ".reviews")],
)
async def test_a_page_without_one_of_its_scripts_says_how_to_go_on(
    phone: Page, service: FakeService, place: str, there: str
) -> None:
    service.me = journey("ready")
    service.result = sample.result()

    async def torn(route: Route) -> None:
        await route.abort("connectionreset")

    await phone.route("**/js/texts.js", torn)
    await phone.goto(place)
    again = phone.get_by_role("link", name="เปิดหน้านี้ใหม่")
    # Not at once: most pages are there in a moment, and need no such words.
    await expect(again).to_be_hidden()
    await expect(again).to_be_visible(timeout=40_000)
    await expect(phone.locator("#app")).to_contain_text("คำตอบที่บันทึกไว้แล้วไม่สูญหาย")
    await phone.unroute("**/js/texts.js", torn)
    await again.click()
    await expect(phone.locator(there).first).to_be_visible()
    await expect(phone.locator(".slow-start")).to_have_count(0)
