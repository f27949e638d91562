import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from exam_service.core.certificates.model import REASON_TEXTS, CertificateState, RevocationReason
from exam_service.services import certificates
from tests.support.certified import ENGLISH, FULL, MASKED, PAGE, Holder, another, client, text_of
from tests.support.service import TestClock, service, world


def state_of(response: httpx.Response) -> str:
    found = re.search(r'data-state="(\w+)"', response.text)
    assert found, response.text
    return found[1]


async def test_a_genuine_certificate_says_what_of_whom_by_whom_and_when(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    thai = await web.get(f"/v/{certified.id}", headers=PAGE)
    assert (thai.status_code, state_of(thai)) == (200, "stands")
    for said in (
        "ของจริง และยังมีผลอยู่", MASKED, "วุฒิบัตร", "การวัดผลในชั้นเรียน", "12 ชั่วโมง", "สถาบันทดสอบ", "22 พฤศจิกายน 2569",
        "สถานะ ณ 22 พฤศจิกายน 2569 เวลา 09:00 น.", " ".join(re.findall("....", certified.id)),
    ):  # fmt: skip
        assert said in text_of(thai), said
    english = await web.get(f"/v/{certified.id}", headers=ENGLISH)
    for said in ("Genuine, and it stands", "Classroom measurement", "12 hours", "Test Institute", "22 November 2026"):
        assert said in english.text


async def test_the_page_shows_first_letters_until_somebody_types_the_name(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    assert "สมหญิง" not in (await web.get(f"/v/{certified.id}", headers=PAGE)).text
    for typed in (FULL, "สมหญิง ใจดี", " สมหญิง   ใจดี ", "สมหญิงใจดี"):
        same = await web.post(f"/v/{certified.id}", data={"name": typed}, headers=PAGE)
        assert 'id="name-same"' in same.text, typed
        assert FULL in text_of(same)
    for typed in ("สมชาย ใจดี", "สมหญิง", "ใจดี", "", "นางสาว"):
        other = await web.post(f"/v/{certified.id}", data={"name": typed}, headers=PAGE)
        assert 'id="name-other"' in other.text, typed
        assert FULL not in text_of(other)
        assert MASKED in text_of(other)


async def test_revoked_is_said_at_once_with_the_reason_and_without_the_note(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    w = certified.world
    w.clock.pass_(hours=1, seconds=59)
    await w.revoke(certified.id, RevocationReason.misconduct, "เรื่องภายใน", "staff")
    page = await web.get(f"/v/{certified.id}", headers=PAGE)
    assert (page.status_code, state_of(page)) == (200, "revoked")
    assert str(REASON_TEXTS[RevocationReason.misconduct].th) in page.text
    assert "22 พฤศจิกายน 2569 เวลา 10:00 น." in page.text
    assert "เรื่องภายใน" not in page.text
    assert "ยังมีผลอยู่<" not in page.text


@pytest.mark.parametrize(
    "state, words",
    [(CertificateState.suspended, "ถูกระงับชั่วคราว"), (CertificateState.superseded, "มีฉบับใหม่แทนแล้ว")],
)
async def test_suspended_and_superseded_are_told_apart(
    certified: Holder, web: httpx.AsyncClient, state: CertificateState, words: str
) -> None:
    newer = "B" * 16 if state is CertificateState.superseded else None
    await certified.change(state=state, superseded_by=newer)
    page = await web.get(f"/v/{certified.id}", headers=PAGE)
    assert state_of(page) == state.value
    assert words in page.text
    assert ("/v/BBBBBBBBBBBBBBBB" in page.text) is (newer is not None)


async def test_an_expired_certificate_says_so(sqlite_url: str, tmp_path: Path) -> None:
    from tests.support.certified import course, holder

    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock) as ctx:
        held = await holder(await world(ctx, clock, course=course(valid_months=12)))
        async with client(held.world) as web:
            assert state_of(await web.get(f"/v/{held.id}", headers=PAGE)) == "stands"
            clock.at += timedelta(days=366)
            expired = await web.get(f"/v/{held.id}", headers=PAGE)
            assert state_of(expired) == "expired"
            assert "22 พฤศจิกายน 2570" in expired.text


async def test_one_that_is_being_issued_is_not_said_to_stand(certified: Holder, web: httpx.AsyncClient) -> None:
    await certified.change(state=CertificateState.pending, credential=None, qr_token=None)
    page = await web.get(f"/v/{certified.id}", headers=PAGE)
    assert state_of(page) == "pending"
    assert (await web.get(f"/v/{certified.id}", headers={"accept": "application/json"})).status_code == 503


async def test_a_number_that_was_never_issued_is_not_found_and_says_so(web: httpx.AsyncClient) -> None:
    page = await web.get("/v/AAAAAAAAAAAAAAAA", headers=PAGE)
    assert (page.status_code, state_of(page)) == (404, "none")
    assert "ไม่ได้ออกโดยระบบนี้" in page.text
    problem = await web.get("/v/AAAAAAAAAAAAAAAA", headers={"accept": "application/json"})
    assert (problem.status_code, problem.json()["code"]) == (404, "not-found")


async def test_a_number_with_a_letter_that_only_looks_like_one_of_its_own_is_another_number(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    alike = {"S": "ſ", "K": "\N{KELVIN SIGN}", "I": "ı", "O": "0"}
    # Those letters that this number has; one of a letter less is what is left when it has none.
    others = [certified.id.replace(one, other) for one, other in alike.items() if one in certified.id]
    for number in (*others, certified.id[:-1]):
        shown = await web.get(f"/v/{number}", headers=PAGE)
        compared = await web.post(f"/v/{number}", data={"name": FULL}, headers=PAGE)
        for answer in (shown, compared):
            assert (answer.status_code, state_of(answer)) == (404, "none"), number


async def test_a_link_cannot_put_words_on_the_page(web: httpx.AsyncClient) -> None:
    page = await web.get("/v/THIS%20IS%20GENUINE%20<b>", headers=PAGE)
    assert page.status_code == 404
    assert "GENUINE" not in page.text


async def test_small_letters_are_the_same_number(certified: Holder, web: httpx.AsyncClient) -> None:
    assert state_of(await web.get(f"/v/{certified.id.lower()}", headers=PAGE)) == "stands"


async def test_a_program_gets_the_verdict_with_the_name_in_first_letters(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    answer = await web.get(f"/v/{certified.id}", headers={"accept": "application/json"})
    verdict = answer.json()
    assert (verdict["outcome"], verdict["status"]) == ("genuine", "stands")
    assert verdict["facts"]["recipient_name"] == MASKED
    assert [step["number"] for step in verdict["steps"]] == [1, 2, 3, 4, 5, 6]
    assert "สมหญิง" not in answer.text


async def test_a_changed_stored_byte_is_not_called_genuine(certified: Holder, web: httpx.AsyncClient) -> None:
    document = await certified.credential()
    await certified.change(credential=document.replace(b'"creditsEarned":12', b'"creditsEarned":13'))
    page = await web.get(f"/v/{certified.id}", headers=PAGE)
    assert state_of(page) == "not_genuine"
    assert MASKED not in text_of(page), "a forged one must not borrow the looks of a genuine one"


async def test_the_page_with_all_it_loads_is_under_30_kilobytes(certified: Holder, web: httpx.AsyncClient) -> None:
    loaded: dict[str, int] = {}
    wanted = [f"/v/{certified.id}"]
    while wanted:
        path = wanted.pop()
        if path in loaded:
            continue
        answer = await web.get(path, headers=PAGE)
        assert answer.status_code == 200, path
        # As it is sent, which is packed.
        loaded[path] = int(answer.headers["content-length"])
        if answer.headers["content-type"].startswith("text/html"):
            wanted += re.findall(r'(?:src|href)="(/v/kept/[^"]+)"', answer.text)
        for name in re.findall(r'@import (?:url\()?"([^"]+)"', answer.text):
            wanted.append(urljoin(path, name))
        wanted += [urljoin(path, name) for name in re.findall(r'^import .* from "(.+)";$', answer.text, re.MULTILINE)]
    assert len(loaded) >= 14
    assert sum(loaded.values()) < 30_000, loaded


async def test_the_page_needs_no_script_and_has_none_of_its_own_in_it(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    page = (await web.get(f"/v/{certified.id}", headers=PAGE)).text
    ((attributes, inside),) = re.findall(r"<script(.*?)>(.*?)</script>", page)
    assert re.fullmatch(r' type="module" src="/v/kept/[0-9a-f]{16}/js/verify.js"', attributes)
    assert inside == ""
    assert not re.search(r"\son\w+=|style=", page)


async def test_the_form_takes_a_number_a_qr_text_a_picture_and_a_file(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    ctx, qr = certified.world.ctx, await certified.qr()
    assert (await web.get("/verify", headers=PAGE)).status_code == 200
    for number in (
        certified.id,
        certified.id.lower(),
        " ".join(re.findall("....", certified.id)),
        qr.partition("#")[0],
    ):
        sent = await web.post("/verify", data={"text": number}, files={"file": ("", b"")}, headers=PAGE)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/v/{certified.id}")
    for content in (ctx.qr.png(qr), await certified.credential(), qr.encode()):
        found = await web.post("/verify", data={"text": ""}, files={"file": ("any.bin", content)}, headers=PAGE)
        assert (found.status_code, state_of(found)) == (200, "stands")
        assert FULL in text_of(found), "who brought the evidence knows the name"
    found = await web.post("/verify", data={"text": qr}, files={"file": ("", b"")}, headers=PAGE)
    assert state_of(found) == "stands"


async def test_a_number_or_a_code_with_a_file_is_of_the_certificate_in_the_file(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    document, other = await certified.credential(), await another(certified, "attestation")
    forged = document.replace("สมหญิง".encode(), "สมชาย".encode())

    async def given(text: str, content: bytes) -> httpx.Response:
        return await web.post("/verify", data={"text": text}, files={"file": ("c", content)}, headers=PAGE)

    for text in (certified.id, " ".join(re.findall("....", certified.id.lower())), await certified.qr()):
        assert state_of(await given(text, document)) == "stands"
        # The number of a genuine one makes nothing better of what is beside it.
        assert state_of(await given(text, forged)) == "not_genuine"
        for nothing in (b"hello", certified.world.ctx.qr.png("https://elsewhere.example")):
            page = await given(text, nothing)
            assert (page.status_code, 'id="refusal"' in page.text) == (422, True)
    for text in (other.id, await other.qr()):
        assert state_of(await given(text, document)) == "not_genuine"
    assert (await given("hello", document)).status_code == 422


async def test_the_form_says_not_genuine_of_a_changed_one_and_shows_no_facts(
    certified: Holder, web: httpx.AsyncClient
) -> None:
    forged = (await certified.credential()).replace("สมหญิง".encode(), "สมชาย".encode())
    page = await web.post("/verify", files={"file": ("c.json", forged)}, headers=PAGE)
    assert state_of(page) == "not_genuine"
    assert "สมชาย" not in page.text
    assert 'class="failed"' in page.text


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7", b"\x89PNG\r\n\x1a\nbroken", b"\xff\xfe\x00"])
async def test_the_form_says_what_it_cannot_read(web: httpx.AsyncClient, content: bytes) -> None:
    page = await web.post("/verify", files={"file": ("f", content)}, headers=PAGE)
    assert page.status_code == (422 if content else 200)
    assert 'id="refusal"' in page.text


@pytest.mark.parametrize(
    "head, content", [("", b"\xff\xfe"), ("Content-Type: text/plain; charset=utf-9\r\n", b"a"),
                      ("Content-Type: text/plain; charset=ascii\r\n", "ก".encode())]
)  # fmt: skip
async def test_a_form_whose_text_is_none_is_refused_by_name(
    certified: Holder, web: httpx.AsyncClient, head: str, content: bytes
) -> None:
    for path, name in (("/verify", "text"), (f"/v/{certified.id}", "name")):
        part = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n{head}\r\n'.encode()
        body, kind = part + content + b"\r\n--x--\r\n", {"content-type": "multipart/form-data; boundary=x"}
        answer = await web.post(path, content=body, headers=kind | {"accept": "application/json"})
        assert answer.status_code == 422, answer.text
        assert [fault["code"] for fault in answer.json()["faults"]] == ["not-utf-8"]
        page = await web.post(path, content=body, headers=kind | PAGE)
        assert (page.status_code, 'data-state="stands"' in page.text) == (422, False)


async def test_the_page_tells_how_to_know_the_right_site(certified: Holder, web: httpx.AsyncClient) -> None:
    for path in (f"/v/{certified.id}", "/verify", "/v/AAAAAAAAAAAAAAAA"):
        assert certified.world.ctx.policy.public_url + "/" in (await web.get(path, headers=PAGE)).text


async def test_too_many_requests_of_one_address_are_refused(certified: Holder) -> None:
    async with client(certified.world, public=3) as web:
        answers = [await web.get(f"/v/{certified.id}", headers=PAGE) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_the_second_certificate_of_a_kind_is_the_first(certified: Holder) -> None:
    again = await certificates.request(certified.world.ctx, certified.world.org, certified.enrolment, "certificate")
    assert again.id == certified.id


def test_every_state_has_its_words() -> None:
    from exam_service.web.texts import area
    from exam_service.web.verify.look import _LOOKS

    assert {f"verify.says_{state}" for state in _LOOKS} <= set(area("verify"))
