"""P11: status unknown is said as unknown. Only a fresh, signed status says "stands"."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exam_service.bootstrap.apart import offline_verifier
from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.model import RevocationReason, from_stamp
from exam_service.core.certificates.verdict import Verdict
from exam_service.core.certificates.verify import verify_credential, verify_qr
from exam_service.core.errors import Unavailable
from tests.support.certified import PAGE, Holder, client, course, holder, trust_file
from tests.support.service import TestClock, service, world

HOUR = timedelta(hours=1)


@pytest.fixture
async def certified(database_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course()))


async def offline(held: Holder, trust: bytes, now: datetime) -> list[Verdict]:
    """What somebody without network finds, with that trust file."""
    check, canonical, _ = offline_verifier()
    read = trust_files.from_file(trust)
    return [
        verify_credential(await held.credential(), read, now, check, canonical),
        verify_qr(await held.qr(), read, now, check, canonical),
    ]


async def test_a_list_speaks_for_a_day_and_then_nobody_knows(certified: Holder) -> None:
    made, trust = certified.world.clock.at, await trust_file(certified.world)
    for after in (timedelta(0), 12 * HOUR, 24 * HOUR - timedelta(seconds=1)):
        for verdict in await offline(certified, trust, made + after):
            assert (verdict.outcome, verdict.status, verdict.as_of) == ("genuine", "stands", made)
    for after in (24 * HOUR, 25 * HOUR, timedelta(days=400)):
        for verdict in await offline(certified, trust, made + after):
            assert (verdict.outcome, verdict.status, verdict.as_of) == ("genuine", "unknown", None)
            assert (verdict.steps[4].passed, verdict.steps[4].code) == (None, "status-list-stale")


async def test_without_a_list_nobody_knows(certified: Holder) -> None:
    trust = json.loads(await trust_file(certified.world))
    trust["status_lists"] = []
    for verdict in await offline(certified, json.dumps(trust).encode(), certified.world.clock.at):
        assert (verdict.outcome, verdict.status, verdict.steps[4].code) == ("genuine", "unknown", "status-unknown")


@pytest.mark.parametrize("member", ["validUntil", "encodedList"])
async def test_a_list_that_was_touched_says_nothing(certified: Holder, member: str) -> None:
    trust = json.loads(await trust_file(certified.world))
    listed = json.loads(trust["status_lists"][0])
    if member == "validUntil":
        listed["validUntil"] = "2036-11-22T02:00:00Z"
    else:
        listed["credentialSubject"]["encodedList"] = listed["credentialSubject"]["encodedList"][:-4] + "AAAA"
    trust["status_lists"] = [json.dumps(listed)]
    for verdict in await offline(certified, json.dumps(trust).encode(), certified.world.clock.at + 48 * HOUR):
        assert (verdict.status, verdict.steps[4].code) == ("unknown", "status-list-broken")


async def test_an_old_list_that_says_withdrawn_is_believed(certified: Holder) -> None:
    w = certified.world
    await w.revoke(certified.id, RevocationReason.misconduct, None, "staff")
    trust = await trust_file(w)
    for verdict in await offline(certified, trust, w.clock.at + timedelta(days=400)):
        assert (verdict.outcome, verdict.status) == ("genuine", "revoked")


async def test_what_the_service_publishes_is_always_fresh(certified: Holder) -> None:
    async with client(certified.world) as web:
        for _ in range(5):
            listed = (await web.get("/orgs/first/status/1")).json()
            assert from_stamp(listed["validUntil"]) - certified.world.clock.at >= 12 * HOUR
            assert from_stamp(listed["validFrom"]) <= certified.world.clock.at
            certified.world.clock.pass_(hours=13)


async def test_a_page_whose_database_is_gone_says_nothing_of_standing(certified: Holder) -> None:
    class Gone:
        """A store that nobody reaches."""

        def directory(self, *_: str) -> AbstractAsyncContextManager[Any]:
            raise Unavailable(retry_at=certified.world.clock.at + timedelta(seconds=5))

        begin = read = directory

    w = certified.world
    async with client(replace(w, ctx=replace(w.ctx, store=Gone()))) as web:  # type: ignore[arg-type]
        page = await web.get(f"/v/{certified.id}", headers=PAGE)
        verdict = await web.post("/v1/verify", json={"qr": await certified.qr()})
    assert (page.status_code, verdict.status_code) == (503, 503)
    assert "ยังมีผลอยู่" not in page.text
    assert "retry-after" in page.headers
