"""A certificate's PDF as evidence: what it carries and what it shows are checked, and against each other."""

import asyncio
import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest
from click.testing import CliRunner

from exam_service.adapters import aside
from exam_service.adapters.evidence.found import Found
from exam_service.cli.main import cli
from exam_service.core.certificates.faces import Evidence
from exam_service.core.certificates.model import RevocationReason
from exam_service.services import certificate_views, printing, verification
from tests.support.certified import FULL, Holder, another, client, text_of, trust_file
from tests.support.problems import refused

PDF = {"content-type": "application/pdf"}
LOCKED = Path(__file__).with_name("locked.pdf")
"""A page that opens with the password `exam`; made by pikepdf 9 (R=6)."""


async def paper(held: Holder) -> bytes:
    w = held.world
    return await printing.pdf(w.ctx, await certificate_views.faces(w.ctx, w.org, held.id))


def with_attachment(content: bytes, attached: bytes | None) -> bytes:
    """The same PDF with another document attached, or none."""
    document = pypdfium2.PdfDocument(content)
    for _ in range(document.count_attachments()):
        document.del_attachment(0)
    if attached is not None:
        document.new_attachment("credential.json").set_data(attached)
    return _saved(document)


def pages_of(*contents: bytes) -> bytes:
    """Their pages in one file, without what was attached."""
    whole = pypdfium2.PdfDocument.new()
    for content in contents:
        whole.import_pages(pypdfium2.PdfDocument(content))
    return _saved(whole)


def _saved(document: pypdfium2.PdfDocument) -> bytes:
    from io import BytesIO

    out = BytesIO()
    document.save(out)
    return out.getvalue()


async def verdict(web: httpx.AsyncClient, content: bytes) -> dict[str, Any]:
    answer = await web.post("/v1/verify", content=content, headers=PDF)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def seventh(found: dict[str, Any]) -> str:
    assert [step["number"] for step in found["steps"]][:7] == [1, 2, 3, 4, 5, 6, 7]
    code: str = found["steps"][6]["code"]
    return code


async def test_attachment_and_qr_of_one_certificate_agree(certified: Holder, web: httpx.AsyncClient) -> None:
    content = await paper(certified)
    found = await verdict(web, content)
    assert (found["outcome"], found["status"], seventh(found)) == ("genuine", "stands", "faces-agree")
    assert (found["facts"]["recipient_name"], found["facts"]["hours"]) == (FULL, 12)
    await certified.world.revoke(certified.id, RevocationReason.misconduct, None, "staff")
    found = await verdict(web, content)
    assert (found["outcome"], found["status"], seventh(found)) == ("genuine", "revoked", "faces-agree")


async def test_each_face_is_enough_by_itself(certified: Holder, web: httpx.AsyncClient) -> None:
    content = await paper(certified)
    for less in (with_attachment(content, None), pages_of(content)):
        found = await verdict(web, less)
        assert (found["outcome"], found["status"], len(found["steps"])) == ("genuine", "stands", 6)
    blank = pypdfium2.PdfDocument.new()
    blank.new_page(595, 842)
    carried = with_attachment(_saved(blank), await certified.credential())
    assert (await verdict(web, carried))["outcome"] == "genuine"


async def test_the_code_of_another_certificate_on_the_page_is_found(certified: Holder, web: httpx.AsyncClient) -> None:
    other = await another(certified, "attestation")
    mixed = with_attachment(await paper(certified), await other.credential())
    found = await verdict(web, mixed)
    assert (found["outcome"], seventh(found), found["facts"]) == ("not_genuine", "faces-differ", None)
    both = pages_of(await paper(certified), await paper(other))
    assert seventh(await verdict(web, both)) == "faces-differ"


async def test_a_credential_that_was_altered_spoils_the_pdf(certified: Holder, web: httpx.AsyncClient) -> None:
    altered = (await certified.credential()).replace("สมหญิง".encode(), "สมชาย".encode())
    found = await verdict(web, with_attachment(await paper(certified), altered))
    assert (found["outcome"], found["steps"][3]["code"]) == ("not_genuine", "signature-wrong")


async def test_other_attachments_are_nobodys_certificate(certified: Holder, web: httpx.AsyncClient) -> None:
    document = pypdfium2.PdfDocument(await paper(certified))
    for name, content in (("invoice.json", b'{"total": 5}'), ("readme.txt", b"hello")):
        document.new_attachment(name).set_data(content)
    assert seventh(await verdict(web, _saved(document))) == "faces-agree"


def bomb() -> bytes:
    """A page whose content unpacks to four gigabytes."""
    packed = zlib.compressobj(9)
    part, stream = b" " * (1 << 20), b""
    for _ in range(4_000):
        stream += packed.compress(part)
    twice = zlib.compress(stream + packed.flush(), 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 14400 14400]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(twice), twice),
    ]
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start


@pytest.mark.parametrize(
    "content, why",
    [
        (b"%PDF-1.7\nnothing of the kind", "cannot be read"),
        (b"%PDF-1.7\n" + b"\x00\xff" * 50_000, "cannot be read"),
        (LOCKED.read_bytes(), "locked with a password"),
        (bomb(), ""),
    ],
    ids=["cut", "noise", "locked", "bomb"],
)
async def test_what_cannot_be_read_is_refused_and_the_service_lives(
    web: httpx.AsyncClient, content: bytes, why: str
) -> None:
    problem = refused(await web.post("/v1/verify", content=content, headers=PDF), 422, "unreadable-evidence")
    assert why in problem["message"]["en"]
    assert (await web.get("/healthz")).status_code == 200


