"""How an attempt ends without network: handing in waits in plain sight, and a policy decides on late answers."""

import time

import pytest
from playwright.async_api import Page, expect

from tests.browser import sample
from tests.browser.conftest import RUNNER
from tests.browser.fake_api import FakeService, journey, problem
from tests.browser.steps import choose, close_offline, enter, enter_kept, expect_saved, expect_unsaved, go, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _hand_in(page: Page) -> None:
    await go(page, "submit")
    await page.locator("dialog.submit [data-action=confirm]").click()


async def test_handing_in_offline_waits_and_goes_after_the_saves(desk: Page, service: FakeService) -> None:
    await enter_kept(desk)
    await desk.context.set_offline(True)
    await choose(desk, 2)
    await expect_unsaved(desk, 1)
    await _hand_in(desk)
    waiting = desk.locator("dialog.handing")
    await expect(waiting).to_contain_text("จะส่งให้เองทันทีที่เชื่อมต่อได้")
    # It is remembered: a reload goes on waiting.
    desk.on("dialog", lambda dialog: dialog.accept())
    await desk.reload()
    await expect(waiting).to_contain_text("ยังไม่บันทึก 1 ข้อ")
    assert service.asked("/submit") == 0
    await desk.context.set_offline(False)
    await desk.wait_for_url("**/result")
    assert (service.attempt.responses, service.attempt.state) == ({"i1": "c2"}, "graded")
    written = [path.rsplit("/", 1)[1] for method, path in service.calls if method == "POST"]
    assert written.index("responses") < written.index("submit")


async def test_handing_in_that_waits_can_be_taken_back(desk: Page, service: FakeService) -> None:
    await enter(desk)
    await desk.context.set_offline(True)
    await choose(desk, 2)
    await _hand_in(desk)
    await desk.locator("dialog.handing [data-action=back]").click()
    await choose(desk, 3)
    await desk.context.set_offline(False)
    await expect_saved(desk)
    assert (service.attempt.responses, service.attempt.state) == ({"i1": "c3"}, "in_progress")


@pytest.mark.parametrize(
    "policy, said",
    [("refuse", "จึงไม่ถูกนับ"), ("hold", "เจ้าหน้าที่จะพิจารณา"), ("accept", "ถูกนับตามเกณฑ์")],
)
async def test_when_the_deadline_passes_meanwhile_the_page_says_what_became_of_it(
    desk: Page, service: FakeService, policy: str, said: str
) -> None:
    service.attempt.late_policy, service.attempt.grace = policy, 0.0
    service.result = sample.result(ended_by="expired")
    await enter(desk)
    await desk.context.set_offline(True)
    await choose(desk, 2)
    await expect_unsaved(desk, 1)
    await _hand_in(desk)
    await expect(desk.locator("dialog.handing")).to_be_visible()
    service.attempt.ends = time.monotonic() - 1
    await desk.context.set_offline(False)
    await desk.wait_for_url("**/result")
    notice = desk.locator(".notice[role=alert]")
    await expect(notice).to_contain_text("คำตอบ 1 ข้อ")
    await expect(notice).to_contain_text(said)
    await expect(notice).to_contain_text("คุณกดส่งขณะไม่มีการเชื่อมต่อ")
    stored = service.attempt.log if policy == "accept" else service.attempt.late
    assert [one["responses"] for one in stored] == [{"i1": "c2"}]
    assert stored[0]["offline"]["monotonic"] is True


async def test_time_given_while_the_page_had_no_network_counts(desk: Page, service: FakeService) -> None:
    service.attempt.ends = time.monotonic() + 12
    await enter(desk)
    await desk.context.set_offline(True)
    await choose(desk, 2)
    await expect(desk.locator("dialog.handing")).to_contain_text("หมดเวลาแล้ว")
    service.attempt.give(10)
    await desk.context.set_offline(False)
    await expect(desk.locator("dialog.handing")).to_have_count(0)
    await expect_saved(desk)
    await choose(desk, 3)
    await until(lambda: service.attempt.responses == {"i1": "c3"})
    assert service.attempt.state == "in_progress"


async def test_what_an_ended_attempt_left_on_the_device_is_delivered_from_the_course_page(
    phone: Page, service: FakeService
) -> None:
    service.attempt.late_policy, service.attempt.grace = "hold", 0.0
    await enter(phone)
    await phone.context.set_offline(True)
    await choose(phone, 4)
    await expect_unsaved(phone, 1)
    await close_offline(phone)
    service.attempt.ends = time.monotonic() - 5
    service.me = journey("hidden")
    again = await phone.context.new_page()
    await phone.context.set_offline(False)
    await again.goto("/exam")
    await again.locator("[data-unsent] a").click()
    await again.wait_for_url("**/result")
    await expect(again.locator(".notice[role=alert]")).to_contain_text("เจ้าหน้าที่จะพิจารณา")
    assert [one["responses"] for one in service.attempt.late] == [{"i1": "c4"}]
    await again.goto("/exam")
    await expect(again.locator(".step").first).to_be_visible()
    await expect(again.locator("[data-unsent]")).to_have_count(0)


async def test_a_session_that_expires_keeps_the_work_until_the_next_launch(phone: Page, service: FakeService) -> None:
    signed_out = problem(401, "not-authenticated", "หมดเวลาการเข้าใช้งาน", "Ended")
    await enter_kept(phone)
    service.fault("/responses", lambda: signed_out, times=500)
    await choose(phone, 1)
    await expect(phone.locator(".strip")).to_contain_text("โปรดเปิดรายวิชาจากระบบเรียน")
    await phone.close()

    # From the page that was kept, too: it says how to come back, and that nothing is lost.
    service.mend()
    service.fault(sample.ATTEMPT, lambda: signed_out)
    again = await phone.context.new_page()
    await again.goto(RUNNER)
    await expect(again.locator("#app")).to_contain_text("โปรดเข้าสู่รายวิชาจากระบบเรียนอีกครั้ง")
    await expect(again.locator("#app")).to_contain_text("1 ข้อ")
    await again.goto("/exam")
    await again.goto(RUNNER)
    await expect(again.locator("input[value=c1]")).to_be_checked()
    await expect_saved(again)
    assert service.attempt.responses == {"i1": "c1"}


async def test_a_phone_whose_date_is_wrong_by_a_day_is_not_shut_out(phone: Page, service: FakeService) -> None:
    await enter_kept(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    await phone.context.set_offline(True)
    await phone.context.add_init_script("const real = Date.now; Date.now = () => real() + 86400000;")
    await phone.reload()
    await expect(phone.locator(".timer")).to_contain_text("≈ 00:00")
    await expect(phone.locator("dialog")).to_have_count(0)
    await choose(phone, 2)
    await expect_unsaved(phone, 1)
    await phone.context.set_offline(False)
    await expect_saved(phone)
    await expect(phone.locator(".timer")).to_contain_text("29:")
    assert service.attempt.responses == {"i1": "c2"}
    assert service.attempt.log[-1]["offline"]["answered_ago_ms"] < 60_000
