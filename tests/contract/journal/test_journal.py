"""The Journal port over SQLite and PostgreSQL: what is acknowledged is durable, once, and was decided under a lock."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore
from exam_service.core import errors
from exam_service.core.certificates.jws import b64
from exam_service.core.certificates.receipt import parse
from exam_service.core.exams.attempt import State
from exam_service.core.exams.journal import Saved
from exam_service.core.exams.scoring import latest
from tests.support.stored import PAPER, House, Journal, T, attest

A, B = House("a"), House("b")


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
    assert await A.saves(store) == [saved]
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
        await A.put(store, **changed)
        again = await journal.append(later)
        assert again == msgspec.structs.replace(first, deadline=changed.get("deadline", first.deadline))
    assert len(await A.saves(store)) == 1


async def test_the_same_number_with_other_responses_is_refused(store: SqlStore, journal: Journal) -> None:
    await journal.append(A.save())
    with pytest.raises(errors.SequenceReused):
        await journal.append(A.save(body=b"{}"))
    await A.put(store, state=State.graded)
    with pytest.raises(errors.SequenceReused):
        await journal.append(A.save(body=b"{}"))
    assert len(await A.saves(store)) == 1


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
    assert len(await A.saves(store)) == 1


async def test_what_the_rule_refuses_is_refused_and_not_written(store: SqlStore, journal: Journal) -> None:
    closes = A.attempt().closes_at
    with pytest.raises(errors.DeadlinePassed):
        await journal.append(A.save(received_at=closes))
    with pytest.raises(errors.MovedToOtherDevice):
        await journal.append(A.save(epoch=2))
    in_grace = await journal.append(A.save(received_at=closes - timedelta(microseconds=1)))
    assert (in_grace.in_grace, in_grace.seconds_left) == (True, 0)
    for state, refusal in ((State.submitted, errors.AttemptEnded), (State.voided, errors.AttemptVoided)):
        await A.put(store, state=state)
        with pytest.raises(refusal):
            await journal.append(A.save(5))
    assert len(await A.saves(store)) == 1


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
    assert [saved.seq for saved in await A.saves(store, 2)] == list(range(40))


async def test_of_attempts_that_are_known_the_database_is_asked_only_whether_it_still_holds(
    store: SqlStore, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await journal.append(A.save(1))
    with monkeypatch.context() as patched:
        patched.setattr(journal.writer, "_transaction", None)
        told = await journal.writer.write([A.save(seq) for seq in range(2, 202)], attest)
    assert [type(one) for one in told] == [Saved] * 200
    # All or nothing: with the last of them it is decided anew.
    told += await journal.writer.write([*(A.save(seq) for seq in range(202, 402)), A.save(2, body=b"{}")], attest)
    assert [type(one) for one in told] == [Saved] * 400 + [errors.SequenceReused]
    assert [*map(msgspec.structs.asdict, await A.saves(store))] == [
        msgspec.structs.asdict(one) for one in (first, *told[:-1]) if isinstance(one, Saved)
    ]


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
    assert len(await A.saves(store)) == 20


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
    assert len(await A.saves(store)) == 1000
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
    await A.put(store, epoch=2)
    await journal.append(A.save(1, epoch=2, body=b'{"i1":"new"}'))
    async with store.read(A.org) as tx:
        entries = await tx.results.journal(A.id("att"))
    assert [(entry.epoch, entry.seq) for entry in entries] == [(1, 1), (1, 2), (2, 1)]
    assert latest(entries) == {"i1": "new", "i2": "kept"}
