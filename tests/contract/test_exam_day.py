"""The repositories of an exam day, over SQLite and PostgreSQL: what is running, late saves, messages, the trail."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, SqlTx
from exam_service.adapters.storage.tables import METADATA
from exam_service.core import errors
from exam_service.core.exams.attempt import GiveTime, State, step
from exam_service.core.exams.late import Anchor, LateCounts
from exam_service.core.records import AuditEvent, LateSave, StaffMessage
from exam_service.core.text import Text
from tests.support.stored import PAPER, House, Journal, T, store_at

A, B = House("a"), House("b")
MINUTE = timedelta(minutes=1)
EVIDENCE = b'{"answered_ago_ms":1,"monotonic":true,"after_receipt":1,"contact_ago_ms":1,"queued":3}'
BODY = b'{"i1":"c2"}'
CLOSES = T + timedelta(hours=1, seconds=30)


def late(house: House, seq: int = 5, n: int = 1, **more: Any) -> LateSave:
    return msgspec.structs.replace(
        LateSave(
            attempt=house.id("att", n), epoch=1, seq=seq, digest=hashlib.sha256(BODY).digest(), body=BODY,
            received_at=T + timedelta(hours=2), evidence=EVIDENCE, receipt="signed", reason="policy-holds",
        ),
        **more,
    )  # fmt: skip


def message(house: House, n: int = 1, **more: Any) -> StaffMessage:
    return msgspec.structs.replace(
        StaffMessage(
            id=house.id("msg", n), course="cm", exam="post", text=Text(th="เหลือ 10 นาที", en="10 minutes"),
            sent_at=T + n * MINUTE, sent_by=house.id("key"),
        ),
        **more,
    )  # fmt: skip


def event(house: House, n: int, **more: Any) -> AuditEvent:
    return msgspec.structs.replace(house.event(n), **more)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """Two organisations, each with one of everything and an exam day."""
    made = store_at(database_url)
    for house in (A, B):
        await house.settle(made)
        async with made.begin(house.org) as tx:
            await tx.late_saves.add(late(house))
            await tx.messages.add(message(house))
            await tx.log.audit(event(house, 7, subject="cm/post", action="exam.message"))
    yield made
    await made.close()


async def more_attempts(store: SqlStore, house: House, count: int) -> list[str]:
    """Other people's running attempts at the same exam."""
    async with store.begin(house.org) as tx:
        for n in range(2, count + 2):
            await tx.candidates.put(house.candidate(n))
            await tx.enrolments.put(house.enrolment(n))
            await tx.attempts.add(house.attempt(n, enrolment=house.id("enr", n), number=1), PAPER)
    return [house.id("att", n) for n in range(1, count + 2)]


# What is running


async def test_what_runs_is_listed_by_exam_and_only_until_it_closes(store: SqlStore) -> None:
    ids = await more_attempts(store, A, 3)
    async with store.begin(A.org) as tx:
        await tx.attempts.put(A.attempt(2, enrolment=A.id("enr", 2), number=1, state=State.graded))
        assert list(await tx.running.ids("cm", "post", T)) == [ids[0], *ids[2:]]
        assert list(await tx.running.ids("cm", "post", CLOSES - timedelta(microseconds=1))) == [ids[0], *ids[2:]]
        assert list(await tx.running.ids("cm", "post", CLOSES)) == []
        assert list(await tx.running.ids("cm", "pre", T)) == []
        assert list(await tx.running.ids("other", "post", T)) == []
        assert await tx.running.closes_at("cm", "post", T) == CLOSES
        assert await tx.running.closes_at("cm", "post", CLOSES) is None


