"""An exam day of somebody whose network comes and goes, through a real browser and the real service."""

from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, expect

from tests.browser.steps import enter_kept_at
from tests.story.test_two_devices import PHONE, _device
from tests.support.live import live_service
from tests.support.service import open_course, world

ONE_SECTION = [{"code": "one", "title": {"en": "one"}, "strata": [{"bank": "small", "count": 6}]}]


async def test_an_exam_without_network_arrives_once_and_late_answers_are_told(
    browser: Browser, sqlite_url: str, tmp_path: Path
) -> None:
    async with live_service(sqlite_url, tmp_path) as live:
        course = open_course(sections=ONE_SECTION, late_responses={"policy": "hold"})
        first = await world(live.ctx, live.clock, course=course)
        staff = httpx.AsyncClient(base_url=live.url, headers={"Authorization": f"Bearer {first.key}"}, timeout=30)
        context, phone = await _device(browser, live, first, PHONE)
        complaints: list[str] = []
        phone.on("pageerror", lambda error: complaints.append(str(error)))
        phone.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
        phone.on("dialog", lambda dialog: dialog.accept())
        view = await first.start()
        await enter_kept_at(phone, f"/exam/attempts/{view.attempt}")
        await _respond(phone)
        await expect(phone.locator(".save")).to_have_attribute("data-save", "saved")

        # Offline: the page opens all the same, and everything waits on the device.
        await context.set_offline(True)
        for _ in range(2):
            await phone.locator("[data-action=next]").click()
            await _respond(phone)
        await expect(phone.locator(".save")).to_have_attribute("data-unsaved", "2")
        await phone.reload()
        await expect(phone.locator(".question")).to_have_attribute("data-item", "i3")
        await expect(phone.locator(".save")).to_have_attribute("data-unsaved", "2")

        # Staff gives time and sends word meanwhile; the page hears of both with its first save.
        given = await staff.post(f"/v1/attempts/{view.attempt}/extra-time", json={"minutes": 10, "reason": "ไฟฟ้าดับ"})
        assert given.status_code == 200, given.text
        sent = await staff.post(f"/v1/attempts/{view.attempt}/messages", json={"text": {"th": "ได้เวลาเพิ่มแล้ว"}})
        assert sent.status_code in (200, 201), sent.text
        await context.set_offline(False)
        await expect(phone.locator(".save")).to_have_attribute("data-save", "saved")
        await expect(phone.locator(".messages")).to_contain_text("ได้เวลาเพิ่มแล้ว")
        await expect(phone.locator(".messages")).to_contain_text("เจ้าหน้าที่ให้เวลาเพิ่ม 10 นาที")
        async with live.ctx.store.read(first.org) as tx:
            journal = await tx.results.journal(view.attempt)
        assert [(entry.epoch, entry.seq) for entry in journal] == [(2, n) for n in range(1, len(journal) + 1)]
        assert {item for entry in journal for item in entry.responses} == {"i1", "i2", "i3"}

        # Offline again, and the end passes: staff are to decide, and the candidate is told so.
        await context.set_offline(True)
        await phone.locator("[data-action=next]").click()
        await _respond(phone)
        await expect(phone.locator(".save[data-save=trouble]")).to_have_attribute("data-unsaved", "1")
        live.clock.pass_(hours=2)
        await context.set_offline(False)
        await phone.wait_for_url("**/result")
        await expect(phone.locator(".notice[role=alert]")).to_contain_text("เจ้าหน้าที่จะพิจารณา")
        kept = (await staff.get(f"/v1/attempts/{view.attempt}/late-saves")).json()
        assert len(kept) == 1
        await phone.goto("/exam")
        await expect(phone.locator(".step").first).to_be_visible()
        await expect(phone.locator("[data-unsent]")).to_have_count(0)
        assert complaints == []
        await staff.aclose()


async def _respond(page: Page) -> None:
    """Answer the question that is shown, whatever its type."""
    question = page.locator(".question")
    if await question.locator("[data-typed]").count():
        await question.locator("[data-typed]").fill("12")
    else:
        await question.locator("label.choice").first.click()
