"""P10: whatever was issued is in a log that nobody can change unseen, and stands though its key is stolen later."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from exam_service.bootstrap.apart import offline_verifier
from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates import issuance_log as log
from exam_service.core.certificates import qr_token, quads
from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.faces import Evidence, together
from exam_service.core.certificates.model import stamp
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.certificates.verify import verify_credential, verify_qr
from exam_service.core.certificates.words import Unreadable
from exam_service.core.records import Organisation
from exam_service.services import (
    bulk_issue,
    certificate_views,
    certificates,
    issuance_log,
    keys,
    log_audit,
    organisations,
    printing,
    status_lists,
    verification,
)
from exam_service.services.context import Context
from exam_service.services.log_audit import LogReport
from tests.support.certified import Holder, another, course, holder, trust_file
from tests.support.service import TestClock, World, service, world


@pytest.fixture
async def held(database_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course()))


async def audit(w: World, *against: bytes) -> LogReport:
    return await log_audit.audit(w.ctx, await organisations.named(w.ctx, w.org), against)


async def found(w: World, *against: bytes) -> set[str]:
    """The codes of what the audit finds."""
    return {fault.code for fault in (await audit(w, *against)).faults}


async def checkpoint(w: World) -> bytes:
    return await issuance_log.checkpoint(w.ctx, await organisations.named(w.ctx, w.org))


async def tamper(w: World, *statements: str, **values: object) -> None:
    """What somebody could do who has the database and not the keys."""
    async with w.ctx.store.database.write() as connection:  # type: ignore[attr-defined]
        for statement in statements:
            await connection.execute(sa.text(statement), values)


async def offline(held: Holder, document: bytes, proof: bytes | None) -> Verdict:
    """What somebody finds who has the trust file of now and what the holder gave them."""
    check, canonical, _ = offline_verifier()
    trust = trust_files.from_file(await trust_file(held.world))
    return verify_credential(document, trust, held.world.clock.at, check, canonical, log_proof=proof)


async def forged(held: Holder, name: str) -> bytes:
    """What a thief makes with the key itself: any name, and any date."""
    w, record = held.world, await held.record()
    issuance = msgspec.structs.replace(record.issuance, recipient_name=name)
    document = credentials.unsigned(issuance, w.ctx.policy.public_url, "https://exam.example.ac.th/orgs/first/status/1")
    config = credentials.new_proof_config(issuance.did, record.kid, stamp(issuance.issued_at))
    async with w.ctx.store.read(w.org) as tx:
        pair = (await keys.pairs(tx, [record.kid]))[record.kid]
    signature = w.ctx.signer.sign(pair.private.sealed, quads.to_be_signed(document, config))
    return credentials.canonical_bytes(credentials.with_proof(document, config, signature))


async def test_every_certificate_is_in_the_log_with_its_proof(held: Holder) -> None:
    other = await another(held, "attestation")
    report = await audit(held.world, await checkpoint(held.world))
    assert (report.size, report.checked, report.faults) == (2, 2, [])
    for number, one in enumerate((held, other)):
        record = await one.record()
        assert log.read_proof(record.log_proof or b"").index == number
        verdict = await offline(one, await one.credential(), record.log_proof)
        assert (verdict.outcome, verdict.steps[-1].code) == ("genuine", "logged")


async def test_what_was_logged_before_a_theft_stands_without_the_register(held: Holder) -> None:
    w = held.world
    record, fake = await held.record(), await forged(held, "นายสมชาย ใจร้าย")
    w.clock.pass_(days=2)
    stolen = w.clock.at - timedelta(days=1)
    await status_lists.without_key(w.ctx, w.org, record.kid, stolen, "staff", "backup stolen")
    trust = trust_files.from_file(await trust_file(w))
    assert {key.purpose for issuer in trust.issuers for key in issuer.keys} == {"certificates", "log"}

    mine = await offline(held, await held.credential(), record.log_proof)
    assert (mine.outcome, mine.status) == ("genuine", "stands")
    assert [step.code for step in mine.steps if step.name in ("key_good", "log")] == ["key-logged", "logged"]
    assert (await offline(held, await held.credential(), None)).outcome == "unknown"
    assert (await offline(held, fake, None)).outcome == "unknown", "dated back, and nobody can tell"
    theirs = await offline(held, fake, record.log_proof)
    assert (theirs.outcome, theirs.steps[-1].code) == ("not_genuine", "log-proof-wrong")


async def test_what_was_logged_after_a_theft_proves_nothing(held: Holder) -> None:
    w, record = held.world, await held.record()
    stolen = record.issuance.issued_at
    w.clock.pass_(days=1)
    await status_lists.without_key(w.ctx, w.org, record.kid, stolen, "staff", "backup stolen")
    verdict = await offline(held, await held.credential(), record.log_proof)
    assert (verdict.outcome, verdict.steps[2].code, verdict.steps[-1].code) == ("unknown", "key-compromised", "logged")


async def test_the_pdf_of_before_the_theft_stands_offline_with_all_that_is_in_it(held: Holder) -> None:
    w = held.world
    content = await printing.pdf(w.ctx, await certificate_views.faces(w.ctx, w.org, held.id))
    w.clock.pass_(days=2)
    await status_lists.without_key(w.ctx, w.org, (await held.record()).kid, w.clock.at, "staff", "stolen")
    check, canonical, _ = offline_verifier()
    trust = trust_files.from_file(await trust_file(w))
    evidence = await w.ctx.evidences.read(content)
    ((document, proof),) = evidence.documents()
    (qr,) = evidence.codes()

    def on(document: bytes, proof: bytes | None, qr: str) -> Verdict:
        whole = verify_credential(document, trust, w.clock.at, check, canonical, log_proof=proof)
        return together([whole, verify_qr(qr, trust, w.clock.at, check, canonical)])

    verdict = on(document, proof, qr)
    assert (verdict.outcome, verdict.status) == ("genuine", "stands")
    assert [step.number for step in verdict.steps] == [1, 2, 3, 4, 5, 6, 7, 8]
    # Without the proof nobody knows, and the code of another certificate of that key is no proof of this one.
    assert on(document, None, qr).outcome == "unknown"
    other = await (await another(held, "attestation")).qr()
    assert on(document, proof, other).outcome != "genuine"
    w.clock.at -= timedelta(days=2)
    thief = await forged_qr(held, "นายโจร ขโมยกุญแจ")
    w.clock.at += timedelta(days=2)
    assert on(document, proof, thief).outcome == "not_genuine"


async def forged_qr(held: Holder, name: str) -> str:
    """What a thief prints with the key itself."""
    w, record = held.world, await held.record()
    claims = qr_token.payload(msgspec.structs.replace(record.issuance, recipient_name=name))
    async with w.ctx.store.read(w.org) as tx:
        pair = (await keys.pairs(tx, [record.kid]))[record.kid]
    signature = w.ctx.signer.sign(pair.private.sealed, qr_token.to_be_signed(record.kid, claims))
    return qr_token.url(w.ctx.policy.public_url, record.id, qr_token.token(record.kid, claims, signature))


async def test_a_stolen_log_key_vouches_for_nothing(held: Holder) -> None:
    w, record = held.world, await held.record()
    w.clock.pass_(days=2)
    async with w.ctx.store.read(w.org) as tx:
        kids = {key.purpose: key.kid for key in await tx.keys.all()}
    for kid in kids.values():
        await status_lists.without_key(w.ctx, w.org, kid, w.clock.at, "staff", "both stolen")
    verdict = await offline(held, await held.credential(), record.log_proof)
    assert (verdict.outcome, verdict.steps[-1].code) == ("unknown", "log-unknown")
    assert await found(w) == {"wrong-checkpoint"}
    await checkpoint(w)
    assert await found(w) == set(), "the new key has signed the log as it is, at once"
    assert {notice.code for notice in (await audit(w)).notices} == {"lost-proof"}


async def test_what_was_dated_back_and_clocks_that_were_wrong_are_told(held: Holder) -> None:
    w, record = held.world, await held.record()
    assert (await audit(w)).notices == []
    w.clock.pass_(days=200)
    later = await another(held, "attestation")
    # Whoever has the keys and the database makes it say another day.
    said = msgspec.structs.replace((await later.record()).issuance, issued_at=record.issuance.issued_at)
    await later.change(issuance=said)
    told = {(notice.code, notice.what) for notice in (await audit(w)).notices}
    assert told == {("entered-late", later.id)}
    await later.change(issuance=msgspec.structs.replace(said, issued_at=w.clock()))
    w.clock.pass_(days=-100)
    w.enrolment = await w.enrol("next")
    await w.take("post")
    await certificates.request(w.ctx, w.org, w.enrolment, "certificate")
    report = await audit(w)
    assert (report.faults, [notice.code for notice in report.notices]) == ([], ["time-falls"])


async def test_a_clock_that_is_put_right_by_seconds_does_not_make_the_times_of_the_log_fall(held: Holder) -> None:
    w = held.world
    w.clock.pass_(hours=1)
    await checkpoint(w)
    w.clock.pass_(seconds=-40)
    await another(held, "attestation")
    report = await audit(w)
    assert (report.size, report.faults, [one.code for one in report.notices]) == (2, [], [])
    async with w.ctx.store.read(w.org) as tx:
        assert (await tx.issuance_log.head()).signed_at > w.clock()


async def test_a_checkpoint_from_the_future_is_signed_again(held: Holder) -> None:
    w = held.world
    w.clock.pass_(days=3650)
    w.clock.pass_(hours=1)
    wrong = await checkpoint(w)
    w.clock.pass_(days=-3650)
    assert await checkpoint(w) != wrong


async def test_signatures_in_stored_proofs_are_audited(held: Holder) -> None:
    w, good = held.world, (await held.record()).log_proof or b""
    lines = good.split(b"\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("— ".encode()))
    dash, name, encoded = lines[at].split(b" ")
    raw = bytearray(base64.b64decode(encoded))
    for place, code in ((20, "wrong-proof"), (0, "unsigned-proof")):
        flipped = raw.copy()
        flipped[place] ^= 1
        changed = [*lines[:at], b" ".join((dash, name, base64.b64encode(flipped))), *lines[at + 1 :]]
        await held.change(log_proof=b"\n".join(changed))
        assert await found(w) == {code}
    await held.change(log_proof=good.replace(b"exam.example.ac.th", b"evil.example.ac.th"))
    assert await found(w) == {"wrong-proof"}


async def test_an_entry_that_no_checkpoint_speaks_of_is_found(held: Holder) -> None:
    w = held.world
    async with w.ctx.store.read(w.org) as tx:
        head = await tx.issuance_log.head()
    await another(held, "attestation")
    async with w.ctx.store.begin(w.org) as tx:
        await tx.issuance_log.head(lock=True)
        await tx.issuance_log.put_head(head)
    assert await found(w) == {"beyond-head"}


async def test_one_organisation_that_cannot_sign_keeps_no_other_from_its_checkpoint(
    held: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = held.world
    second = await holder(await world(w.ctx, w.clock, slug="second", course=course()))
    w.clock.pass_(hours=2)
    real = issuance_log.checkpoint

    async def failing(ctx: Context, organisation: Organisation) -> bytes:
        if organisation.slug == "first":
            raise ValueError("its key does not open")
        return await real(ctx, organisation)

    before = await checkpoint(second.world)
    w.clock.pass_(hours=2)
    monkeypatch.setattr(issuance_log, "checkpoint", failing)
    await issuance_log.renew_all(w.ctx)
    monkeypatch.undo()
    async with w.ctx.store.read(second.world.org) as tx:
        head = await tx.issuance_log.head()
    assert head.note != before
    assert head.signed_at == w.clock().replace(microsecond=0)


async def test_a_checkpoint_that_was_kept_under_an_earlier_address_is_of_the_same_log(
    held: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    w, kept = held.world, await checkpoint(held.world)
    moved = replace(w.ctx.policy, public_url="https://new.example.ac.th")
    w.ctx = replace(w.ctx, policy=moved)
    await another(Holder(w, held.enrolment, held.id), "attestation")
    report = await audit(w, kept)
    assert (report.size, report.faults) == (2, [])


async def test_the_pdf_carries_its_proof_and_is_the_same_each_time(held: Holder) -> None:
    w = held.world
    faces = await certificate_views.faces(w.ctx, w.org, held.id)
    content = await printing.pdf(w.ctx, faces)
    assert await printing.pdf(w.ctx, faces) == content
    evidence = await w.ctx.evidences.read(content)
    assert evidence.log_proofs == ((await held.record()).log_proof,)
    verdict = await verification.by_evidence(w.ctx, evidence)
    assert [step.number for step in verdict.steps] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(step.passed for step in verdict.steps)
    swapped = Evidence(
        credentials=evidence.credentials,
        qr_texts=evidence.qr_texts,
        log_proofs=((await (await another(held, "attestation")).record()).log_proof or b"",),
    )
    assert (await verification.by_evidence(w.ctx, swapped)).outcome == "not_genuine"


@pytest.mark.parametrize(
    "statement, codes",
    [
        ("DELETE FROM log_entry WHERE number = 0", {"no-entry", "not-entered", "wrong-head", "wrong-checkpoint"}),
        ("DELETE FROM log_entry WHERE number = 1", {"no-entry", "not-entered", "wrong-head", "wrong-checkpoint"}),
        ("UPDATE log_entry SET digest = :noise WHERE number = 0", {"other-certificate", "wrong-proof", "wrong-head",
                                                                    "wrong-checkpoint"}),
        ("UPDATE certificate SET log_proof = :noise WHERE id = :id", {"wrong-proof"}),
        ("UPDATE certificate SET log_proof = NULL WHERE id = :id", {"wrong-proof"}),
        ("UPDATE certificate SET credential = NULL WHERE id = :id", {"no-certificate"}),
        ("UPDATE certificate SET issuance = '{}' WHERE id = :id", {"broken-record", "no-certificate"}),
        ("UPDATE log_head SET peaks = :noise", {"wrong-head"}),
        ("UPDATE log_head SET note = :noise", {"wrong-checkpoint"}),
    ],
)  # fmt: skip
async def test_whatever_is_changed_in_it_is_found(held: Holder, statement: str, codes: set[str]) -> None:
    w = held.world
    await another(held, "attestation")
    values: dict[str, object] = {"noise": bytes(32), "id": held.id}
    await tamper(w, statement, **{name: value for name, value in values.items() if f":{name}" in statement})
    assert await found(w) == codes


async def test_another_name_in_a_certificate_is_found(held: Holder) -> None:
    w = held.world
    other = await forged(held, "นายสมชาย ใจร้าย")
    await held.change(credential=other)
    assert await found(w) == {"other-certificate"}


@pytest.mark.parametrize(
    "name, value", [("recipient_name", "นายสมชาย"), ("issued_at", datetime(2026, 1, 2, tzinfo=UTC)), ("hours", 120.0)]
)
async def test_a_register_that_says_something_else_than_what_was_signed_is_found(
    held: Holder, name: str, value: object
) -> None:
    """Else one that was signed with an old date would be in time by a register that names another."""
    await held.change(issuance=msgspec.structs.replace((await held.record()).issuance, **{name: value}))
    assert await found(held.world) == {"other-record"}


async def test_who_removes_the_newest_is_found_by_who_kept_a_checkpoint(held: Holder) -> None:
    w = held.world
    before = await checkpoint(w)
    async with w.ctx.store.read(w.org) as tx:
        head = await tx.issuance_log.head()
    last = await another(held, "attestation")
    kept = await checkpoint(w)
    assert await found(w, before, kept) == set()
    # Everything as it was, as if the last one had never been: from within nobody can see it.
    await tamper(w, "DELETE FROM log_entry WHERE number = 1", "DELETE FROM certificate WHERE id = :id", id=last.id)
    async with w.ctx.store.begin(w.org) as tx:
        await tx.issuance_log.put_head(head)
    assert await found(w, before) == set()
    assert await found(w, before, kept) == {"rewritten"}
    # Also when another one takes its place.
    await another(held, "attestation")
    assert await found(w) == set()
    assert await found(w, before, kept) == {"rewritten"}
    with pytest.raises(Unreadable):
        await audit(w, b"no checkpoint")
    assert await found(w, kept.replace(b"/first/", b"/other/")) == {"other-log"}


async def test_what_was_signed_before_there_was_a_log_is_entered_once(held: Holder) -> None:
    w = held.world
    other = await another(held, "attestation")
    await tamper(w, "DELETE FROM log_entry", "DELETE FROM log_head")
    for one in (held, other):
        await one.change(log_proof=None)
    assert await found(w) == {"not-entered"}
    done = await asyncio.gather(*(issuance_log.adopt(w.ctx, w.org) for _ in range(3)))
    assert sum(done) == 2
    assert (await audit(w)).faults == []
    assert (await audit(w)).size == 2


async def test_many_at_once_have_a_number_each(held: Holder) -> None:
    w = held.world
    people = [await w.enrol(f"passed-{n}") for n in range(30)]
    for enrolment in people:
        w.enrolment = enrolment
        await w.take("post")
    await asyncio.gather(*(bulk_issue.issue(w.ctx, w.org, "course") for _ in range(3)))
    report = await audit(w)
    assert (report.size, report.faults) == (31, [])


async def test_a_proof_reveals_nothing_and_salts_differ(held: Holder) -> None:
    records: list[CertificateRecord] = [await held.record(), await (await another(held, "attestation")).record()]
    proofs = [log.read_proof(one.log_proof or b"") for one in records]
    assert len({one.salt for one in proofs}) == 2
    async with held.world.ctx.store.read(held.world.org) as tx:
        entries = await tx.issuance_log.entries(0, 9)
    assert [one.digest for one in entries] == [
        log.entry(proof.salt, *log.parts_of(record.credential or b""))
        for proof, record in zip(proofs, records, strict=True)
    ]
