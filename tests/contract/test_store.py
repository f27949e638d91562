"""The Store port over SQLite and PostgreSQL: what goes in comes out, whatever kind of record it is."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from exam_service.adapters.storage import SqlStore
from exam_service.core import errors
from exam_service.core.certificates.keys import KeyState
from exam_service.core.certificates.model import CertificateState
from exam_service.core.exams.attempt import State
from tests.support.stored import PAPER, House, T, store_at

A = House("a")


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[SqlStore]:
    store = store_at(database_url)
    yield store
    await store.close()


@pytest.fixture
async def store(empty: SqlStore) -> SqlStore:
    """A store with one of everything of one organisation."""
    await A.settle(empty)
    return empty


async def test_everything_comes_back_as_it_was(store: SqlStore) -> None:
    async with store.read(A.org) as tx:
        assert await tx.api_keys.get(A.id("key")) == A.api_key()
        assert await tx.api_keys.all() == [A.api_key()]
        assert await tx.banks.newest("law") == A.bank()
        assert await tx.banks.document(A.bank().id) == b"document"
        assert await tx.courses.get("cm") == A.course(published=1)
        assert await tx.courses.version(A.version().id) == A.version()
        assert await tx.candidates.get(A.id("cnd")) == A.candidate()
        assert await tx.enrolments.get(A.id("enr")) == A.enrolment()
        assert await tx.enrolments.facts(A.id("enr")) == [A.fact()]
        assert await tx.launches.get(A.id("lch")) == A.launch()
        assert await tx.attempts.get(A.id("att")) == A.attempt()
        assert await tx.attempts.paper(A.id("att")) == PAPER
        assert await tx.results.history(A.id("att")) == [A.result()]
        assert await tx.certificates.get(A.certificate().id) == A.certificate()
        assert await tx.keys.all() == [A.key()[0]]
        assert await tx.keys.private(A.key()[0].kid) == A.key()[1]
        assert await tx.keys.status_list(1) == A.status_list()
        assert await tx.jobs.get(A.id("job")) == A.job()
        assert await tx.log.audited("att") == [A.event()]


async def test_what_is_not_there_is_none(store: SqlStore) -> None:
    async with store.read(A.org) as tx:
        assert await tx.api_keys.get("x") is None
        assert await tx.banks.newest("x") is None
        assert await tx.banks.document("x") is None
        assert await tx.courses.get("x") is None
        assert await tx.courses.version("x") is None
        assert await tx.courses.newest("x") is None
        assert await tx.courses.numbered("cm", 2) is None
        assert await tx.candidates.get("x") is None
        assert await tx.candidates.find(external_id="x") is None
        assert await tx.enrolments.get("x") is None
        assert await tx.enrolments.find("x", "cm") is None
        assert await tx.launches.get("x") is None
        assert await tx.attempts.get("x") is None
        assert await tx.attempts.paper("x") is None
        assert await tx.certificates.get("x") is None
        assert await tx.keys.private("x") is None
        assert await tx.keys.status_list(9) is None
        assert await tx.jobs.get("x") is None
        assert await tx.results.current(["x"]) == {}
    async with store.directory() as directory:
        assert await directory.organisation(id="x") is None
        assert await directory.org_of_api_key("x") is None


# Each repository


async def test_banks_have_versions_and_pages_of_the_newest(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        await tx.banks.add(A.bank("law", 2), b"2")
        await tx.banks.add(A.bank("math", 1), b"3")
        await tx.banks.add(A.bank("art", 1), b"4")
    async with store.read(A.org) as tx:
        assert [v.number for v in await tx.banks.versions("law")] == [1, 2]
        assert await tx.banks.newest("law") == A.bank("law", 2)
        page = await tx.banks.page(None, 2)
        assert [(v.code, v.number) for v in page] == [("art", 1), ("law", 2)]
        assert [v.code for v in await tx.banks.page("law", 2)] == ["math"]


async def test_the_same_bank_version_twice_is_refused(store: SqlStore) -> None:
    with pytest.raises(errors.AlreadyExists):
        async with store.begin(A.org) as tx:
            await tx.banks.add(msgspec.structs.replace(A.bank(), id="bnk_other"), b"x")


async def test_a_bank_of_twenty_megabytes_is_kept(store: SqlStore) -> None:
    large = b"\x00\xff" * 10_000_000
    async with store.begin(A.org) as tx:
        await tx.banks.add(A.bank("large"), large)
    async with store.read(A.org) as tx:
        assert await tx.banks.document(A.bank("large").id) == large


async def test_publishing_makes_the_version_the_newest(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        await tx.courses.put(msgspec.structs.replace(A.course(published=1), draft=b"new"))
        assert (await tx.courses.newest("cm")) == A.version()
        await tx.courses.publish(A.version(number=2))
        await tx.courses.put(A.course("draft-only"))
    async with store.read(A.org) as tx:
        assert await tx.courses.newest("cm") == A.version(number=2)
        assert await tx.courses.numbered("cm", 1) == A.version()
        assert await tx.courses.version(A.version().id) == A.version()
        assert await tx.courses.newest("draft-only") is None
        course = await tx.courses.get("cm")
        assert course is not None
        assert (course.published, course.draft) == (2, b"new")
        assert [c.code for c in await tx.courses.page(None, 10)] == ["cm", "draft-only"]
        assert [c.code for c in await tx.courses.page("cm", 10)] == ["draft-only"]


async def test_publishing_a_number_twice_or_no_course_is_refused(store: SqlStore) -> None:
    with pytest.raises(errors.AlreadyExists):
        async with store.begin(A.org) as tx:
            await tx.courses.publish(msgspec.structs.replace(A.version(), id="crs_other"))
    with pytest.raises(errors.NotFound):
        async with store.begin(A.org) as tx:
            await tx.courses.publish(A.version("nothing"))


async def test_candidates_are_replaced_found_and_paged(store: SqlStore) -> None:
    changed = A.candidate(external_id="new", school="โรงเรียนบ้านหนอง", national_id=None, national_id_index=None)
    async with store.begin(A.org) as tx:
        await tx.candidates.put(changed)
        for n in (3, 2):
            await tx.candidates.put(A.candidate(n))
    async with store.read(A.org) as tx:
        assert await tx.candidates.find(external_id="new") == changed
        assert await tx.candidates.find(external_id="T-1") is None
        assert await tx.candidates.find(national_id_index=b"a2") == A.candidate(2)
        assert await tx.candidates.find(national_id_index=b"a1") is None
        assert [c.id for c in await tx.candidates.page(None, 2)] == [A.id("cnd", 1), A.id("cnd", 2)]
        assert [c.id for c in await tx.candidates.page(A.id("cnd", 2), 2)] == [A.id("cnd", 3)]
        with pytest.raises(ValueError, match="whom"):
            await tx.candidates.find()


@pytest.mark.parametrize("same", ["external_id", "national_id_index"])
@pytest.mark.parametrize("known", [False, True], ids=["new", "replaced"])
async def test_a_candidate_whose_number_is_taken_is_refused_and_the_rest_goes_on(
    store: SqlStore, same: str, known: bool
) -> None:
    async with store.begin(A.org) as tx:
        if known:
            await tx.candidates.put(A.candidate(2))
        with pytest.raises(errors.AlreadyExists) as caught:
            await tx.candidates.put(A.candidate(2, **{same: getattr(A.candidate(), same)}))
        assert caught.value.facts["id"] == "T-1", "whose number it is, in the organisation's own words"
        await tx.candidates.put(A.candidate(3))
    async with store.read(A.org) as tx:
        assert await tx.candidates.get(A.id("cnd", 3)) == A.candidate(3)
        assert await tx.candidates.get(A.id("cnd")) == A.candidate()
        assert await tx.candidates.get(A.id("cnd", 2)) == (A.candidate(2) if known else None)


async def test_several_candidates_may_have_no_national_id(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        for n in (5, 6):
            await tx.candidates.put(A.candidate(n, national_id=None, national_id_index=None))


async def test_one_candidate_is_enrolled_in_a_course_once(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        with pytest.raises(errors.AlreadyExists):
            await tx.enrolments.put(A.enrolment(id="enr_other"))
        await tx.enrolments.put(A.enrolment(target_standing="senior", accommodations=()))
        await tx.candidates.put(A.candidate(2))
        await tx.enrolments.put(A.enrolment(2, course="other"))
        assert await tx.enrolments.find(A.id("cnd"), "cm") == A.enrolment(target_standing="senior", accommodations=())
        assert [e.id for e in await tx.enrolments.page(None, None, 9)] == [A.id("enr", 1), A.id("enr", 2)]
        assert [e.id for e in await tx.enrolments.page("cm", None, 9)] == [A.id("enr", 1)]
        assert [e.id for e in await tx.enrolments.page(None, A.id("enr", 1), 9)] == [A.id("enr", 2)]


async def test_a_reported_fact_keeps_its_value_and_its_type(store: SqlStore) -> None:
    values = [True, False, 0, 1, 2**53, 1.0, 0.1, "", "2026-01-01T00:00:00Z", "ครบ", T, (1.0, 2.5), (), None]
    async with store.begin(A.org) as tx:
        await tx.enrolments.report([A.fact("f", value, at=T + timedelta(1)) for value in values])
        stored = [fact.value for fact in (await tx.enrolments.facts(A.id("enr")))[1:]]
    assert stored == values
    assert [type(value) for value in stored] == [type(value) for value in values]


async def test_facts_come_oldest_first_and_none_is_replaced(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        await tx.enrolments.report([A.fact(value=20, at=T + timedelta(days=1)), A.fact(value=10, at=T - timedelta(1))])
        await tx.enrolments.report([])
        await tx.enrolments.report([A.fact(value=21, at=T + timedelta(days=1))])
        assert [fact.value for fact in await tx.enrolments.facts(A.id("enr"))] == [10, 12, 20, 21]


async def test_attempts_change_and_are_listed(store: SqlStore) -> None:
    ended = A.attempt(state=State.graded, ended_by=State.submitted, ended_at=T + timedelta(minutes=5), epoch=3)
    async with store.begin(A.org) as tx:
        await tx.attempts.add(A.attempt(2, started_at=T + timedelta(1)), PAPER)
        await tx.attempts.put(ended)
        assert await tx.attempts.get(A.id("att"), lock=True) == ended
        assert [a.number for a in await tx.attempts.of(A.id("enr"))] == [1, 2]
        assert [a.number for a in await tx.attempts.page("cm", None, 1)] == [1]
        assert [a.number for a in await tx.attempts.page("cm", A.id("att"), 9)] == [2]
        assert [a.number for a in await tx.attempts.page(None, None, 9)] == [1, 2]
        assert await tx.attempts.page("other", None, 9) == []


async def test_the_same_attempt_number_twice_is_refused(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        with pytest.raises(errors.AlreadyExists):
            await tx.attempts.add(A.attempt(7, number=1), PAPER)
        assert await tx.attempts.paper(A.id("att", 7)) is None
        with pytest.raises(errors.NotFound):
            await tx.attempts.put(A.attempt(7))


async def test_results_keep_every_revision(store: SqlStore) -> None:
    regraded = msgspec.structs.replace(
        A.result(revision=2), percent=70.1234, passed=True, graded_by="key_x", reason="เฉลยผิด"
    )
    async with store.begin(A.org) as tx:
        await tx.attempts.add(A.attempt(2), PAPER)
        await tx.results.add(regraded)
        with pytest.raises(errors.AlreadyExists):
            await tx.results.add(A.result(revision=2))
        assert await tx.results.history(A.id("att")) == [A.result(), regraded]
        assert await tx.results.current([A.id("att"), A.id("att", 2)]) == {A.id("att"): regraded}
        assert await tx.results.current([]) == {}
        assert await tx.results.current([f"att_{n}" for n in range(12_000)] + [A.id("att")]) == {A.id("att"): regraded}


async def test_certificates_change_state_and_fill_the_status_list(store: SqlStore) -> None:
    states = {2: CertificateState.revoked, 3: CertificateState.suspended, 4: CertificateState.superseded}
    async with store.begin(A.org) as tx:
        for n, state in states.items():
            await tx.certificates.add_all([A.certificate(n)])
            await tx.certificates.put_all([A.certificate(n, state=state, superseded_by="X", note="บันทึก")])
        await tx.certificates.add_all([A.certificate(5, state=CertificateState.pending, credential=None)])
        assert await tx.certificates.withdrawn(1) == [2, 3, 4]
        assert await tx.certificates.withdrawn(2) == []
        assert sorted(await tx.certificates.taken(1, [1, 5, 6])) == [1, 5]
        assert await tx.certificates.taken(2, [1]) == []
        assert (await tx.certificates.of_all([A.id("enr"), "enr_nobody"])).keys() == {A.id("enr")}
        assert (await tx.certificates.several([A.certificate(2).id, "Q" * 16])).keys() == {A.certificate(2).id}
        assert [c.issuance.status_index for c in await tx.certificates.of(A.id("enr"))] == [1, 2, 3, 4, 5]
        page = await tx.certificates.page(None, 3)
        assert len([*page, *await tx.certificates.page(page[-1].id, 3)]) == 5
        with pytest.raises(errors.AlreadyExists):
            await tx.certificates.add_all([msgspec.structs.replace(A.certificate(2), id="QQQQQQQQQQQQQQQQ")])
        with pytest.raises(errors.NotFound):
            await tx.certificates.put_all([msgspec.structs.replace(A.certificate(2), id="QQQQQQQQQQQQQQQQ")])


async def test_what_is_signed_leaves_the_facts_as_they_were_stored(store: SqlStore) -> None:
    pending = A.certificate(5, state=CertificateState.pending, credential=None, qr_token=None)
    async with store.begin(A.org) as tx:
        await tx.certificates.add_all([pending])
        faces = {"state": CertificateState.stands, "credential": b"{}", "qr_token": b"qr", "log_proof": b"proof"}
        other = msgspec.structs.replace(pending, unsigned=b"others", qr_claims=b"others", kid="others", **faces)
        await tx.certificates.put_signed([other])
        assert await tx.certificates.get(pending.id) == msgspec.structs.replace(pending, **faces)
        with pytest.raises(errors.NotFound):
            await tx.certificates.put_signed([msgspec.structs.replace(other, id="QQQQQQQQQQQQQQQQ")])


async def test_keys_are_retired_and_never_lost(store: SqlStore) -> None:
    record, _ = A.key()
    retired = msgspec.structs.replace(record, state=KeyState.retired, retired_at=T)
    async with store.begin(A.org) as tx:
        await tx.keys.put(retired)
        await tx.keys.add(*A.key(2))
        assert await tx.keys.all() == [retired, A.key(2)[0]]
        await tx.keys.put(record)
        assert (await tx.keys.all())[0] == record, "a date that is taken back is gone"
        await tx.keys.put_status_list(msgspec.structs.replace(A.status_list(), document=b"newer"))
        assert (await tx.keys.status_list(1)) == msgspec.structs.replace(A.status_list(), document=b"newer")
        with pytest.raises(errors.AlreadyExists):
            await tx.keys.add(*A.key())
    async with store.begin("") as tx:
        await tx.keys.add(*A.key(3, org=""))
        assert await tx.keys.all() == [A.key(3, org="")[0]]


async def test_api_keys_launches_and_jobs_change(store: SqlStore) -> None:
    revoked = msgspec.structs.replace(A.api_key(), revoked_at=T)
    used = msgspec.structs.replace(A.launch(), used_at=T)
    finished = A.job(state="finished", done=8, failed=1, finished_at=T, errors=())
    async with store.begin(A.org) as tx:
        await tx.api_keys.put(revoked)
        await tx.launches.put(used)
        await tx.jobs.put(finished)
        assert await tx.api_keys.all() == [revoked]
        assert await tx.launches.get(A.id("lch"), lock=True) == used
        assert await tx.jobs.get(A.id("job")) == finished
        with pytest.raises(errors.NotFound):
            await tx.api_keys.put(A.api_key(9))
        with pytest.raises(errors.NotFound):
            await tx.launches.put(A.launch(9))


async def test_the_directory_finds_the_way_in(store: SqlStore) -> None:
    async with store.directory() as directory:
        assert await directory.organisation(slug="slug-a") == A.organisation()
        assert await directory.organisation(id=A.org) == A.organisation()
        assert await directory.organisations() == [A.organisation()]
        assert await directory.org_of_api_key(A.id("key")) == A.org
        assert await directory.org_of_launch(A.id("lch")) == A.org
        assert await directory.org_of_certificate(A.certificate().id) == A.org
        assert await directory.org_of_key("0" * 16) is None
        with pytest.raises(errors.AlreadyExists):
            await directory.add_organisation(A.organisation())
        with pytest.raises(errors.AlreadyExists):
            await directory.add_organisation(msgspec.structs.replace(A.organisation(), id="org_other"))
        with pytest.raises(ValueError, match="id or its slug"):
            await directory.organisation()


async def test_due_attempts_are_those_that_closed_oldest_first(store: SqlStore) -> None:
    closes = A.attempt().closes_at
    async with store.begin(A.org) as tx:
        await tx.attempts.add(A.attempt(2, deadline=T), PAPER)
        await tx.attempts.add(A.attempt(3, state=State.submitted, deadline=T), PAPER)
    async with store.directory() as directory:
        assert await directory.due_attempts(T + timedelta(seconds=30) - timedelta(microseconds=1), 9) == []
        assert await directory.due_attempts(closes, 9) == [(A.org, A.id("att", 2)), (A.org, A.id("att", 1))]
        assert await directory.due_attempts(closes, 1) == [(A.org, A.id("att", 2))]
    async with store.begin(A.org) as tx:
        await tx.attempts.put(A.attempt(2, deadline=T + timedelta(days=1)))
    async with store.directory() as directory:
        assert await directory.due_attempts(closes, 9) == [(A.org, A.id("att", 1))], "the deadline moved"
