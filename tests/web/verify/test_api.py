import asyncio
import json
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from exam_service.core.certificates.model import RevocationReason
from tests.support.certified import FULL, Holder, client
from tests.support.issuing import Issuer, issuance
from tests.support.problems import faults_of, refused

JSON = {"content-type": "application/json"}


def answered(response: httpx.Response) -> tuple[str, str]:
    assert response.status_code == 200, response.text
    verdict = response.json()
    assert [step["number"] for step in verdict["steps"]] == [1, 2, 3, 4, 5, 6]
    return verdict["outcome"], verdict["status"]


async def test_every_kind_of_evidence_gets_the_same_verdict(certified: Holder, web: httpx.AsyncClient) -> None:
    qr, document, codes = await certified.qr(), await certified.credential(), certified.world.ctx.qr
    wrapped = b'{"credential": ' + document + b"}"
    evidence: list[tuple[bytes, str]] = [
        (document, "application/json"),
        (document, "application/vc"),
        (wrapped, "application/json"),
        (json.dumps({"qr": qr}).encode(), "application/json"),
        (json.dumps({"qr": "#" + qr.partition("#")[2]}).encode(), "application/json; charset=utf-8"),
        (qr.encode(), "text/plain"),
        (codes.png(qr), "image/png"),
    ]
    for content, kind in evidence:
        answer = await web.post("/v1/verify", content=content, headers={"content-type": kind})
        assert answered(answer) == ("genuine", "stands"), kind
        assert answer.json()["facts"]["recipient_name"] == FULL
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_jpeg_photograph_is_read(certified: Holder, web: httpx.AsyncClient, tmp_path: Path) -> None:
    picture = Image.open(BytesIO(certified.world.ctx.qr.png(await certified.qr()))).convert("RGB")
    canvas = Image.new("RGB", (picture.width + 300, picture.height + 500), (214, 209, 198))
    canvas.paste(picture.rotate(3, expand=True, fillcolor=(255, 255, 255)), (120, 200))
    out = BytesIO()
    canvas.save(out, "JPEG", quality=70)
    answer = await web.post("/v1/verify", content=out.getvalue(), headers={"content-type": "image/jpeg"})
    assert answered(answer) == ("genuine", "stands")


async def test_others_are_served_while_a_large_picture_is_read(web: httpx.AsyncClient) -> None:
    out = BytesIO()
    Image.new("RGBA", (5000, 5000), (9, 9, 9, 90)).save(out, "PNG")
    sent = web.post("/v1/verify", content=out.getvalue(), headers={"content-type": "image/png"})
    reading = asyncio.create_task(sent)
    served = 0
    while not reading.done():
        assert (await web.get("/healthz")).status_code == 200
        # The client inside this process gives nobody else a turn by itself.
        await asyncio.sleep(0.005)
        served += 1
    refused(await reading, 422, "unreadable-evidence")
    assert served > 5


async def test_a_changed_byte_anywhere_is_not_genuine(certified: Holder, web: httpx.AsyncClient) -> None:
    document, qr = await certified.credential(), await certified.qr()
    changed = [document.replace(old, new) for old, new in _changes()]
    assert all(one != document for one in changed)
    for one in changed:
        assert answered(await web.post("/v1/verify", content=one, headers=JSON))[0] == "not_genuine", one
    start = qr.index("#") + 2
    for place in range(start, len(qr), 37):
        digit = str((int(qr[place]) + 1) % 10)
        body = json.dumps({"qr": qr[:place] + digit + qr[place + 1 :]})
        outcome, status = answered(await web.post("/v1/verify", content=body, headers=JSON))
        # A digit of the key's name makes it a key that nobody knows.
        assert outcome in ("not_genuine", "unknown"), place
        assert status == "unknown"


def _changes() -> list[tuple[bytes, bytes]]:
    return [
        ("สมหญิง".encode(), "สมชาย".encode()),
        (b'"creditsEarned":12', b'"creditsEarned":20'),
        (b"2026-11-22", b"2025-11-22"),
        (b'"humanCode":"course"', b'"humanCode":"coarse"'),
        (b'"hashed":false', b'"hashed":false,"salt":"x"'),
        (b'"statusPurpose":"revocation"', b'"statusPurpose":"suspension"'),
        (b'"Certificate"', b'"CertificateOfCompletion"'),
    ]


