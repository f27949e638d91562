"""The certificate as it prints, and the verify page as a phone opens it from its QR code."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page

from exam_service.adapters.printing import pictures
from exam_service.core.artwork import ArtworkKind
from exam_service.core.certificates.model import RevocationReason
from exam_service.core.people import PersonName
from exam_service.services import artwork, candidates, certificates
from exam_service.web.app import create_app
from exam_service.web.auth import COOKIE, Limits
from tests.support.certified import FULL, MASKED, Holder, course, holder
from tests.support.process import free_port
from tests.support.service import TestClock, service, world

MM = 96 / 25.4
SAMPLES = Path(__file__).resolve().parents[2] / "certs" / "samples"


@dataclass
class Site:
    url: str
    held: Holder


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A real server on this event loop."""
    clock, url = TestClock(), f"http://127.0.0.1:{(port := free_port())}"
    async with service(sqlite_url, tmp_path, clock, EXAM_PUBLIC_URL=url) as ctx:
        held = await holder(await world(ctx, clock, course=course()))
        app = create_app(ctx, sweeps=False, limits=Limits(public=10_000))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)
        yield Site(url, held)
        server.should_exit = True
        await serving


async def own_page(browser: Browser, site: Site, **options: object) -> Page:
    """The certificate page in its holder's browser."""
    context = await browser.new_context(**options)  # type: ignore[arg-type]
    token = await site.held.world.session(site.held.enrolment)
    await context.add_cookies([{"name": COOKIE, "value": token, "url": site.url}])
    page = await context.new_page()
    await page.goto(f"{site.url}/exam/certificates/{site.held.id}")
    return page


def codes_in(picture: bytes) -> list[str]:
    # Asked for every kind of code, it now and then takes ornaments for Codabar.
    kinds = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(picture)), formats=kinds)]


async def on_phone(browser: Browser, *, java_script_enabled: bool = True) -> BrowserContext:
    return await browser.new_context(
        viewport={"width": 360, "height": 740}, locale="th-TH", java_script_enabled=java_script_enabled
    )


