"""A QR code as another program in a browser reads it: jsQR, then CBOR and WebCrypto by tests/verifiers/scan.js."""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from exam_service.adapters.qr import render
from tests.browser.test_certificate import Site, on_phone, site
from tests.support.optional import optional

__all__ = ["site"]

VERIFIERS = Path(__file__).parent.parent / "verifiers"
JSQR = VERIFIERS / "node_modules" / "jsqr" / "dist" / "jsQR.js"


@pytest.fixture
async def page(browser: Browser, site: Site) -> Page:
    """A page of the service's address, where WebCrypto is; its scripts play no part."""
    if not JSQR.is_file():
        optional("tests/verifiers/node_modules is not there: run `npm ci --prefix tests/verifiers`")
    found = await (await on_phone(browser)).new_page()
    await found.goto(f"{site.url}/verify")
    await found.evaluate(JSQR.read_text(encoding="utf-8"))
    return found


async def scanned(page: Page, site: Site, text: str) -> dict[str, Any]:
    """What the program makes of a picture of this text, by the keys that are published."""
    keys = (await (await page.request.get(f"{site.url}/.well-known/jwks.json")).json())["keys"]
    picture = f"data:image/png;base64,{base64.b64encode(render.png(text, pixels_per_module=4)).decode()}"
    program = (VERIFIERS / "scan.js").read_text(encoding="utf-8")
    found: dict[str, Any] = await page.evaluate(program, {"picture": picture, "keys": keys})
    return found


async def test_a_program_that_knows_only_the_format_and_the_keys_finds_it_right(page: Page, site: Site) -> None:
    qr, record = await site.held.qr(), await site.held.record()
    assert await scanned(page, site, qr) == {"text": qr, "kid": record.kid, "right": True}


async def test_every_changed_digit_is_found_wrong_or_cannot_be_read(page: Page, site: Site) -> None:
    qr, told = await site.held.qr(), []
    for at in range(qr.index("#1") + 2, len(qr), 29):
        changed = qr[:at] + str((int(qr[at]) + 1) % 10) + qr[at + 1 :]
        found = await scanned(page, site, changed)
        assert found["text"] == changed
        told.append(found["right"])
    assert True not in told
    assert told.count(False) > 8, "most change a name, a date or the signature, and leave a token"
