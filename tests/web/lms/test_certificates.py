from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from exam_service.core.errors import CertificateWithdrawn
from exam_service.core.exams.model import CertificateKind
from exam_service.services import certificates
from tests.support.certified import FULL, Holder, holder, text_of
from tests.support.paper import Paper
from tests.support.problems import faults_of, refused
from tests.support.service import open_course, world
from tests.web.lms.conftest import Lms


@pytest.fixture
async def held(lms: Lms) -> Holder:
    await lms.world.publish(open_course())
    return await holder(lms.world)


async def test_a_certificate_is_requested_when_it_is_earned_and_only_once(lms: Lms) -> None:
    await lms.world.publish(open_course())
    path = f"/v1/enrolments/{lms.world.enrolment}/certificates"
    problem = refused(await lms.post(path, json={"kind": "certificate"}), 409, "not-yet-earned")
    assert problem["data"]["missing"]
    await lms.world.take("post")
    first = await lms.post(path, json={"kind": "certificate"})
    assert first.status_code == 201, first.text
    again = await lms.post(path, json={"kind": "certificate"})
    assert again.json() == first.json()
    other = await lms.post(path, json={"kind": "attestation"})
    assert other.json()["id"] != first.json()["id"]
    assert faults_of(await lms.post(path, json={"kind": "diploma"})) != []
    assert faults_of(await lms.post(path, json={"kind": "certificate", "x": 1})) != []


async def test_certificates_are_listed_page_by_page_and_shown(lms: Lms, held: Holder) -> None:
    await certificates.request(held.world.ctx, held.world.org, held.enrolment, "attestation")
    seen: list[dict[str, Any]] = []
    after = ""
    while True:
        page = (await lms.get(f"/v1/certificates?limit=1{after}")).json()
        seen += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(seen) == 2
    assert len({one["id"] for one in seen}) == 2
    one = (await lms.get(f"/v1/certificates/{held.id}")).json()
    assert one in seen
    assert (one["recipient_name"], one["kind"], one["state"], one["hours"]) == (FULL, "certificate", "stands", 12)
    assert one["verify_url"].endswith(f"/v/{held.id}")


async def test_revoking_keeps_reason_and_note_and_who_and_can_be_repeated(lms: Lms, held: Holder) -> None:
    path = f"/v1/certificates/{held.id}/revoke"
    body = {"reason": "result_annulled", "note": "มติที่ประชุม"}
    first = await lms.post(path, json=body)
    assert first.status_code == 200, first.text
    shown = first.json()
    assert (shown["state"], shown["reason"], shown["note"]) == ("revoked", "result_annulled", "มติที่ประชุม")
    assert shown["reason_text"]["en"]
    assert shown["state_changed_by"].startswith("key_")
    assert (await lms.post(path, json=body)).json() == shown
    refused(await lms.post(path, json={"reason": "misconduct"}), 409, "not-revocable")
    assert (await lms.get(f"/v1/certificates/{held.id}")).json() == shown


async def test_after_a_revocation_only_the_organisation_can_issue_another_one(lms: Lms, held: Holder) -> None:
    ctx, org, clock = held.world.ctx, held.world.org, held.world.clock
    clock.pass_(minutes=1)
    await lms.post(f"/v1/certificates/{held.id}/revoke", json={"reason": "misconduct"})
    kinds: tuple[CertificateKind, ...] = ("certificate", "attestation")
    for kind in kinds:
        with pytest.raises(CertificateWithdrawn):
            await certificates.request(ctx, org, held.enrolment, kind, by_holder=True)
    clock.pass_(minutes=1)
    path = f"/v1/enrolments/{held.enrolment}/certificates"
    another = (await lms.post(path, json={"kind": "certificate"})).json()
    assert (another["state"], another["id"] != held.id) == ("stands", True)
    again = await certificates.request(ctx, org, held.enrolment, "certificate", by_holder=True)
    assert again.id == another["id"]
    assert (await certificates.request(ctx, org, held.enrolment, "attestation", by_holder=True)).state == "stands"


