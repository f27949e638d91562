"""The verify page checks in the browser itself: beside the service, without network, and files that stay there."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from exam_service.core.certificates.model import RevocationReason
from exam_service.services import certificate_views, printing
from tests.browser.test_certificate import Site, on_phone, site, watched
from tests.support.certified import FULL

__all__ = ["site"]


async def kept(page: Page) -> None:
    """Until the page has been kept for use without network."""
    await page.evaluate("navigator.serviceWorker.ready")
    await page.wait_for_function("navigator.serviceWorker.controller !== null")


async def phone_at(context: BrowserContext, site: Site, hours: float = 0) -> tuple[Page, list[str]]:
    """A page whose clock is the service's, so many hours on."""
    page, complaints = await watched(context)
    await page.clock.install(time=site.held.world.clock().timestamp() + hours * 3600)
    return page, complaints


async def away(context: BrowserContext) -> None:
    """No network from here on."""
    await context.set_offline(True)


async def test_the_signature_is_checked_in_the_browser_as_well(browser: Browser, site: Site) -> None:
    page, complaints = await watched(await on_phone(browser))
    await page.goto(await site.held.qr())
    await expect(page.locator("#qr-here")).to_be_visible()
    assert complaints == []


async def test_who_skips_to_the_content_and_opens_the_page_again_is_not_told_of_a_forgery(
    browser: Browser, site: Site
) -> None:
    context = await on_phone(browser)
    page, complaints = await watched(context)
    qr = await site.held.qr()
    await page.goto(qr)
    await expect(page.locator("#qr-here")).to_be_visible()
    await kept(page)
    await page.locator("a.skip").press("Enter")
    await page.reload()
    await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
    await page.wait_for_load_state("networkidle")
    assert await page.locator("#qr-bad").is_hidden()
    assert complaints == []
    # The page that opens without network keeps what it has found.
    await away(context)
    await page.goto(qr)
    await expect(page.locator("#here")).to_be_visible()
    await page.locator("a.skip").press("Enter")
    await page.wait_for_function("location.hash === '#main'")
    await expect(page.locator("#answer")).to_be_visible()
    await expect(page.locator("#said")).to_have_count(0)


async def test_another_code_of_the_same_number_in_the_same_tab_is_checked_too(browser: Browser, site: Site) -> None:
    page, _ = await watched(await on_phone(browser))
    real = await site.held.qr()
    await page.goto(real.partition("#")[0])
    await expect(page.locator("#answer")).to_be_visible()
    await page.goto(real)
    await expect(page.locator("#qr-good")).to_be_visible()
    await page.goto(real[:-4] + ("0000" if real[-4:] != "0000" else "1111"))
    await expect(page.locator("#qr-bad")).to_be_visible()


async def test_when_the_service_does_not_answer_the_browser_still_tells(browser: Browser, site: Site) -> None:
    page, _ = await watched(await on_phone(browser))
    await page.route("**/v1/verify", lambda route: route.abort())
    await page.goto(await site.held.qr())
    await expect(page.locator("#qr-kept")).to_be_visible()
    assert await page.locator("#name").inner_text() == FULL


async def test_what_the_service_calls_genuine_and_the_browser_does_not_is_shown_as_forged(
    browser: Browser, site: Site
) -> None:
    """A page cannot be talked into it: the signature is looked at here, too."""
    real = await site.held.qr()
    forged = real[:-4] + ("0000" if real[-4:] != "0000" else "1111")
    page, _ = await watched(await on_phone(browser))
    answer = json.dumps({"outcome": "genuine", "facts": {"recipient_name": "Somebody Else"}})
    await page.route("**/v1/verify", lambda route: route.fulfill(body=answer, content_type="application/json"))
    await page.goto(forged)
    await expect(page.locator("#qr-bad")).to_be_visible()
    assert await page.locator("#facts").count() == 0


