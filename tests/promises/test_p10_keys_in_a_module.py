"""P10 with keys in a hardware security module: what they sign verifies as always, also when the module is gone."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from exam_service.adapters.crypto import pkcs11 as adapter
from exam_service.adapters.crypto.pkcs11 import Token
from exam_service.bootstrap.apart import offline_verifier
from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.keys import KeyRecord
from exam_service.core.certificates.model import CertificateState
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.certificates.verify import verify_credential, verify_qr
from exam_service.core.errors import Unavailable
from exam_service.services import (
    bulk_issue,
    certificates,
    issuance_log,
    keys,
    log_audit,
    organisations,
    publications,
    status_lists,
)
from exam_service.services.context import Context
from exam_service.services.ports import Kept
from tests.support.certified import Holder, another, client, course, holder, trust_file
from tests.support.service import TestClock, World, service, world
from tests.support.softhsm import SoftHsm


@pytest.fixture
async def ctx(database_url: str, tmp_path: Path, softhsm: SoftHsm) -> AsyncIterator[Context]:
    async with service(database_url, tmp_path, TestClock(), **softhsm.environ()) as ctx:
        yield ctx


@pytest.fixture
async def w(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> World:
    """An organisation whose keys are all in the module."""
    monkeypatch.setattr(adapter, "REST_SECONDS", 0.0)
    made = await world(ctx, ctx.clock, course=course())
    for purpose in ("certificates", "log"):
        await keys.create(ctx, made.org, purpose, kept="hsm")
    return made


async def kept(w: World) -> dict[str, Kept]:
    async with w.ctx.store.read(w.org) as tx:
        return await keys.places(w.ctx, tx)


async def to(w: World, place: Kept | None) -> KeyRecord:
    w.clock.pass_(days=1)
    return await keys.create(w.ctx, w.org, "certificates", kept=place)


async def offline_stands(held: Holder, trust: bytes) -> bool:
    """What somebody finds who has the trust file and the holder's credential and QR, and neither network nor module."""
    check, canonical, _ = offline_verifier()
    known, now = trust_files.from_file(trust), held.world.clock.at
    record = await held.record()
    verdicts = [
        verify_credential(await held.credential(), known, now, check, canonical, log_proof=record.log_proof),
        verify_qr(await held.qr(), known, now, check, canonical),
    ]
    return all((verdict.outcome, verdict.status) == ("genuine", "stands") for verdict in verdicts)


async def test_certificate_status_list_and_log_are_signed_in_the_module_and_verify(w: World) -> None:
    held = await holder(w)
    record = await held.record()
    assert (await kept(w))[record.kid] == "hsm"
    organisation = await organisations.named(w.ctx, w.org)
    published = await status_lists.published(w.ctx, organisation, status_lists.NUMBER)
    assert record.kid in json.loads(published.document)["proof"][0]["verificationMethod"]
    assert (await publications.status_list_jwt(w.ctx, organisation.slug, status_lists.NUMBER)).count(".") == 2
    report = await log_audit.audit(w.ctx, organisation, [await issuance_log.checkpoint(w.ctx, organisation)])
    assert (report.faults, report.size) == ([], 1)
    assert await offline_stands(held, await trust_file(w))


