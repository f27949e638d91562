"""Questions that are answered in parts, by hand and by keyboard, on a phone and after a reload."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import sample
from tests.browser.accessibility import faults_of
from tests.browser.conftest import RUNNER
from tests.browser.fake_api import FakeService
from tests.browser.steps import enter, expect_saved, go, tab_to, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def open_item(page: Page, number: int) -> None:
    await enter(page)
    cell = page.locator(f"[data-go=i{number}]:visible")
    if not await cell.count():
        await page.locator("[data-action=all]:visible").first.click()
    await cell.click()
    await expect(page.locator(".question")).to_have_attribute("data-item", f"i{number}")


async def test_each_prompt_gets_one_of_the_choices(phone: Page, service: FakeService) -> None:
    await open_item(phone, 10)
    assert await phone.locator("select").count() == 3
    # The choices are written out, since a list to choose from shows no formula.
    await expect(phone.locator(".lettered .choice")).to_have_count(4)
    assert await phone.locator(".lettered math").count() == 1
    await phone.get_by_label("ค่าความยาก").select_option("c4")
    await phone.get_by_label("ดัชนี IOC").select_option(label="ข. ความสอดคล้องของข้อสอบกับจุดประสงค์")
    await expect_saved(phone)
    assert service.attempt.responses == {"i10": {"c1": "c4", "c3": "c5"}}
    assert await faults_of(phone) == []

    await phone.reload()
    await expect(phone.get_by_label("ดัชนี IOC")).to_have_value("c5")
    for prompt in ("ค่าความยาก", "ดัชนี IOC"):
        await phone.get_by_label(prompt).select_option("")
    await until(lambda: service.attempt.responses == {"i10": None})


async def test_they_are_tapped_in_order_and_moved(phone: Page, service: FakeService) -> None:
    await open_item(phone, 11)
    for id in ("c2", "c3", "c4"):
        await phone.locator(f"[data-add={id}]").click()
    await expect(phone.locator(".sequence li")).to_have_count(3)
    await phone.get_by_role("button", name="เลื่อนขึ้น: ทำตาราง").click()
    await expect_saved(phone)
    assert service.attempt.responses == {"i11": ["c2", "c4", "c3"]}
    assert await faults_of(phone) == []
    await phone.get_by_role("button", name="นำออก: กำหนดจุดประสงค์").click()
    await phone.locator("[data-add=c1]").click()
    await phone.locator("[data-add=c2]").click()
    await until(lambda: service.attempt.responses == {"i11": ["c4", "c3", "c1", "c2"]})
    await expect(phone.locator(".pool button")).to_have_count(0)

    await phone.reload()
    await expect(phone.locator(".sequence li").first).to_contain_text("ทำตาราง")
    await phone.get_by_role("button", name="ล้างคำตอบข้อนี้").click()
    await until(lambda: service.attempt.responses == {"i11": None})


async def test_they_are_ordered_by_keyboard_alone(desk: Page, service: FakeService) -> None:
    await open_item(desk, 11)
    await tab_to(desk, "[data-add=c1]")
    # The next one has the focus after each, so that Enter is enough.
    for _ in range(4):
        await desk.keyboard.press("Enter")
    await until(lambda: service.attempt.responses == {"i11": ["c1", "c2", "c3", "c4"]})
    await tab_to(desk, "[data-move=c2-down]")
    await desk.keyboard.press("Enter")
    await desk.keyboard.press("Enter")
    await until(lambda: service.attempt.responses == {"i11": ["c1", "c3", "c4", "c2"]})


async def test_gaps_are_filled_where_they_stand(phone: Page, service: FakeService) -> None:
    await open_item(phone, 12)
    await phone.get_by_label("ช่องว่างที่ 1 จาก 3").select_option("c1")
    await phone.get_by_label("ช่องว่างที่ 2 จาก 3").fill("ความตรง")
    await phone.get_by_label("ช่องว่างที่ 3 จาก 3").fill("๒")
    await expect_saved(phone)
    assert service.attempt.responses == {"i12": {"g1": "c1", "g2": "ความตรง", "g3": "๒"}}
    assert await phone.locator(".gapped li .gap").count() == 1
    assert await faults_of(phone) == []

    await phone.reload()
    await expect(phone.get_by_label("ช่องว่างที่ 2 จาก 3")).to_have_value("ความตรง")
    # No key that is typed there moves the page.
    await phone.get_by_label("ช่องว่างที่ 2 จาก 3").press_sequentially("n")
    await expect(phone.locator(".question")).to_have_attribute("data-item", "i12")
    await go(phone, "previous")
    await until(lambda: "n" in service.attempt.responses["i12"]["g2"])


async def test_the_review_shows_each_part(phone: Page, service: FakeService) -> None:
    service.review = sample.review(parts=True)
    await phone.goto(f"{RUNNER}/review")
    await expect(phone.locator(".review")).to_have_count(3)
    pairs, order, gaps = (phone.locator(".review-answer").nth(n) for n in range(3))
    await expect(pairs.locator(".match.right")).to_have_count(1)
    await expect(pairs.locator(".match.wrong")).to_have_count(2)
    await expect(pairs.locator(".match").nth(2)).to_contain_text("ไม่ได้ตอบ")
    await expect(order.locator(".choice.right")).to_have_count(1)
    await expect(order.locator("ol")).to_have_count(2)
    await expect(gaps).to_contain_text("ความตรง / validity")
    assert await faults_of(phone) == []

    service.review = sample.review(parts=True, responses=False, correctness=False)
    await phone.reload()
    await expect(phone.locator(".review")).to_have_count(3)
    await expect(phone.locator(".match.wrong, .chip.now")).to_have_count(0)


async def test_a_unit_may_be_typed_behind_a_number(phone: Page, service: FakeService) -> None:
    item = {"item": "i1", "type": "numeric", "stem": {"th": "ยาวเท่าใด"}, "units": ["cm", "m"], "unit_needed": True}
    service.paper = {**sample.PAPER, "sections": [{"title": {"th": "ส่วนเดียว"}, "items": [item]}]}
    await enter(phone)
    await expect(phone.locator(".answer")).to_contain_text("พิมพ์หน่วยต่อท้ายด้วย (cm, m)")
    field = phone.locator("[data-typed=i1]")
    for typed, doubt in (("๑.๕ m", False), ("หนึ่ง m", True), ("150", False), ("", False)):
        await field.fill(typed)
        await field.blur()
        await expect(phone.locator(".doubt")).to_be_visible(visible=doubt)
    await until(lambda: service.attempt.responses == {"i1": None})
