"""P14: the national ID is never in a URL, log, event, QR code, credential or public page."""

import logging
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from exam_service.core.people import national_id_is_valid
from exam_service.services import certificates
from tests.support.service import World

NATIONAL_ID = "1101700203450"


def check_digit(first_twelve: str) -> str:
    return next(first_twelve + str(d) for d in range(10) if national_id_is_valid(first_twelve + str(d)))


ID = check_digit(NATIONAL_ID[:12])
FORMS = (ID, f"{ID[0]}-{ID[1:5]}-{ID[5:10]}-{ID[10:12]}-{ID[12]}", ID[:12])


@pytest.fixture
def seen_in_logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


async def life(first: World, http: httpx.AsyncClient) -> list[httpx.Response]:
    """A candidate with a national ID goes through everything; every answer of the service on the way."""
    staff = {"Authorization": f"Bearer {first.key}"}
    person = {"name": {"given": "มานะ", "family": "ดี"}, "national_id": ID}
    answers = [
        await http.put("/v1/candidates/p-1", headers={**staff, "Idempotency-Key": "p14"}, json=person),
        await http.put("/v1/candidates/p-1", headers={**staff, "Idempotency-Key": "p14"}, json=person),
        await http.put("/v1/candidates/p-2", headers=staff, json={**person, "national_id": ID[:12] + "x"}),
        await http.put("/v1/candidates/p-3", headers=staff, json=person),
        await http.get("/v1/candidates/p-1", headers=staff),
        await http.get("/v1/candidates", headers=staff),
        await http.post("/v1/candidates/search", headers=staff, json={"national_id": FORMS[1]}),
        await http.post("/v1/enrolments", headers=staff, json={"course": "course", "candidate": "p-1"}),
    ]
    first.enrolment = answers[-1].json()["id"]
    await first.take("post")
    issued = await certificates.request(first.ctx, first.org, first.enrolment, "certificate")
    candidate = {"Authorization": f"Bearer {await first.session()}"}
    public = [
        f"/v/{issued.id}", "/.well-known/trust.json", "/.well-known/jwks.json", "/orgs/first/did.json",
        "/orgs/first/status/1",
    ]  # fmt: skip
    answers += [await http.get(path) for path in public]
    answers += [
        await http.get(path, headers=candidate) for path in ("/v1/candidate/me", f"/exam/certificates/{issued.id}")
    ]
    answers += [
        await http.get(f"/v1/enrolments/{first.enrolment}", headers=staff),
        await http.get("/v1/attempts", headers=staff),
        await http.get("/v1/results", headers=staff),
        await http.get(f"/v1/certificates/{issued.id}", headers=staff),
    ]
    return answers


async def test_no_answer_and_no_log_line_holds_it(
    first: World, http: httpx.AsyncClient, seen_in_logs: pytest.LogCaptureFixture
) -> None:
    answers = await life(first, http)
    for answer in answers:
        assert answer.status_code < 500, answer.text
        assert not any(form in answer.text or form in str(answer.request.url) for form in FORMS), answer.request.url
        assert not any(form in str(answer.headers) for form in FORMS)
    assert answers[0].json()["has_national_id"] is True
    assert [found["external_id"] for found in answers[6].json()["items"]] == ["p-1"]
    assert answers[2].status_code == 422
    assert not any(form in seen_in_logs.text for form in FORMS)


async def test_certificates_and_qr_codes_hold_neither_it_nor_its_hash(first: World, http: httpx.AsyncClient) -> None:
    await life(first, http)
    async with first.ctx.store.read(first.org) as tx:
        (record,) = await tx.certificates.of(first.enrolment)
        found = await tx.candidates.find(external_id="p-1")
    assert found is not None
    assert found.national_id is not None
    assert found.national_id_index is not None
    assert ID.encode() not in found.national_id
    for face in (
        record.credential,
        record.qr_token,
        record.unsigned,
        record.qr_claims,
        msgspec.json.encode(record.issuance),
    ):
        assert face is not None
        for secret in (ID.encode(), found.national_id, found.national_id_index, found.national_id_index.hex().encode()):
            assert secret not in face


async def test_the_database_holds_it_only_sealed(first: World, http: httpx.AsyncClient, database_url: str) -> None:
    await life(first, http)
    for value in await every_value(database_url):
        content = value if isinstance(value, bytes) else str(value).encode()
        assert not any(form.encode() in content for form in FORMS)


async def every_value(url: str) -> list[Any]:
    """Every value of every column of every table."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(Path(url.removeprefix("sqlite:///")))
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        rows = [row for name in names for row in connection.execute(f'select * from "{name}"')]
        connection.close()
        return [value for row in rows for value in row if value is not None]
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connected:
        found = await connected.execute(sa.text("select tablename from pg_tables where schemaname = 'public'"))
        values: list[Any] = []
        for name in [row[0] for row in found]:
            values += [v for row in await connected.execute(sa.text(f'select * from "{name}"')) for v in row]
    await engine.dispose()
    return [value for value in values if value is not None]
