"""What staff do while the attempt runs reaches the page, and so does a change of device."""

import time

import pytest
from playwright.async_api import Page, expect

from tests.browser import sample
from tests.browser.conftest import OpenContext
from tests.browser.fake_api import FakeService
from tests.browser.steps import choose, enter, enter_kept, expect_saved, expect_unsaved, go, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_message_comes_with_the_next_save_and_can_be_read_again(phone: Page, service: FakeService) -> None:
    await enter(phone)
    service.attempt.tell("ข้อ 3 พิมพ์ผิด โปรดอ่าน 0.80", "Question 3 has a misprint: read 0.80.")
    await choose(phone, 1)
    message = phone.locator(".message")
    await expect(message).to_contain_text("ข้อ 3 พิมพ์ผิด")
    await expect(phone.locator("#announcer")).to_contain_text("ข้อ 3 พิมพ์ผิด")
    await message.locator("[data-action=dismiss]").click()
    await expect(message).to_have_count(0)
    await phone.reload()
    await phone.locator("[data-action=messages]").click()
    await expect(phone.locator("dialog")).to_contain_text("ข้อ 3 พิมพ์ผิด")
    await expect(message).to_have_count(0)


async def test_a_message_sent_before_the_page_was_opened_is_shown_at_once(phone: Page, service: FakeService) -> None:
    """On another device, say, which has never heard of it."""
    service.attempt.tell("ข้อ 3 พิมพ์ผิด", "Question 3 has a misprint.")
    await enter(phone)
    await expect(phone.locator(".message")).to_contain_text("ข้อ 3 พิมพ์ผิด")
    assert service.asked("/contact") == 1