async def test_each_is_signed_once_and_not_while_a_transaction_waits(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[bytes] = []
    real = Token.sign

    def sign(self: Token, sealed: bytes, message: bytes) -> bytes:
        signed.append(message)
        return real(self, sealed, message)

    people = [await w.enrol(f"passed-{n}") for n in range(3)]
    for w.enrolment in people:
        await w.take("post")
    monkeypatch.setattr(Token, "sign", sign)
    done = await bulk_issue.issue(w.ctx, w.org, "course")
    assert (done.issued, done.failed) == (3, [])
    # Three credentials and three QR codes, ahead; one checkpoint and its time, within.
    assert len(signed) == len(set(signed)) == 8


async def test_rotation_into_the_module_and_out_of_it_leaves_everything_standing(w: World) -> None:
    held = [await holder(w)]
    seen = {(await held[0].record()).kid}
    for place, kind in (("vault", "attestation"), ("hsm", "certificate")):
        newer = await to(w, place)  # type: ignore[arg-type]
        assert (await kept(w))[newer.kid] == place
        if kind == "attestation":
            held.append(await another(held[0], "attestation"))
            assert (await held[-1].record()).kid == newer.kid
        seen.add(newer.kid)
    assert len(seen) == 3
    trust = await trust_file(w)
    assert [await offline_stands(one, trust) for one in held] == [True, True]


async def test_a_successor_is_made_where_the_key_before_is(w: World) -> None:
    lost = await to(w, None)
    _, fresh = await status_lists.without_key(w.ctx, w.org, lost.kid, w.clock.at, "test", "stolen")
    made = [lost, fresh, await to(w, None), await to(w, "vault"), await to(w, None)]
    places = await kept(w)
    assert [places[one.kid] for one in made] == ["hsm", "hsm", "hsm", "vault", "vault"]


@pytest.mark.parametrize("how", ["by the next certificate", "by the API"])
async def test_nobody_who_writes_waits_while_the_module_makes_a_key(
    w: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, goes_on, real = threading.Event(), threading.Event(), Token.generate

    def slow(self: Token) -> tuple[bytes, bytes]:
        asked.set()
        goes_on.wait(20)
        return real(self)

    active = await to(w, "hsm")
    if how == "by the next certificate":
        async with w.ctx.store.begin(w.org) as tx:
            await keys.retire(w.ctx, tx, active.kid, "test")
    with monkeypatch.context() as patch:
        patch.setattr(Token, "generate", slow)
        async with client(w) as web:
            key = {"authorization": f"Bearer {w.key}"}
            made = (
                web.post("/v1/keys", headers=key) if how == "by the API" else keys.ensure(w.ctx, w.org, "certificates")
            )
            work = asyncio.ensure_future(made)
            assert await asyncio.to_thread(asked.wait, 10)
            try:
                async with asyncio.timeout(3):
                    await w.enrol("meanwhile")
            finally:
                goes_on.set()
                await work
    places = await kept(w)
    async with w.ctx.store.read(w.org) as tx:
        (fresh,) = [key for key in await tx.keys.all() if key.state == "active" and key.purpose == "certificates"]
    assert (fresh.kid != active.kid, places[fresh.kid]) == (True, "hsm")


async def test_receipts_are_signed_by_the_vault_whatever_the_settings_say(
    sqlite_url: str, tmp_path: Path, softhsm: SoftHsm
) -> None:
    async with service(sqlite_url, tmp_path, TestClock(), **softhsm.environ(EXAM_NEW_KEYS="hsm")) as ctx:
        made = await world(ctx, ctx.clock, course=course())
        await keys.ensure(ctx, keys.SERVICE, "receipts")
        assert set((await kept(made)).values()) == {"hsm"}
        async with ctx.store.read(keys.SERVICE) as tx:
            assert set((await keys.places(ctx, tx)).values()) == {"vault"}
        await holder(made)
        assert set((await kept(made)).values()) == {"hsm"}, "the log's key too"
        assert len(await kept(made)) == 2


async def only(w: World, enrolment: str) -> CertificateRecord:
    async with w.ctx.store.read(w.org) as tx:
        (record,) = await tx.certificates.of(enrolment)
    return record


async def test_while_the_module_is_away_exams_go_on_and_certificates_wait(w: World, softhsm: SoftHsm) -> None:
    await w.publish(course(issue="at_once"))
    await keys.ensure(w.ctx, keys.SERVICE, "receipts")
    organisation = await organisations.named(w.ctx, w.org)
    published = await status_lists.published(w.ctx, organisation, status_lists.NUMBER)
    softhsm.pull_out()
    view = await w.take("post")
    assert view.state in {"graded", "submitted"}
    assert view.receipt is not None
    await w.ctx.background.idle()
    record = await only(w, w.enrolment)
    assert record.state is CertificateState.pending
    with pytest.raises(Unavailable):
        await certificates.complete(w.ctx, w.org, record.id)
    async with client(w) as http:
        ready = await http.get("/readyz")
    assert (ready.status_code, ready.json()["hsm"], ready.json()["ready"]) == (200, "away", True)
    # A list that may still be believed is served, though it would be renewed by now.
    w.clock.at = published.valid_until - timedelta(hours=1)
    assert await status_lists.published(w.ctx, organisation, status_lists.NUMBER) == published
    w.clock.at = published.valid_until
    with pytest.raises(Unavailable):
        await status_lists.published(w.ctx, organisation, status_lists.NUMBER)
    softhsm.put_back()
    assert (await certificates.complete(w.ctx, w.org, record.id)).state is CertificateState.stands
    assert await offline_stands(Holder(w, w.enrolment, record.id), await trust_file(w))


async def test_what_waited_for_a_module_that_never_came_back_is_signed_by_the_next_key(
    w: World, softhsm: SoftHsm
) -> None:
    await w.take("post")
    softhsm.pull_out()
    with pytest.raises(Unavailable):
        await certificates.request(w.ctx, w.org, w.enrolment, "certificate")
    waits = await only(w, w.enrolment)
    for purpose in ("certificates", "log"):
        w.clock.pass_(hours=1)
        newer = await keys.create(w.ctx, w.org, purpose, kept="vault")
        assert (await kept(w))[newer.kid] == "vault"
    done = await certificates.complete(w.ctx, w.org, waits.id)
    assert (done.id, done.state, done.kid != waits.kid) == (waits.id, "stands", True)
    assert await offline_stands(Holder(w, w.enrolment, waits.id), await trust_file(w))


async def test_many_ask_for_certificates_at_the_same_moment(w: World) -> None:
    people = [await w.enrol(f"passed-{n}") for n in range(8)]
    for w.enrolment in people:
        await w.take("post")
    asked = (certificates.request(w.ctx, w.org, one, "certificate") for one in people * 2)
    issued = await asyncio.gather(*asked)
    assert len({one.id for one in issued}) == 8
    trust = await trust_file(w)
    for enrolment in people:
        assert await offline_stands(Holder(w, enrolment, (await only(w, enrolment)).id), trust)