async def test_time_for_many_in_one_statement(store: SqlStore) -> None:
    ids = await more_attempts(store, A, 30)
    async with store.begin(A.org) as tx:
        locked = await tx.running.lock(ids[1:])
        assert [one.id for one in locked] == sorted(ids[1:])
        moved = [step(one, GiveTime(600), T)[0] for one in locked]
        await tx.attempts.put_all(moved)
    async with store.begin(A.org) as tx:
        assert list(await tx.running.lock(ids[1:])) == moved
        assert await tx.attempts.get(ids[0]) == A.attempt()
    async with store.directory() as directory:
        due = await directory.due_attempts(CLOSES, 99)
    assert set(due) == {(A.org, ids[0]), (B.org, B.id("att"))}, "the others close later now"


async def test_one_more_piece_of_news_for_each_that_runs(store: SqlStore) -> None:
    await more_attempts(store, A, 4)
    async with store.begin(A.org) as tx:
        await tx.attempts.put(A.attempt(2, enrolment=A.id("enr", 2), number=1, state=State.voided))
        assert await tx.running.tell("cm", "post", T) == 4
        assert await tx.running.tell("cm", "post", T) == 4
        assert await tx.running.tell("cm", "post", CLOSES) == 0
    async with store.read(A.org) as tx:
        told = [(await tx.attempts.page("cm", None, 9))[n].news for n in range(5)]
    assert told == [2, 0, 2, 2, 2]


async def test_saves_go_on_while_time_is_given_to_everybody(postgresql_url: str) -> None:
    """A lock of thousands must not stop the hot path; on SQLite there is one writer anyway."""
    made = store_at(postgresql_url)
    await A.settle(made)
    journal = Journal(made)
    async with made.begin(A.org) as tx:
        (attempt,) = await tx.running.lock([A.id("att")])
        await tx.attempts.put_all([step(attempt, GiveTime(600), T)[0]])
        saved = await asyncio.wait_for(journal.append(A.save()), 5)
    assert saved.deadline == attempt.deadline, "what was not committed is not told"
    assert (await journal.append(A.save(2))).deadline == attempt.deadline + 10 * MINUTE
    await journal.close()
    await made.close()


# Late saves


async def test_a_late_save_is_kept_and_decided(store: SqlStore) -> None:
    decided = late(A, decision="accepted", decided_at=T, decided_by="key_1", reason="policy-holds: ok")
    async with store.begin(A.org) as tx:
        assert await tx.late_saves.get((A.id("att"), 1, 5)) == late(A)
        assert await tx.late_saves.get((A.id("att"), 2, 5)) is None
        assert list(await tx.late_saves.of(A.id("att"))) == [late(A)]
        with pytest.raises(errors.AlreadyExists):
            await tx.late_saves.add(late(A, body=b"{}"))
        await tx.late_saves.put(decided)
        assert await tx.late_saves.get((A.id("att"), 1, 5)) == decided
        with pytest.raises(errors.NotFound):
            await tx.late_saves.put(late(A, seq=6))


async def test_late_saves_are_counted_and_listed_page_by_page(store: SqlStore) -> None:
    await more_attempts(store, A, 1)
    rest = [
        late(A, 6, decision="accepted"), late(A, 7, decision="refused"), late(A, 8),
        late(A, 3, n=2, decision="refused"), late(A, 1, n=2, epoch=2),
    ]  # fmt: skip
    async with store.begin(A.org) as tx:
        for one in rest:
            await tx.late_saves.add(one)
    everything = [late(A), *rest]
    async with store.read(A.org) as tx:
        assert await tx.late_saves.count([A.id("att"), A.id("att", 2), "att_none"]) == {
            A.id("att"): LateCounts(held=2, accepted=1, refused=1),
            A.id("att", 2): LateCounts(held=1, accepted=0, refused=1),
        }
        assert await tx.late_saves.count([]) == {}
        found: list[LateSave] = []
        while True:
            last = found[-1] if found else None
            after = None if last is None else (last.attempt, last.epoch, last.seq)
            page = await tx.late_saves.at("cm", "post", undecided=False, after=after, limit=2)
            found += page
            if len(page) < 2:
                break
        assert found == everything
        undecided = await tx.late_saves.at("cm", "post", undecided=True, after=None, limit=9)
        assert [(one.seq, one.epoch) for one in undecided] == [(5, 1), (8, 1), (1, 2)]
        assert list(await tx.late_saves.at("cm", "pre", undecided=False, after=None, limit=9)) == []