async def test_a_genuine_qr_under_another_number_is_not_genuine(certified: Holder, web: httpx.AsyncClient) -> None:
    qr = (await certified.qr()).replace(certified.id, "A" * 16)
    verdict = await web.post("/v1/verify", json={"qr": qr})
    assert answered(verdict) == ("not_genuine", "unknown")
    assert verdict.json()["steps"][0]["code"] == "id-mismatch"


async def test_one_that_a_stranger_signed_is_never_genuine(web: httpx.AsyncClient) -> None:
    stranger, facts = Issuer("stranger"), issuance()
    for evidence in (stranger.credential(facts), json.dumps({"qr": stranger.qr(facts)}).encode()):
        assert answered(await web.post("/v1/verify", content=evidence, headers=JSON)) == ("unknown", "unknown")


async def test_one_signed_rightly_but_on_no_record_is_not_genuine(certified: Holder, web: httpx.AsyncClient) -> None:
    document = await certified.credential()
    w = certified.world
    async with client(w) as other:
        async with w.ctx.store.begin(w.org) as tx:
            record = await tx.certificates.get(certified.id)
            assert record is not None
        await certified.change(issuance=_with_hours(record.issuance, 20))
        verdict = await other.post("/v1/verify", content=document, headers=JSON)
    assert answered(verdict) == ("not_genuine", "unknown")
    assert verdict.json()["steps"][4]["code"] == "differs-from-record"


def _with_hours(issuance: object, hours: float) -> object:
    import msgspec

    return msgspec.structs.replace(issuance, hours=hours)  # type: ignore[type-var]


async def test_a_revoked_one_is_genuine_and_revoked_with_the_reason(certified: Holder, web: httpx.AsyncClient) -> None:
    w = certified.world
    await w.revoke(certified.id, RevocationReason.result_annulled, None, "staff")
    for body in (await certified.credential(), json.dumps({"qr": await certified.qr()}).encode()):
        verdict = await web.post("/v1/verify", content=body, headers=JSON)
        assert answered(verdict) == ("genuine", "revoked")
        assert verdict.json()["reason"] == "result_annulled"
        assert verdict.json()["reason_text"]["th"] == "ผลการสอบถูกยกเลิก"


@pytest.mark.parametrize(
    "content, kind",
    [
        (b"hello", "text/plain"),
        (b"https://exam.example.ac.th/v/AAAAAAAAAAAAAAAA", "text/plain"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b'{"qr": "nonsense"}', "application/json"),
    ],
)
async def test_what_cannot_be_judged_is_refused_and_not_called_forged(
    web: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    refused(await web.post("/v1/verify", content=content, headers={"content-type": kind}), 422, "unreadable-evidence")


@pytest.mark.parametrize(
    "content, path, code",
    [
        (b"{", "", "not-json"),
        (b"[]", "", "not-json"),
        (b'{"credential": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "", "too-deep"),
        (b"{}", "", "unknown-evidence"),
        (b'{"qr": 1}', "qr", "wrong-type"),
        (b'{"qr": 1, "credential": {}}', "qr", "wrong-type"),
        (b'{"qr": "x", "credential": {}, "more": 1}', "", "unknown-evidence"),
    ],
)
async def test_a_body_of_another_form_is_refused_and_says_where(
    web: httpx.AsyncClient, content: bytes, path: str, code: str
) -> None:
    assert faults_of(await web.post("/v1/verify", content=content, headers=JSON)) == [(path, code)]


async def test_another_media_type_is_refused(web: httpx.AsyncClient) -> None:
    refused(
        await web.post("/v1/verify", content=b"x", headers={"content-type": "application/zip"}),
        415,
        "unsupported-media-type",
    )


async def test_too_many_requests_are_refused_with_the_time_to_come_again(certified: Holder) -> None:
    async with client(certified.world, public=2) as web:
        answers = [await web.post("/v1/verify", json={"qr": await certified.qr()}) for _ in range(3)]
    problem = refused(answers[-1], 429, "too-many-requests")
    assert problem["retry_at"]