async def test_a_reason_comes_from_the_closed_list(lms: Lms, held: Holder) -> None:
    path = f"/v1/certificates/{held.id}/revoke"
    assert [path for path, _ in faults_of(await lms.post(path, json={"reason": "because"}))] == ["reason"]
    assert faults_of(await lms.post(path, json={}))
    assert (await lms.get(f"/v1/certificates/{held.id}")).json()["state"] == "stands"


async def test_the_files_are_the_stored_bytes_and_the_qr(lms: Lms, held: Holder) -> None:
    base = f"/v1/certificates/{held.id}"
    credential = await lms.get(f"{base}/credential.json")
    assert credential.content == await held.credential()
    assert credential.headers["content-type"] == "application/json"
    png, svg = await lms.get(f"{base}/qr.png"), await lms.get(f"{base}/qr.svg")
    assert (await held.world.ctx.evidences.read(png.content)).qr_texts == (await held.qr(),)
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert svg.text.startswith("<svg")
    for answer in (credential, png, svg):
        assert "ใจดี" not in answer.headers["content-disposition"]
        assert held.id in answer.headers["content-disposition"]
    page = await lms.get(f"{base}/page")
    assert FULL in text_of(page)
    assert 'href="/exam' not in page.text, "what only the candidate's browser may open is not offered"


async def test_it_is_had_on_paper_for_as_long_as_it_stands(lms: Lms, held: Holder, tmp_path: Path) -> None:
    base = f"/v1/certificates/{held.id}"
    pdf, png = await lms.get(f"{base}/certificate.pdf"), await lms.get(f"{base}/certificate.png")
    assert (pdf.headers["content-type"], png.headers["content-type"]) == ("application/pdf", "image/png")
    assert pdf.headers["content-disposition"] == f'attachment; filename="{held.id}.pdf"'
    assert (await lms.get(f"{base}/certificate.pdf")).content == pdf.content
    paper = Paper(pdf.content, tmp_path)
    proof = (await held.record()).log_proof
    assert paper.attachments() == {"credential.json": await held.credential(), "issuance-log.tlog-proof": proof}
    assert FULL in paper.text()
    assert (await held.world.ctx.evidences.read(png.content)).qr_texts == (await held.qr(),)
    await lms.post(f"{base}/revoke", json={"reason": "misconduct"})
    for name in ("certificate.pdf", "certificate.png"):
        refused(await lms.get(f"{base}/{name}"), 409, "certificate-not-standing")


async def test_a_name_in_a_script_that_no_font_has_is_refused_on_paper_only(lms: Lms, held: Holder) -> None:
    record = await held.record()
    await held.change(issuance=msgspec.structs.replace(record.issuance, recipient_name="李小龙"))
    base = f"/v1/certificates/{held.id}"
    for name in ("certificate.pdf", "certificate.png"):
        assert "李" in refused(await lms.get(f"{base}/{name}"), 409, "letters-missing")["message"]["en"]
    assert "李小龙" in text_of(await lms.get(f"{base}/page"))


async def test_another_scope_or_organisation_does_not_reach_it(lms: Lms, held: Holder) -> None:
    narrow = await lms.key("results", "admin")
    other = await world(held.world.ctx, held.world.clock, slug="second")
    base = f"/v1/certificates/{held.id}"
    files = ("certificate.pdf", "certificate.png", "qr.png", "qr.svg", "credential.json", "page")
    for path in (base, *(f"{base}/{name}" for name in files)):
        refused(await lms.get(path, key=narrow), 403, "not-allowed")
        refused(await lms.get(path, key=other.key), 404, "not-found")
    refused(await lms.get("/v1/certificates", key=narrow), 403, "not-allowed")
    assert (await lms.get("/v1/certificates", key=other.key)).json() == {"items": [], "next": None}
    body = {"reason": "misconduct"}
    refused(await lms.post(f"{base}/revoke", json=body, key=narrow), 403, "not-allowed")
    refused(await lms.post(f"{base}/revoke", json=body, key=other.key), 404, "not-found")
    ask = f"/v1/enrolments/{held.enrolment}/certificates"
    refused(await lms.post(ask, json={"kind": "certificate"}, key=other.key), 404, "not-found")
    assert (await held.record()).state == "stands"


