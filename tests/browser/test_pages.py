"""The candidate's other pages: the way in, the course with its steps, the result, the review."""

import json

import pytest
from playwright.async_api import Page, expect

from tests.browser import sample
from tests.browser.accessibility import faults_of
from tests.browser.conftest import DESK, PHONE, RUNNER, OpenContext
from tests.browser.fake_api import FakeService, broken, journey, problem
from tests.browser.steps import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

STAGES = ("start", "learning", "ready", "running", "cooling", "hidden", "passed", "issued")


async def states(page: Page) -> list[str]:
    await expect(page.locator(".step").first).to_be_visible()
    return [words.strip() for words in await page.locator(".step-head .chip").all_inner_texts()]


@pytest.mark.parametrize(
    "stage, wanted, current",
    [
        ("start", ["พร้อมเริ่ม", "กำลังเรียน", "ยังไม่เปิด", "ยังไม่เปิด"], 0),
        ("learning", ["ทำแล้ว", "กำลังเรียน", "ยังไม่เปิด", "ยังไม่เปิด"], 1),
        ("ready", ["ทำแล้ว", "เสร็จแล้ว", "พร้อมเริ่ม", "ยังไม่เปิด"], 2),
        ("running", ["ทำแล้ว", "เสร็จแล้ว", "กำลังทำอยู่", "ยังไม่เปิด"], 2),
        ("cooling", ["ทำแล้ว", "เสร็จแล้ว", "รอทำใหม่", "ยังไม่เปิด"], 2),
        ("passed", ["ทำแล้ว", "เสร็จแล้ว", "ผ่านแล้ว", "ขอได้แล้ว"], 3),
        ("issued", ["ทำแล้ว", "เสร็จแล้ว", "ผ่านแล้ว", "ออกให้แล้ว"], None),
    ],
)
async def test_the_course_says_where_every_step_stands(
    phone: Page, service: FakeService, stage: str, wanted: list[str], current: int | None
) -> None:
    service.me = journey(stage)
    await phone.goto("/exam")
    assert await states(phone) == wanted
    marked = await phone.locator(".step").evaluate_all(
        "all => all.findIndex((one) => one.getAttribute('aria-current') === 'step')"
    )
    assert marked == (-1 if current is None else current)
    primary = await phone.locator("main .button.primary").count()
    assert primary == (0 if stage in ("cooling", "issued") else 1)


async def test_what_is_missing_is_said_in_sentences(phone: Page, service: FakeService) -> None:
    await phone.goto("/exam")
    last = phone.locator(".step").last
    await expect(last.locator(".missing li")).to_have_text(["สอบแบบทดสอบหลังพัฒนาให้ผ่าน", "เรียนครบทุกหน่วย"])


async def test_waiting_for_a_retake_counts_down_and_then_offers_it(phone: Page, service: FakeService) -> None:
    service.me = journey("cooling")
    refusal = service.me["exams"][1]["refusal"]
    refusal["retry_at"] = service.in_seconds(3)
    await phone.goto("/exam")
    await expect(phone.locator(".notice")).to_contain_text("ทำใหม่ได้วันที่")
    await expect(phone.locator(".notice")).to_contain_text("อีก 00:0")
    service.me = journey("ready")
    await expect(phone.locator("[data-action=start]")).to_be_visible()


async def test_starting_asks_first_with_all_that_matters(phone: Page, service: FakeService) -> None:
    service.me = journey("ready")
    await phone.goto("/exam")
    await phone.locator("[data-action=start]").click()
    dialog = phone.locator("dialog")
    for words in ("12 ข้อ", "38 นาที", "2 ครั้ง", "ไม่หยุด", "31 ธันวาคม 2569"):
        await expect(dialog).to_contain_text(words)
    assert service.asked("/attempts") == 0
    await dialog.locator("[data-action=later]").click()
    assert service.asked("/attempts") == 0
    await phone.locator("[data-action=start]").click()
    await dialog.locator("[data-action=confirm]").click()
    await expect(phone.locator(".question")).to_be_visible()
    # The page that follows goes on in the device session that the start gave.
    assert service.attempt.epoch == 1


async def test_a_start_that_is_refused_says_why(phone: Page, service: FakeService) -> None:
    service.me = journey("ready")
    service.fault("/attempts", lambda: problem(409, "window-closed", "ปิดแล้วเมื่อวาน", "Closed yesterday."))
    await phone.goto("/exam")
    await phone.locator("[data-action=start]").click()
    await phone.locator("dialog [data-action=confirm]").click()
    await expect(phone.locator("dialog [role=alert]")).to_have_text("ปิดแล้วเมื่อวาน")


async def test_a_certificate_is_requested_once_in_the_kind_chosen(phone: Page, service: FakeService) -> None:
    service.me = journey("passed")
    await phone.goto("/exam")
    await phone.locator("input[value=attestation]").check()
    await phone.get_by_role("button", name="ขอหนังสือรับรองความรู้").click()
    await expect(phone.locator(".paper")).to_contain_text("หนังสือรับรองความรู้")
    await expect(phone.locator(".paper [data-action=certificate]")).to_have_attribute("href", sample.ISSUED["page"])
    assert service.asked("/certificates") == 1


