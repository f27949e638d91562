"""The candidate's real page, the real service in a process of its own, and a proxy between them that breaks.

Artemis#12948, #13184: a save failed, the page was loaded again, showed the answers, marked them all as synced, and
never sent them.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.chromium import PATIENCE
from tests.support.process import free_port
from tests.support.proxy import Proxy
from tests.support.running import RunningService, running_service
from tests.support.site import Site, make_site

NUMBERS = [{"code": "all", "title": {"en": "All"}, "strata": [{"bank": "telling", "count": 10, "tag": "number"}]}]


@dataclass
class Sitting:
    """A page in the middle of an exam whose items are all numbers, and what lies before it."""

    page: Page
    proxy: Proxy
    service: RunningService
    site: Site

    async def type(self, text: str) -> None:
        await self.page.locator("[data-typed=i1]").fill(text)

    async def shows(self, state: str) -> None:
        await expect(self.page.locator(".save")).to_have_attribute("data-save", state)

    async def shows_unsaved(self) -> None:
        """That an answer is not saved, whether the page thinks that there is no network or that a save failed."""
        await expect(self.page.locator(".save")).to_have_attribute("data-unsaved", "1")
        assert await self.page.locator(".save").get_attribute("data-save") != "saved"

    async def held(self) -> list[dict[str, Any]]:
        """The responses of every save that the service has, in order."""
        (attempt,) = await self.site.all("/v1/attempts?course=course")
        saves = (await self.site.get(f"/v1/attempts/{attempt['attempt']}/journal"))["saves"]
        return [save["responses"] for save in saves]


@pytest.fixture
async def sitting(browser: Browser, tmp_path: Path) -> AsyncIterator[Sitting]:
    port = free_port()
    database = f"sqlite:///{tmp_path}/exam.db"
    with running_service(database, tmp_path, EXAM_PUBLIC_URL=f"http://127.0.0.1:{port}") as service:
        async with Proxy(service.port, port=port) as proxy:
            site = await make_site(lambda: service.url, database, tmp_path, sections=NUMBERS)
            context = await browser.new_context(base_url=proxy.url, locale="en-US", reduced_motion="reduce")
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("dialog", lambda dialog: dialog.accept())
            await page.goto(f"/l/{await site.launch(await site.enrol('page'))}")
            await page.locator("form button").click()
            await page.wait_for_url("**/exam")
            started = await page.request.post("/v1/candidate/exams/post/attempts", data={})
            await page.goto(f"/exam/attempts/{(await started.json())['attempt']}")
            await expect(page.locator("[data-typed=i1]")).to_be_visible()
            yield Sitting(page, proxy, service, site)
            await context.close()
            await site.close()


async def test_a_failed_save_and_a_reload_mark_nothing_as_saved(sitting: Sitting) -> None:
    await sitting.type("1")
    await sitting.shows("saved")
    # The page opens, and every save breaks off on its way.
    for _ in range(500):
        sitting.proxy.cut_question(b"/responses HTTP")
    await sitting.type("2")
    await sitting.shows_unsaved()
    await sitting.page.reload()
    await expect(sitting.page.locator("[data-typed=i1]")).to_have_value("2")
    await sitting.shows_unsaved()
    assert await sitting.held() == [{"i1": "1"}]
    sitting.proxy.cuts.clear()
    await sitting.shows("saved")
    assert (await sitting.held())[-1] == {"i1": "2"}
    assert len(await sitting.held()) == 2


async def test_a_connection_that_is_cut_in_the_middle_is_said_and_made_good(sitting: Sitting) -> None:
    sitting.proxy.refuse()
    await sitting.type("7")
    await sitting.shows_unsaved()
    assert await sitting.held() == []
    sitting.proxy.heal()
    await sitting.shows("saved")
    assert await sitting.held() == [{"i1": "7"}]


async def test_an_answer_that_was_lost_on_its_way_back_is_not_saved_twice(sitting: Sitting) -> None:
    sitting.proxy.cut_answer(b"/responses HTTP", after=40)
    await sitting.type("3")
    await sitting.shows("saved")
    assert sitting.proxy.cuts == []
    assert await sitting.held() == [{"i1": "3"}]


async def test_over_a_line_that_is_slow_an_answer_is_unsaved_until_its_receipt_is_there(sitting: Sitting) -> None:
    sitting.proxy.delay = 1.5
    await sitting.type("8")
    await sitting.shows_unsaved()
    await sitting.shows("saved")
    assert await sitting.held() == [{"i1": "8"}]


async def test_over_a_line_that_stalls_nothing_is_called_saved_and_nothing_is_saved_twice(sitting: Sitting) -> None:
    sitting.proxy.stall()
    await sitting.type("9")
    await sitting.shows_unsaved()
    await asyncio.sleep(3)
    await sitting.shows_unsaved()
    assert await sitting.held() == []
    sitting.proxy.heal()
    await sitting.shows("saved")
    assert await sitting.held() == [{"i1": "9"}]


async def test_a_service_that_is_killed_and_comes_back_loses_nothing_of_the_page(sitting: Sitting) -> None:
    await sitting.type("4")
    await sitting.shows("saved")
    sitting.service.kill()
    await sitting.type("5")
    await sitting.shows_unsaved()
    sitting.service.begin()
    await asyncio.to_thread(sitting.service.wait)
    await sitting.shows("saved")
    assert await sitting.held() == [{"i1": "4"}, {"i1": "5"}]
