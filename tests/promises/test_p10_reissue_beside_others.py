"""P10: after a theft all certificates of a key are replaced while the service is used, by several at a time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exam_service.core.errors import CertificateSuspended
from exam_service.services import certificates, facts, replacements, status_lists
from exam_service.services.replacements import Reissued
from tests.support.certified import course
from tests.support.service import TestClock, World, service, world

PEOPLE = 6


@pytest.fixture
async def w(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A key that was stolen, and those who hold a certificate of it."""
    monkeypatch.setattr(replacements, "TOGETHER", 1)
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        made = await world(ctx, clock, course=course())
        for n in range(PEOPLE):
            made.enrolment = await made.enrol(f"person-{n}")
            await made.take("post")
            await certificates.request(ctx, made.org, made.enrolment, "certificate")
        clock.pass_(hours=1)
        yield made


async def stolen(w: World) -> str:
    async with w.ctx.store.read(w.org) as tx:
        kid = (await tx.certificates.page(None, 1))[0].kid
    await status_lists.without_key(w.ctx, w.org, kid, w.clock.at, "staff", "backup stolen")
    return kid


async def test_others_write_between_two_groups(w: World, database_url: str, tmp_path: Path) -> None:
    """As the process does that serves, while the command runs: SQLite has one writer, and keeps nobody a place."""
    kid, done, seen = await stolen(w), 0, set()

    def heard(now: Reissued) -> None:
        nonlocal done
        done = now.replaced

    async with service(database_url, tmp_path, w.clock) as beside:
        work = asyncio.create_task(replacements.reissue(w.ctx, w.org, kid, None, "staff", heard))
        while not work.done():
            async with beside.store.begin(w.org) as tx:
                await facts.report(beside, tx, w.enrolment, {"learning_complete": True}, "test")
            seen.add(done)
            await asyncio.sleep(0.01)
        assert (await work).replaced == PEOPLE
    assert len(seen) >= PEOPLE - 1, seen


async def test_two_at_once_give_everybody_one_and_neither_fails(w: World, database_url: str, tmp_path: Path) -> None:
    kid = await stolen(w)
    async with service(database_url, tmp_path, w.clock) as beside:
        both = await asyncio.gather(*(replacements.reissue(ctx, w.org, kid, None, "staff") for ctx in (w.ctx, beside)))
    assert [one.failed for one in both] == [[], []]
    assert sum(one.replaced for one in both) == PEOPLE
    async with w.ctx.store.read(w.org) as tx:
        records = await tx.certificates.page(None, 100)
    assert Counter(one.state for one in records) == {"stands": PEOPLE, "superseded": PEOPLE}
    assert len({one.enrolment for one in records if one.state == "stands"}) == PEOPLE
    assert all(one.kid != kid for one in records if one.state == "stands")


async def test_one_that_is_suspended_meanwhile_has_not_failed(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kid, real = await stolen(w), replacements._prepare
    async with w.ctx.store.read(w.org) as tx:
        last = [one.id for one in await tx.certificates.page(None, 100)][-1]

    async def prepare(ctx, tx, organisation, certificate_id, why):  # type: ignore[no-untyped-def]
        if certificate_id == last:
            raise CertificateSuspended()
        return await real(ctx, tx, organisation, certificate_id, why)

    monkeypatch.setattr(replacements, "_prepare", prepare)
    found = await replacements.reissue(w.ctx, w.org, kid, None, "staff")
    assert (found.replaced, found.failed) == (PEOPLE - 1, [])
