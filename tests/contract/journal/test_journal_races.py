"""The journal while others do the same, or end and change the attempts, or the database dies (P1)."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from exam_service.adapters.storage import SqlStore, migrate
from exam_service.core import errors
from exam_service.core.exams.attempt import State
from exam_service.core.exams.journal import Save, Saved
from tests.support.postgres import PostgresServer
from tests.support.stored import PAPER, House, Journal, T, store_at

A = House("a")


async def put_one(store: SqlStore, n: int, **changed: Any) -> None:
    async with store.begin(A.org) as tx:
        await tx.attempts.get(A.id("att", n), lock=True)
        await tx.attempts.put(A.attempt(n, **changed))


async def submit(store: SqlStore, n: int) -> set[int]:
    """Hand in the attempt as the use case does: lock, read what is graded, end it. Returns what was graded."""
    async with store.begin(A.org) as tx:
        attempt = await tx.attempts.get(A.id("att", n), lock=True)
        assert attempt is not None
        graded = {entry.seq for entry in await tx.results.journal(attempt.id)}
        await asyncio.sleep(0)
        ended = msgspec.structs.replace(
            attempt, state=State.submitted, ended_by=State.submitted, ended_at=T + timedelta(minutes=1)
        )
        await tx.attempts.put(ended)
        return graded


async def test_a_save_that_races_a_submit_is_graded_or_refused(store: SqlStore, database_url: str) -> None:
    """P1. Two replicas write while attempts are handed in: whatever was acknowledged is in what was graded."""
    rounds, other = 60, store_at(database_url)
    replicas = [Journal(store), Journal(other)]
    async with store.begin(A.org) as tx:
        for n in range(2, rounds + 2):
            await tx.attempts.add(A.attempt(n), PAPER)
    refused_in_all = 0

    async def race(n: int) -> None:
        nonlocal refused_in_all
        acknowledged: set[int] = set()

        async def write(start: int) -> None:
            nonlocal refused_in_all
            for seq in range(start, start + 12):
                try:
                    await replicas[seq % 2].append(A.save(seq, n))
                except errors.AttemptEnded:
                    refused_in_all += 1
                    return
                acknowledged.add(seq)

        async def hand_in() -> set[int]:
            # Somewhere in the middle, at another moment each time.
            await asyncio.sleep(0.002 * (n % 15))
            return await submit(store, n)

        graded, *_ = await asyncio.gather(hand_in(), write(100), write(200), write(300))
        assert acknowledged == graded
        assert {saved.seq for saved in await A.saves(store, n)} == graded

    for first in range(2, rounds + 2, 15):
        await asyncio.gather(*(race(n) for n in range(first, first + 15)))
    assert refused_in_all > rounds / 4, "the races were races"
    for replica in replicas:
        await replica.close()
    await other.close()


CHANGES: dict[str, tuple[dict[str, Any], type]] = {
    "extended": ({"deadline": T + timedelta(hours=2), "news": 1}, Saved),
    "shortened": ({"deadline": T + timedelta(seconds=1), "grace_seconds": 0, "news": 1}, errors.DeadlinePassed),
    "told something": ({"news": 1}, Saved),
    "opened on another device": ({"epoch": 2}, errors.MovedToOtherDevice),
    "voided": ({"state": State.voided, "news": 1}, errors.AttemptVoided),
    "handed in": ({"state": State.submitted}, errors.AttemptEnded),
    "without grace": ({"grace_seconds": 0}, Saved),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_another_process_changes_between_two_saves_is_seen_at_once(
    store: SqlStore, journal: Journal, database_url: str, name: str
) -> None:
    """The writer decides by facts that it has read before only while the database says that they still hold."""
    changed, expected = CHANGES[name]
    other = store_at(database_url)
    before = [await journal.append(A.save(seq)) for seq in (1, 2, 3)]
    await A.put(other, **changed)
    (outcome,) = await asyncio.gather(journal.append(A.save(4)), return_exceptions=True)
    assert type(outcome) is expected
    if isinstance(outcome, Saved):
        now = A.attempt(**changed)
        left = int((now.deadline - A.save(4).received_at).total_seconds())
        assert (outcome.deadline, outcome.news, outcome.seconds_left) == (now.deadline, now.news, left)
    assert [one.seq for one in await A.saves(store)] == [1, 2, 3, 4][: 4 if expected is Saved else 3]
    assert (await journal.append(A.save(2))).receipt == before[1].receipt
    # And back: what was learnt meanwhile is no more believed than what was known before.
    await A.put(other)
    after = await journal.append(A.save(5))
    assert (after.deadline, after.news) == (A.attempt().deadline, 0)
    await other.close()


async def test_an_attempt_that_changes_while_its_group_is_being_written_is_decided_anew(
    postgresql_url: str,
) -> None:
    """The row was changed after the statement began and before it was locked: its newest version is what counts."""
    store = store_at(postgresql_url)
    await A.settle(store)
    async with store.begin(A.org) as tx:
        await tx.attempts.add(A.attempt(2), PAPER)
        await tx.attempts.add(A.attempt(3), PAPER)
    journal = Journal(store)
    attempts = (1, 2, 3)
    for seq in (1, 2):
        await asyncio.gather(*(journal.append(A.save(seq, n)) for n in attempts))
    connection = await asyncpg.connect(postgresql_url)
    blocking = connection.transaction()
    await blocking.start()
    # The first row of the group has to wait for this one, when the statement has begun and locked only its attempt.
    await connection.execute(
        "INSERT INTO journal (attempt, epoch, seq, org, digest, body, received_at, seconds_left, in_grace) "
        "SELECT attempt, epoch, 3, org, digest, body, received_at, seconds_left, in_grace FROM journal "
        "WHERE attempt = $1 AND seq = 1",
        A.id("att", 1),
    )
    group = asyncio.gather(*(journal.append(A.save(3, n)) for n in attempts), return_exceptions=True)
    watching = await asyncpg.connect(postgresql_url)
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%SKIP LOCKED ON%'"
    async with asyncio.timeout(30):
        while not await watching.fetchval(waits):  # noqa: ASYNC110 - it is another process that waits.
            await asyncio.sleep(0.01)
    await put_one(store, 2, state=State.voided, news=1)
    await put_one(store, 3, deadline=T + timedelta(hours=3), news=1)
    await blocking.rollback()
    first, voided, extended = await group
    assert isinstance(first, Saved)
    assert isinstance(voided, errors.AttemptVoided)
    assert isinstance(extended, Saved)
    assert (extended.deadline, extended.news) == (T + timedelta(hours=3), 1)
    assert [len(await A.saves(store, n)) for n in attempts] == [3, 2, 3]
    await connection.close()
    await watching.close()
    await journal.close()
    await store.close()


async def test_the_same_save_over_two_replicas_at_once_is_written_once(store: SqlStore, database_url: str) -> None:
    other = store_at(database_url)
    replicas = [Journal(store), Journal(other)]
    both: list[Save] = [A.save(seq) for seq in range(200)]
    answers = await asyncio.gather(
        *(replica.append(save) for save in both for replica in replicas), return_exceptions=True
    )
    assert answers[::2] == answers[1::2]
    assert all(isinstance(answer, Saved) for answer in answers)
    unlike = await asyncio.gather(
        *(replica.append(A.save(n, body=b"%d" % i)) for n in range(1000, 1100) for i, replica in enumerate(replicas)),
        return_exceptions=True,
    )
    for pair in zip(unlike[::2], unlike[1::2], strict=True):
        assert {type(answer) for answer in pair} == {Saved, errors.SequenceReused}
    for replica in replicas:
        await replica.close()
    await other.close()


async def test_when_the_database_dies_nothing_that_was_acknowledged_is_lost(crashable_postgres: PostgresServer) -> None:
    """P1. What was acknowledged before SIGKILL is there afterwards; the rest was told to come again, and can."""
    url = crashable_postgres.fresh_database()
    await migrate(url)
    store = store_at(url)
    await A.settle(store)
    journal = Journal(store)
    acknowledged: set[int] = set()
    enough = asyncio.Event()

    async def write(start: int) -> BaseException | None:
        for seq in range(start, start + 10_000):
            try:
                await journal.append(A.save(seq))
            except errors.Unavailable as refusal:
                return refusal
            acknowledged.add(seq)
            if len(acknowledged) >= 300:
                enough.set()
        return None

    writers = [asyncio.create_task(write(n * 10_000)) for n in range(20)]
    await asyncio.wait_for(enough.wait(), 30)
    await asyncio.to_thread(crashable_postgres.crash)
    for refusal in await asyncio.gather(*writers):
        assert isinstance(refusal, errors.Unavailable)
        assert refusal.retry_at == T + timedelta(seconds=3)
    await asyncio.to_thread(crashable_postgres.restart)
    stored = {saved.seq for saved in await A.saves(store)}
    assert acknowledged <= stored
    assert isinstance(await journal.append(A.save(10_000_000)), Saved)
    await journal.close()
    await store.close()