async def test_a_page_without_news_does_not_ask(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    assert service.asked("/contact") == 0


async def test_more_time_is_shown_and_announced(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await expect(phone.locator(".timer")).to_contain_text("29:")
    service.attempt.give(10)
    await choose(phone, 1)
    await expect(phone.locator(".message")).to_contain_text("เจ้าหน้าที่ให้เวลาเพิ่ม 10 นาที")
    await expect(phone.locator("#announcer")).to_contain_text("10 นาที")
    await expect(phone.locator(".timer")).to_contain_text("39:")


async def test_a_voided_attempt_ends_on_the_page(phone: Page, service: FakeService) -> None:
    service.result = sample.result(state="voided", ended_by=None, percent=None, passed=None)
    await enter(phone)
    service.attempt.state = "voided"
    await choose(phone, 1)
    await phone.wait_for_url("**/result")
    await expect(phone.locator(".outcome")).to_contain_text("ถูกยกเลิกโดยเจ้าหน้าที่")
    await expect(phone.locator(".notice[role=alert]")).to_contain_text("เก็บไว้ในเครื่องนี้")


async def _idle(page: Page) -> None:
    """A minute passes in steps, so that an answer can arrive before the page's patience with it ends."""
    for _ in range(12):
        await page.clock.run_for(5_000)
        await page.wait_for_timeout(100)


async def test_an_idle_page_asks_how_things_stand(phone: Page, service: FakeService) -> None:
    await phone.clock.install()
    await enter(phone)
    asked = service.asked("/contact")
    service.attempt.tell("อีก 5 นาทีเก็บข้อสอบ", "Five minutes left.")
    await _idle(phone)
    await until(lambda: service.asked("/contact") > asked)
    await expect(phone.locator(".message")).to_contain_text("อีก 5 นาที")


async def test_an_idle_page_learns_that_the_attempt_was_opened_elsewhere(
    open_context: OpenContext, service: FakeService
) -> None:
    first = await (await open_context()).new_page()
    await first.clock.install()
    await enter(first)
    second = await (await open_context()).new_page()
    await enter(second)
    await _idle(first)
    await expect(first.locator("dialog.moved")).to_be_visible()


async def test_a_service_without_this_address_is_asked_for_the_attempt(phone: Page, service: FakeService) -> None:
    service.has_contact = False
    await enter(phone)
    await phone.evaluate("const real = Date.now; Date.now = () => real() + 86400000")
    await until(lambda: service.asked("/contact") == 1 and service.asked(sample.ATTEMPT) >= 1)
    await choose(phone, 1)
    await expect_saved(phone)
    await expect(phone.locator(".timer")).not_to_contain_text("≈")
    assert service.asked("/contact") == 1


async def test_back_on_the_first_device_only_what_is_newer_is_sent(
    open_context: OpenContext, service: FakeService
) -> None:
    first = await (await open_context()).new_page()
    await enter(first)
    await choose(first, 1)
    await expect_saved(first)
    # What the first device could not send: one answer that arrived without an acknowledgement, one that nobody has,
    # and one that the second device changes meanwhile.
    service.lost_answers = 1
    await choose(first, 2)
    await until(lambda: len(service.attempt.log) == 2)
    await first.context.set_offline(True)
    for number in (2, 3):
        await go(first, "next")
        await choose(first, 1)
        await expect_unsaved(first, number)
    second = await (await open_context()).new_page()
    await enter(second)
    await go(second, "next")
    await choose(second, 4)
    await expect_saved(second)
    saved = len(service.attempt.log)

    await first.context.set_offline(False)
    moved = first.locator("dialog.moved")
    await expect(moved).to_contain_text("3 ข้อ")
    await expect(moved).to_contain_text("ข้อ 1, 2, 3")
    await moved.locator("[data-action=continue]").click()
    conflict = first.locator("dialog.conflict")
    await expect(conflict).to_contain_text("ข้อ 2")
    await until(lambda: len(service.attempt.log) == saved + 1)
    assert service.attempt.log[-1]["responses"] == {"i3": True}
    assert service.attempt.log[-1]["offline"]["after_receipt"] == 0
    assert service.attempt.responses == {"i1": "c2", "i2": ["c4"], "i3": True}
    await conflict.locator("[data-action=mine]").click()
    await until(lambda: service.attempt.responses["i2"] == ["c1"])
    await expect_saved(first)
    await first.reload()
    await expect(first.locator(".question")).to_be_visible()
    await expect(conflict).to_have_count(0)


async def test_a_busy_service_is_not_asked_before_the_time_it_named(phone: Page, service: FakeService) -> None:
    service.fault("/responses", lambda: (503, "application/problem+json", b'{"code": "busy"}'), times=1)
    service.extra_headers = [(b"retry-after", b"40")]
    await enter(phone)
    await choose(phone, 1)
    await expect(phone.locator(".strip")).to_contain_text("จะลองใหม่ใน 4")
    assert service.asked("/responses") == 1


async def test_a_message_is_there_again_after_a_reload_without_network(phone: Page, service: FakeService) -> None:
    await enter_kept(phone)
    service.attempt.tell("ห้องนี้เน็ตล่ม ทำต่อได้", "The network here is down; go on.")
    await choose(phone, 1)
    await expect(phone.locator(".message")).to_contain_text("ห้องนี้เน็ตล่ม")
    await expect_saved(phone)
    await phone.context.set_offline(True)
    await phone.reload()
    await expect(phone.locator(".message")).to_contain_text("ห้องนี้เน็ตล่ม")
    await phone.locator(".message [data-action=dismiss]").click()
    await phone.reload()
    await phone.locator("[data-action=messages]").click()
    await expect(phone.locator("dialog")).to_contain_text("ห้องนี้เน็ตล่ม")
    await expect(phone.locator(".message")).to_have_count(0)


async def test_a_message_and_more_time_of_one_moment_are_both_announced(phone: Page, service: FakeService) -> None:
    await enter(phone)
    service.attempt.tell("ให้เวลาเพิ่มทุกคน", "More time for everybody.")
    service.attempt.give(7)
    await choose(phone, 1)
    announcer = phone.locator("#announcer")
    await expect(announcer).to_contain_text("7 นาที")
    await expect(announcer).to_contain_text("ให้เวลาเพิ่มทุกคน")


async def test_the_kept_page_goes_on_in_the_language_of_the_launch(phone: Page, service: FakeService) -> None:
    service.language = "en"
    await enter_kept(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    await phone.context.set_offline(True)
    await phone.reload()
    await expect(phone.locator(".question")).to_be_visible()
    await expect(phone.locator("html")).to_have_attribute("lang", "en")
    await expect(phone.locator(".save")).to_contain_text("Offline")


async def test_after_time_is_up_keys_change_nothing_and_the_page_says_so(desk: Page, service: FakeService) -> None:
    # Time enough for a slow machine to open the page and to save.
    service.attempt.ends = time.monotonic() + 12
    await enter(desk)
    await choose(desk, 1)
    await expect_saved(desk)
    # The answer to the page's question how the attempt stands takes its time.
    await desk.route("**/contact*", lambda _: None)
    await expect(desk.locator("dialog.time-up")).to_be_visible()
    await desk.evaluate("document.querySelector('dialog').close()")
    await desk.keyboard.press("3")
    await desk.wait_for_timeout(1500)
    assert service.attempt.responses == {"i1": "c1"}
