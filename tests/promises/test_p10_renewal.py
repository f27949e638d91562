"""P10: a certificate that runs out is renewed by another one; what it said stays as it was."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exam_service.core.certificates.model import RevocationReason
from exam_service.core.errors import CertificateExpired, NotRenewable, NotRevocable
from exam_service.services import bulk_issue, certificates
from tests.promises.test_p10_what_becomes_of_it import asked, held, replaced
from tests.support.certified import Holder, client, course, holder, text_of
from tests.support.service import TestClock, service, world

__all__ = ["held"]


@pytest.fixture
async def lasting(database_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    """A certificate that is valid for a year."""
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course(valid_months=12)))


async def test_a_renewed_one_goes_on_from_where_the_old_one_ends(lasting: Holder) -> None:
    w, before = lasting.world, await lasting.record()
    w.clock.pass_(days=300)
    new = await replaced(lasting, "renewed")
    record = await new.record()
    assert before.issuance.valid_until is not None
    assert record.issuance.valid_until == before.issuance.valid_until.replace(year=before.issuance.valid_until.year + 1)
    assert record.issuance.supersedes == lasting.id
    old = await lasting.record()
    assert (old.state, old.reason, old.superseded_by) == ("superseded", "renewed", new.id)
    assert (old.credential, old.issuance) == (before.credential, before.issuance)
    assert ((await asked(new)).status, (await asked(lasting)).status) == ("stands", "superseded")
    async with client(w) as web:
        page = text_of(await web.get(f"/v/{lasting.id}", headers={"accept": "text/html"}))
        assert "ต่ออายุแล้ว" in page
    with pytest.raises(NotRenewable):
        await replaced(new, "renewed")
    w.clock.pass_(days=66)
    assert (await replaced(new, "renewed")).id != new.id


async def test_one_that_has_expired_is_renewed_from_now_and_given_to_nobody_who_only_asks(lasting: Holder) -> None:
    w = lasting.world
    w.clock.pass_(days=400)
    assert (await asked(lasting)).status == "expired"
    for by_holder in (True, False):
        with pytest.raises(CertificateExpired):
            await certificates.request(w.ctx, w.org, lasting.enrolment, "certificate", by_holder=by_holder)
    done = await bulk_issue.issue(w.ctx, w.org, "course")
    assert (done.withdrawn, done.issued, done.failed) == (1, 0, [])
    with pytest.raises(NotRevocable):
        await replaced(lasting, "name_corrected")
    now = w.clock().replace(microsecond=0)
    new = await replaced(lasting, "renewed")
    record = await new.record()
    assert (record.issuance.issued_at, record.issuance.valid_until) == (now, now.replace(year=now.year + 1))
    again = await certificates.request(w.ctx, w.org, lasting.enrolment, "certificate", by_holder=True)
    assert (again.id, again.state, again.valid_until) == (new.id, "stands", record.issuance.valid_until)


async def test_one_that_never_ends_is_not_renewed(held: Holder) -> None:
    with pytest.raises(NotRenewable):
        await replaced(held, "renewed")


async def test_one_that_was_revoked_is_not_renewed(lasting: Holder) -> None:
    await lasting.world.revoke(lasting.id, RevocationReason.misconduct, None, "staff")
    with pytest.raises(NotRevocable):
        await replaced(lasting, "renewed")
