"""The Store port's transactions: all or nothing, one snapshot, one winner of a race, and a database that is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_service.adapters.storage import SqlStore, migrate
from exam_service.core import errors
from tests.support.postgres import PostgresServer
from tests.support.stored import House, T, clock, store_at

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


async def test_what_a_block_did_is_undone_when_it_raises(store: SqlStore) -> None:
    async def change_my_mind() -> None:
        async with store.begin(A.org) as tx:
            await tx.candidates.put(A.candidate(2))
            assert await tx.candidates.get(A.id("cnd", 2)) is not None
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await change_my_mind()
    async with store.read(A.org) as tx:
        assert await tx.candidates.get(A.id("cnd", 2)) is None


async def test_a_reader_sees_one_moment_while_others_write(store: SqlStore) -> None:
    async with store.read(A.org) as reader:
        assert await reader.candidates.get(A.id("cnd", 2)) is None
        async with store.begin(A.org) as writer:
            await writer.candidates.put(A.candidate(2))
        assert await reader.candidates.get(A.id("cnd", 2)) is None
    async with store.read(A.org) as reader:
        assert await reader.candidates.get(A.id("cnd", 2)) is not None


async def test_a_reader_cannot_write(store: SqlStore) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        async with store.read(A.org) as tx:
            await tx.candidates.put(A.candidate(2))


async def test_many_writers_at_once_all_get_through(store: SqlStore) -> None:
    async def write(n: int) -> None:
        async with store.begin(A.org) as tx:
            await tx.candidates.put(A.candidate(n))
            await tx.enrolments.put(A.enrolment(n))

    await asyncio.gather(*(write(n) for n in range(10, 50)))
    async with store.read(A.org) as tx:
        assert len(await tx.enrolments.page("cm", None, 100)) == 41


@pytest.mark.parametrize("what", ["enrolments", "attempts", "launches", "courses", "certificates"])
async def test_who_locks_makes_the_others_wait(store: SqlStore, what: str) -> None:
    name = {
        "enrolments": A.id("enr"), "attempts": A.id("att"), "launches": A.id("lch"), "courses": "cm",
        "certificates": A.certificate().id,
    }[what]  # fmt: skip
    order: list[str] = []
    locked = asyncio.Event()

    async def first() -> None:
        async with store.begin(A.org) as tx:
            await getattr(tx, what).get(name, lock=True)
            locked.set()
            await asyncio.sleep(0.15)
            order.append("first")

    async def second() -> None:
        await locked.wait()
        async with store.begin(A.org) as tx:
            await getattr(tx, what).get(name, lock=True)
            order.append("second")

    await asyncio.gather(first(), second())
    assert order == ["first", "second"]


async def test_two_that_enrol_the_same_person_at_once_end_in_one_enrolment(store: SqlStore) -> None:
    async def enrol(n: int) -> bool:
        try:
            async with store.begin(A.org) as tx:
                await tx.candidates.put(A.candidate(n, external_id="same", national_id_index=None))
                await asyncio.sleep(0.01)
        except errors.AlreadyExists:
            return False
        return True

    assert sorted(await asyncio.gather(*(enrol(n) for n in range(60, 65)))) == [False] * 4 + [True]


async def test_callers_that_are_cancelled_at_any_moment_leave_nothing_half_done(store: SqlStore) -> None:
    async def write(n: int) -> None:
        async with store.begin(A.org) as tx:
            await tx.candidates.put(A.candidate(n))
            await tx.enrolments.put(A.enrolment(n))
        async with store.read(A.org) as tx:
            await tx.candidates.get(A.id("cnd", n))

    for round_ in range(6):
        tasks = [asyncio.create_task(write(100 + round_ * 10 + n)) for n in range(10)]
        for n, task in enumerate(tasks):
            await asyncio.sleep(0.0005 * (n + round_ % 3))
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {asyncio.CancelledError, type(None)}
    async with store.read(A.org) as tx:
        people = {candidate.id[4:] for candidate in await tx.candidates.page(None, 1000)}
        enrolled = {enrolment.id[4:] for enrolment in await tx.enrolments.page(None, None, 1000)}
    assert people == enrolled
    # Every connection is still good for work.
    await asyncio.gather(*(write(1000 + n) for n in range(20)))


# Writes that are repeated


async def test_a_claim_is_given_to_one_and_shows_the_others_what_was_done(store: SqlStore) -> None:
    done: list[bytes | None] = []

    async def attempt_it() -> None:
        async with store.begin(A.org) as tx:
            before = await tx.log.claim(A.replay("once"))
            if before is None:
                await asyncio.sleep(0.05)
                await tx.log.fill("once", b"the answer")
            done.append(None if before is None else before.answer)

    await asyncio.gather(*(attempt_it() for _ in range(4)))
    assert done == [None, *[b"the answer"] * 3]


async def test_a_claim_that_was_rolled_back_is_free_again(store: SqlStore) -> None:
    entered = asyncio.Event()

    async def fails() -> None:
        async with store.begin(A.org) as tx:
            assert await tx.log.claim(A.replay("once")) is None
            entered.set()
            await asyncio.sleep(0.05)
            raise RuntimeError("no")

    async def waits() -> None:
        await entered.wait()
        async with store.begin(A.org) as tx:
            assert await tx.log.claim(A.replay("once")) is None

    outcomes = await asyncio.gather(fails(), waits(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [RuntimeError, type(None)]
    with pytest.raises(errors.NotFound):
        async with store.begin(A.org) as tx:
            await tx.log.fill("never claimed", b"")


# What no database can hold


@pytest.mark.parametrize("odd", ["half \ud800 a character", "nul \x00"], ids=repr)
async def test_an_id_that_no_database_can_hold_is_refused_or_unknown(store: SqlStore, odd: str) -> None:
    for open_one in (store.begin, store.read):
        found: object = None
        try:
            async with open_one(A.org) as tx:
                found = await tx.candidates.get(odd)
        except errors.Invalid as refusal:
            assert refusal.faults  # noqa: PT017 - SQLite can hold a NUL and simply finds nobody.
        assert found is None


async def test_a_number_that_no_database_can_hold_is_refused(store: SqlStore) -> None:
    with pytest.raises(errors.Invalid):
        async with store.begin(A.org) as tx:
            await tx.jobs.put(A.job(total=2**70))


async def test_an_error_of_the_database_does_not_show_what_was_in_the_statement(store: SqlStore) -> None:
    with pytest.raises(sa.exc.IntegrityError) as caught:
        async with store.begin(A.org) as tx:
            await tx.enrolments.put(A.enrolment(id="enr_x", candidate="secret-of-a-person"))
    assert "secret-of-a-person" not in str(caught.value).split("DETAIL")[0]


# When the database is away


async def test_ready_says_whether_the_schema_is_there(empty: SqlStore, tmp_path: Any) -> None:
    assert await empty.ready() == "ready"
    bare = store_at(f"sqlite:///{tmp_path / 'bare.db'}")
    assert await bare.ready() != "ready"
    await bare.close()


async def test_a_database_that_is_away_is_said_to_be_and_comes_back(crashable_postgres: PostgresServer) -> None:
    url = crashable_postgres.fresh_database()
    await migrate(url)
    store = store_at(url)
    await A.settle(store)
    crashable_postgres.crash()
    assert await store.ready() != "ready"
    for open_one in (store.begin, store.read):
        with pytest.raises(errors.Unavailable) as caught:
            async with open_one(A.org) as tx:
                await tx.candidates.get("x")
        assert caught.value.retry_at is not None
        assert caught.value.retry_at > clock()
    with pytest.raises(errors.Unavailable):
        async with store.directory() as directory:
            await directory.organisations()
    crashable_postgres.restart()
    assert await store.ready() == "ready"
    async with store.read(A.org) as tx:
        assert await tx.candidates.get(A.id("cnd")) == A.candidate()
    await store.close()


async def test_a_connection_that_the_database_has_closed_costs_nobody_an_error(postgresql_url: str) -> None:
    store = store_at(postgresql_url, pool_size=1)
    await A.settle(store)
    other = await asyncpg.connect(postgresql_url.replace("+asyncpg", ""))
    closed = await other.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    await other.close()
    assert closed == 1
    await asyncio.sleep(0.2)
    async with store.read(A.org) as tx:
        assert await tx.candidates.get(A.id("cnd")) == A.candidate()
    await store.close()


async def test_connections_that_are_closed_as_soon_as_they_are_made_are_none(postgresql_url: str) -> None:
    store = store_at(postgresql_url)
    going_down = True

    def made(connection: Any, _record: object) -> None:
        if going_down:
            connection.driver_connection.terminate()

    sa.event.listen(store.database._writer.sync_engine, "connect", made)
    for opened in (store.read, store.begin):
        with pytest.raises(errors.Unavailable):
            async with opened(A.org):
                pass
    assert await store.ready() == "away"
    going_down = False
    assert await store.ready() == "ready"
    await store.close()


async def test_results_are_compressed_with_what_the_database_was_built_with(postgresql_url: str) -> None:
    store = store_at(postgresql_url, pool_size=1)
    async with store.database.read() as connection:
        there = await connection.scalar(
            sa.text("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        )
        used = await connection.scalar(sa.text("SHOW default_toast_compression"))
    assert used == ("lz4" if there else "pglz")
    await store.close()


async def test_a_pool_that_is_used_up_is_said_to_be(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exam_service.adapters.storage.engine.POOL_SECONDS", 0.1)
    store = store_at(postgresql_url, pool_size=1)
    async with store.read(A.org):
        with pytest.raises(errors.Unavailable):
            async with store.read(A.org):
                pass
    await store.close()


# Times


@given(
    st.datetimes(
        datetime.fromisoformat("1900-01-02"),
        datetime.fromisoformat("9000-01-01"),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=7))]),
    )
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_time_comes_back_the_same_to_the_microsecond_in_utc(empty: SqlStore, when: datetime) -> None:
    async with empty.begin(A.org) as tx:
        await tx.jobs.put(A.job(finished_at=when))
        stored = await tx.jobs.get(A.id("job"))
    assert stored is not None
    assert stored.finished_at == when
    assert stored.finished_at is not None
    assert stored.finished_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(empty: SqlStore) -> None:
    with pytest.raises(Exception, match="time zone"):
        async with empty.begin(A.org) as tx:
            await tx.jobs.put(A.job(created_at=T.replace(tzinfo=None)))
