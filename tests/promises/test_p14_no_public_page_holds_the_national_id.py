"""P14: the national ID is never in a URL, log, event, QR code, credential or public page."""

import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exam_service.core.certificates.model import RevocationReason
from exam_service.web.auth import COOKIE
from tests.support.certified import NATIONAL_ID, PAGE, Holder, client, course, holder
from tests.support.service import TestClock, service, world

JSON = {"content-type": "application/json"}
FORMS = (
    NATIONAL_ID,
    f"{NATIONAL_ID[0]}-{NATIONAL_ID[1:5]}-{NATIONAL_ID[5:10]}-{NATIONAL_ID[10:12]}-{NATIONAL_ID[12]}",
    f"{NATIONAL_ID[0]} {NATIONAL_ID[1:5]} {NATIONAL_ID[5:10]} {NATIONAL_ID[10:12]} {NATIONAL_ID[12]}",
    f"{int(NATIONAL_ID):x}",
    base64.b64encode(NATIONAL_ID.encode()).decode().rstrip("="),
    hashlib.sha256(NATIONAL_ID.encode()).hexdigest(),
)


@pytest.fixture
async def certified(database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Holder]:
    caplog.set_level(logging.DEBUG)
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course()))


def holds(content: bytes | str) -> bool:
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    return any(form in text for form in FORMS)


async def test_no_page_answer_address_or_log_holds_it(certified: Holder, caplog: pytest.LogCaptureFixture) -> None:
    w = certified.world
    async with client(w) as web:
        web.cookies.set(COOKIE, await w.session(certified.enrolment))
        staff = {"Authorization": f"Bearer {w.key}"}
        await w.revoke(certified.id, RevocationReason.misconduct, None, "staff")
        answers = [
            await web.get(f"/v/{certified.id}", headers=PAGE),
            await web.get(f"/v/{certified.id}", headers={"accept": "application/json"}),
            await web.post("/v1/verify", content=await certified.credential(), headers=JSON),
            await web.post("/verify", files={"file": ("c.json", await certified.credential())}, headers=PAGE),
            await web.get(f"/exam/certificates/{certified.id}", headers=PAGE),
            await web.get(f"/exam/certificates/{certified.id}/credential.json"),
            await web.get("/v1/candidate/me"),
            await web.get("/v1/certificates", headers=staff),
            await web.get(f"/v1/certificates/{certified.id}/page", headers=staff),
            await web.get("/orgs/first/status/1"),
            await web.get("/.well-known/trust.json"),
        ]  # fmt: skip
    for answer in answers:
        assert answer.status_code == 200, answer.url
        assert not holds(answer.content), answer.url
        assert not holds(str(answer.url)), answer.url
        assert not holds(str(answer.headers)), answer.url
    assert caplog.records
    assert not holds(caplog.text)


async def test_no_audit_event_holds_it(certified: Holder) -> None:
    w = certified.world
    await w.revoke(certified.id, RevocationReason.misconduct, "note", "staff")
    async with w.ctx.store.read(w.org) as tx:
        enrolment = await tx.enrolments.get(certified.enrolment)
        assert enrolment is not None
        subjects = (certified.id, enrolment.id, enrolment.candidate)
        events = [event for subject in subjects for event in await tx.log.audited(subject)]
    assert events
    assert not holds(repr(events))
