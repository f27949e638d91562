"""The live page of programme staff in a real Chromium, against the real service."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from exam_service.core.exams.late import Evidence
from exam_service.services import api_keys, invigilation, saving, staff_sessions
from exam_service.services.invigilation import VoidBody
from exam_service.services.staff_sessions import StaffLinkBody
from tests.browser.accessibility import faults_of
from tests.support.live import live_service
from tests.support.service import World, open_course, world

PHONE = {"width": 360, "height": 800}
DESK = {"width": 1280, "height": 800}
EXAM = "/staff/course/post"


@pytest.fixture
async def watched(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[World, str]]:
    """A running service with six candidates: two are writing, one has handed in."""
    async with live_service(sqlite_url, tmp_path) as running:
        made = await world(running.ctx, running.clock, course=open_course())
        people = [await made.enrol(f"user-{n}") for n in range(5)]
        for enrolment in people[:2]:
            await made.start("post", enrolment)
        made.enrolment = people[2]
        await made.submit(await made.start("post", people[2]))
        yield made, running.url
        # A stream that is still open would keep the server from stopping.
        running.ctx.load.drain()


@asynccontextmanager
async def _inside(browser: Browser, watched: tuple[World, str], **options: Any) -> AsyncIterator[Page]:
    """A page in a browser that came in by a link of its own; nothing on it may break the security policy."""
    made, url = watched
    async with made.ctx.store.begin(made.org) as tx:
        caller = await api_keys.authenticate(made.ctx, made.key)
        link = await staff_sessions.create(made.ctx, tx, StaffLinkBody(name="สมศรี ใจดี"), caller)
    given = {"base_url": url, "viewport": DESK, "locale": "th-TH", "reduced_motion": "reduce", **options}
    context = await browser.new_context(**given)
    page, complaints = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Security Policy" in m.text else None)
    await page.goto(link.url)
    await page.get_by_role("button", name="เข้าใช้งาน").click()
    await expect(page).to_have_url(re.compile(r"/staff$"))
    try:
        yield page
        assert complaints == []
    finally:
        await context.close()


def _count(page: Page, name: str) -> Any:
    return page.locator(f".bigs [data-count={name}], .filters [data-count={name}]").first


async def test_a_candidate_saves_and_the_count_changes_without_a_reload(
    browser: Browser, watched: tuple[World, str]
) -> None:
    made, _ = watched
    async with _inside(browser, watched) as page:
        await page.get_by_role("link", name="หลังเรียน").click()
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        await page.evaluate("window.sameDocument = true")
        await expect(_count(page, "saving")).to_have_text("0")
        async with made.ctx.store.read(made.org) as tx:
            running = [one for one in await tx.attempts.page("course", None, 10) if one.state == "in_progress"]
        row = page.get_by_role("row").filter(has_text="user-0")
        await expect(row.get_by_role("cell").nth(2)).to_have_text("0")
        made.enrolment = running[0].enrolment
        view = await made.start("post", made.enrolment)
        await made.save(view, 1, {"i1": None})
        await expect(_count(page, "saving")).to_have_text("1")
        await expect(row).to_contain_text("กำลังตอบ")
        await expect(row.get_by_role("cell").nth(2)).to_have_text("1")
        made.clock.pass_(seconds=121)
        await expect(_count(page, "lost_contact")).to_have_text("2")
        await expect(page.locator("#announcer")).to_have_text("ขาดการติดต่อ 2 คน")
        late = await made.enrol("user-9")
        await made.start("post", late)
        await expect(page.get_by_role("row").filter(has_text="user-9")).to_contain_text("เริ่มแล้ว")
        assert await page.evaluate("window.sameDocument"), "the page was never loaded again"


async def test_time_goes_on_between_two_events(browser: Browser, watched: tuple[World, str]) -> None:
    async with _inside(browser, watched) as page:
        await page.goto(EXAM)
        cell = page.get_by_role("row").filter(has_text="user-0").get_by_role("cell").nth(3)
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        seen = {await cell.inner_text()}
        for _ in range(20):
            await page.wait_for_timeout(500)
            seen.add(await cell.inner_text())
        assert len(seen) >= 3
        assert all(re.fullmatch(r"29:\d\d", one) for one in seen)


async def test_who_goes_through_the_list_by_keyboard_stays_where_they_are(
    browser: Browser, watched: tuple[World, str]
) -> None:
    """However the list changes: its first look, a state, the order around the row, a row that leaves the list."""
    made, _ = watched
    async with made.ctx.store.read(made.org) as tx:
        (person, *_rest) = [one for one in await tx.attempts.page("course", None, 10) if one.state == "in_progress"]
        whose = await tx.enrolments.get(person.enrolment)
    assert whose is not None
    async with _inside(browser, watched) as page:
        let_through = asyncio.Event()

        async def hold(route: Any) -> None:
            await let_through.wait()
            await route.continue_()

        await page.route("**/events*", hold)
        await page.goto(EXAM)
        button = page.locator(f"a[href='{EXAM}/attempts/{person.id}']")
        row = page.get_by_role("row").filter(has=button)
        await button.focus()
        await page.evaluate("window.button = document.activeElement")
        on_it = "window.button === document.activeElement && window.button.isConnected"
        # The page's clock ticks before it knows anybody's time.
        await page.wait_for_timeout(2500)
        let_through.set()
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        assert await page.evaluate(on_it), "the first look keeps the rows that the page came with"
        made.enrolment = person.enrolment
        await made.save(await made.start("post", person.enrolment), 1, {"i1": None})
        await expect(row).to_contain_text("กำลังตอบ")
        assert await page.evaluate(on_it), "another state is no other button"
        for name in ("user-00", "user-zz"):
            await made.start("post", await made.enrol(name))
        await expect(page.get_by_role("row").filter(has_text="user-zz")).to_be_visible()
        assert await page.evaluate(on_it), "others come in before and after"
        names = await page.locator("#rows small").all_inner_texts()
        assert names == sorted(names)
        await page.goto(f"{EXAM}?only=saving")
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        await button.focus()
        made.clock.pass_(seconds=61)
        await expect(page.locator("#rows tr")).to_have_count(0)
        await expect(page.locator("#people")).to_be_focused()


async def test_what_waits_for_a_decision_and_what_others_did_is_said_on_the_live_page(
    browser: Browser, watched: tuple[World, str]
) -> None:
    made, _ = watched
    await made.publish(open_course(late_responses={"policy": "hold"}))
    made.enrolment = await made.enrol("user-late")
    view = await made.start("post", made.enrolment)
    async with _inside(browser, watched) as page:
        await page.goto(EXAM)
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        for name in ("late", "trail"):
            await expect(page.locator(f"#{name}-news")).to_be_hidden()
        made.clock.pass_(minutes=33)
        evidence = Evidence(answered_ago_ms=200_000, monotonic=True, after_receipt=0, contact_ago_ms=None, queued=1)
        held = await saving.save(
            made.ctx, made.org, made.enrolment, view.attempt, view.epoch, 1, msgspec.json.encode({"i1": None}), evidence
        )
        assert held.held
        sentence = "มีคำตอบที่มาถึงช้ารอการตัดสิน 1 รายการ"
        await expect(page.locator("#late-news")).to_contain_text(sentence)
        await expect(page.locator("#announcer")).to_contain_text(sentence)
        async with made.ctx.store.begin(made.org) as tx:
            await invigilation.void(made.ctx, tx, view.attempt, VoidBody(reason="ผิดห้อง"), "staff:สมหญิง")
        sentence = "มีการดำเนินการใหม่ 1 รายการตั้งแต่เปิดหน้านี้"
        await expect(page.locator("#trail-news")).to_contain_text(sentence)
        await expect(page.locator("#announcer")).to_contain_text(sentence)
        assert await faults_of(page) == []
        await page.get_by_role("link", name="โหลดรายการใหม่").click()
        await expect(page.locator(".trail")).to_contain_text("ผิดห้อง")
        await expect(page.locator("#trail-news")).to_be_hidden()
        await page.get_by_role("link", name="ดูและตัดสิน").click()
        await expect(page.locator(".late")).to_contain_text("user-late")


async def test_the_page_of_a_person_counts_down_and_says_when_it_is_old(
    browser: Browser, watched: tuple[World, str]
) -> None:
    made, _ = watched
    async with made.ctx.store.read(made.org) as tx:
        (person, *_rest) = [one for one in await tx.attempts.page("course", None, 10) if one.state == "in_progress"]
    async with _inside(browser, watched) as page:
        await page.goto(f"{EXAM}/attempts/{person.id}")
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        await expect(page.locator("#stream")).to_contain_text(re.compile(r"ข้อมูล ณ เวลา \d\d:\d\d:\d\d"))
        first = await page.locator("#left").inner_text()
        await expect(page.locator("#left")).not_to_have_text(first)
        await page.locator("summary").filter(has_text="เพิ่มเวลา").click()
        await page.locator("#extra_time-reason").fill("ยังเขียนอยู่")
        await expect(page.locator("#news")).to_be_hidden()
        async with made.ctx.store.begin(made.org) as tx:
            await invigilation.void(made.ctx, tx, person.id, VoidBody(reason="ผิดห้อง"), "staff:สมหญิง")
        sentence = "ข้อมูลของผู้เข้าสอบคนนี้เปลี่ยนไปแล้ว"
        await expect(page.locator("#news")).to_contain_text(sentence)
        await expect(page.locator("#news")).to_be_visible()
        await expect(page.locator("#announcer")).to_contain_text(sentence)
        await expect(page.locator("#extra_time-reason")).to_have_value("ยังเขียนอยู่")
        assert await faults_of(page) == []
        await page.get_by_role("link", name="โหลดรายการใหม่").click()
        await expect(page.locator("main")).to_contain_text("ผิดห้อง")
        await expect(page.locator("#news")).to_be_hidden()


async def test_a_lost_connection_is_said_and_mended(browser: Browser, watched: tuple[World, str]) -> None:
    made, _ = watched
    async with _inside(browser, watched) as page:
        await page.goto(EXAM)
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        await page.context.set_offline(True)
        await expect(page.get_by_role("alert")).to_contain_text("ขาดการเชื่อมต่อกับระบบ")
        await made.start("post", await made.enrol("user-8"))
        await page.context.set_offline(False)
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        await expect(page.locator("#trouble")).to_be_hidden()
        await expect(_count(page, "running")).to_have_text("3")


async def test_when_the_key_is_revoked_the_page_says_that_it_is_over(
    browser: Browser, watched: tuple[World, str]
) -> None:
    made, _ = watched
    async with _inside(browser, watched) as page:
        await page.goto(EXAM)
        await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
        caller = await api_keys.authenticate(made.ctx, made.key)
        async with made.ctx.store.begin(made.org) as tx:
            await api_keys.create(made.ctx, tx, "another", ("admin",))
            await api_keys.revoke(made.ctx, tx, caller.key_id, caller)
        await expect(page.get_by_role("alert")).to_contain_text("หมดเวลาการเข้าใช้งานแล้ว")


@pytest.mark.parametrize("script", [True, False])
async def test_extra_time_for_everybody_with_and_without_a_script(
    browser: Browser, watched: tuple[World, str], script: bool
) -> None:
    made, _ = watched
    async with _inside(browser, watched, viewport=PHONE, java_script_enabled=script) as page:
        await page.goto(EXAM)
        await page.get_by_role("link", name="เพิ่มเวลาหรือส่งข้อความ").click()
        await page.locator("summary").filter(has_text="เพิ่มเวลา").click()
        await page.get_by_label("จำนวนนาที").fill("10")
        await page.locator("#extra_time-reason").fill("ไฟฟ้าดับ")
        await page.get_by_role("button", name="ตรวจทานก่อนยืนยัน").first.click()
        await expect(page.locator("main")).to_contain_text("ทุกคนที่กำลังสอบ ขณะนี้ 2 คน")
        await page.get_by_role("button", name="ยืนยัน", exact=True).click()
        await expect(page.get_by_role("status")).to_contain_text("ดำเนินการแล้ว: เพิ่มเวลา")
        if script:
            await expect(page).to_have_url(re.compile(r"/staff/course/post$"))
        await expect(page.locator(".trail")).to_contain_text("สมศรี ใจดี")
        await expect(page.get_by_role("row").filter(has_text="user-0")).to_contain_text("เพิ่มเวลาแล้ว 10 นาที")
    async with made.ctx.store.read(made.org) as tx:
        given = {one.extra_seconds for one in await tx.attempts.page("course", None, 10) if one.state == "in_progress"}
    assert given == {600}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_everybody_can_use_the_pages(
    browser: Browser, watched: tuple[World, str], size: dict[str, int], scheme: str
) -> None:
    made, _ = watched
    async with made.ctx.store.read(made.org) as tx:
        attempt = (await tx.attempts.page("course", None, 10))[0].id
    async with _inside(browser, watched, viewport=size, color_scheme=scheme) as page:
        for path in ("/staff", EXAM, f"{EXAM}/everybody", f"{EXAM}/late", f"{EXAM}/attempts/{attempt}"):
            await page.goto(path)
            if path == EXAM:
                await expect(page.locator("#stream")).to_have_attribute("data-state", "live")
            for summary in await page.locator("summary").all():
                await summary.click()
            assert await faults_of(page) == [], path
        await page.locator("#void-reason").fill("ทดสอบ")
        await page.locator("#void-reason").press("Enter")
        await expect(page.get_by_role("heading", name="ยกเลิกการสอบครั้งนี้")).to_be_visible()
        assert await faults_of(page) == []
