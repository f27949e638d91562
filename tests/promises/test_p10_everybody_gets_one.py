"""P10: whoever has earned a certificate gets one and never two, when a whole course is issued at once."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from exam_service.core.certificates.model import CertificateState, RevocationReason
from exam_service.core.certificates.record import CertificateRecord
from exam_service.core.errors import KindNotOffered, NotPublished, Unavailable
from exam_service.services import bulk_issue, certificates, issuing, log_audit, organisations
from exam_service.services.bulk_issue import IssuedToAll
from tests.support.certified import course
from tests.support.service import PUBLIC_URL, TestClock, World, service, world


@pytest.fixture
async def w(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await world(ctx, clock, course=course())


async def passed(w: World, number: int) -> list[str]:
    """So many more candidates who have passed the post-test."""
    people = [await w.enrol(f"passed-{n}") for n in range(number)]
    for enrolment in people:
        w.enrolment = enrolment
        await w.take("post")
    return people


async def held(w: World) -> list[CertificateRecord]:
    async with w.ctx.store.read(w.org) as tx:
        return list(await tx.certificates.page(None, 1_000))


def once_each(records: list[CertificateRecord], people: list[str]) -> None:
    """Each has one, signed, and no number was used twice."""
    assert Counter(one.enrolment for one in records) == dict.fromkeys(people, 1)
    assert {one.state for one in records} == {CertificateState.stands}
    assert all(one.credential and one.qr_token for one in records)
    assert len({one.id for one in records}) == len({one.issuance.status_index for one in records}) == len(people)


async def test_who_has_earned_one_gets_it_and_the_others_are_counted(w: World) -> None:
    first = w.enrolment
    people = await passed(w, 4)
    await certificates.request(w.ctx, w.org, people[0], "certificate")
    revoked = await certificates.request(w.ctx, w.org, people[1], "certificate")
    await w.revoke(revoked.id, RevocationReason.misconduct, None, "staff")
    said: list[tuple[int, int]] = []
    found = await bulk_issue.issue(w.ctx, w.org, "course", None, lambda now: said.append((now.done, now.total)))
    assert found == IssuedToAll(
        course="course", kind="certificate", total=5, done=5, issued=2, standing=1, not_yet_earned=1, withdrawn=1
    )
    assert said == [(0, 5), (5, 5)]
    standing = [one for one in await held(w) if one.state == "stands"]
    once_each(standing, [one for one in people if one != people[1]])
    assert first not in {one.enrolment for one in standing}
    again = await bulk_issue.issue(w.ctx, w.org, "course")
    assert (again.issued, again.standing) == (0, 3)
    other = await bulk_issue.issue(w.ctx, w.org, "course", "attestation")
    assert (other.kind, other.issued) == ("attestation", 3)


async def test_what_cannot_be_issued_is_refused_before_anything_is_done(w: World) -> None:
    with pytest.raises(NotPublished):
        await bulk_issue.issue(w.ctx, w.org, "nothing")
    await w.publish(course(kinds=["certificate"]))
    with pytest.raises(KindNotOffered):
        await bulk_issue.issue(w.ctx, w.org, "course", "attestation")
    assert await held(w) == []


async def test_one_that_fails_stops_no_other(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people = await passed(w, 6)
    real = issuing.prepare_all

    async def prepare(ctx: Any, tx: Any, organisation: Any, some: list[str], *given: Any, **more: Any) -> Any:
        if people[2] in some:
            raise RuntimeError("not this one")
        return await real(ctx, tx, organisation, some, *given, **more)

    monkeypatch.setattr(issuing, "prepare_all", prepare)
    found = await bulk_issue.issue(w.ctx, w.org, "course")
    assert (found.done, found.issued, found.not_yet_earned, found.failed) == (7, 5, 1, [people[2]])
    monkeypatch.undo()
    again = await bulk_issue.issue(w.ctx, w.org, "course")
    assert (again.issued, again.standing, again.failed) == (1, 5, [])
    once_each(await held(w), people)


async def test_without_a_database_it_stops_and_nobody_has_failed(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people = await passed(w, 3)
    monkeypatch.setattr(bulk_issue, "TOGETHER", 2)
    sign, signed = issuing.sign, 0

    async def away(*given: Any) -> Any:
        nonlocal signed
        signed += 1
        if signed > 1:
            raise Unavailable(retry_at=w.clock())
        return await sign(*given)

    monkeypatch.setattr(issuing, "sign", away)
    with pytest.raises(Unavailable):
        await bulk_issue.issue(w.ctx, w.org, "course")
    assert signed == 2
    monkeypatch.setattr(issuing, "sign", sign)
    again = await bulk_issue.issue(w.ctx, w.org, "course")
    assert (again.failed, again.standing + again.issued) == ([], 3)
    once_each(await held(w), people)


async def test_several_at_once_make_nobody_a_second_one(w: World) -> None:
    people = await passed(w, 12)
    found = await asyncio.gather(*(bulk_issue.issue(w.ctx, w.org, "course") for _ in range(4)))
    assert all(one.done == 13 and not one.failed for one in found)
    once_each(await held(w), people)


COMMAND = ["certs", "issue", "--course", "course"]
DIES = """
import os, signal
from exam_service.cli.main import main
from exam_service.services import issuing

real, signed = issuing.sign, False

async def sign(*given):
    global signed
    if signed:
        os.kill(os.getpid(), signal.SIGKILL)
    found = await real(*given)
    signed = True
    return found

issuing.sign = sign
main()
"""
"""The command, killed when the facts of its second transaction are stored and nothing of them is signed."""


async def test_killed_half_way_it_goes_on_where_it_was(database_url: str, tmp_path: Path) -> None:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        w = await world(ctx, clock, course=course())
        people = await passed(w, 40)
    environ = os.environ | {
        "EXAM_DATABASE_URL": database_url,
        "EXAM_DATA_DIR": str(tmp_path),
        "EXAM_PUBLIC_URL": PUBLIC_URL,
        "EXAM_MASTER_KEY": "A" * 43,
    }

    async def command(*python: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *python, *COMMAND, env=environ, stdout=PIPE, stderr=PIPE
        )
        said, complaints = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode is not None
        return process.returncode, said.decode(), complaints.decode()

    status, _, complaints = await command("-c", DIES)
    assert status == -signal.SIGKILL, complaints
    async with service(database_url, tmp_path, clock) as ctx:
        w.ctx = ctx
        half = await held(w)
        signed = {one.id for one in half if one.state is CertificateState.stands}
        assert 0 < len(signed) < len(half), "some are signed, and of others only the facts are stored"
    status, said, complaints = await command("-m", "exam_service")
    assert status == 0, complaints
    assert "1 have not earned it yet, 0 were revoked, 0 failed" in said
    async with service(database_url, tmp_path, clock) as ctx:
        w.ctx = ctx
        once_each(await held(w), people)
        report = await log_audit.audit(ctx, await organisations.named(ctx, w.org))
        assert (report.size, report.faults) == (len(people), [])
        assert {one.id for one in half} <= {one.id for one in await held(w)}, "those that were there are kept"