async def test_a_page_that_cannot_load_offers_to_try_again(phone: Page, service: FakeService) -> None:
    service.fault("/me", broken)
    await phone.goto("/exam")
    await expect(phone.locator("[role=alert]")).to_have_text("เชื่อมต่อไม่ได้ โปรดตรวจสอบอินเทอร์เน็ตแล้วลองอีกครั้ง")
    await phone.get_by_role("button", name="ลองอีกครั้ง").click()
    await expect(phone.locator(".step").first).to_be_visible()


async def test_an_open_result_page_says_that_the_attempt_was_reopened(phone: Page, service: FakeService) -> None:
    service.attempt.state = "graded"
    await phone.clock.install()
    await phone.goto(f"{RUNNER}/result")
    await expect(phone.locator(".outcome")).to_be_visible()
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url) if "/contact" in request.url else None)
    await phone.clock.run_for(75_000)
    await until(lambda: service.asked("/contact") == 1)
    go_on = phone.locator("[data-action=go-on]")
    await expect(go_on).to_have_count(0)
    service.attempt.state = "in_progress"
    for _ in range(40):
        # Time stands still while the answer is under way, and then because what is announced is taken away again.
        if len(asked) == 2:
            break
        await phone.clock.run_for(5_000)
        await phone.wait_for_timeout(100)
    await expect(phone.locator(".reopened")).to_contain_text("เจ้าหน้าที่เปิดให้ทำการสอบครั้งนี้ต่อแล้ว")
    await expect(phone.locator("#announcer")).to_contain_text("ต่อแล้ว")
    assert service.asked("/contact") == 2
    await go_on.click()
    await expect(phone.locator(".question")).to_be_visible()