async def test_once_visited_it_checks_another_certificate_of_the_issuer_without_network(
    browser: Browser, site: Site
) -> None:
    context = await on_phone(browser)
    page, _ = await phone_at(context, site)
    qr = await site.held.qr()
    await page.goto(qr)
    await expect(page.locator("#qr-here")).to_be_visible()
    await kept(page)
    await away(context)
    # Another page of the same address: nothing of the one before is left.
    page, _ = await phone_at(context, site, hours=1)
    await page.goto(qr)
    await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
    await expect(page.locator("#here")).to_contain_text("ไม่มีเครือข่าย")
    await expect(page.locator(".answer-time")).to_be_visible()
    assert await page.locator("#name").inner_text() == FULL
    assert await page.locator("#facts").inner_text() != ""
    forged = qr[:-1] + str((int(qr[-1]) + 1) % 10)
    await page.goto(forged)
    await page.reload()
    await expect(page.locator("#answer")).to_have_attribute("data-state", "not_genuine")
    await page.goto(qr.partition("#")[0])
    await page.reload()
    await expect(page.locator("#said")).to_contain_text(site.held.id)
    await page.locator("a.language").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("#said")).to_contain_text("only the number")


async def test_what_was_revoked_before_the_last_visit_reads_revoked_without_network(
    browser: Browser, site: Site
) -> None:
    await site.held.world.revoke(site.held.id, RevocationReason.misconduct, None, "staff")
    context = await on_phone(browser)
    page, _ = await phone_at(context, site)
    await page.goto(await site.held.qr())
    await expect(page.locator("#qr-here")).to_be_visible()
    await kept(page)
    await away(context)
    await page.reload()
    await expect(page.locator("#answer")).to_have_attribute("data-state", "revoked")


async def test_a_list_that_is_too_old_says_unknown_and_not_that_it_stands(browser: Browser, site: Site) -> None:
    context = await on_phone(browser)
    page, _ = await phone_at(context, site)
    await page.goto(await site.held.qr())
    await expect(page.locator("#qr-here")).to_be_visible()
    await kept(page)
    await away(context)
    page, _ = await phone_at(context, site, hours=30)
    await page.goto(await site.held.qr())
    await expect(page.locator("#answer")).to_have_attribute("data-state", "unknown")
    await expect(page.locator("#steps")).to_contain_text("เก่าเกินไป")


@pytest.fixture
async def files(site: Site, tmp_path: Path) -> dict[str, Path]:
    held = site.held
    ctx, record = held.world.ctx, await held.record()
    faces = await certificate_views.faces(ctx, held.world.org, record.id)
    made = {
        "credential.json": await held.credential(),
        "certificate.pdf": await printing.pdf(ctx, faces),
        "badge.png": await printing.badge(ctx, faces, "png"),
        "badge.svg": await printing.badge(ctx, faces, "svg"),
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in made}


async def test_a_file_is_checked_without_being_sent(browser: Browser, site: Site, files: dict[str, Path]) -> None:
    page, complaints = await phone_at(await on_phone(browser), site)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    for path in files.values():
        await page.goto(f"{site.url}/v/")
        await page.locator("#file").set_input_files(path)
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
        assert await page.locator("#name").inner_text() == FULL
    assert set(sent) == {"GET"}
    assert complaints == []
    changed = files["credential.json"].read_bytes().replace("สมหญิง".encode(), "สมชาย".encode())
    files["credential.json"].write_bytes(changed)
    await page.locator("#file").set_input_files(files["credential.json"])
    await expect(page.locator("#answer")).to_have_attribute("data-state", "not_genuine")
    assert await page.locator("#facts").count() == 0
    # What cannot be read is not called forged: a download that was cut off is none.
    for nothing in (b"nothing of that kind", changed[:-20]):
        await page.goto(f"{site.url}/v/")
        files["credential.json"].write_bytes(nothing)
        await page.locator("#file").set_input_files(files["credential.json"])
        await expect(page.locator("#said")).to_be_visible()


async def dropped(page: Page, content: bytes) -> None:
    """A file dragged over the page and let go somewhere, not on its form."""
    event = await page.evaluate_handle(
        """(bytes) => {
            const dragged = new DataTransfer();
            dragged.items.add(new File([Uint8Array.from(bytes)], "credential.json", {type: "application/json"}));
            return dragged;
        }""",
        list(content),
    )
    for kind in ("dragover", "drop"):
        await page.dispatch_event("footer", kind, {"dataTransfer": event, "cancelable": True})


@pytest.mark.parametrize("path", ["/verify", "/v/"])
async def test_a_file_that_is_dropped_anywhere_on_the_page_is_checked(browser: Browser, site: Site, path: str) -> None:
    page, complaints = await phone_at(await on_phone(browser), site)
    await page.goto(site.url + path)
    await expect(page.locator("h1")).to_be_visible()
    await dropped(page, await site.held.credential())
    await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
    assert await page.locator("#name").inner_text() == FULL
    assert complaints == []
