"""`make pictures`: the pages of the manual, from the real service, at 360 px and 1280 px, in Thai and English.

They go to docs/pictures/PAGE-LANGUAGE-WIDTH.png. Needs a Chromium.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from exam_service.adapters.storage import migrate
from exam_service.cli import demo_data
from exam_service.services import attempts, certificates, saving, starting, submitting
from exam_service.services.context import Context
from tests.support.chromium import ARGUMENTS, find_chromium
from tests.support.live import Live, live_service
from tests.support.service import right_responses
from tools import staff_pictures

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZES = (ViewportSize(width=360, height=740), ViewportSize(width=1280, height=800))

Shoot = Callable[[str], Awaitable[None]]


async def main() -> None:
    """A fresh service for each language and width, so that no picture depends on another."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        for language in ("th", "en"):
            for size in SIZES:
                with tempfile.TemporaryDirectory() as folder:
                    await _series(browser, Path(folder), language, size)
        await staff_pictures.shoot_all(browser)
        await browser.close()


async def _series(browser: Browser, folder: Path, language: str, size: ViewportSize) -> None:
    url = f"sqlite:///{folder}/exam.db"
    await migrate(url)
    async with live_service(url, folder) as live:
        organisation = await demo_data.fill(live.ctx, lambda _: None)
        context = await browser.new_context(
            base_url=live.url,
            viewport=size,
            locale=f"{language}-TH",
            timezone_id="Asia/Bangkok",
            reduced_motion="reduce",
        )
        await context.add_cookies([{"name": "exam_lang", "value": language, "url": live.url}])
        page = await context.new_page()

        async def shoot(name: str) -> None:
            await page.wait_for_load_state("networkidle")
            await page.wait_for_timeout(300)
            await page.screenshot(path=FOLDER / f"{name}-{language}-{size['width']}.png")

        await _walk(page, live, organisation.id, shoot)
        await context.close()


async def _walk(page: Page, live: Live, org: str, shoot: Shoot) -> None:
    """Through all pages as the candidate whose learning is complete."""
    ctx = live.ctx
    enrolment = await demo_data.enrolment_id(ctx, org, demo_data.LEARNED)
    await page.goto(await demo_data.launch(ctx, org, demo_data.LEARNED))
    await shoot("launch")
    await page.locator("form button[type=submit]").click()
    await page.wait_for_url("**/exam")
    await shoot("home")

    await _take(ctx, org, enrolment, "pre")
    running = await starting.start(ctx, org, enrolment, "post")
    key = await right_responses(ctx, org, running.attempt)
    await page.goto(f"/exam/attempts/{running.attempt}")
    await page.locator(".question").wait_for()
    choices = page.locator(".question input[type=radio]")
    for _ in range(len(key)):
        if await choices.count() == 4:
            break
        await page.locator("[data-action=next]").click()
    await choices.nth(1).check(force=True)
    await page.locator("[data-action=flag]").click()
    await shoot("attempt")
    await page.context.set_offline(True)
    await choices.nth(2).check(force=True)
    await page.locator(".save[data-save=trouble]").wait_for()
    await page.evaluate("scrollTo(0, 0)")
    await shoot("offline")
    await page.context.set_offline(False)
    await page.locator(".save[data-save=saved]").wait_for()
    while await page.locator("[data-action=finish]").count() == 0:
        await page.locator("[data-action=next]").click()
    await page.locator("[data-action=finish]").click()
    await page.locator("dialog.submit [data-action=confirm]").wait_for()
    await shoot("submit")

    answers = dict(list(key.items())[:-1])
    opened = await attempts.open_here(ctx, org, enrolment, running.attempt)
    await _answer(ctx, org, enrolment, opened, answers)
    await page.goto(f"/exam/attempts/{running.attempt}/result")
    await page.locator("main h1").first.wait_for()
    await shoot("result")
    await page.goto(f"/exam/attempts/{running.attempt}/review")
    await page.locator("main h1").first.wait_for()
    await shoot("review")

    issued = await certificates.request(ctx, org, enrolment, "certificate")
    await page.goto(f"/exam/certificates/{issued.id}")
    await shoot("certificate")
    await page.goto(f"/v/{issued.id}")
    await shoot("verify")


async def _take(ctx: Context, org: str, enrolment: str, exam: str) -> None:
    started = await starting.start(ctx, org, enrolment, exam)
    await _answer(ctx, org, enrolment, started, await right_responses(ctx, org, started.attempt))


async def _answer(
    ctx: Context, org: str, enrolment: str, view: attempts.AttemptView, answers: dict[str, object]
) -> None:
    body = msgspec.json.encode(answers)
    await saving.save(ctx, org, enrolment, view.attempt, view.epoch, 1, body)
    await submitting.submit(ctx, org, enrolment, view.attempt, view.epoch)


if __name__ == "__main__":
    asyncio.run(main())