async def test_a_certificate_that_a_crash_left_pending_is_completed_when_it_is_asked_for(
    lms: Lms, held: Holder
) -> None:
    before = await held.credential()
    await held.change(state="pending", credential=None, qr_token=None, log_proof=None)
    async with held.world.ctx.store.database.write() as connection:  # type: ignore[attr-defined]
        await connection.execute(sa.text("DELETE FROM log_entry"))
    answer = await lms.get(f"/v1/certificates/{held.id}/credential.json")
    assert answer.content == before, "the stored facts and the key decide every byte"


async def test_it_is_suspended_reinstated_and_replaced_over_http(lms: Lms, held: Holder) -> None:
    path = f"/v1/certificates/{held.id}"
    refused(await lms.post(f"{path}/reinstate", json={"note": "x", "y": 1}), 422, "invalid-input")
    suspended = await lms.post(f"{path}/suspend", json={"note": "ร้องเรียน"})
    assert (suspended.status_code, suspended.json()["state"], suspended.json()["note"]) == (200, "suspended", "ร้องเรียน")
    again = f"/v1/enrolments/{held.enrolment}/certificates"
    refused(await lms.post(again, json={"kind": "certificate"}), 409, "certificate-suspended")
    refused(await lms.get(f"{path}/certificate.pdf"), 409, "certificate-not-standing")
    assert (await lms.post(f"{path}/reinstate", json={})).json()["state"] == "stands"
    refused(await lms.post(f"{path}/replace", json={"reason": "name_corrected"}), 409, "nothing-to-correct")
    refused(await lms.post(f"{path}/replace", json={"reason": "misconduct"}), 422, "invalid-input")
    name = {"name": {"given": "สมหญิง", "family": "รักเรียน"}}
    assert (await lms.put("/v1/candidates/holder", json=name)).is_success
    body, key = {"reason": "name_corrected"}, {"Idempotency-Key": "correct-1"}
    made = await lms.post(f"{path}/replace", json=body, headers=key)
    assert (made.status_code, made.json()["supersedes"], made.json()["state"]) == (201, held.id, "stands"), made.text
    assert made.json()["recipient_name"] == "สมหญิง รักเรียน"
    assert (await lms.post(f"{path}/replace", json=body, headers=key)).json() == made.json()
    refused(await lms.post(f"{path}/replace", json=body), 409, "not-revocable")
    old, new = (await lms.get(path)).json(), (await lms.get(f"/v1/certificates/{made.json()['id']}")).json()
    assert (old["state"], old["superseded_by"], new) == ("superseded", new["id"], made.json())
    assert (await lms.get(f"/v1/certificates/{new['id']}/certificate.pdf")).content.startswith(b"%PDF")


@pytest.mark.parametrize("verb", ["suspend", "reinstate", "replace"])
async def test_who_may_not_changes_nothing(lms: Lms, held: Holder, verb: str) -> None:
    body = {"reason": "name_corrected"} if verb == "replace" else {}
    path = f"/v1/certificates/{held.id}/{verb}"
    refused(await lms.post(path, json=body, key=await lms.key("results")), 403, "not-allowed")
    other = await world(held.world.ctx, held.world.clock, slug="other")
    refused(await lms.post(path, json=body, key=other.key), 404, "not-found")
    refused(await lms.post(f"/v1/certificates/{'A' * 16}/{verb}", json=body), 404, "not-found")
    assert (await lms.get(f"/v1/certificates/{held.id}")).json()["state"] == "stands"
