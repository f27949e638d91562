"""A photograph that is larger than a body may be is made smaller in the page, and read."""

import asyncio
import io
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, expect

from exam_service.services import certificates
from tests.support.live import live_service
from tests.support.service import open_course, world


async def test_a_large_photograph_of_a_certificate_is_read(browser: Browser, sqlite_url: str, tmp_path: Path) -> None:
    async with live_service(sqlite_url, tmp_path) as live:
        first = await world(live.ctx, live.clock, course=open_course())
        await first.take("post")
        issued = await certificates.request(first.ctx, first.org, first.enrolment, "certificate")
        record = await certificates.complete(first.ctx, first.org, issued.id)
        photograph = tmp_path / "IMG_0001.png"
        qr = live.ctx.qr.png(certificates.qr_text(live.ctx, record))
        # Aside: a second of drawing on its own event loop makes the service turn visitors away.
        photograph.write_bytes(await asyncio.to_thread(_photograph, qr))
        assert photograph.stat().st_size > 2_000_000

        page = await browser.new_page(base_url=live.url, locale="th-TH")
        await page.goto("/verify")
        await page.locator("input[type=file]").set_input_files(photograph)
        await expect(page.locator("input[type=file]")).to_have_value("C:\\fakepath\\IMG_0001.jpg")
        await page.locator("form").filter(has=page.locator("input[type=file]")).locator("button[type=submit]").click()
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")


def _photograph(qr: bytes) -> bytes:
    """The QR code on a noisy background, as many bytes as a phone's camera makes."""
    background = Image.effect_noise((1700, 1700), 40).convert("RGB")
    code = Image.open(io.BytesIO(qr)).convert("RGB").resize((900, 900))
    background.paste(code, (400, 400))
    out = io.BytesIO()
    background.save(out, "PNG")
    return out.getvalue()
