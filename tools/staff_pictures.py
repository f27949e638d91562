"""The live page of programme staff for the docs: a small exam with somebody in every state."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, ViewportSize, async_playwright

from exam_service.adapters.storage import migrate
from exam_service.core.people import PersonName
from exam_service.services import api_keys, candidates, enrolments, staff_sessions
from exam_service.services.staff_sessions import StaffLinkBody
from tests.support.chromium import ARGUMENTS, find_chromium
from tests.support.live import Live, live_service
from tests.support.service import World, open_course, world

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZES = (ViewportSize(width=360, height=740), ViewportSize(width=1280, height=1000))
PEOPLE = (
    ("นางสาว", "กมลวรรณ", "พงษ์ไพบูลย์"), ("นาย", "ธนกฤต", "มั่นคง"), ("นาย", "ประเสริฐ", "ทองคำแท้"),
    ("นาย", "ปิยะ", "สายชล"), ("นางสาว", "วิไล", "ศรีสุข"), ("นาย", "สมชาย", "รักเรียน"),
    ("นางสาว", "สมหญิง", "ใจดี"), ("นางสาว", "อรุณี", "แสงทอง"),
)  # fmt: skip


async def shoot_all(browser: Browser) -> None:
    """docs/pictures/staff-LANGUAGE-WIDTH.png"""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/exam.db"
        await migrate(url)
        async with live_service(url, Path(folder)) as live:
            made = await world(live.ctx, live.clock, course=_course())
            await _exam_day(made)
            for language in ("th", "en"):
                for size in SIZES:
                    await _shoot(browser, live, made, language, size)
            live.ctx.load.drain()


async def _exam_day(made: World) -> None:
    ids = []
    for number, (title, given, family) in enumerate(PEOPLE):
        name = PersonName(title=title, given=given, family=family)
        person = candidates.NewCandidate(external_id=f"teacher-{number + 1:03}", name=name)
        async with made.ctx.store.begin(made.org) as tx:
            body = enrolments.EnrolmentWithCandidateBody(course=made.course, candidate=person)
            ids.append((await enrolments.enrol(made.ctx, tx, body, "pictures")).id)
    started = {number: await made.start("post", ids[number]) for number in (0, 1, 2, 4, 5)}
    for number, saves in ((1, 9), (2, 12)):
        made.enrolment = ids[number]
        for seq in range(1, saves + 1):
            await made.save(started[number], seq, {"i1": None})
    await made.submit(started[2])
    made.clock.pass_(seconds=130)
    for number, saves in ((4, 14), (5, 17)):
        made.enrolment = ids[number]
        for seq in range(1, saves + 1):
            await made.save(started[number], seq, {"i1": None})
    made.ctx.presence.heard(made.org, started[1].attempt, made.ctx.now())
    await made.start("post", ids[6])


async def _shoot(browser: Browser, live: Live, made: World, language: str, size: ViewportSize) -> None:
    async with live.ctx.store.begin(made.org) as tx:
        caller = await api_keys.authenticate(live.ctx, made.key)
        link = await staff_sessions.create(live.ctx, tx, StaffLinkBody(name="สมศรี ใจดี"), caller)
    context = await browser.new_context(
        base_url=live.url, viewport=size, locale=f"{language}-TH", timezone_id="Asia/Bangkok", reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(link.url)
    await page.locator("form button[type=submit]").click()
    await page.wait_for_url("**/staff")
    await page.goto("/staff/course/post")
    await page.locator("#stream[data-state=live]").wait_for()
    await page.screenshot(path=FOLDER / f"staff-{language}-{size['width']}.png")
    await context.close()


def _course() -> dict[str, object]:
    title = {"th": "แบบทดสอบหลังพัฒนา", "en": "Post-test"}
    return {**open_course(), "title": {"th": "พื้นฐานการวัดผล", "en": "Basics of measurement"}} | {
        "exams": [one if one["code"] != "post" else {**one, "title": title} for one in open_course()["exams"]]
    }


async def main() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        await shoot_all(browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
