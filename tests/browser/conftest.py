"""Fixtures for the candidate's pages: the fake service, and pages at phone and desk size that must stay clean."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.browser import sample
from tests.browser.fake_api import FakeService, serve
from tests.support.chromium import ARGUMENTS, PATIENCE

PHONE = {"width": 360, "height": 800}
DESK = {"width": 1280, "height": 800}
RUNNER = f"/exam/attempts/{sample.ATTEMPT}"

OpenContext = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture
def service() -> Iterator[FakeService]:
    """The service in memory, to be told what goes wrong."""
    with serve() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser(chromium: Path) -> AsyncIterator[Browser]:
    """One Chromium for the page tests of a worker, which share the session's event loop."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_context(shared_browser: Browser, service: FakeService) -> AsyncIterator[OpenContext]:
    """A browser profile of its own, as on another device.

    No page in it may throw, or break the content security policy.
    """
    complaints: list[str] = []
    opened: list[BrowserContext] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "TrustedHTML" in message.text:
            complaints.append(message.text)

    def watch(page: Page) -> None:
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    async def open_one(**options: Any) -> BrowserContext:
        context = await shared_browser.new_context(
            **{"base_url": service.url, "viewport": PHONE, "locale": "th-TH", "reduced_motion": "reduce", **options}
        )
        context.set_default_timeout(PATIENCE)
        context.on("page", watch)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        await context.close()
    assert not complaints


@pytest_asyncio.fixture(loop_scope="session")
async def phone(open_context: OpenContext) -> Page:
    """An empty page at phone size."""
    return await (await open_context()).new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(open_context: OpenContext) -> Page:
    """An empty page at desk size."""
    return await (await open_context(viewport=DESK)).new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def module_page(open_context: OpenContext) -> Page:
    """A page in which a test may import a module and run a script of its own."""
    page = await (await open_context(bypass_csp=True)).new_page()
    await page.goto("/exam")
    return page
