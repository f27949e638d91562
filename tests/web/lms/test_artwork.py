"""Logos, seals and signatures: uploaded once, named by courses, shown by what is issued from then on."""

import base64
import hashlib
import io
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from exam_service.adapters.qr import decode
from exam_service.core.certificates.model import RevocationReason
from exam_service.services import artwork, certificate_views, certificates, printing
from tests.support.problems import faults_of, refused
from tests.support.service import open_course, world
from tests.web.lms.conftest import Lms

SAMPLES = Path(__file__).resolve().parents[3] / "certs" / "samples"
PNG = {"content-type": "image/png"}


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.png").read_bytes()


async def upload(lms: Lms, kind: str, name: str, **more: Any) -> httpx.Response:
    return await lms.post(f"/v1/artwork/{kind}", content=sample(name), headers=PNG, **more)


async def digest(lms: Lms, kind: str, name: str) -> str:
    answer = await upload(lms, kind, name)
    assert answer.is_success, answer.text
    return str(answer.json()["digest"])


def signed(**named: Any) -> dict[str, Any]:
    course = open_course()
    course["certificate"] |= named
    return course


def signer(signature: str | None = None, name: str = "ดร.ณัฐวุฒิ ฐิติปัญโญ") -> dict[str, Any]:
    made: dict[str, Any] = {"name": {"th": name, "en": "Dr. N."}, "title": {"th": "ผู้อำนวยการ", "en": "Director"}}
    return made | ({"signature": signature} if signature else {})


async def test_a_picture_is_kept_once_under_what_is_in_it(lms_on_both: Lms) -> None:
    first, again = await upload(lms_on_both, "logo", "logo"), await upload(lms_on_both, "logo", "logo")
    assert (first.status_code, again.status_code) == (201, 200)
    told = first.json()
    assert again.json() == told | {"created": False}
    kept = await lms_on_both.get(f"/v1/artwork/logo/{told['digest']}")
    assert kept.headers["content-type"] == "image/png"
    assert hashlib.sha256(kept.content).hexdigest() == told["digest"]
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert picture.size == (told["width"], told["height"])
    for number in (1, 2, 3):
        await upload(lms_on_both, "signature", f"signature-{number}")
    page = (await lms_on_both.get("/v1/artwork?limit=2")).json()
    rest = (await lms_on_both.get(f"/v1/artwork?limit=9&after={page['next']}")).json()
    kinds = [one["kind"] for one in [*page["items"], *rest["items"]]]
    assert kinds == ["logo", "signature", "signature", "signature"]
    assert rest["next"] is None


async def test_who_may_not_and_what_is_none(lms: Lms) -> None:
    refused(await upload(lms, "logo", "logo", key=await lms.key("results")), 403, "not-allowed")
    refused(await upload(lms, "banner", "logo"), 404, "not-found")
    refused(await lms.get(f"/v1/artwork/logo/{'0' * 64}"), 404, "not-found")
    answer = await lms.post("/v1/artwork/logo", content=b"<svg/>", headers=PNG)
    assert faults_of(answer) == [("picture", "not-a-picture")]
    assert (await lms.get("/v1/artwork")).json()["items"] == []


async def test_one_organisation_neither_sees_nor_names_another_ones_pictures(lms: Lms) -> None:
    named = await digest(lms, "logo", "logo")
    w = lms.world
    other = await world(w.ctx, w.clock, slug="other", course={**open_course(), "code": "theirs"})
    refused(await lms.get(f"/v1/artwork/logo/{named}", key=other.key), 404, "not-found")
    assert (await lms.get("/v1/artwork", key=other.key)).json()["items"] == []
    put = await lms.put("/v1/courses/theirs", json={**signed(logo=named), "code": "theirs"}, key=other.key)
    assert put.is_success, put.text
    answer = await lms.post("/v1/courses/theirs/publish", key=other.key)
    assert faults_of(answer) == [("certificate.logo", "unknown-artwork")]


