"""The attempt's page without network: it opens, keeps every answer, says what is true, and sends it all once."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Error, Page, async_playwright, expect

from tests.browser import sample
from tests.browser.conftest import RUNNER, OpenContext
from tests.browser.fake_api import FakeService, broken
from tests.browser.steps import (
    choose,
    enter,
    enter_kept,
    expect_saved,
    expect_unsaved,
    go,
    until,
)
from tests.support.chromium import ARGUMENTS

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def own_browser(chromium: Path, folder: Path, url: str) -> AsyncIterator[BrowserContext]:
    """A browser with a profile on the disk, which the next one finds again."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder, executable_path=chromium, args=list(ARGUMENTS), base_url=url, locale="th-TH"
        )
        try:
            yield context
        finally:
            # A browser that was killed is closed already.
            with suppress(Error):
                await context.close()


def power_off(folder: Path) -> None:
    """End the browser of a profile like a dead battery does: it gets no chance to write anything more."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and f"--user-data-dir={folder}".encode() in _command(process).split(b"\0"):
            os.kill(int(process.name), signal.SIGKILL)


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


async def test_without_network_the_page_opens_with_everything_and_sends_it_later(
    phone: Page, service: FakeService
) -> None:
    await enter_kept(phone)
    await choose(phone, 2)
    await expect_saved(phone)
    await phone.context.set_offline(True)
    await go(phone, "next")
    await choose(phone, 1)
    await expect_unsaved(phone, 1)
    phone.on("dialog", lambda dialog: dialog.accept())

    await phone.reload()

    await expect(phone.locator(".question")).to_have_attribute("data-item", "i2")
    await expect(phone.locator("input[value=c1]")).to_be_checked()
    await expect_unsaved(phone, 1)
    await expect(phone.locator(".strip")).to_contain_text("ค่าประมาณ")
    await expect(phone.locator(".timer")).to_contain_text("≈")
    await expect(phone.locator(".button.primary").first).to_have_css("background-color", "rgb(13, 92, 99)")
    await choose(phone, 3)
    await go(phone, "previous")
    await expect(phone.locator("input[value=c2]")).to_be_checked()
    await choose(phone, 4)
    await phone.context.set_offline(False)
    await expect_saved(phone)
    assert service.attempt.responses == {"i1": "c4", "i2": ["c1", "c3"]}
    assert service.attempt.epoch == 1
    assert [one["seq"] for one in service.attempt.log] == list(range(1, len(service.attempt.log) + 1))
    await expect(phone.locator(".timer")).not_to_contain_text("≈")


async def test_a_browser_that_dies_offline_loses_nothing_and_sends_it_once(
    chromium: Path, tmp_path: Path, service: FakeService
) -> None:
    profile = tmp_path / "profile"
    async with own_browser(chromium, profile, service.url) as context:
        page = await context.new_page()
        await enter_kept(page)
        # The first save arrives, but nobody tells the page; then the network is gone.
        service.lost_answers = 1
        await choose(page, 1)
        await until(lambda: len(service.attempt.log) == 1)
        await context.set_offline(True)
        await go(page, "next")
        await choose(page, 2)
        await expect_unsaved(page, 2)
        power_off(profile)
        await page.wait_for_event("close")

    async with own_browser(chromium, profile, service.url) as context:
        # Chromium writes cookies to the disk every half minute only; a session that began before that is remembered.
        await context.add_cookies([{"name": "exam_who", "value": service.person, "url": service.url}])
        await context.set_offline(True)
        page = await context.new_page()
        await enter(page)
        await expect(page.locator("input[value=c2]")).to_be_checked()
        await expect_unsaved(page, 2)
        assert len(service.attempt.log) == 1
        await context.set_offline(False)
        await expect_saved(page)
    assert service.attempt.responses == {"i1": "c1", "i2": ["c2"]}
    assert [(one["epoch"], one["seq"], one["responses"]) for one in service.attempt.log] == [
        (1, 1, {"i1": "c1"}),
        (1, 2, {"i2": ["c2"]}),
    ]
    assert service.attempt.log[1]["offline"]["monotonic"] is False


async def test_failed_save_then_reload_marks_nothing_as_synced(phone: Page, service: FakeService) -> None:
    service.fault("/responses", broken, times=500)
    phone.on("dialog", lambda dialog: dialog.accept())
    await enter(phone)
    await choose(phone, 1)
    await expect_unsaved(phone, 1)
    for _ in range(2):
        await phone.reload()
        await expect(phone.locator("input[value=c1]")).to_be_checked()
        await expect_unsaved(phone, 1)
    assert service.attempt.responses == {}
    # Pressed before: after it the next try, which comes by itself, might be quicker than the hand.
    await phone.locator(".strip [data-action=again]").click()
    service.mend()
    await expect_saved(phone)
    assert service.attempt.responses == {"i1": "c1"}


async def test_a_service_that_is_away_does_not_keep_the_page_shut(phone: Page, service: FakeService) -> None:
    await enter_kept(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    service.down = True
    await phone.reload()
    await expect(phone.locator("input[value=c1]")).to_be_checked()
    await expect(phone.locator(".save")).to_have_attribute("data-save", "offline")
    await expect(phone.locator(".strip")).to_contain_text("บันทึกครบแล้ว")


async def test_evidence_says_how_long_an_answer_waited_and_what_was_known_then(
    phone: Page, service: FakeService
) -> None:
    await enter(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    assert "offline" not in service.attempt.log[0]
    await phone.context.set_offline(True)
    await choose(phone, 2)
    await expect_unsaved(phone, 1)
    await phone.wait_for_timeout(1500)
    await phone.context.set_offline(False)
    await expect_saved(phone)
    evidence = service.attempt.log[1]["offline"]
    assert (evidence["monotonic"], evidence["after_receipt"], evidence["queued"]) == (True, 1, 1)
    assert 1500 <= evidence["answered_ago_ms"] < 60_000
    assert evidence["answered_ago_ms"] <= evidence["contact_ago_ms"] < 60_000


async def test_two_people_on_one_device_never_see_each_other_s_work(phone: Page, service: FakeService) -> None:
    await enter_kept(phone)
    await phone.context.set_offline(True)
    await phone.wait_for_function("!navigator.onLine")
    await choose(phone, 3)
    await expect_unsaved(phone, 1)
    # Somebody else comes in on the same device; the first page is still open in its tab.
    service.person = "somchai"
    # Signed in before the network is back: the first page sends at once, and what it sends as its own person is saved.
    await phone.context.add_cookies([{"name": "exam_who", "value": service.person, "url": service.url}])
    await phone.context.set_offline(False)
    other = await phone.context.new_page()
    await other.goto("/exam")
    await expect(other.locator(".step").first).to_be_visible()
    await expect(other.locator("[data-unsent]")).to_have_count(0)
    # It is behind the other tab now, where a browser lets a page's timers wait.
    await expect(phone.locator(".strip")).to_contain_text("ระบบเรียน")
    assert service.attempt.log == []
    await phone.close(run_before_unload=False)

    await other.context.set_offline(True)
    await other.goto(RUNNER)
    await expect(other.locator("h1")).to_contain_text("เปิดหน้านี้ไม่สำเร็จ")
    await expect(other.locator(".question")).to_have_count(0)

    # The first comes back: it is all there, and goes out now.
    await other.context.set_offline(False)
    service.person = "somsri"
    await other.goto("/exam")
    await expect(other.locator("[data-unsent]")).to_contain_text("1 ข้อ")
    await other.locator("[data-unsent] a").click()
    await expect(other.locator("input[value=c3]")).to_be_checked()
    await expect_saved(other)
    assert service.attempt.responses == {"i1": "c3"}


async def test_the_end_s_receipt_removes_everything_from_the_device(phone: Page, service: FakeService) -> None:
    await enter_kept(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    await go(phone, "all")
    await phone.locator("dialog [data-action=finish]").click()
    await phone.locator("dialog.submit [data-action=confirm]").click()
    await phone.wait_for_url("**/result")
    assert await phone.evaluate("caches.keys()") == []
    assert await phone.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    assert await _kept(phone) == []


async def _kept(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(
        """new Promise((resolve) => {
          indexedDB.open("exam", 1).onsuccess = ({ target: { result } }) => {
            const asked = result.transaction("kept").objectStore("kept").getAllKeys();
            asked.onsuccess = () => resolve(asked.result);
          };
        })"""
    )
    return found


async def test_the_worker_keeps_the_page_and_nobody_s_data(phone: Page, service: FakeService) -> None:
    await enter_kept(phone)
    await choose(phone, 1)
    await expect_saved(phone)
    texts = await phone.evaluate(
        """caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name))))
          .then((all) => Promise.all(all.map(async (cache) => (await cache.keys()).map(async (key) =>
            [new URL(key.url).pathname, await (await cache.match(key)).text()]))))
          .then((all) => Promise.all(all.flat()))"""
    )
    assert len(texts) > 30
    assert all(path.startswith("/exam/kept/") for path, _ in texts)
    private = (sample.ATTEMPT, "Formative assessment", "สมหญิง", "somsri")
    assert not any(word in text for _, text in texts for word in private)


async def test_a_deploy_is_there_after_one_load_with_network(phone: Page, service: FakeService) -> None:
    await enter_kept(phone)
    service.deployed = "<p hidden>second version</p>"
    before = now = await phone.evaluate("caches.keys()")
    await phone.reload()
    assert "second version" in await phone.content()
    for _ in range(200):
        now = await phone.evaluate("caches.keys()")
        if len(now) == 1 and now != before:
            break
        await phone.wait_for_timeout(50)
    assert now != before
    await phone.context.set_offline(True)
    await phone.reload()
    await expect(phone.locator(".question")).to_be_visible()
    assert "second version" in await phone.content()
    scripts = await phone.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert len({name.split("/kept/")[1][:16] for name in scripts if "/kept/" in name}) == 1


NO_DATABASE = "Object.defineProperty(window, 'indexedDB', { value: undefined })"
FULL = """IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };"""
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } });"


@pytest.mark.parametrize("without", [NO_DATABASE, FULL], ids=["no database", "full database"])
async def test_without_a_database_the_next_best_place_keeps_it(
    open_context: OpenContext, service: FakeService, without: str
) -> None:
    context = await open_context()
    await context.add_init_script(without)
    page = await context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    service.fault("/responses", broken, times=500)
    await enter(page)
    await choose(page, 2)
    await expect_unsaved(page, 1)
    await page.reload()
    await expect(page.locator("input[value=c2]")).to_be_checked()
    await page.locator(".strip [data-action=again]").click()
    service.mend()
    await expect_saved(page)
    assert service.attempt.responses == {"i1": "c2"}


async def test_a_device_that_can_keep_nothing_says_so(open_context: OpenContext, service: FakeService) -> None:
    context = await open_context()
    await context.add_init_script(NO_DATABASE + ";" + NO_STORAGE)
    page = await context.new_page()
    await enter(page)
    await expect(page.locator(".strip")).to_contain_text("อย่าปิดหน้านี้")
    await choose(page, 2)
    await expect_saved(page)
    assert service.attempt.responses == {"i1": "c2"}
