"""Two browsers on one attempt (P4): the second takes over, the first is told at its next save and can take it back."""

from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.support.live import Live, live_service
from tests.support.service import World, open_course, world

PHONE = ViewportSize(width=360, height=800)
DESK = ViewportSize(width=1280, height=800)


async def _device(browser: Browser, live: Live, first: World, viewport: ViewportSize) -> tuple[BrowserContext, Page]:
    """A browser of its own, launched in by the learning system."""
    context = await browser.new_context(base_url=live.url, viewport=viewport, locale="th-TH")
    page = await context.new_page()
    await page.goto(f"/l/{await first.launch()}")
    await page.get_by_role("button", name="เข้าสู่รายวิชา").click()
    await page.wait_for_url("**/exam")
    return context, page


async def test_the_attempt_moves_with_the_candidate_and_nothing_is_lost(
    browser: Browser, sqlite_url: str, tmp_path: Path
) -> None:
    async with live_service(sqlite_url, tmp_path) as live:
        only_choices = [{"code": "one", "title": {"en": "one"}, "strata": [{"bank": "small", "count": 24}]}]
        first = await world(live.ctx, live.clock, course=open_course(sections=only_choices))
        _, phone = await _device(browser, live, first, PHONE)
        view = await first.start()
        key = await first.key_of(view)
        written = [item for item, right in key.items() if isinstance(right, str) and not right.startswith("c")][:2]

        await phone.goto(f"/exam/attempts/{view.attempt}")
        await _write(phone, written[0], "จากโทรศัพท์")
        await expect(phone.locator("body")).to_contain_text("บันทึกแล้ว")

        _, desk = await _device(browser, live, first, DESK)
        await desk.goto(f"/exam/attempts/{view.attempt}")
        await _go(desk, written[0])
        await expect(desk.locator(f"[data-typed={written[0]}]")).to_have_value("จากโทรศัพท์")

        await _write(phone, written[1], "ยังไม่ถึง")
        notice = phone.get_by_role("button", name="ทำต่อที่นี่")
        await expect(notice).to_be_visible()
        await notice.click()
        await expect(phone.locator(f"[data-typed={written[1]}]")).to_have_value("ยังไม่ถึง")
        await expect(phone.locator("body")).to_contain_text("บันทึกแล้ว")

        async with first.ctx.store.read(first.org) as tx:
            journal = await tx.results.journal(view.attempt)
        saved = {item: value for entry in journal for item, value in entry.responses.items()}
        assert saved == {written[0]: "จากโทรศัพท์", written[1]: "ยังไม่ถึง"}
        assert journal[-1].epoch > journal[0].epoch


async def test_a_page_that_was_lost_opens_where_it_was(browser: Browser, sqlite_url: str, tmp_path: Path) -> None:
    async with live_service(sqlite_url, tmp_path) as live:
        first = await world(live.ctx, live.clock, course=open_course())
        context, phone = await _device(browser, live, first, PHONE)
        view = await first.start()
        await phone.goto(f"/exam/attempts/{view.attempt}")
        await _go(phone, "i4")
        await phone.close()
        again = await context.new_page()
        await again.goto("/exam")
        await again.locator("[data-action=resume]").click()
        await expect(again.locator(".question")).to_have_attribute("data-item", "i4")


async def _go(page: Page, item: str) -> None:
    """Step forward to an item from wherever the page is."""
    await expect(page.locator(".question")).to_be_visible()
    while await page.locator(".question").get_attribute("data-item") != item:
        here = int((await page.locator(".question").get_attribute("data-item") or "i0")[1:])
        action = "next" if here < int(item[1:]) else "previous"
        await page.locator(f"[data-action={action}]").click()


async def _write(page: Page, item: str, text: str) -> None:
    await _go(page, item)
    await page.locator(f"[data-typed={item}]").fill(text)
