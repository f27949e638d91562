"""A candidate signs out on a shared computer."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.fake_api import FakeService
from tests.browser.steps import choose, enter, expect_kept, expect_unsaved

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORD = "localStorage.getItem('exam:who')"


async def test_signing_out_forgets_who_was_here(phone: Page, service: FakeService) -> None:
    await phone.goto("/exam")
    await expect(phone.locator(".step").first).to_be_visible()
    assert service.person in (await phone.evaluate(WORD))
    await phone.get_by_role("button", name="ออกจากระบบ").click()
    await expect(phone.locator("h1")).to_have_text("ออกจากระบบแล้ว")
    assert "exam_who" not in await phone.evaluate("document.cookie")
    assert await phone.evaluate(WORD) == "null"


async def test_who_has_unsent_answers_here_is_warned_and_finds_them_again(phone: Page, service: FakeService) -> None:
    await enter(phone)
    service.down = True
    await choose(phone, 3)
    await expect_unsaved(phone, 1)
    await expect_kept(phone, '{"i1":"c3"}')
    service.down = False
    await phone.route("**/responses", lambda route: route.abort())
    phone.on("dialog", lambda dialog: dialog.accept())
    await phone.goto("/exam")
    await expect(phone.locator("[data-unsent]")).to_contain_text("1 ข้อ")
    await phone.get_by_role("button", name="ออกจากระบบ").click()
    asked = phone.locator("dialog.signing-out")
    await expect(asked).to_contain_text("1 ข้อ")
    await asked.locator("[data-action=stay]").click()
    await expect(asked).to_have_count(0)
    await phone.get_by_role("button", name="ออกจากระบบ").click()
    await asked.locator("[data-action=leave]").click()
    await expect(phone.locator("h1")).to_have_text("ออกจากระบบแล้ว")
    await phone.goto("/exam")
    await expect(phone.locator("[data-unsent]")).to_contain_text("1 ข้อ")
