"""The runner against a service that goes wrong in every way that was ever reported of an exam engine."""

import re
import time

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.fake_api import FakeService, broken, problem
from tests.browser.steps import choose, enter, expect_saved, expect_unsaved, go, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_offline_says_not_saved_and_saves_once_when_it_is_back(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await phone.context.set_offline(True)
    await choose(phone, 1)
    await expect_unsaved(phone, 1)
    await expect(phone.locator(".strip")).to_contain_text("เก็บไว้ในเครื่องนี้แล้ว")
    await expect(phone.locator(".strip")).to_contain_text("ข้อ 1")
    await go(phone, "next")
    await choose(phone, 2)
    await expect_unsaved(phone, 2)

    await phone.context.set_offline(False)

    await expect_saved(phone)
    await expect(phone.locator(".strip")).to_be_hidden()
    assert service.attempt.responses == {"i1": "c1", "i2": ["c2"]}
    sent = [name for one in service.attempt.log for name in one["responses"]]
    assert sorted(sent) == ["i1", "i2"]


async def test_a_save_whose_answer_is_lost_is_repeated_and_recorded_once(phone: Page, service: FakeService) -> None:
    service.fault("/responses", broken, times=2)
    await enter(phone)
    await choose(phone, 3)
    await expect_saved(phone)
    assert service.asked("/responses") == 3
    assert len(service.attempt.log) == 1


async def test_what_was_not_saved_survives_a_reload_and_is_sent_then(phone: Page, service: FakeService) -> None:
    service.fault("/responses", broken, times=50)
    phone.on("dialog", lambda dialog: dialog.accept())
    await enter(phone)
    await choose(phone, 2)
    await expect_unsaved(phone, 1)
    service.mend()

    await phone.reload()

    await expect(phone.locator("input[value=c2]")).to_be_checked()
    await expect_saved(phone)
    assert service.attempt.responses == {"i1": "c2"}
    assert service.attempt.epoch == 1


async def test_leaving_is_warned_of_only_while_something_is_unsaved(phone: Page, service: FakeService) -> None:
    asked: list[str] = []

    async def agree(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.accept()

    phone.on("dialog", agree)
    await enter(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    await phone.reload()
    await expect(phone.locator(".question")).to_be_visible()
    assert asked == []
    service.fault("/responses", broken, times=50)
    await choose(phone, 2)
    await expect_unsaved(phone, 1)
    await phone.reload()
    assert asked == ["beforeunload"]


async def test_a_closed_tab_opens_where_it_was_with_what_it_had_not_sent(
    open_context: OpenContext, service: FakeService
) -> None:
    context = await open_context()
    page = await context.new_page()
    await enter(page)
    await go(page, "next")
    service.fault("/responses", broken, times=50)
    await choose(page, 4)
    await expect_unsaved(page, 1)
    await page.close()
    service.mend()

    again = await context.new_page()
    await enter(again)

    await expect(again.locator(".question")).to_have_attribute("data-item", "i2")
    await expect(again.locator("input[value=c4]")).to_be_checked()
    await expect_saved(again)
    assert service.attempt.responses == {"i2": ["c4"]}
    assert (service.attempt.epoch, len(service.attempt.log)) == (1, 1)


async def test_moved_to_another_device_is_said_and_continuing_here_sends_what_waited(
    open_context: OpenContext, service: FakeService
) -> None:
    first = await (await open_context()).new_page()
    await enter(first)
    await choose(first, 1)
    await expect_saved(first)
    second = await (await open_context()).new_page()
    await enter(second)
    await expect(second.locator("input[value=c1]")).to_be_checked()
    await go(second, "next")
    await choose(second, 2)
    await expect_saved(second)

    await choose(first, 3)

    notice = first.locator("dialog.moved")
    await expect(notice).to_contain_text("1 ข้อ")
    await first.keyboard.press("Escape")
    await expect(notice).to_be_visible()
    assert service.attempt.responses == {"i1": "c1", "i2": ["c2"]}
    await first.get_by_role("button", name="ทำต่อที่นี่").click()
    await expect(notice).to_have_count(0)
    await expect_saved(first)
    assert service.attempt.responses == {"i1": "c3", "i2": ["c2"]}
    assert service.attempt.epoch == 3


async def test_a_copied_tab_is_another_device(open_context: OpenContext, service: FakeService) -> None:
    context = await open_context()
    page = await context.new_page()
    await enter(page)
    async with context.expect_page() as opening:
        await page.evaluate("window.open(location.href)")
    copy = await opening.value
    await expect(copy.locator(".question")).to_be_visible()
    await until(lambda: service.attempt.epoch == 2)
    await choose(page, 1)
    await expect(page.locator("dialog.moved")).to_be_visible()


async def test_an_answer_that_the_service_refuses_does_not_hold_up_the_others(
    phone: Page, service: FakeService
) -> None:
    await enter(phone)
    for _ in range(4):
        await go(phone, "next")
    await phone.locator("[data-typed=i5]").fill("BAD")
    await go(phone, "previous")
    await phone.locator("[data-typed=i4]").fill("3")
    await expect_unsaved(phone, 1)
    await until(lambda: service.attempt.responses == {"i4": "3"})
    await expect(phone.locator(".strip")).to_contain_text("ข้อ 5")
    await go(phone, "next")
    await expect(phone.locator(".question [role=alert]")).to_be_visible()
    await phone.locator("[data-typed=i5]").fill("GOOD")
    await expect_saved(phone)


async def test_an_ended_session_says_how_to_go_on_and_saves_after_it(phone: Page, service: FakeService) -> None:
    service.fault("/responses", lambda: problem(401, "not-authenticated", "หมดเวลา", "Ended"), times=50)
    await enter(phone)
    await choose(phone, 1)
    await expect(phone.locator(".strip")).to_contain_text("ระบบเรียน")
    tried = service.asked("/responses")
    await phone.locator(".strip button").click()
    await until(lambda: service.asked("/responses") > tried)
    service.mend()
    await expect_saved(phone)


async def test_the_countdown_follows_the_service_at_every_save(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await expect(phone.locator(".timer")).to_contain_text(re.compile("29:5|30:00"))
    service.attempt.ends = time.monotonic() + 3700
    await choose(phone, 1)
    await expect_saved(phone)
    await expect(phone.locator(".timer")).to_contain_text("1:01:")
    service.attempt.ends = time.monotonic() + 200
    await choose(phone, 2)
    await expect(phone.locator(".timer")).to_contain_text("03:")


async def test_a_device_clock_that_is_moved_changes_nothing_but_asks(phone: Page, service: FakeService) -> None:
    await enter(phone)
    asked = service.asked("/contact")
    await phone.evaluate("const real = Date.now; Date.now = () => real() + 86400000")
    await until(lambda: service.asked("/contact") == asked + 1)
    await expect(phone.locator(".timer")).to_contain_text("29:")


async def test_time_left_is_announced_at_the_marks_only(phone: Page, service: FakeService) -> None:
    service.attempt.ends = time.monotonic() + 303
    await enter(phone)
    announcer = phone.locator("#announcer")
    await expect(announcer).to_be_empty()
    await expect(announcer).to_have_text("เหลือเวลา 5 นาที")


async def test_at_the_end_what_waits_is_delivered_in_the_grace_and_handed_in(phone: Page, service: FakeService) -> None:
    service.fault("/responses", broken, times=50)
    service.attempt.ends = time.monotonic() + 12
    await enter(phone)
    await choose(phone, 2)
    await expect(phone.locator("dialog.handing")).to_be_visible()
    await expect(phone.locator("dialog.handing")).to_contain_text("ยังไม่บันทึก 1 ข้อ")
    service.mend()
    await phone.wait_for_url("**/result")
    assert service.attempt.responses == {"i1": "c2"}
    assert service.attempt.state == "expired"


async def test_a_hand_in_that_is_told_to_come_again_comes_no_sooner(phone: Page, service: FakeService) -> None:
    service.fault("/submit", lambda: (503, "application/problem+json", b'{"code": "busy"}'), times=1)
    service.extra_headers = [(b"retry-after", b"7")]
    service.attempt.ends = time.monotonic() + 4
    await enter(phone)
    await until(lambda: service.asked("/submit") == 1)
    refused = time.monotonic()
    await phone.wait_for_url("**/result")
    assert time.monotonic() - refused >= 7
    assert service.asked("/submit") == 2


async def test_time_given_while_it_runs_out_counts(phone: Page, service: FakeService) -> None:
    service.attempt.ends = time.monotonic() + 10
    await enter(phone)
    service.attempt.ends = time.monotonic() + 600
    await expect(phone.locator(".timer")).to_contain_text("09:5")
    await expect(phone.locator("dialog")).to_have_count(0)
    await choose(phone, 1)
    await expect_saved(phone)


async def test_answers_that_came_too_late_are_owned_up_to(phone: Page, service: FakeService) -> None:
    service.attempt.grace = 0.0
    await enter(phone)
    await phone.context.set_offline(True)
    await choose(phone, 1)
    service.attempt.ends = time.monotonic() - 1
    await phone.context.set_offline(False)
    await phone.wait_for_url("**/result")
    await expect(phone.locator(".notice[role=alert]")).to_contain_text("1 ข้อมาถึงหลังหมดเวลา")


async def test_nothing_is_handed_in_before_every_answer_is_saved(desk: Page, service: FakeService) -> None:
    await enter(desk)
    service.fault("/responses", broken, times=50)
    await choose(desk, 1)
    await expect_unsaved(desk, 1)
    await go(desk, "submit")
    await desk.locator("dialog.submit [data-action=confirm]").click()
    waiting = desk.locator("dialog.handing")
    await expect(waiting).to_contain_text("จะส่งให้เองทันทีที่เชื่อมต่อได้")
    await expect(waiting).to_contain_text("ยังไม่บันทึก 1 ข้อ")
    assert service.asked("/submit") == 0
    await waiting.locator("[data-action=again]").click()
    service.mend()
    await desk.wait_for_url("**/result")
    assert service.attempt.responses == {"i1": "c1"}


async def test_a_submission_whose_answer_is_lost_is_repeated(desk: Page, service: FakeService) -> None:
    service.fault("/submit", broken, times=1)
    await enter(desk)
    await go(desk, "submit")
    await desk.locator("dialog.submit [data-action=confirm]").click()
    await desk.wait_for_url("**/result")
    assert service.asked("/submit") == 2


async def test_handed_in_elsewhere_leads_to_the_result(phone: Page, service: FakeService) -> None:
    await enter(phone)
    service.attempt.state = "graded"
    await choose(phone, 1)
    await phone.wait_for_url("**/result")