async def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and everything that the browser complained about on it."""
    page, complaints = await context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


async def test_it_prints_on_one_a4_landscape_with_a_qr_of_30_mm_or_more(browser: Browser, site: Site) -> None:
    page = await own_page(browser, site, viewport={"width": 1123, "height": 794}, device_scale_factor=2)
    pdf = await page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box
    assert [round(float(side) / 72 * 25.4) for side in box.groups()] == [297, 210]
    await page.emulate_media(media="print")
    qr = await page.locator(".qr svg").bounding_box()
    assert qr
    assert qr["width"] / MM >= 30
    assert qr["height"] == qr["width"]
    for inside in ("header", "h1", ".name", ".course", "footer"):
        place = await page.locator(f".sheet {inside}").bounding_box()
        assert place
        assert place["x"] >= 10 * MM
        assert place["y"] >= 8 * MM
        assert place["x"] + place["width"] <= 287 * MM
        assert place["y"] + place["height"] <= 202 * MM
    assert not await page.locator(".bar").first.is_visible()


async def test_an_independent_decoder_reads_the_printed_qr(browser: Browser, site: Site) -> None:
    page = await own_page(browser, site, viewport={"width": 1123, "height": 794}, device_scale_factor=2)
    await page.emulate_media(media="print")
    assert codes_in(await page.screenshot()) == [await site.held.qr()]


async def test_it_is_read_from_the_screen_too(browser: Browser, site: Site) -> None:
    page = await own_page(browser, site, viewport={"width": 1280, "height": 900}, device_scale_factor=2)
    assert codes_in(await page.screenshot(full_page=True)) == [await site.held.qr()]


async def with_artwork(site: Site, called: PersonName | None = None) -> Site:
    """A certificate of the same course, from when it has a logo, a seal and somebody who signs."""
    w, digests = site.held.world, {}
    named: tuple[tuple[ArtworkKind, str], ...] = (("logo", "logo"), ("seal", "seal"), ("signature", "signature-1"))
    async with w.ctx.store.begin(w.org) as tx:
        for kind, name in named:
            drawn = pictures.redrawn((SAMPLES / f"{name}.png").read_bytes())
            digests[kind] = (await artwork.store(w.ctx, tx, kind, drawn, "test")).digest
    signer = {"name": {"th": "ดร.ณัฐวุฒิ ฐิติปัญโญ"}, "title": {"th": "ผู้อำนวยการ"}, "signature": digests["signature"]}
    await w.publish(course(logo=digests["logo"], seal=digests["seal"], signers=[signer]))
    w.enrolment = await w.enrol("another")
    if called is not None:
        async with w.ctx.store.begin(w.org) as tx:
            await candidates.put(w.ctx, tx, "another", candidates.CandidateBody(name=called))
    await w.take("post")
    issued = await certificates.request(w.ctx, w.org, w.enrolment, "certificate")
    return Site(site.url, Holder(w, w.enrolment, issued.id))


@pytest.mark.parametrize("width", [360, 1280])
async def test_one_with_signatures_is_shown_as_it_is_on_paper(browser: Browser, site: Site, width: int) -> None:
    signed = await with_artwork(site)
    page = await own_page(browser, signed, viewport={"width": width, "height": 800}, device_scale_factor=3)
    paper = page.locator("img.paper")
    assert await paper.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1754
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert not await page.locator("#print").is_visible()
    assert (await signed.held.record()).issuance.recipient_name in (await paper.get_attribute("alt") or "")
    if width == 1280:
        assert codes_in(await page.screenshot(full_page=True)) == [await signed.held.qr()]


async def test_a_name_that_paper_has_no_letters_for_is_drawn_by_the_page(browser: Browser, site: Site) -> None:
    signed = await with_artwork(site, PersonName(given="李小龙"))
    page = await own_page(browser, signed, viewport={"width": 1280, "height": 900})
    await page.locator(".sheet .name").wait_for()
    assert await page.locator(".sheet .name").inner_text() == "李小龙"
    assert await page.locator("#print").is_visible()


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_runs_out_of_the_screen(browser: Browser, site: Site, width: int) -> None:
    page = await own_page(browser, site, viewport={"width": width, "height": 800})
    for path in (f"/exam/certificates/{site.held.id}", f"/v/{site.held.id}", "/verify", "/v/AAAAAAAAAAAAAAAA"):
        for language in ("th", "en"):
            await page.goto(f"{site.url}{path}?lang={language}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_the_longest_names_still_fit_on_the_sheet(browser: Browser, site: Site) -> None:
    page = await own_page(browser, site, viewport={"width": 1123, "height": 794})
    await page.emulate_media(media="print")
    await page.evaluate(
        """() => {
          const set = (selector, text, size) => {
            const found = document.querySelector(selector);
            found.textContent = text; found.className += ` ${size}`;
          };
          set(".sheet .name", "ผู้ช่วยศาสตราจารย์ ดร. เกรียงไกรวัฒนา ณ นครศรีธรรมราชเมืองใหญ่พิเศษ", "longer");
          const course = "การพัฒนาสมรรถนะครูด้านการวัดและประเมินผลการเรียนรู้ในชั้นเรียนด้วยเทคโนโลยี";
          set(".sheet .course", course + course, "longer");
        }"""
    )
    footer = await page.locator(".sheet footer").bounding_box()
    above = await page.locator(".sheet > .more").bounding_box()
    assert footer
    assert above
    assert above["y"] + above["height"] <= footer["y"]
    assert footer["y"] + footer["height"] <= 202 * MM


async def test_a_phone_that_scanned_it_sees_that_it_stands_and_whose_it_is(browser: Browser, site: Site) -> None:
    context = await on_phone(browser)
    page, complaints = await watched(context)
    await page.goto(await site.held.qr())
    await page.locator("#qr-good").wait_for(state="visible")
    assert await page.locator("#answer").get_attribute("data-state") == "stands"
    assert await page.locator("#name").inner_text() == FULL
    assert complaints == []
    await page.locator("a.language").click()
    await page.locator("html[lang=en] #qr-good").wait_for(state="visible")
    assert await page.locator("#name").inner_text() == FULL


async def test_the_signed_part_of_the_address_reaches_no_server_by_itself(browser: Browser, site: Site) -> None:
    context = await on_phone(browser, java_script_enabled=False)
    page, _ = await watched(context)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(await site.held.qr())
    assert await page.locator("#answer").get_attribute("data-state") == "stands"
    assert await page.locator("#name").inner_text() == MASKED
    pages = {path for url in asked if (path := urlsplit(url).path).startswith("/v") and "/kept/" not in path}
    assert pages == {f"/v/{site.held.id}"}
    await page.locator("#typed").fill("สมหญิง ใจดี")
    await page.locator("#name-form button").click()
    assert FULL in await page.locator("#name-same").inner_text()


async def test_a_forged_qr_with_a_real_number_is_not_shown_as_genuine(browser: Browser, site: Site) -> None:
    real = await site.held.qr()
    forged = real[:-4] + ("0000" if real[-4:] != "0000" else "1111")
    context = await on_phone(browser)
    page = await context.new_page()
    await page.goto(forged)
    await page.locator("#qr-bad").wait_for(state="visible")
    assert await page.locator("#answer").count() == 0
    assert await page.locator("#facts").count() == 0


async def test_revoked_is_seen_when_the_page_is_opened_again(browser: Browser, site: Site) -> None:
    context = await on_phone(browser)
    page = await context.new_page()
    await page.goto(await site.held.qr())
    w = site.held.world
    await w.revoke(site.held.id, RevocationReason.misconduct, None, "staff")
    await page.reload()
    await page.locator("#qr-good").wait_for(state="visible")
    assert await page.locator("#answer").get_attribute("data-state") == "revoked"
    assert "พบการทุจริตในการสอบ" in await page.locator("#answer").inner_text()


async def test_when_the_check_of_the_qr_cannot_be_made_the_page_says_so(browser: Browser, site: Site) -> None:
    context = await on_phone(browser)
    page = await context.new_page()
    # Neither the service checks it, nor can the browser, which gets no keys.
    for needed in ("v1/verify", "orgs/*/trust.json", ".well-known/jwks.json"):
        await page.route(f"**/{needed}", lambda route: route.abort())
    await page.goto(await site.held.qr())
    await page.locator("#qr-failed").wait_for(state="visible")
    assert await page.locator("#name").inner_text() == MASKED
