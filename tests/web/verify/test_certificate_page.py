"""The holder's page at /exam/certificates, over HTTP; how it prints is in tests/browser."""

import re

import httpx
import pytest

from exam_service.core.certificates.model import CertificateState, RevocationReason
from exam_service.core.errors import SigningFailed
from exam_service.services import keys
from exam_service.web.auth import COOKIE
from tests.support.certified import FULL, PAGE, Holder, another, client, text_of
from tests.support.problems import refused


@pytest.fixture
async def holder_web(certified: Holder, web: httpx.AsyncClient) -> httpx.AsyncClient:
    web.cookies.set(COOKIE, await certified.world.session(certified.enrolment))
    return web


async def test_the_page_has_everything_in_both_languages(certified: Holder, holder_web: httpx.AsyncClient) -> None:
    answer = await holder_web.get(f"/exam/certificates/{certified.id}", headers=PAGE)
    page = answer.text
    assert FULL in text_of(answer)
    for said in (
        "วุฒิบัตร", "Certificate", "การวัดผลในชั้นเรียน", "Classroom measurement", "จำนวน 12 ชั่วโมง", "12 hours",
        "สถาบันทดสอบ", "Test Institute", "ให้ไว้ ณ วันที่ 22 พฤศจิกายน พ.ศ. 2569", "Given on 22 November 2026",
        "การปฏิบัติงานในหน้าที่", " ".join(re.findall("....", certified.id)), "<svg xmlns",
        f"exam.example.ac.th/v/{certified.id}",
    ):  # fmt: skip
        assert said in page, said
    assert 'id="stamp"' not in page


async def test_a_letter_of_attestation_is_worded_as_one(certified: Holder, holder_web: httpx.AsyncClient) -> None:
    letter = await another(certified, "attestation")
    page = (await holder_web.get(f"/exam/certificates/{letter.id}", headers=PAGE)).text
    assert "หนังสือรับรองความรู้" in page
    assert "หนังสือฉบับนี้ให้ไว้เพื่อรับรองว่า" in page
    assert "มอบวุฒิบัตรนี้" not in page


async def test_a_revoked_one_says_so_across_the_page(certified: Holder, holder_web: httpx.AsyncClient) -> None:
    w = certified.world
    await w.revoke(certified.id, RevocationReason.issued_in_error, "NOTE-OF-STAFF", "staff")
    page = (await holder_web.get(f"/exam/certificates/{certified.id}", headers=PAGE)).text
    stamp = re.search(r'id="stamp">(.*?)</p>', page)
    assert stamp
    assert "ถูกเพิกถอน" in stamp[1]
    assert "Revoked" in stamp[1]
    assert "ออกโดยผิดพลาด" in page
    assert "NOTE-OF-STAFF" not in page


async def test_the_files_are_the_stored_ones(certified: Holder, holder_web: httpx.AsyncClient) -> None:
    base = f"/exam/certificates/{certified.id}"
    assert (await holder_web.get(f"{base}/credential.json")).content == await certified.credential()
    png = (await holder_web.get(f"{base}/qr.png")).content
    assert (await certified.world.ctx.evidences.read(png)).qr_texts == (await certified.qr(),)
    svg = (await holder_web.get(f"{base}/qr.svg")).content
    assert svg == certified.world.ctx.qr.svg(await certified.qr())
    pdf = await holder_web.get(f"{base}/certificate.pdf")
    assert (pdf.status_code, pdf.headers["content-disposition"]) == (200, f'attachment; filename="{certified.id}.pdf"')
    picture = (await holder_web.get(f"{base}/certificate.png")).content
    assert (await certified.world.ctx.evidences.read(picture)).qr_texts == (await certified.qr(),)
    page = (await holder_web.get(base, headers=PAGE)).text
    assert f'href="{base}/certificate.pdf"' in page
    await certified.world.revoke(certified.id, RevocationReason.misconduct, None, "staff")
    assert "certificate.pdf" not in (await holder_web.get(base, headers=PAGE)).text, "paper is made only of what stands"


async def test_nobody_else_opens_it(certified: Holder, holder_web: httpx.AsyncClient) -> None:
    base = f"/exam/certificates/{certified.id}"
    files = ("certificate.pdf", "certificate.png", "qr.png", "qr.svg", "credential.json")
    paths = (base, *(f"{base}/{name}" for name in files))
    async with client(certified.world) as stranger:
        for path in paths:
            refused(await stranger.get(path), 401, "not-authenticated")
        assert (await stranger.get(base, headers=PAGE)).status_code == 401
        stranger.cookies.set(COOKIE, await certified.world.session())
        for path in paths:
            answer = refused(await stranger.get(path), 404, "not-found")
            assert "สมหญิง" not in str(answer)


async def test_one_that_a_crash_left_pending_is_completed_when_its_holder_comes(
    certified: Holder, holder_web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> bytes:
        raise SigningFailed

    with monkeypatch.context() as patch:
        patch.setattr(keys, "sign_with", killed)
        with pytest.raises(SigningFailed):
            await another(certified, "attestation")
    async with certified.world.ctx.store.read(certified.world.org) as tx:
        (id,) = [one.id for one in await tx.certificates.of(certified.enrolment) if one.id != certified.id]
    left = Holder(certified.world, certified.enrolment, id)
    assert (await left.record()).state is CertificateState.pending
    assert (await holder_web.get(f"/exam/certificates/{id}", headers=PAGE)).status_code == 200
    record = await left.record()
    assert record.state is CertificateState.stands
    assert record.log_proof is not None
