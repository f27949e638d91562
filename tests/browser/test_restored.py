"""The service came back from a backup and lacks what it had acknowledged: the page says so, and sends it again."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.fake_api import FakeService, problem
from tests.browser.steps import choose, enter, expect_saved, go, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL = {"i1": "c2", "i2": ["c1", "c3"], "i3": False}


async def _answered(page: Page, service: FakeService) -> dict[str, object]:
    """Three answers, acknowledged; the backup that is given holds the first one, as it was changed later."""
    await enter(page)
    await choose(page, 1)
    await expect_saved(page)
    kept = service.attempt.backup()
    await choose(page, 2)
    await go(page, "next")
    await choose(page, 1)
    await choose(page, 3)
    await go(page, "next")
    await choose(page, 2)
    await expect_saved(page)
    await until(lambda: service.attempt.responses == ALL)
    return kept


async def test_a_page_that_is_opened_after_the_restore_sends_what_is_lacking(phone: Page, service: FakeService) -> None:
    kept = await _answered(phone, service)
    service.attempt.restore(kept)
    assert service.attempt.responses == {"i1": "c1"}
    await phone.reload()
    await expect(phone.locator(".question")).to_be_visible()
    await expect_saved(phone)
    assert service.attempt.responses == ALL
    again = service.attempt.log[-1]
    assert (again["responses"], again["offline"]["after_receipt"]) == (ALL, 0)
    sent = len(service.attempt.log)
    await phone.reload()
    await expect(phone.locator(".question")).to_be_visible()
    assert len(service.attempt.log) == sent, "once"


async def test_a_page_that_opens_the_attempt_anew_sends_what_is_lacking_too(phone: Page, service: FakeService) -> None:
    # As over plain http in a school, and in a second tab: it cannot go on in the session that it had.
    await phone.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })")
    kept = await _answered(phone, service)
    before = service.attempt.epoch
    service.attempt.restore(kept)
    await phone.reload()
    # Whether another device gave the older answer meanwhile cannot be told here, so the candidate is asked.
    await phone.locator("dialog.conflict [data-action=mine]").click()
    await expect_saved(phone)
    assert service.attempt.epoch > before, "it was opened anew"
    assert service.attempt.responses == ALL


async def test_a_page_that_stays_open_learns_of_it_and_says_so(phone: Page, service: FakeService) -> None:
    await phone.clock.install()
    kept = await _answered(phone, service)
    service.attempt.restore(kept)
    service.fault("/responses", lambda: problem(503, "unavailable", "ยังไม่ได้", "Not now."))
    await phone.clock.fast_forward(60_000)
    await expect(phone.locator(".save")).to_have_attribute("data-save", "trouble")
    await expect(phone.locator(".strip")).to_contain_text("ยังไม่บันทึก 3 ข้อ")
    await phone.clock.fast_forward(60_000)
    await expect_saved(phone)
    assert service.attempt.responses == ALL


async def test_what_is_lacking_goes_before_it_is_handed_in(phone: Page, service: FakeService) -> None:
    kept = await _answered(phone, service)
    service.attempt.restore(kept)
    # A save goes on as if nothing had been; only who asks learns of it.
    await go(phone, "next")
    await phone.locator("[data-typed=i4]").fill("12")
    await until(lambda: "i4" in service.attempt.responses)
    assert service.attempt.responses == {"i1": "c1", "i4": "12"}
    await go(phone, "all")
    await phone.locator("dialog [data-action=finish]").click()
    await go(phone, "confirm")
    await phone.wait_for_url("**/result")
    assert service.attempt.responses == {**ALL, "i4": "12"}


async def test_handing_in_when_time_is_up_sends_it_too(phone: Page, service: FakeService) -> None:
    kept = await _answered(phone, service)
    service.attempt.restore(kept)
    service.attempt.ends -= 1800 - 3
    # The page hears of the end with what it saves next.
    await go(phone, "next")
    await phone.locator("[data-typed=i4]").fill("12")
    await phone.wait_for_url("**/result")
    assert service.attempt.responses == {**ALL, "i4": "12"}


async def test_a_device_session_from_before_the_restore_gives_what_it_had_to_the_next(
    phone: Page, service: FakeService
) -> None:
    kept = service.attempt.backup()
    await _answered(phone, service)
    kept["epoch"] = 0
    service.attempt.restore(kept)
    await phone.reload()
    await phone.locator("dialog.moved [data-action=continue]").click()
    await expect(phone.locator(".question")).to_be_visible()
    await expect_saved(phone)
    assert service.attempt.epoch == 1, "a number that this device had before"
    assert service.attempt.responses == ALL


async def test_what_another_device_wrote_since_is_for_the_candidate_to_decide(
    phone: Page, service: FakeService
) -> None:
    kept = service.attempt.backup()
    await _answered(phone, service)
    service.attempt.restore(kept)
    service.attempt.responses["i1"] = "c3"
    await phone.reload()
    await phone.locator("dialog.moved [data-action=continue]").click()
    await phone.locator("dialog.conflict [data-action=mine]").click()
    await expect_saved(phone)
    assert service.attempt.responses == ALL


async def test_an_attempt_that_began_after_the_backup_is_owned_up_to(
    open_context: OpenContext, service: FakeService
) -> None:
    page = await (await open_context()).new_page()
    await _answered(page, service)
    service.unknown = True
    await go(page, "next")
    await page.locator("[data-typed=i4]").fill("12")
    await expect(page.locator(".save")).to_have_attribute("data-unsaved", "4")
    await expect(page.locator(".strip")).to_contain_text("ระบบไม่พบการสอบครั้งนี้")
    await page.reload()
    await expect(page.locator(".sole")).to_contain_text("เครื่องนี้ยังเก็บคำตอบไว้ 4 ข้อ")
