"""P10: what was issued is never changed: it is suspended and reinstated, revoked, or another one takes its place."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exam_service.bootstrap.apart import offline_verifier
from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.keys import KeyState
from exam_service.core.certificates.model import CertificateState, RevocationReason
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.certificates.verify import verify_credential, verify_qr
from exam_service.core.errors import (
    CertificateSuspended,
    KeyNotUsable,
    NothingToCorrect,
    NotRevocable,
    NotSuspended,
    Refusal,
    SigningFailed,
)
from exam_service.core.people import PersonName
from exam_service.services import certificates, keys, replacements, status_lists, verification, withdrawals
from tests.support.certified import Holder, client, course, holder, text_of, trust_file
from tests.support.service import TestClock, World, service, world

MARRIED = PersonName(title="นาง", given="สมหญิง", family="รักเรียน")


@pytest.fixture
async def held(database_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course()))


async def suspend(held: Holder, note: str | None = None) -> CertificateRecord:
    w = held.world
    async with w.ctx.store.begin(w.org) as tx:
        return await withdrawals.suspend(w.ctx, tx, held.id, note, "staff")


async def reinstate(held: Holder, note: str | None = None) -> CertificateRecord:
    w = held.world
    async with w.ctx.store.begin(w.org) as tx:
        return await withdrawals.reinstate(w.ctx, tx, held.id, note, "staff")


async def marry(w: World) -> None:
    """The learning system corrects the name."""
    async with w.ctx.store.begin(w.org) as tx:
        found = await tx.candidates.find(external_id="holder")
        assert found is not None
        await tx.candidates.put(msgspec.structs.replace(found, name=MARRIED))


async def replaced(held: Holder, reason: replacements.Correction = "name_corrected") -> Holder:
    w = held.world
    made = await replacements.replace(w.ctx, w.org, held.id, reason, "บันทึก", "staff")
    return Holder(w, held.enrolment, made.id)


async def asked(held: Holder) -> Verdict:
    found = (await verification.by_id(held.world.ctx, held.id))[1]
    assert found is not None
    return found


async def offline(held: Holder, trust: bytes) -> list[tuple[str, str]]:
    """What a trust file says of the credential and of the QR."""
    check, canonical, _ = offline_verifier()
    read, now = trust_files.from_file(trust), held.world.clock.at
    verdicts = [
        verify_credential(await held.credential(), read, now, check, canonical),
        verify_qr(await held.qr(), read, now, check, canonical),
    ]
    return [(one.outcome, one.status) for one in verdicts]


async def trail(held: Holder) -> list[tuple[str, str, str | None]]:
    async with held.world.ctx.store.read(held.world.org) as tx:
        return [(one.action, one.actor, one.reason) for one in await tx.log.audited(held.id)]


async def test_while_it_is_suspended_it_does_not_stand_and_then_it_does_as_before(held: Holder) -> None:
    w, before = held.world, await held.record()
    w.clock.pass_(minutes=1)
    assert (await suspend(held, "ร้องเรียน")).state is CertificateState.suspended
    assert await suspend(held) == await held.record(), "said again it changes nothing"
    verdict = await asked(held)
    assert (verdict.outcome, verdict.status, verdict.reason) == ("genuine", "suspended", RevocationReason.under_review)
    assert {status for _, status in await offline(held, await trust_file(w))} == {"revoked"}
    with pytest.raises(CertificateSuspended):
        await certificates.request(w.ctx, w.org, held.enrolment, "certificate")
    with pytest.raises(CertificateSuspended):
        await replaced(held)
    w.clock.pass_(minutes=1)
    await reinstate(held, "ไม่พบความผิด")
    assert await reinstate(held) == await held.record()
    after = await held.record()
    assert (after.state, after.reason, after.credential) == (CertificateState.stands, None, before.credential)
    assert (await asked(held)).status == "stands"
    assert await offline(held, await trust_file(w)) == [("genuine", "stands")] * 2
    assert (await certificates.request(w.ctx, w.org, held.enrolment, "certificate")).id == held.id
    assert await trail(held) == [
        ("certificate.suspend", "staff", "under_review: ร้องเรียน"),
        ("certificate.reinstate", "staff", "ไม่พบความผิด"),
    ]


async def test_what_does_not_stand_is_neither_suspended_nor_reinstated(held: Holder) -> None:
    await suspend(held)
    await held.world.revoke(held.id, RevocationReason.misconduct, None, "staff")
    with pytest.raises(NotRevocable):
        await suspend(held)
    with pytest.raises(NotSuspended):
        await reinstate(held)
    with pytest.raises(NotRevocable):
        await replaced(held)
    assert (await held.record()).reason is RevocationReason.misconduct


async def test_a_corrected_name_makes_a_new_one_and_both_say_so(held: Holder) -> None:
    w, old = held.world, await held.record()
    with pytest.raises(NothingToCorrect):
        await replaced(held)
    await marry(w)
    w.clock.pass_(days=1)
    new = await replaced(held)
    first, second = await held.record(), await new.record()
    assert (first.state, first.reason, first.superseded_by, first.note) == (
        CertificateState.superseded, RevocationReason.name_corrected, new.id, "บันทึก",
    )  # fmt: skip
    assert (first.credential, first.qr_token) == (old.credential, old.qr_token), "not a byte of it has changed"
    assert (second.state, second.reason, second.note) == (CertificateState.stands, None, None)
    same = {"recipient_name", "id", "issued_at", "status_index", "supersedes"}
    for name in set(first.issuance.__struct_fields__) - same:
        assert getattr(first.issuance, name) == getattr(second.issuance, name), name
    assert (second.issuance.recipient_name, second.issuance.supersedes) == ("นางสมหญิง รักเรียน", held.id)
    assert ((await asked(held)).status, (await asked(new)).status) == ("superseded", "stands")
    trust = await trust_file(w)
    assert await offline(held, trust) == [("genuine", "revoked")] * 2
    assert await offline(new, trust) == [("genuine", "stands")] * 2
    async with client(w) as web:
        pages = [await web.get(f"/v/{one.id}", headers={"accept": "text/html"}) for one in (held, new)]
    assert f'href="/v/{new.id}"' in pages[0].text
    assert "แก้ไขชื่อ" in text_of(pages[0])
    assert f'href="/v/{held.id}"' in pages[1].text
    assert (await certificates.request(w.ctx, w.org, held.enrolment, "certificate", by_holder=True)).id == new.id
    with pytest.raises(NotRevocable):
        await replaced(held)


async def test_a_corrected_course_and_a_second_correction(held: Holder) -> None:
    w = held.world
    corrected = course()
    corrected["title"] = {"th": "การวัดและประเมินผลในชั้นเรียน"}
    corrected["hours"] = 15
    await w.publish(corrected)
    await marry(w)
    second = await replaced(held, "course_corrected")
    facts = (await second.record()).issuance
    assert (facts.course_title.th, facts.hours, facts.recipient_name) == (
        "การวัดและประเมินผลในชั้นเรียน", 15, (await held.record()).issuance.recipient_name,
    )  # fmt: skip
    third = await replaced(second)
    assert (await third.record()).issuance.supersedes == second.id
    assert (await third.record()).issuance.recipient_name == MARRIED.display


async def test_a_correction_lengthens_nothing(database_url: str, tmp_path: Path) -> None:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        held = await holder(await world(ctx, clock, course=course(valid_months=12)))
        until = (await held.record()).issuance.valid_until
        assert until is not None
        await marry(held.world)
        clock.pass_(days=200)
        new = await replaced(held)
        assert (await new.record()).issuance.valid_until == until
        clock.at = until
        with pytest.raises(NotRevocable):
            await replaced(new, "course_corrected")


async def test_a_crash_in_between_leaves_the_old_one_standing_and_is_made_good(
    held: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = held.world
    await marry(w)

    def killed(*_: object, **__: object) -> Any:
        raise SigningFailed

    with monkeypatch.context() as patch:
        patch.setattr(keys, "sign_with", killed)
        with pytest.raises(SigningFailed):
            await replaced(held)
    assert (await asked(held)).status == "stands"
    async with w.ctx.store.read(w.org) as tx:
        assert sorted(one.state for one in await tx.certificates.of(held.enrolment)) == ["pending", "stands"]
    assert (await certificates.request(w.ctx, w.org, held.enrolment, "certificate", by_holder=True)).id == held.id
    new = await replaced(held)
    async with w.ctx.store.read(w.org) as tx:
        records = {one.id: one.state for one in await tx.certificates.of(held.enrolment)}
    assert records == {held.id: "superseded", new.id: "stands"}


async def test_what_was_revoked_meanwhile_is_not_brought_back(held: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    w = held.world
    await marry(w)
    complete = certificates.complete

    async def revoked_first(*given: Any) -> Any:
        await w.revoke(held.id, RevocationReason.misconduct, None, "staff")
        return await complete(*given)

    monkeypatch.setattr(certificates, "complete", revoked_first)
    with pytest.raises(NotRevocable):
        await replaced(held)
    async with w.ctx.store.read(w.org) as tx:
        (record,) = [one for one in await tx.certificates.of(held.enrolment) if one.id != held.id]
    assert (record.state, record.reason, record.credential) == ("revoked", RevocationReason.misconduct, None)
    assert (await held.record()).superseded_by is None


async def test_while_it_is_looked_into_nobody_gets_another_one_also_when_one_was_begun(
    held: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = held.world
    await marry(w)

    def killed(*_: object, **__: object) -> Any:
        raise SigningFailed

    with monkeypatch.context() as patch:
        patch.setattr(keys, "sign_with", killed)
        with pytest.raises(SigningFailed):
            await replaced(held)
    async with w.ctx.store.begin(w.org) as tx:
        await withdrawals.suspend(w.ctx, tx, held.id, None, "staff")
    for kind in ("certificate", "attestation"):
        with pytest.raises(CertificateSuspended):
            await certificates.request(w.ctx, w.org, held.enrolment, kind, by_holder=True)
    async with w.ctx.store.read(w.org) as tx:
        (begun,) = [one for one in await tx.certificates.of(held.enrolment) if one.id != held.id]
    with pytest.raises(CertificateSuspended):
        await certificates.complete(w.ctx, w.org, begun.id)
    assert (await held.record()).state == "suspended"


async def test_what_was_begun_with_another_name_is_given_up(held: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    w = held.world

    def killed(*_: object, **__: object) -> Any:
        raise SigningFailed

    await marry(w)
    with monkeypatch.context() as patch:
        patch.setattr(keys, "sign_with", killed)
        with pytest.raises(SigningFailed):
            await replaced(held)
    async with w.ctx.store.begin(w.org) as tx:
        candidate = await tx.candidates.find(external_id="holder")
        assert candidate is not None
        name = msgspec.structs.replace(candidate.name, family="อีกชื่อหนึ่ง")
        await tx.candidates.put(msgspec.structs.replace(candidate, name=name))
    new = await (await replaced(held)).record()
    assert new.issuance.recipient_name.endswith("อีกชื่อหนึ่ง")
    async with w.ctx.store.read(w.org) as tx:
        states = sorted(one.state for one in await tx.certificates.of(held.enrolment))
    assert states == ["revoked", "stands", "superseded"]


async def test_two_who_correct_and_one_who_revokes_at_once(held: Holder) -> None:
    w = held.world
    await marry(w)
    tries = (replaced(held), replaced(held), w.revoke(held.id, RevocationReason.misconduct, None, "staff"))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert all(not isinstance(one, Exception) or isinstance(one, Refusal) for one in done), done
    async with w.ctx.store.read(w.org) as tx:
        records = await tx.certificates.of(held.enrolment)
    states = sorted(one.state for one in records)
    assert states in (["revoked"], ["revoked", "revoked"], ["stands", "superseded"])
    assert len({one.issuance.status_index for one in records}) == len(records)


async def test_after_a_key_was_stolen_everybody_gets_a_new_one(held: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    w = held.world
    monkeypatch.setattr(replacements, "TOGETHER", 2)
    others = []
    for n in range(3):
        w.enrolment = await w.enrol(f"person-{n}")
        await w.take("post")
        made = await certificates.request(w.ctx, w.org, w.enrolment, "certificate")
        others.append(Holder(w, w.enrolment, made.id))
    await w.revoke(others[0].id, RevocationReason.misconduct, None, "staff")
    kid = (await held.record()).kid
    with pytest.raises(KeyNotUsable):
        await replacements.reissue(w.ctx, w.org, kid, None, "staff")
    w.clock.pass_(days=2)
    stolen = w.clock.at - timedelta(days=1)
    lost, fresh = await status_lists.without_key(w.ctx, w.org, kid, stolen, "staff", "backup stolen")
    assert (lost.state, lost.compromised_at, fresh.state) == (KeyState.compromised, stolen, KeyState.active)
    # Here the register vouches for it; who has nothing but the file can tell no more.
    assert (await asked(held)).status == "stands"
    assert {outcome for outcome, _ in await offline(held, await trust_file(w))} == {"unknown"}

    said: list[int] = []
    found = await replacements.reissue(w.ctx, w.org, kid, None, "staff", lambda now: said.append(now.replaced))
    assert (found.replaced, found.failed, said[-1]) == (3, [], 3)
    assert (await replacements.reissue(w.ctx, w.org, kid, None, "staff")).replaced == 0, "again changes nothing"
    record = await held.record()
    assert (record.state, record.reason) == ("superseded", RevocationReason.key_compromised)
    new = Holder(w, held.enrolment, record.superseded_by or "")
    assert await offline(new, await trust_file(w)) == [("genuine", "stands")] * 2
    assert (await new.record()).issuance.recipient_name == record.issuance.recipient_name
    assert (await others[0].record()).superseded_by is None, "what was revoked stays revoked"


async def test_what_was_issued_after_the_theft_is_not_relied_on_and_leads_to_its_successor(held: Holder) -> None:
    w = held.world
    kid, stolen = (await held.record()).kid, w.clock.at - timedelta(hours=1)
    w.clock.pass_(hours=1)
    await status_lists.without_key(w.ctx, w.org, kid, stolen, "staff", "backup stolen")
    verdict = await asked(held)
    assert (verdict.outcome, verdict.status) == ("unknown", "unknown")
    async with client(w) as web:
        page = (await web.get(f"/v/{held.id}", headers={"accept-language": "en"})).text
        assert 'data-state="compromised"' in page
        assert "Ask for one that the issuer made since" in page
        await replacements.reissue(w.ctx, w.org, kid, None, "staff")
        new = (await held.record()).superseded_by
        page = (await web.get(f"/v/{held.id}", headers={"accept-language": "en"})).text
        assert 'data-state="superseded"' in page
        assert f'href="/v/{new}"' in page


async def test_one_that_was_not_signed_yet_is_signed_by_the_new_key(
    held: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = held.world
    w.enrolment = await w.enrol("late")
    await w.take("post")

    def killed(*_: object, **__: object) -> Any:
        raise SigningFailed

    with monkeypatch.context() as patch:
        patch.setattr(keys, "sign_with", killed)
        with pytest.raises(SigningFailed):
            await certificates.request(w.ctx, w.org, w.enrolment, "certificate")
    w.clock.pass_(hours=1)
    await status_lists.without_key(w.ctx, w.org, (await held.record()).kid, w.clock.at, "staff", "lost")
    made = await certificates.request(w.ctx, w.org, w.enrolment, "certificate")
    assert await offline(Holder(w, w.enrolment, made.id), await trust_file(w)) == [("genuine", "stands")] * 2
