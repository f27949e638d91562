"""The whole life at phone size, in a real Chromium, against the real service.

Launch, pre-test, learning reported, post-test failed, refused retake, retake passed, certificate, its QR decoded from
the rendered page by an independent decoder, its address opened: it stands; then revoked, opened again: revoked.
"""

import io
from pathlib import Path
from typing import Any

import httpx
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.support.live import live_service
from tests.support.service import World, right_responses, small_course, world

PHONE = ViewportSize(width=360, height=800)


async def test_from_launch_to_a_revoked_certificate(browser: Browser, database_url: str, tmp_path: Path) -> None:
    async with live_service(database_url, tmp_path) as live:
        first = await world(live.ctx, live.clock, course=small_course())
        context = await browser.new_context(
            base_url=live.url, viewport=PHONE, device_scale_factor=3, locale="th-TH", timezone_id="Asia/Bangkok"
        )
        phone = await context.new_page()
        complaints: list[str] = []
        phone.on("pageerror", lambda error: complaints.append(str(error)))
        phone.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
        staff = httpx.AsyncClient(base_url=live.url, headers={"Authorization": f"Bearer {first.key}"}, timeout=30)

        await _launch(phone, staff, first, live.url)
        await expect(phone.get_by_text("ยังไม่เปิด").first).to_be_visible()

        attempt = await _start(phone, "ก่อนเรียน")
        await _answer(phone, first, attempt, right=2)
        await _hand_in(phone)
        await phone.goto("/exam")
        await expect(phone.get_by_text("เรียนครบ").first).to_be_visible()
        assert await _step(phone, "หลังเรียน").get_by_role("button").count() == 0

        reported = await staff.put(f"/v1/enrolments/{first.enrolment}/facts", json={"learning_complete": True})
        assert reported.status_code == 200
        await phone.reload()
        attempt = await _start(phone, "หลังเรียน")
        await _answer(phone, first, attempt, right=3)
        await _hand_in(phone)
        await expect(phone.locator("main")).to_contain_text("ไม่ผ่าน")

        await phone.goto("/exam")
        await expect(phone.locator("main")).to_contain_text("ทำใหม่ได้")
        assert await _step(phone, "หลังเรียน").get_by_role("button").count() == 0
        refused = await phone.evaluate(
            "fetch('/v1/candidate/exams/post/attempts', {method: 'POST'}).then((a) => a.json())"
        )
        assert refused["code"] == "cooling-down"
        assert refused["retry_at"]
        live.clock.pass_(minutes=61)
        await phone.reload()
        attempt = await _start(phone, "หลังเรียน", button="ทำอีกครั้ง")
        await _answer(phone, first, attempt, right=10)
        await _hand_in(phone)
        await expect(phone.locator("main")).to_contain_text("ผ่าน")

        await phone.goto("/exam")
        await phone.get_by_role("radio", name="วุฒิบัตร").or_(phone.get_by_label("วุฒิบัตร")).first.check()
        await phone.get_by_role("button", name="ขอวุฒิบัตร").click()
        await phone.locator("[data-action=certificate]").first.click()
        text = await _decoded(phone)
        assert text.startswith(f"{live.url}/v/")
        assert "#1" in text

        reader = await browser.new_context(viewport=PHONE, java_script_enabled=False, locale="th-TH")
        page = await reader.new_page()
        await page.goto(text)
        await expect(page.locator("#answer")).to_have_attribute("data-state", "stands")
        await expect(page.locator("main")).to_contain_text("มีผล")
        assert "ชื่อ one" not in await page.inner_text("main")

        certificate = text.split("/v/")[1][:16]
        revoked = await staff.post(f"/v1/certificates/{certificate}/revoke", json={"reason": "misconduct"})
        assert revoked.status_code == 200, revoked.text
        await page.goto("about:blank")
        await page.goto(text)
        await expect(page.locator("#answer")).to_have_attribute("data-state", "revoked")
        await expect(page.locator("main")).to_contain_text("พบการทุจริตในการสอบ")
        verdict = (await staff.post("/v1/verify", json={"qr": text})).json()
        assert (verdict["outcome"], verdict["status"], verdict["reason"]) == ("genuine", "revoked", "misconduct")

        assert complaints == []
        await staff.aclose()


async def _launch(phone: Page, staff: httpx.AsyncClient, first: World, base: str) -> None:
    """The learning system sends the candidate; the link works once."""
    made = await staff.post(
        f"/v1/enrolments/{first.enrolment}/launches", json={"return_url": "https://lms.example.ac.th/"}
    )
    url = made.json()["url"]
    assert url.startswith(f"{base}/l/")
    await phone.goto(url)
    await phone.get_by_role("button", name="เข้าสู่รายวิชา").click()
    await phone.wait_for_url("**/exam")
    async with httpx.AsyncClient() as stranger:
        again = await stranger.post(url, headers={"Accept": "text/html"})
    assert again.status_code == 410
    assert "ใช้ไปแล้ว" in again.text


def _step(phone: Page, exam: str) -> Locator:
    """The step of the home page that an exam is."""
    return phone.locator("li, section, article").filter(has=phone.get_by_role("heading", name=exam, exact=True)).last


async def _start(phone: Page, exam: str, button: str = "เริ่มทำ") -> str:
    """Start from the home page through the dialog that says what it means; the attempt's id."""
    await _step(phone, exam).get_by_role("button", name=button).click()
    await phone.get_by_role("button", name="เริ่มเลย").click()
    await phone.wait_for_url("**/exam/attempts/*")
    await expect(phone.locator(".question")).to_be_visible()
    return phone.url.rsplit("/", 1)[1]


async def _answer(phone: Page, first: World, attempt: str, right: int) -> None:
    """Answer so many items rightly, by touching what is on the screen, and leave the others blank."""
    key = await right_responses(first.ctx, first.org, attempt)
    for number in range(1, len(key) + 1):
        question = phone.locator(f".question[data-item=i{number}]")
        await expect(question).to_be_visible()
        if number <= right:
            await _respond(phone, f"i{number}", key[f"i{number}"])
        if number < len(key):
            await phone.locator("[data-action=next]").click()
    await expect(phone.locator("body")).to_contain_text("บันทึกแล้ว")


async def _respond(phone: Page, item: str, response: Any) -> None:
    typed = phone.locator(f"[data-typed={item}]")
    if await typed.count():
        await typed.fill(str(response))
        return
    values = (
        response if isinstance(response, list) else [str(response).lower() if isinstance(response, bool) else response]
    )
    for value in values:
        await phone.locator(f".question[data-item={item}] input[value='{value}']").check(force=True)


async def _hand_in(phone: Page) -> None:
    """Look at the summary and submit."""
    await phone.locator("[data-action=finish]").click()
    await phone.locator("dialog.submit [data-action=confirm]").click()
    await phone.wait_for_url("**/result")
    await expect(phone.locator("main h1, main h2").first).to_be_visible()


async def _decoded(phone: Page) -> str:
    """What an independent decoder reads in a picture of the certificate as it is on the screen."""
    qr = phone.locator(".qr")
    await expect(qr).to_be_visible()
    await qr.scroll_into_view_if_needed()
    picture = Image.open(io.BytesIO(await qr.screenshot()))
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return str(found.text)
