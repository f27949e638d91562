"""P10: what was signed is stored first, byte for byte, never re-encoded, checked after signing, and verifies for ever:
after key rotation, after a name correction, after the design changes, without this service running."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exam_service.core.certificates import credential as credentials
from exam_service.core.certificates.model import CertificateState
from exam_service.core.errors import SigningFailed
from exam_service.core.people import PersonName
from exam_service.services import candidates, certificates, keys, verification
from tests.support.certified import FULL, Holder, another, course, holder, trust_file
from tests.support.service import TestClock, World, service, world


@pytest.fixture
async def certified(database_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course()))


async def stands(held: Holder) -> bool:
    """Whether both faces of the certificate stand, by the words of the service."""
    verdicts = [
        await verification.by_document(held.world.ctx, await held.credential()),
        await verification.by_text(held.world.ctx, await held.qr()),
    ]
    assert all(verdict.facts and verdict.facts.recipient_name == FULL for verdict in verdicts)
    return all((verdict.outcome, verdict.status) == ("genuine", "stands") for verdict in verdicts)


async def rotate(w: World) -> str:
    w.clock.at += timedelta(days=1)
    return (await keys.create(w.ctx, w.org, "certificates")).kid


async def rename(w: World, name: PersonName) -> None:
    async with w.ctx.store.begin(w.org) as tx:
        await candidates.put(w.ctx, tx, "holder", candidates.CandidateBody(name=name))


async def test_it_verifies_after_the_key_was_changed_twice(certified: Holder) -> None:
    before, w = await certified.credential(), certified.world
    first = (await certified.record()).kid
    newer = [await rotate(w), await rotate(w)]
    assert await certified.credential() == before
    assert await stands(certified)
    later = await another(certified, "attestation")
    assert (await later.record()).kid == newer[-1] != first
    assert await stands(later)


async def test_it_verifies_after_its_key_was_retired_without_a_new_one(certified: Holder) -> None:
    w = certified.world
    async with w.ctx.store.begin(w.org) as tx:
        await keys.retire(w.ctx, tx, (await certified.record()).kid, "test")
    assert await stands(certified)


async def test_it_says_what_it_said_after_name_and_course_were_changed(certified: Holder) -> None:
    before, w = await certified.record(), certified.world
    await rename(w, PersonName(title="นาง", given="สมหญิง", family="ใหม่กว่า"))
    changed = course()
    changed["title"] = {"th": "ชื่อใหม่", "en": "A new title"}
    changed["hours"] = 99
    await w.publish(changed)
    assert await certified.record() == before
    assert await stands(certified)
    verdict = await verification.by_document(w.ctx, await certified.credential())
    assert verdict.facts
    assert (verdict.facts.course_title, verdict.facts.hours) == ("การวัดผลในชั้นเรียน", 12)


async def test_what_is_signed_was_stored_before_and_is_never_written_again(certified: Holder) -> None:
    record = await certified.record()
    assert record.credential is not None
    document = credentials.read_json(record.credential)
    proof = document.pop("proof")
    assert credentials.canonical_bytes(document) == record.unsigned
    assert len(proof) == 1
    assert record.qr_token is not None
    assert record.qr_claims in record.qr_token


class Failing:
    """A signer that is struck down, or whose hardware lies, at the moment of signing."""

    def __init__(self, real: Any, signature: bytes | None) -> None:
        self._real, self._signature = real, signature

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def sign_aside(self, sealed: bytes, message: bytes) -> bytes:
        if self._signature is None:
            raise ConnectionError("the power is gone")
        return self._signature


@pytest.mark.parametrize("signature", [None, bytes(64)], ids=["crash", "wrong signature"])
async def test_a_crash_while_signing_leaves_the_facts_and_they_are_signed_later(
    certified: Holder, signature: bytes | None
) -> None:
    w, name = certified.world, PersonName(given="ชื่ออื่น")
    broken = replace(w.ctx, signer=Failing(w.ctx.signer, signature))
    with pytest.raises(SigningFailed if signature else ConnectionError):
        await certificates.request(broken, w.org, certified.enrolment, "attestation")
    async with w.ctx.store.read(w.org) as tx:
        left = [one for one in await tx.certificates.of(certified.enrolment) if one.state is CertificateState.pending]
    assert [(one.credential, one.qr_token) for one in left] == [(None, None)]
    # What the person is called meanwhile does not matter: the facts were frozen.
    await rename(w, name)
    w.clock.pass_(hours=1)
    later = await another(certified, "attestation")
    record = await later.record()
    assert (record.id, record.unsigned, record.qr_claims) == (left[0].id, left[0].unsigned, left[0].qr_claims)
    assert record.state_changed_at == left[0].issuance.issued_at
    assert await stands(later)


async def test_one_that_was_left_pending_is_signed_by_the_key_it_was_prepared_for(certified: Holder) -> None:
    w = certified.world
    broken = replace(w.ctx, signer=Failing(w.ctx.signer, None))
    with pytest.raises(ConnectionError):
        await certificates.request(broken, w.org, certified.enrolment, "attestation")
    newer = await rotate(w)
    later = await another(certified, "attestation")
    assert (await later.record()).kid == (await certified.record()).kid != newer
    assert await stands(later)


async def test_it_verifies_when_the_service_is_gone(certified: Holder, tmp_path: Path) -> None:
    w = certified.world
    folder = tmp_path / "evidence"
    folder.mkdir()
    qr = await certified.qr()
    (folder / "credential.json").write_bytes(await certified.credential())
    (folder / "qr.png").write_bytes(w.ctx.qr.png(qr))
    await rotate(w)
    (folder / "trust.json").write_bytes(await trust_file(w))
    at = w.clock.at.isoformat()
    await w.ctx.store.close()

    def verify(*inputs: str) -> tuple[int, list[dict[str, Any]]]:
        command = [sys.executable, "-m", "exam_service", "verify", "--trust", "trust.json", "--now", at, "--json"]
        # No setting, no database, nothing but the package and the folder.
        done = subprocess.run(
            [*command, *inputs], cwd=folder, env={"PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert not done.stderr, done.stderr
        return done.returncode, [json.loads(line)["verdict"] for line in done.stdout.splitlines()]

    status, verdicts = verify("credential.json", "qr.png", qr)
    assert status == 0
    assert [(one["outcome"], one["status"]) for one in verdicts] == [("genuine", "stands")] * 3
    assert {one["facts"]["recipient_name"] for one in verdicts} == {FULL}

    changed = (folder / "credential.json").read_bytes().replace("สมหญิง".encode(), "สมชาย".encode())
    (folder / "changed.json").write_bytes(changed)
    status, verdicts = verify("changed.json")
    assert (status, verdicts[0]["outcome"], verdicts[0]["steps"][3]["code"]) == (1, "not_genuine", "signature-wrong")


@pytest.mark.parametrize("wrong", [None, 0, 7, 8, 20])
async def test_of_many_signatures_each_is_verified(certified: Holder, wrong: int | None) -> None:
    w = certified.world
    async with w.ctx.store.read(w.org) as tx:
        record = await tx.certificates.get(certified.id)
        assert record is not None
        key = (await keys.pairs(tx, [record.kid]))[record.kid]
    checks = keys.Checks(w.ctx)
    for number in range(21):
        message = str(number).encode()
        signature = await w.ctx.signer.sign_aside(key.private.sealed, b"another" if number == wrong else message)
        checks.add(key.record.public, message, signature)
    if wrong is None:
        await checks.passed()
    else:
        with pytest.raises(SigningFailed):
            await checks.passed()