async def test_a_device_session_is_anchored_on_its_own_receipts(store: SqlStore) -> None:
    journal = Journal(store)
    await journal.append(A.save(1))
    await journal.append(A.save(2, received_at=T + 7 * MINUTE))
    await journal.close()
    async with store.read(A.org) as tx:
        arrived = late(A).received_at

        async def anchor(receipt: int, epoch: int = 1, seq: int = 9, deadline: datetime = T + 60 * MINUTE) -> Anchor:
            return await tx.late_saves.anchor((A.id("att"), epoch, seq), receipt, deadline)

        again = Anchor(receipt_at=None, contact_at=arrived, again_at=arrived, last_waiting=5 + 3 - 1)
        assert await anchor(1) == msgspec.structs.replace(again, receipt_at=T + MINUTE)
        assert await anchor(5) == msgspec.structs.replace(again, receipt_at=arrived)
        assert await anchor(3) == again
        assert await anchor(3, seq=5) == msgspec.structs.replace(again, last_waiting=None), "only those before it"
        assert await anchor(3, deadline=arrived + MINUTE) == Anchor(receipt_at=None, contact_at=arrived)
        assert await anchor(1, epoch=2) == Anchor(receipt_at=None, contact_at=None)


async def test_what_is_accepted_stands_in_the_journal_once(store: SqlStore) -> None:
    journal = Journal(store)
    async with store.begin(A.org) as tx:
        await tx.late_saves.enter(late(A), late=True)
        with pytest.raises(errors.AlreadyExists):
            await tx.late_saves.enter(late(A, body=b"{}"), late=True)
        (entry,) = await tx.results.journal(A.id("att"))
        assert entry.responses == {"i1": "c2"}
        (saved,) = await tx.results.saves(A.id("att"))
    assert (saved.late, saved.receipt, saved.seconds_left, saved.in_grace) == (True, "signed", 0, False)
    again = await journal.append(A.save(5, body=BODY, received_at=T + timedelta(hours=3)))
    await journal.close()
    assert (again.late, again.receipt) == (True, "signed")


# Messages and the trail


async def test_messages_are_for_whom_they_were_sent_to(store: SqlStore) -> None:
    await more_attempts(store, A, 1)
    mine, theirs = message(A, 2, attempt=A.id("att")), message(A, 3, attempt=A.id("att", 2))
    before = message(A, 4, sent_at=T - MINUTE)
    other = message(A, 5, exam="pre")
    async with store.begin(A.org) as tx:
        for one in (mine, theirs, before, other):
            await tx.messages.add(one)
        assert await tx.messages.to([A.id("att")]) == {A.id("att"): [message(A), mine]}
        assert await tx.messages.to([A.id("att", 2), A.id("att")]) == {
            A.id("att"): [message(A), mine],
            A.id("att", 2): [message(A), theirs],
        }
        ended = A.attempt(state=State.graded, ended_at=T + timedelta(seconds=59))
        await tx.attempts.put(ended)
        assert await tx.messages.to([A.id("att")]) == {A.id("att"): [mine]}, "to everybody who was taking the exam then"
        assert list(await tx.messages.at("cm", "post", None, 2)) == [message(A), mine]
        assert list(await tx.messages.at("cm", "post", mine.id, 9)) == [theirs, before]
        assert await tx.messages.to(["att_none"]) == {}


async def test_the_trail_of_an_exam_has_its_attempts_in_it(store: SqlStore) -> None:
    events = [event(A, n, subject=A.id("att"), action=f"attempt.{n}") for n in (2, 3)]
    async with store.begin(A.org) as tx:
        await tx.log.audit_all(events)
        await tx.log.audit_all([])
        await tx.log.audit(event(A, 4, subject=A.id("enr")))
        found = await tx.log.audited_at("cm", "post", "attempt.3", None, 9)
        assert [one.action for one in found] == ["attempt.2", "exam.message"]
        assert [one.action for one in await tx.log.audited_at("cm", "post", "-", found[0].id, 1)] == ["attempt.3"]
        assert list(await tx.log.audited_at("cm", "pre", "-", None, 9)) == []
        assert list(await tx.log.audited(A.id("att"))) == events


