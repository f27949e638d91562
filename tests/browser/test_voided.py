"""Staff void an attempt while a device holds answers that were not sent: a voiding can be undone, and so those stay."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import sample
from tests.browser.fake_api import FakeService, journey
from tests.browser.steps import choose, close_offline, enter, expect_kept, expect_saved, expect_unsaved, go, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _void(service: FakeService) -> None:
    service.attempt.state = "voided"
    service.result = sample.result(state="voided", percent=None, passed=None)
    service.me = journey("hidden")
    service.me["exams"][1]["attempts"] = [{**sample.past(1, None, None), "attempt": sample.ATTEMPT, "state": "voided"}]


async def _two_unsent(page: Page) -> None:
    await enter(page)
    await choose(page, 1)
    await expect_saved(page)
    await page.context.set_offline(True)
    await choose(page, 2)
    await go(page, "next")
    await choose(page, 3)
    await expect_unsaved(page, 2)


async def test_what_was_not_sent_stays_and_goes_out_once_the_attempt_is_reopened(
    phone: Page, service: FakeService
) -> None:
    await _two_unsent(phone)
    _void(service)
    await phone.context.set_offline(False)
    await phone.wait_for_url("**/result")
    await expect(phone.locator(".notice[role=alert]")).to_contain_text("2 ข้อที่ยังไม่ได้บันทึกเมื่อการสอบถูกยกเลิก")
    # The service has it, too.
    assert [one["responses"] for one in service.attempt.late] == [{"i1": "c2"}, {"i2": ["c3"]}]
    await phone.goto("/exam")
    await expect(phone.locator("[data-unsent]")).to_contain_text("2 ข้อ")
    await expect(phone.locator("[data-unsent]")).to_contain_text("เจ้าหน้าที่ยกเลิก")
    await expect(phone.locator("[data-unsent] a")).to_have_count(0)

    service.attempt.state = "in_progress"
    service.me = journey("running")
    await phone.goto(f"/exam/attempts/{sample.ATTEMPT}")
    await expect(phone.locator(".question")).to_be_visible()
    await expect_saved(phone)
    assert service.attempt.responses == {"i1": "c2", "i2": ["c3"]}
    await phone.goto("/exam")
    await expect(phone.locator(".step").first).to_be_visible()
    await expect(phone.locator("[data-unsent]")).to_have_count(0)


async def test_a_page_that_hears_of_the_voiding_first_sends_what_it_holds(phone: Page, service: FakeService) -> None:
    await _two_unsent(phone)
    await expect_kept(phone, '{"i1":"c2"}', '{"i2":["c3"]}')
    await close_offline(phone)
    _void(service)
    again = await phone.context.new_page()
    await phone.context.set_offline(False)
    for _ in range(2):
        await again.goto(f"/exam/attempts/{sample.ATTEMPT}")
        await again.wait_for_url("**/result")
        await expect(again.locator(".notice[role=alert]")).to_contain_text("2 ข้อ")
    # Under the same numbers however often.
    assert {(one["seq"], str(one["responses"])) for one in service.attempt.late} == {
        (2, str({"i1": "c2"})),
        (3, str({"i2": ["c3"]})),
    }


async def test_a_voided_attempt_with_nothing_unsent_leaves_nothing(phone: Page, service: FakeService) -> None:
    await enter(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    _void(service)
    await choose(phone, 2)
    await phone.wait_for_url("**/result")
    await until(lambda: len(service.attempt.late) == 1)
    service.attempt.state = "in_progress"
    await enter(phone)
    await expect_saved(phone)
    service.attempt.state = "voided"
    await phone.reload()
    await phone.wait_for_url("**/result")
    await expect(phone.locator(".outcome")).to_be_visible()
    await expect(phone.locator(".notice[role=alert]")).to_have_count(0)