async def test_a_course_that_names_what_is_not_there_is_not_published(lms: Lms) -> None:
    logo = await digest(lms, "logo", "logo")
    course = signed(logo="0" * 64, seal=logo, signers=[signer("1" * 64), signer(name="x" * 101)])
    assert (await lms.put("/v1/courses/course", json=course)).is_success
    assert faults_of(await lms.post("/v1/courses/course/publish")) == [
        ("certificate.logo", "unknown-artwork"),
        ("certificate.seal", "unknown-artwork"),
        ("certificate.signers[0].signature", "unknown-artwork"),
        ("certificate.signers[1].name.th", "wrong-value"),
    ]
    for wrong in ({"logo": "not a digest"}, {"signers": [signer()] * 4}, {"signers": [{"name": {"th": "ก"}}]}):
        refused(await lms.put("/v1/courses/course", json=signed(**wrong)), 422, "invalid-input")


async def test_what_was_issued_keeps_its_pictures_byte_for_byte(lms_on_both: Lms) -> None:
    lms, w = lms_on_both, lms_on_both.world
    plain = await printed(lms, open_course())
    logo, seal = await digest(lms, "logo", "logo"), await digest(lms, "seal", "seal")
    hand = await digest(lms, "signature", "signature-1")
    named = signed(logo=logo, seal=seal, signers=[signer(hand), signer(name="นางเพ็ญศรี กุญชรชัย")])
    shown = await printed(lms, named)
    other = await digest(lms, "logo", "seal")
    later = await printed(lms, signed(logo=other))
    assert len({content for _, content in (plain, shown, later)}) == 3
    for id, content in (plain, shown, later):
        assert await printing.pdf(w.ctx, await certificate_views.faces(w.ctx, w.org, id)) == content
    assert len(plain[1]) < len(shown[1])
    async with w.ctx.store.read(w.org) as tx:
        record = await tx.certificates.get(shown[0])
        assert record is not None
        assert record.issuance.artwork is not None
        found = await artwork.pictures(tx, record.issuance.artwork)
    assert set(found) == {("logo", logo), ("seal", seal), ("signature", hand)}
    # The signed credential says nothing of them.
    assert logo.encode() not in (record.credential or b"")


async def printed(lms: Lms, course: dict[str, Any]) -> tuple[str, bytes]:
    """Somebody's certificate of this course, issued now, and its PDF."""
    w = lms.world
    w.clock.pass_(seconds=1)
    await w.publish(course)
    w.enrolment = await w.enrol(f"holder-{w.clock():%H%M%S}")
    await w.take("post")
    issued = await certificates.request(w.ctx, w.org, w.enrolment, "certificate")
    return issued.id, await printing.pdf(w.ctx, await certificate_views.faces(w.ctx, w.org, issued.id))


@pytest.mark.parametrize("kind", ["certificate.pdf", "certificate.png", "badge.svg"])
async def test_every_paper_of_it_is_set(lms: Lms, kind: str) -> None:
    logo = await digest(lms, "logo", "logo")
    id, _ = await printed(lms, signed(logo=logo, signers=[signer()]))
    answer = await lms.get(f"/v1/certificates/{id}/{kind}")
    assert answer.status_code == 200
    assert len(answer.content) > 10_000


async def test_its_page_shows_the_paper_itself_and_its_code_is_read(lms: Lms) -> None:
    logo = await digest(lms, "logo", "logo")
    id, _ = await printed(lms, signed(logo=logo, signers=[signer()]))
    page = await lms.get(f"/v1/certificates/{id}/page")
    (picture,) = re.findall(r'<img class="paper certificate" src="data:image/png;base64,([^"]+)"', page.text)
    record = (await certificate_views.faces(lms.world.ctx, lms.world.org, id)).qr_text
    assert record in decode.texts(base64.b64decode(picture))
    assert '<template id="drawn">' in page.text, "for a browser that cannot show it"
    # Paper cannot take back what it says: what does not stand is drawn by the page, which says so across it.
    await lms.world.revoke(id, RevocationReason.misconduct, None, "staff")
    page = await lms.get(f"/v1/certificates/{id}/page")
    assert 'class="paper' not in page.text
    assert 'id="stamp"' in page.text