async def test_how_much_waits_for_staff_and_how_much_was_done(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        assert (await tx.live.undecided("cm", "post"), await tx.live.undecided("cm", "pre")) == (1, 0)
        await tx.late_saves.put(late(A, decision="refused"))
        assert await tx.live.undecided("cm", "post") == 0
        before = await tx.live.deeds("cm", "post", "-")
        events = [event(A, n, subject=A.id("att"), action=f"attempt.{n}") for n in (2, 3)]
        await tx.log.audit_all([*events, event(A, 4, subject=A.id("enr"))])
        assert await tx.live.deeds("cm", "post", "-") == before + 2
        assert await tx.live.deeds("cm", "post", "attempt.3") == before + 1
        assert await tx.live.deeds("cm", "pre", "-") == 0


# No organisation reaches another's (P13)

READS: dict[str, Callable[[SqlTx], Awaitable[object]]] = {
    "running.lock": lambda tx: tx.running.lock([B.id("att")]),
    "late_saves.get": lambda tx: tx.late_saves.get((B.id("att"), 1, 5)),
    "late_saves.of": lambda tx: tx.late_saves.of(B.id("att")),
    "late_saves.count": lambda tx: tx.late_saves.count([B.id("att")]),
    "messages.to": lambda tx: tx.messages.to([B.id("att")]),
}
WRITES: dict[str, Callable[[SqlTx], Awaitable[object]]] = {
    "late_saves.add": lambda tx: tx.late_saves.add(late(B, 9)),
    "late_saves.put": lambda tx: tx.late_saves.put(late(B, decision="accepted")),
    "messages.add": lambda tx: tx.messages.add(message(A, 9, course="only-b")),
}


async def test_no_id_of_another_organisation_finds_anything(store: SqlStore) -> None:
    async with store.begin(A.org) as tx:
        for name, read in READS.items():
            assert not await read(tx), name
        assert await tx.late_saves.anchor((B.id("att"), 1, 9), 5, T) == Anchor(receipt_at=None, contact_at=None)
        assert list(await tx.running.ids("cm", "post", T)) == [A.id("att")]
        assert list(await tx.messages.at("cm", "post", None, 9)) == [message(A)]
        assert list(await tx.late_saves.at("cm", "post", undecided=False, after=None, limit=9)) == [late(A)]
        assert [one.id for one in await tx.log.audited_at("cm", "post", "-", None, 9)] == [A.id("evt", 7)]
    async with store.begin(B.org) as tx:
        for name, read in READS.items():
            assert await read(tx), f"{name} finds something in its own organisation"


async def test_no_write_reaches_another_organisation(store: SqlStore) -> None:
    async def rows() -> dict[str, list[str]]:
        async with store.database.read() as connection:
            tables = METADATA.tables.items()
            return {
                name: sorted(str(row) for row in await connection.execute(sa.select(table).where(table.c.org == B.org)))
                for name, table in tables
                if "org" in table.c
            }

    async with store.begin(B.org) as tx:
        await tx.courses.put(B.course("only-b"))
    before = await rows()

    async def as_a(write: Callable[[SqlTx], Awaitable[object]]) -> None:
        async with store.begin(A.org) as tx:
            await write(tx)

    for name, write in WRITES.items():
        outcome = (await asyncio.gather(as_a(write), return_exceptions=True))[0]
        assert isinstance(outcome, errors.NotFound | sa.exc.IntegrityError), name
    async with store.begin(A.org) as tx:
        assert await tx.running.tell("cm", "post", T) == 1
    assert await rows() == before