async def test_a_result_page_that_nobody_looks_at_does_not_ask(phone: Page, service: FakeService) -> None:
    service.attempt.state = "graded"
    await phone.clock.install()
    await phone.add_init_script(
        "window.seen = 'hidden';"
        "Object.defineProperty(document, 'visibilityState', { get: () => window.seen, configurable: true })"
    )
    await phone.goto(f"{RUNNER}/result")
    await expect(phone.locator(".outcome")).to_be_visible()
    await phone.clock.run_for(600_000)
    assert service.asked("/contact") == 0
    service.attempt.state = "in_progress"
    await phone.evaluate("window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    await phone.clock.run_for(5_000)
    await expect(phone.locator("[data-action=go-on]")).to_be_visible()


async def test_the_result_says_how_it_went_why_and_what_comes_next(phone: Page, service: FakeService) -> None:
    service.me = journey("cooling")
    await phone.goto(f"{RUNNER}/result")
    await expect(phone.locator(".verdict")).to_have_text("ยังไม่ผ่าน")
    await expect(phone.locator(".dial-number")).to_have_text("58.33%")
    await expect(phone.locator(".conditions .unmet")).to_contain_text("อย่างน้อยร้อยละ 60")
    await expect(phone.locator(".sections li")).to_have_count(2)
    await expect(phone.locator(".next")).to_contain_text("ทำใหม่ได้วันที่")


async def test_a_hidden_score_is_said_to_be_hidden(phone: Page, service: FakeService) -> None:
    service.result = sample.result(
        percent=None, earned=None, possible=None, passed=None, sections=[], pass_decision=None, review_open=False
    )
    await phone.goto(f"{RUNNER}/result")
    await expect(phone.locator(".outcome")).to_contain_text("ยังไม่เปิดเผยคะแนน")
    await expect(phone.locator(".dial, .sections, .conditions, [data-action=review]")).to_have_count(0)


async def test_receipts_are_listed_and_downloaded_as_they_were_signed(phone: Page, service: FakeService) -> None:
    service.attempt.open()
    service.attempt.save(json.dumps({"epoch": 1, "seq": 1, "responses": {"i1": "c1"}}))
    service.attempt.save(json.dumps({"epoch": 1, "seq": 2, "responses": {"i2": ["c1"]}}))
    await phone.goto(f"{RUNNER}/result")
    await phone.locator(".receipts summary").click()
    await expect(phone.locator(".receipt-list li")).to_have_count(2)
    await expect(phone.locator(".receipt-list li").first).to_contain_text("บันทึกครั้งที่ 1")
    async with phone.expect_download() as downloading:
        await phone.locator("[data-action=receipts]").click()
    download = await downloading.value
    assert (await download.path()).read_text(encoding="utf-8").split() == service.attempt.receipts
    assert download.suggested_filename.endswith(".jws.txt")


async def test_the_review_shows_right_and_wrong_in_words(phone: Page, service: FakeService) -> None:
    await phone.goto(f"{RUNNER}/review")
    chips = phone.locator(".review .mark-line .chip")
    await expect(chips).to_have_count(7)
    marks = [words.split("\n")[0].strip() for words in await chips.all_inner_texts()]
    assert marks == ["ถูก", "ถูกบางส่วน", "ไม่ถูก", "ไม่ถูก", "ถูก", "ไม่ถูก", "ไม่ถูก"]
    second = phone.locator(".review").nth(1)
    await expect(second.locator(".choice.mine")).to_have_count(2)
    await expect(second.locator(".choice.right")).to_have_count(2)
    await expect(second.locator(".choice.wrong")).to_contain_text("คำตอบของคุณ")
    await expect(phone.locator(".review").nth(5)).to_contain_text("ไม่ได้ตอบ")
    await phone.locator(".review-head input").check()
    await expect(phone.locator(".review:visible")).to_have_count(5)


async def test_a_review_shows_no_more_than_is_open(phone: Page, service: FakeService) -> None:
    service.review = sample.review(correctness=False, key=False)
    await phone.goto(f"{RUNNER}/review")
    await expect(phone.locator(".review").first).to_contain_text("คำตอบของคุณ")
    await expect(phone.locator(".review-head .list li")).to_have_count(2)
    await expect(phone.locator(".mark-line, .why, .choice.right, .choice.wrong")).to_have_count(0)


async def test_a_closed_review_says_so(phone: Page, service: FakeService) -> None:
    service.review = None
    await phone.goto(f"{RUNNER}/review")
    await expect(phone.locator("[role=alert]")).to_have_text("ยังไม่เปิดให้ทบทวนการสอบครั้งนี้")


async def test_the_launch_page_is_one_button_that_posts(phone: Page, service: FakeService) -> None:
    await phone.goto("/l/token")
    form = phone.locator("form[method=post]")
    await expect(form.get_by_role("button")).to_have_text("เข้าสู่รายวิชา")
    assert await form.get_attribute("action") is None


@pytest.mark.parametrize(
    "language, size, scheme",
    [("th", PHONE, "light"), ("en", PHONE, "dark"), ("th", DESK, "dark"), ("en", DESK, "light")],
    ids=["th-phone-light", "en-phone-dark", "th-desk-dark", "en-desk-light"],
)
async def test_every_page_can_be_read_reached_and_named(
    open_context: OpenContext, service: FakeService, language: str, size: dict[str, int], scheme: str
) -> None:
    page = await (await open_context(viewport=size, color_scheme=scheme)).new_page()
    found: dict[str, list[str]] = {}

    async def look(name: str, path: str, ready: str = "main h1") -> None:
        await page.goto(f"{path}?lang={language}")
        await expect(page.locator(ready).first).to_be_visible()
        found[name] = await faults_of(page)

    for name, path in {"launch": "/l/token", "refused": "/l/used", "problem": "/nowhere"}.items():
        await look(name, path)
    for stage in STAGES:
        service.me = journey(stage)
        await look(stage, "/exam", ".step")
    service.me = journey("ready")
    await look("home", "/exam", ".step")
    await page.locator("[data-action=start]").click()
    found["confirm"] = await faults_of(page)
    await look("runner", RUNNER, ".question")
    for n in range(1, 8):
        found[f"question {n}"] = await faults_of(page)
        await page.locator("[data-action=next]").click()
    for _ in range(4):
        await page.locator("[data-action=next]").click()
    found["last question"] = await faults_of(page)
    await expect(page.locator(".question")).to_have_attribute("data-item", "i12")
    await page.keyboard.press("?")
    found["help"] = await faults_of(page)
    await page.keyboard.press("Escape")
    await page.locator("[data-action=submit]:visible, [data-action=all]:visible").first.click()
    found["submit or all questions"] = await faults_of(page)
    service.attempt.open()
    await look("moved", RUNNER, "dialog.moved")
    await look("result", f"{RUNNER}/result", ".outcome")
    await look("review", f"{RUNNER}/review", ".review")
    assert {name: faults for name, faults in found.items() if faults} == {}


async def test_the_checks_of_accessibility_find_what_is_wrong(phone: Page, service: FakeService) -> None:
    await phone.goto("/l/token")
    await phone.evaluate("""() => {
      const add = (tag, values = {}, text = "") => {
        const one = Object.assign(document.createElement(tag), values);
        one.textContent = text;
        document.querySelector("main").append(one);
        return one;
      };
      document.title = "";
      add("h4", {}, "deep");
      add("button", {});
      add("input", { type: "text" });
      add("p", { id: "main" }, "twice");
      Object.assign(add("p", {}, "pale").style, { color: "#bbb" });
      Object.assign(add("p", {}, "wide").style, { width: "500px" });
      add("p").setAttribute("aria-labelledby", "nobody");
    }""")
    faults = " / ".join(await faults_of(phone))
    for words in (
        "no title",
        "skips a level",
        "has no name",
        "#main stands twice",
        "contrast 1.",
        "px wide on 360",
        "#nobody",
        "× ",
    ):
        assert words in faults


async def test_the_pages_say_so_without_javascript(open_context: OpenContext, service: FakeService) -> None:
    page = await (await open_context(java_script_enabled=False)).new_page()
    await page.goto("/exam")
    await expect(page.locator("noscript .notice")).to_be_visible()
    await expect(page.locator("#app")).to_be_hidden()
