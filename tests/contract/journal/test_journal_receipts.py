"""The receipts of the journal: stored in parts, once for a group, and given again byte for byte (P3)."""

import asyncio

import msgspec
import pytest
import sqlalchemy as sa

from exam_service.adapters.storage import SqlStore, journal_postgresql, journal_sqlite
from tests.support.stored import House, Journal

A = House("a")


async def rows(store: SqlStore, table: str) -> int:
    async with store.database.read() as connection:
        return int((await connection.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def change(store: SqlStore, statement: str) -> None:
    async with store.database.write() as connection:
        await connection.execute(sa.text(statement))


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
    assert await A.saves(store) == first
    assert await rows(store, "receipt_group") == len(groups), "what writes no save leaves nothing behind"


async def test_a_save_between_two_that_are_there_already_has_its_receipt(store: SqlStore, journal: Journal) -> None:
    first = [await journal.append(A.save(seq)) for seq in (1, 3)]
    again = await asyncio.gather(*(journal.append(A.save(seq)) for seq in (1, 2, 3)))
    assert [again[0], again[2]] == first
    assert await A.saves(store) == again
    assert str(again[1].receipt).split("~")[2] == "0", "nothing but what was written is signed"


async def test_nothing_is_signed_that_is_not_written(store: SqlStore, journal: Journal) -> None:
    """One signature vouches for a whole group: a leaf without its row would be a receipt for what was refused."""
    await journal.append(A.save(1))
    for seq in range(2, 12):
        mixed = [A.save(seq), A.save(1), A.save(seq + 100), A.save(1, body=b'{"i1":"c2"}'), A.save(seq - 1, epoch=9)]
        await asyncio.gather(*(journal.append(save) for save in mixed), return_exceptions=True)
    async with store.database.read() as connection:
        query = "SELECT leaves, (SELECT count(*) FROM journal WHERE receipt_group = id) FROM receipt_group"
        groups = (await connection.execute(sa.text(query))).all()
    assert sum(count for _, count in groups) == len(await A.saves(store)) == 21
    assert [(len(leaves) // 32, count) for leaves, count in groups] == [(count, count) for _, count in groups]


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
    assert [saved.receipt is None for saved in await A.saves(store)] == [False, True]


async def test_a_number_that_another_process_gave_its_group_is_no_harm(
    store: SqlStore, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter([5, 5, 6, 6, 7, 8])
    for module in (journal_postgresql, journal_sqlite):
        monkeypatch.setattr(module, "new_group_id", lambda _: next(numbers))
    first = [await journal.append(A.save(seq)) for seq in (1, 2, 3)]
    assert await A.saves(store) == first
    assert await rows(store, "receipt_group") == 3
