"""The Journal port over SQLite and PostgreSQL: what is acknowledged is durable, once, and was decided under a lock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, journal_postgresql, journal_sqlite, migrate
from exam_service.core import errors
from exam_service.core.certificates.jws import b64
from exam_service.core.certificates.receipt import parse
from exam_service.core.exams.attempt import State
from exam_service.core.exams.journal import Save, Saved
from exam_service.core.exams.scoring import latest
from tests.support.postgres import PostgresServer
from tests.support.stored import PAPER, House, Journal, T, store_at, told

A, B = House("a"), House("b")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    store = store_at(database_url)
    await A.settle(store)
    yield store
    await store.close()


@pytest.fixture
async def journal(store: SqlStore) -> AsyncIterator[Journal]:
    journal = Journal(store)
    yield journal
    await journal.close()


async def put(store: SqlStore, **changed: Any) -> None:
    async with store.begin(A.org) as tx:
        await tx.attempts.put(A.attempt(**changed))


async def saves(store: SqlStore, n: int = 1) -> list[Saved]:
    async with store.read(A.org) as tx:
        return [told(saved) for saved in await tx.results.saves(A.id("att", n))]


async def rows(store: SqlStore, table: str) -> int:
    async with store.database.read() as connection:
        return int((await connection.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def change(store: SqlStore, statement: str) -> None:
    async with store.database.write() as connection:
        await connection.execute(sa.text(statement))


async def test_a_save_is_there_with_its_facts_when_append_returns(store: SqlStore, journal: Journal) -> None:
    save = A.save()
    saved = await journal.append(save)
    assert saved == Saved(
        attempt=save.attempt,
        epoch=1,
        seq=1,
        digest=save.digest,
        received_at=save.received_at,
        seconds_left=59 * 60,
        in_grace=False,
        deadline=A.attempt().deadline,
        receipt=saved.receipt,
    )
    assert saved.receipt is not None
    assert parse(saved.receipt)[0].digest == b64(save.digest)
    assert await saves(store) == [saved]
    async with store.read(A.org) as tx:
        (entry,) = await tx.results.journal(A.id("att"))
    assert (entry.epoch, entry.seq, entry.responses) == (1, 1, {"i1": "c1"})


async def test_the_bytes_are_kept_as_they_were_sent(store: SqlStore, journal: Journal) -> None:
    body = '{ "i1" :"คำตอบ\\u0e01", "i2": null, "i3": [1.50, "c2"] }'.encode()
    await journal.append(A.save(body=body))
    async with store.database.read() as connection:
        assert await connection.scalar(sa.text("SELECT body FROM journal")) == body


async def test_the_same_save_again_gets_the_same_facts_also_after_the_end(store: SqlStore, journal: Journal) -> None:
    first = await journal.append(A.save())
    later = A.save(received_at=T + timedelta(minutes=20))
    assert await journal.append(later) == first
    moved = T + timedelta(hours=2)
    for changed in ({"state": State.graded}, {"state": State.voided}, {"epoch": 2}, {"deadline": moved}):
        await put(store, **changed)
        again = await journal.append(later)
        assert again == msgspec.structs.replace(first, deadline=changed.get("deadline", first.deadline))
    assert len(await saves(store)) == 1


async def test_receipts_of_a_group_are_stored_once_and_given_again_byte_for_byte(
    store: SqlStore, journal: Journal
) -> None:
    sent = [A.save(seq) for seq in range(40)]
    first = await asyncio.gather(*(journal.append(save) for save in sent))
    groups = {str(saved.receipt).split("~")[0] for saved in first}
    assert len(groups) < 5, "they were written together"
    assert await rows(store, "receipt_group") == len(groups)
    assert await asyncio.gather(*(journal.append(save) for save in sent)) == first
    assert await asyncio.gather(*(journal.append(save) for save in reversed(sent))) == first[::-1]
    assert await saves(store) == first
    assert await rows(store, "receipt_group") == len(groups), "what writes no save leaves nothing behind"


async def test_a_save_between_two_that_are_there_already_has_its_receipt(store: SqlStore, journal: Journal) -> None:
    first = [await journal.append(A.save(seq)) for seq in (1, 3)]
    again = await asyncio.gather(*(journal.append(A.save(seq)) for seq in (1, 2, 3)))
    assert [again[0], again[2]] == first
    assert await saves(store) == again
    assert str(again[1].receipt).split("~")[2] == "1", "its place is the one it had in the group that was signed"


async def test_a_receipt_that_older_processes_stored_whole_is_given_as_it_is(store: SqlStore, journal: Journal) -> None:
    first = await journal.append(A.save())
    await change(store, f"UPDATE journal SET receipt = '{first.receipt}', receipt_group = NULL, receipt_place = NULL")
    assert await journal.append(A.save()) == first
    await change(store, "UPDATE journal SET receipt = NULL")
    assert await journal.append(A.save()) == msgspec.structs.replace(first, receipt=None), "to be signed, alone"


@pytest.mark.parametrize(
    "changed", ["seconds_left = 7", "receipt_place = 0", "receipt_place = 99", "receipt_group = 5"]
)
async def test_no_receipt_is_made_from_parts_that_do_not_fit(store: SqlStore, journal: Journal, changed: str) -> None:
    _, second = await asyncio.gather(journal.append(A.save(1)), journal.append(A.save(2)))
    assert second.receipt is not None
    await change(store, f"UPDATE journal SET {changed} WHERE seq = 2")
    assert (await journal.append(A.save(2))).receipt is None
    assert [saved.receipt is None for saved in await saves(store)] == [False, True]


async def test_a_number_that_another_process_gave_its_group_is_no_harm(
    store: SqlStore, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter([5, 5, 6, 6, 7, 8])
    for module in (journal_postgresql, journal_sqlite):
        monkeypatch.setattr(module, "new_group_id", lambda _: next(numbers))
    first = [await journal.append(A.save(seq)) for seq in (1, 2, 3)]
    assert await saves(store) == first
    assert await rows(store, "receipt_group") == 3


async def test_the_same_number_with_other_responses_is_refused(store: SqlStore, journal: Journal) -> None:
    await journal.append(A.save())
    with pytest.raises(errors.SequenceReused):
        await journal.append(A.save(body=b"{}"))
    await put(store, state=State.graded)
    with pytest.raises(errors.SequenceReused):
        await journal.append(A.save(body=b"{}"))
    assert len(await saves(store)) == 1


@pytest.mark.parametrize(
    "other",
    [{"attempt": "att_none"}, {"org": "org_b"}, {"enrolment": "enr_other"}, {"org": ""}, {"attempt": "'; --"}],
    ids=repr,
)
async def test_whose_attempt_it_is_not_finds_none(store: SqlStore, journal: Journal, other: dict[str, Any]) -> None:
    await journal.append(A.save())
    for seq in (1, 2):
        with pytest.raises(errors.NotFound):
            await journal.append(A.save(seq, **other))
    assert len(await saves(store)) == 1


async def test_what_the_rule_refuses_is_refused_and_not_written(store: SqlStore, journal: Journal) -> None:
    closes = A.attempt().closes_at
    with pytest.raises(errors.DeadlinePassed):
        await journal.append(A.save(received_at=closes))
    with pytest.raises(errors.MovedToOtherDevice):
        await journal.append(A.save(epoch=2))
    in_grace = await journal.append(A.save(received_at=closes - timedelta(microseconds=1)))
    assert (in_grace.in_grace, in_grace.seconds_left) == (True, 0)
    for state, refusal in ((State.submitted, errors.AttemptEnded), (State.voided, errors.AttemptVoided)):
        await put(store, state=state)
        with pytest.raises(refusal):
            await journal.append(A.save(5))
    assert len(await saves(store)) == 1


async def test_many_at_once_each_get_their_own_answer(store: SqlStore, journal: Journal) -> None:
    async with store.begin(A.org) as tx:
        for n in range(2, 21):
            await tx.attempts.add(A.attempt(n, state=State.submitted if n == 20 else State.in_progress), PAPER)
    sent = [A.save(seq, n) for n in range(1, 21) for seq in range(40)]
    sent += [A.save(seq, 1) for seq in range(40)]  # sent twice
    sent += [A.save(seq, 2, body=b"{}") for seq in range(40)]  # used again for something else
    sent += [A.save(seq, 3, org="org_b") for seq in range(40)]
    answers = await asyncio.gather(*(journal.append(save) for save in sent), return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert kinds[: 19 * 40] == [Saved] * 19 * 40
    assert kinds[19 * 40 :] == [
        *[errors.AttemptEnded] * 40,
        *[Saved] * 40,
        *[errors.SequenceReused] * 40,
        *[errors.NotFound] * 40,
    ]
    assert answers[:40] == answers[800:840]
    for save, answer in zip(sent[: 19 * 40], answers, strict=False):
        assert isinstance(answer, Saved)
        assert (answer.attempt, answer.seq, answer.digest) == (save.attempt, save.seq, save.digest)
    assert [saved.seq for saved in await saves(store, 2)] == list(range(40))


async def test_a_number_used_twice_in_one_batch_has_one_winner(store: SqlStore, journal: Journal) -> None:
    answers = await asyncio.gather(
        journal.append(A.save(body=b'{"i1":"c1"}')), journal.append(A.save(body=b'{"i1":"c2"}')), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [Saved, errors.SequenceReused]


async def test_a_caller_that_goes_away_breaks_nobody(store: SqlStore, journal: Journal) -> None:
    tasks = [asyncio.create_task(journal.append(A.save(seq))) for seq in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, Saved) for answer in answers] == [seq % 2 == 1 for seq in range(20)]
    # What was in the queue is written all the same, and the same save again is told so.
    assert isinstance(await journal.append(A.save(0)), Saved)
    assert len(await saves(store)) == 20


async def test_a_save_that_the_database_cannot_take_costs_the_others_nothing(store: SqlStore, journal: Journal) -> None:
    sent = [A.save(1), A.save(2**63), A.save(3), A.save(4, received_at=T.replace(tzinfo=None))]
    answers = await asyncio.gather(*(journal.append(save) for save in sent), return_exceptions=True)
    assert [isinstance(answer, Saved) for answer in answers] == [True, False, True, False]
    assert isinstance(answers[1], errors.Invalid), "coming again would not cure it"


async def test_closing_writes_what_waits_and_then_takes_nothing_more(store: SqlStore) -> None:
    journal = Journal(store)
    tasks = [asyncio.create_task(journal.append(A.save(seq))) for seq in range(1000)]
    await asyncio.sleep(0)
    await journal.close()
    assert all(isinstance(answer, Saved) for answer in await asyncio.gather(*tasks))
    assert len(await saves(store)) == 1000
    with pytest.raises(errors.Unavailable) as caught:
        await journal.append(A.save(5000))
    assert caught.value.retry_at is not None
    await journal.close()


async def test_when_too_many_wait_the_next_is_told_to_come_again(store: SqlStore) -> None:
    journal = Journal(store, most_waiting=10)
    answers = await asyncio.gather(*(journal.append(A.save(seq)) for seq in range(50)), return_exceptions=True)
    kinds = [type(answer) for answer in answers]
    assert kinds[:10] == [Saved] * 10
    assert set(kinds[10:]) <= {Saved, errors.Unavailable}
    assert errors.Unavailable in kinds
    await journal.close()


async def test_the_journal_is_ordered_by_device_session_and_number(store: SqlStore, journal: Journal) -> None:
    await journal.append(A.save(2, body=b'{"i1":"old"}'))
    await journal.append(A.save(1, body=b'{"i1":"older","i2":"kept"}'))
    await put(store, epoch=2)
    await journal.append(A.save(1, epoch=2, body=b'{"i1":"new"}'))
    async with store.read(A.org) as tx:
        entries = await tx.results.journal(A.id("att"))
    assert [(entry.epoch, entry.seq) for entry in entries] == [(1, 1), (1, 2), (2, 1)]
    assert latest(entries) == {"i1": "new", "i2": "kept"}


# Races


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
        assert {saved.seq for saved in await saves(store, n)} == graded

    for first in range(2, rounds + 2, 15):
        await asyncio.gather(*(race(n) for n in range(first, first + 15)))
    assert refused_in_all > rounds / 4, "the races were races"
    for replica in replicas:
        await replica.close()
    await other.close()


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
    stored = {saved.seq for saved in await saves(store)}
    assert acknowledged <= stored
    assert isinstance(await journal.append(A.save(10_000_000)), Saved)
    await journal.close()
    await store.close()
