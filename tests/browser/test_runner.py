"""The runner as it is used: answering, moving about, languages, the keyboard, handing in."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.fake_api import FakeService
from tests.browser.steps import EVERY_TYPE, answer_every_type, choose, enter, expect_saved, go, tab_to, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_answers_of_every_type_are_saved_and_there_again_after_a_reload(
    phone: Page, service: FakeService
) -> None:
    await enter(phone)
    await answer_every_type(phone)
    await expect_saved(phone)
    assert service.attempt.responses == EVERY_TYPE

    await phone.reload()

    await expect(phone.locator("[data-typed=i5]")).to_have_value("IOC")
    await go(phone, "previous")
    await expect(phone.locator("[data-typed=i4]")).to_have_value("๑๒.๕")
    await go(phone, "previous")
    await expect(phone.locator("input[value=false]")).to_be_checked()
    await go(phone, "previous")
    checked = await phone.locator("input:checked").evaluate_all("all => all.map((one) => one.value)")
    assert checked == ["c1", "c3"]
    await go(phone, "previous")
    await expect(phone.locator("input[value=c2]")).to_be_checked()
    assert service.attempt.epoch == 1


async def test_a_save_carries_only_what_changed_since_the_last(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await choose(phone, 1)
    await go(phone, "next")
    await expect_saved(phone)
    await choose(phone, 4)
    await go(phone, "next")
    await until(lambda: len(service.attempt.log) == 2)
    assert [one["responses"] for one in service.attempt.log] == [{"i1": "c1"}, {"i2": ["c4"]}]
    assert [one["seq"] for one in service.attempt.log] == [1, 2]


async def test_an_answer_can_be_cleared(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await choose(phone, 1)
    await phone.get_by_role("button", name="ล้างคำตอบข้อนี้").click()
    await expect(phone.locator("input:checked")).to_have_count(0)
    await until(lambda: service.attempt.responses == {"i1": None})


async def test_submitting_shows_what_is_open_and_leads_there(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await answer_every_type(phone)
    await go(phone, "flag")
    await go(phone, "all")
    await phone.locator("dialog [data-action=finish]").click()
    summary = phone.locator("dialog.submit")
    await expect(summary.locator(".fact dd")).to_have_text(["5", "7", "1", "0"])
    await expect(summary.locator(".summary-group.open .cell")).to_have_text(["6", "7", "8", "9", "10", "11", "12"])
    await summary.locator(".summary-group.open .cell").nth(1).click()
    await expect(phone.locator(".question")).to_have_attribute("data-item", "i7")
    assert service.attempt.state == "in_progress"

    await go(phone, "all")
    await phone.locator("dialog [data-action=finish]").click()
    await phone.locator("dialog.submit [data-action=confirm]").click()
    await phone.wait_for_url("**/result")
    assert service.attempt.state == "graded"
    left_behind = await phone.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('exam:kept'))")
    assert left_behind == []


async def test_the_language_changes_without_losing_a_thing(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await choose(phone, 2)
    await go(phone, "flag")
    await phone.locator("header.bar .language").click()
    await expect(phone.locator("html")).to_have_attribute("lang", "en")
    await expect(phone.locator(".question-number")).to_contain_text("Question 1")
    await expect(phone.locator(".choice-text").first).to_have_text("Formative assessment")
    await expect(phone.locator("input[value=c2]")).to_be_checked()
    await expect(phone.locator("[data-action=flag]")).to_have_attribute("aria-pressed", "true")
    await expect_saved(phone)
    await phone.reload()
    await expect(phone.locator(".question-number")).to_contain_text("Question 1")
    assert service.attempt.responses == {"i1": "c2"}


async def test_hostile_texts_stay_texts(phone: Page, service: FakeService) -> None:
    await enter(phone)
    for _ in range(5):
        await go(phone, "next")
    await expect(phone.locator(".question")).to_have_attribute("data-item", "i6")
    stem = phone.locator(".stem")
    await expect(stem).to_contain_text(
        '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script> [ลิงก์](javascript:window.hurt=1)'
    )
    assert await phone.locator(".question :is(img, script, iframe, a, b, u, i)").count() == 0
    assert await phone.evaluate("window.hurt ?? null") is None


async def test_a_whole_attempt_by_keyboard_alone(desk: Page, service: FakeService) -> None:
    await enter(desk)
    # A Thai keyboard sends the letter of the option.
    await desk.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ข', code: 'Minus', bubbles: true }))"
    )
    for key in ("n", "1", "3", "ArrowRight", "2", "n"):
        await desk.keyboard.press(key)
    await expect(desk.locator(".question")).to_have_attribute("data-item", "i4")
    focused = await desk.evaluate("document.activeElement.id")
    assert focused == "question"
    await desk.keyboard.press("f")
    await expect(desk.locator("[data-action=flag]")).to_have_attribute("aria-pressed", "true")
    await tab_to(desk, "[data-typed=i4]")
    await desk.keyboard.type("12.5n")
    await expect(desk.locator(".question")).to_have_attribute("data-item", "i4")
    await desk.keyboard.press("Backspace")
    await tab_to(desk, "[data-action=submit]")
    await desk.keyboard.press("Enter")
    await expect(desk.locator("dialog.submit")).to_be_visible()
    await tab_to(desk, "dialog [data-action=confirm]")
    await desk.keyboard.press("Enter")
    await desk.wait_for_url("**/result")
    assert service.attempt.responses == {"i1": "c2", "i2": ["c1", "c3"], "i3": False, "i4": "12.5"}


async def test_shortcuts_can_be_switched_off(desk: Page, service: FakeService) -> None:
    await enter(desk)
    await desk.keyboard.press("?")
    await desk.locator("dialog .check input").uncheck()
    await desk.keyboard.press("Escape")
    await desk.keyboard.press("n")
    await expect(desk.locator(".question")).to_have_attribute("data-item", "i1")


async def test_the_navigator_says_every_state_in_words(desk: Page, service: FakeService) -> None:
    await enter(desk)
    await choose(desk, 1)
    await go(desk, "flag")
    await go(desk, "next")
    cells = desk.locator(".side [data-go]")
    await expect(cells.nth(0)).to_have_attribute("aria-label", "ข้อ 1, ตอบแล้ว, ปักธงไว้")
    await expect(cells.nth(1)).to_have_attribute("aria-label", "ข้อ 2, ยังไม่ตอบ, ข้อที่กำลังดู")
    await expect(cells.nth(1)).to_have_attribute("aria-current", "step")
    await cells.nth(11).click()
    await expect(desk.locator(".question")).to_have_attribute("data-item", "i12")