async def test_one_that_takes_too_long_is_given_up(
    certified: Holder, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "PATIENCE_SECONDS", 0.01)
    answer = await web.post("/v1/verify", content=await paper(certified), headers=PDF)
    assert "too long" in refused(answer, 422, "unreadable-evidence")["message"]["en"]


async def test_the_process_that_opens_it_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAM_MASTER_KEY", "secret")
    monkeypatch.setenv("EXAM_DATABASE_URL", "postgresql://secret")
    assert not any(name.startswith("EXAM") for name in aside.environment())


async def test_the_form_takes_it_without_script(certified: Holder, web: httpx.AsyncClient) -> None:
    files = {"file": ("certificate.pdf", await paper(certified), "application/pdf")}
    page = await web.post("/verify", files=files, headers={"accept": "text/html", "accept-language": "en"})
    assert page.status_code == 200
    assert "Genuine, and it stands" in text_of(page)
    assert "All parts agree" in text_of(page)
    assert FULL in text_of(page)


async def test_it_is_verified_offline(certified: Holder, tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_bytes(await trust_file(certified.world))
    (tmp_path / "good.pdf").write_bytes(await paper(certified))
    other = await another(certified, "attestation")
    (tmp_path / "bad.pdf").write_bytes(with_attachment(await paper(certified), await other.credential()))
    # A loop of its own runs in the command.
    import asyncio

    asked = ["verify", "--json", "--trust", str(tmp_path / "trust.json"), "--now", certified.world.clock.at.isoformat()]
    for name, status, code in (("good", 0, "faces-agree"), ("bad", 1, "faces-differ")):
        done = await asyncio.to_thread(CliRunner().invoke, cli, [*asked, str(tmp_path / f"{name}.pdf")])
        assert done.exit_code == status, done.output
        assert json.loads(done.output)["verdict"]["steps"][6]["code"] == code


async def test_credential_and_qr_may_be_given_together(certified: Holder, web: httpx.AsyncClient) -> None:
    other = await another(certified, "attestation")
    for qr, code in ((await certified.qr(), "faces-agree"), (await other.qr(), "faces-differ")):
        body = b'{"credential": %s, "qr": %s}' % (await certified.credential(), json.dumps(qr).encode())
        answer = await web.post("/v1/verify", content=body, headers={"content-type": "application/json"})
        assert seventh(answer.json()) == code
    bare = (await certified.qr()).partition("#")[0]
    body = b'{"credential": %s, "qr": %s}' % (await certified.credential(), json.dumps(bare).encode())
    refused(await web.post("/v1/verify", content=body, headers={"content-type": "application/json"}), 422,
            "unreadable-evidence")  # fmt: skip


@pytest.mark.parametrize("given", [True, False])
def test_the_process_that_reads_pdfs_finds_this_package_where_it_is_not_installed(given: bool, tmp_path: Path) -> None:
    # As in the container; `-S` leaves out what a virtual environment would add.
    environ = aside.environment() if given else {}
    asked = [sys.executable, "-S", "-P", "-c", "import exam_service"]
    done = subprocess.run(asked, cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert (done.returncode == 0) is given


async def test_a_credential_with_many_tags_is_not_made_canonical(certified: Holder, web: httpx.AsyncClient) -> None:
    document = json.loads((await certified.record()).credential or b"")
    document["credentialSubject"]["achievement"]["tag"] = [str(number) for number in range(20_000)]
    answer = await web.post("/v1/verify", json={"credential": document})
    assert answer.json()["outcome"] == "not_genuine", answer.text
    assert answer.json()["steps"][0]["code"] == "unknown-shape"


async def test_codes_of_other_things_do_not_push_out_that_of_a_certificate(certified: Holder) -> None:
    credential, qr = (await certified.record()).credential or b"", await certified.qr()
    forged = qr[:-6] + ("111111" if not qr.endswith("111111") else "222222")
    others = tuple(f"https://example.org/{number}" for number in range(20))
    given = Evidence(credentials=(credential,), qr_texts=(*others, forged))
    assert (await verification.by_evidence(certified.world.ctx, given)).outcome == "not_genuine"


async def test_a_file_counts_as_three_and_text_as_one(certified: Holder) -> None:
    async with client(certified.world, public=7) as web:
        for _ in range(2):
            refused(await web.post("/v1/verify", content=b"%PDF-1.7", headers=PDF), 422, "unreadable-evidence")
        assert (await web.post("/v1/verify", json={"qr": await certified.qr()})).status_code == 200
        assert (await web.post("/verify", files={"file": b"%PDF-1.7"})).status_code == 429


async def test_who_brings_a_text_never_stands_behind_files(
    certified: Holder, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, qr = asyncio.Event(), await certified.qr()

    async def slow(*_given: object) -> Found:
        await goes_on.wait()
        return Found(texts=[qr])

    monkeypatch.setattr(aside, "ask", slow)
    sent = [asyncio.ensure_future(web.post("/v1/verify", content=b"%PDF-1.7", headers=PDF)) for _ in range(20)]
    async with asyncio.timeout(5):
        assert (await web.post("/v1/verify", json={"qr": qr})).json()["outcome"] == "genuine"
        page = await web.post("/verify", files={"file": b"%PDF-1.7"}, headers={"accept": "text/html"})
    assert page.status_code == 503
    assert "ลองใหม่" in page.text
    goes_on.set()
    answers = [await one for one in sent]
    assert sum(one.status_code == 200 for one in answers) == 1 + aside.WAITING
    problem = refused(next(one for one in answers if one.status_code != 200), 503, "busy")
    assert problem["retry_at"]
