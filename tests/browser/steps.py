"""What a candidate does in the runner, in the words of the tests."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import RUNNER

EVERY_TYPE = {"i1": "c2", "i2": ["c1", "c3"], "i3": False, "i4": "๑๒.๕", "i5": "IOC"}


async def enter(page: Page) -> None:
    await page.goto(RUNNER)
    await expect(page.locator(".question")).to_be_visible()


async def choose(page: Page, number: int) -> None:
    await page.locator("label.choice").nth(number - 1).click()


async def go(page: Page, action: str) -> None:
    await page.locator(f"[data-action={action}]:visible").first.click()


async def expect_saved(page: Page) -> None:
    await expect(page.locator(".save")).to_have_attribute("data-save", "saved")


async def expect_unsaved(page: Page, count: int) -> None:
    await expect(page.locator(".save")).to_have_attribute("data-save", "trouble")
    await expect(page.locator(".save")).to_have_attribute("data-unsaved", str(count))


async def answer_every_type(page: Page) -> None:
    await choose(page, 2)
    await go(page, "next")
    await choose(page, 1)
    await choose(page, 3)
    await go(page, "next")
    await choose(page, 2)
    await go(page, "next")
    await page.locator("[data-typed=i4]").fill("๑๒.๕")
    await go(page, "next")
    await page.locator("[data-typed=i5]").fill("IOC")


async def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"no Tab reaches {selector}")


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    assert condition()


async def expect_kept(page: Page, *answers: str) -> None:
    """Wait until each of these, as JSON, is on the device's disk, queued or in a save on its way (JSON in JSON)."""
    kept = ""
    for _ in range(200):
        kept = await page.evaluate(
            """new Promise((resolve) => {
              indexedDB.open("exam", 1).onsuccess = ({ target: { result } }) => {
                const asked = result.transaction("kept").objectStore("kept").getAll();
                asked.onsuccess = () => { result.close(); resolve(JSON.stringify(asked.result)); };
              };
            })"""
        )
        if all(answer in kept.replace("\\", "") for answer in answers):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"not kept: {answers} in {kept}")


async def close_offline(page: Page) -> None:
    """Close a page without network. As a page goes, Chromium lets its requests through again: this one has none."""
    await page.evaluate("() => { fetch = () => Promise.reject(new TypeError('no network')); }")
    await page.close(run_before_unload=False)


async def enter_kept(page: Page) -> None:
    """Enter, and wait until the page would open without network."""
    await enter_kept_at(page, RUNNER)


async def enter_kept_at(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page.locator(".question")).to_be_visible()
    await page.evaluate(
        "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated' || "
        "new Promise((done) => active.addEventListener('statechange', () => active.state === 'activated' && done())))"
    )
