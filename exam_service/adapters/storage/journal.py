"""The journal's writer: saves of many candidates become durable together (group commit).

One task per process takes everything that waits and writes it in one transaction, while the next saves gather. Whether
a save counts is decided by `core.exams.attempt.admit` from facts that are read under the attempt's lock: a submit that
runs at the same moment either waits and then reads the save, or was first, and then the save is refused.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from exam_service.adapters.storage import journal_sql
from exam_service.adapters.storage.engine import Database
from exam_service.adapters.storage.journal_sql import Key, Stored
from exam_service.adapters.storage.refusals import RETRY_AFTER, passes_by_itself
from exam_service.core import errors
from exam_service.core.exams.attempt import admit
from exam_service.core.exams.journal import Save, Saved

QUEUE_SAVES = 10_000
BATCH_SAVES = 256
BATCH_BYTES = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    save: Save
    answer: asyncio.Future[Saved]

    def settle(self, outcome: Saved | Exception) -> None:
        """Answer whoever waits. A save of someone who has gone is written all the same; sent again, it is known."""
        if self.answer.done():
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class GroupCommitJournal:
    """The Journal port on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(QUEUE_SAVES)
        self._writer: asyncio.Task[None] | None = None
        self._closed = False

    async def append(self, save: Save) -> Saved:
        """Durable when it returns. The same save again returns the same facts, also after the attempt has ended.

        Raises NotFound, SequenceReused, what `admit` raises, and Unavailable: the database is away, or too many wait.
        """
        if self._closed or self._queue.full():
            raise _unavailable(save)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._run(), name="journal")
        waiting = _Waiting(save, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.answer

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._closed = True
        if self._writer is not None and not self._writer.done():
            await self._queue.put(None)
            await self._writer

    async def _run(self) -> None:
        batch: list[_Waiting] = []
        try:
            while batch := await self._next():
                await self._settle(batch)
        finally:
            # Only when the task was cancelled is anything left, and then nobody must wait for ever.
            while not self._queue.empty():
                batch += [left for left in (self._queue.get_nowait(),) if left is not None]
            for waiting in batch:
                waiting.settle(_unavailable(waiting.save))

    async def _next(self) -> list[_Waiting]:
        """What waits, at least one; empty when the journal was closed and everything is written."""
        first = await self._queue.get()
        if first is None:
            return []
        batch, size = [first], len(first.save.body)
        while not self._queue.empty() and len(batch) < BATCH_SAVES and size < BATCH_BYTES:
            more = self._queue.get_nowait()
            if more is None:
                # The end comes after what was taken now.
                self._queue.put_nowait(None)
                break
            batch.append(more)
            size += len(more.save.body)
        return batch

    async def _settle(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await self._write([waiting.save for waiting in batch])
        except Exception as error:  # noqa: BLE001 - whatever went wrong, each who waits must hear of it.
            if len(batch) > 1 and not passes_by_itself(error):
                # One save that the database cannot take must not cost the others theirs.
                for waiting in batch:
                    await self._settle([waiting])
                return
            for waiting in batch:
                told = _unavailable(waiting.save) if passes_by_itself(error) else error
                told.__cause__ = error if told is not error else error.__cause__
                waiting.settle(told)
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.settle(outcome)

    async def _write(self, saves: Sequence[Save]) -> list[Saved | Exception]:
        """Write the saves that count, in one transaction, and say for each what became of it."""
        async with self._database.write(journal=True) as connection:
            return await write_batch(connection, saves)


async def write_batch(connection: AsyncConnection, saves: Sequence[Save]) -> list[Saved | Exception]:
    """For each save its facts or its refusal; they are true once the transaction is committed."""
    attempts = await journal_sql.lock_attempts(connection, sorted({save.attempt for save in saves}))
    refused: dict[int, Exception] = {}
    for number, save in enumerate(saves):
        found = attempts.get(save.attempt)
        if found is None or (found.org, found.enrolment) != (save.org, save.enrolment):
            refused[number] = errors.NotFound(what="attempt", id=save.attempt)

    keys = [(save.attempt, save.epoch, save.seq) for save in saves]
    stored = await journal_sql.find(connection, {key for n, key in enumerate(keys) if n not in refused})
    fresh: dict[Key, Stored] = {}
    for number, save in enumerate(saves):
        if number in refused or keys[number] in stored or keys[number] in fresh:
            continue
        try:
            admitted = admit(attempts[save.attempt].writable, save.epoch, save.received_at)
        except errors.Refusal as refusal:
            refused[number] = refusal
            continue
        fresh[keys[number]] = Stored(
            attempt=save.attempt,
            epoch=save.epoch,
            seq=save.seq,
            org=save.org,
            digest=save.digest,
            body=save.body,
            received_at=save.received_at,
            seconds_left=admitted.seconds_left,
            in_grace=admitted.in_grace,
        )

    written = await journal_sql.insert(connection, [fresh[key] for key in sorted(fresh)])
    stored |= {key: fresh[key] for key in written}
    if len(written) < len(fresh):
        # The same save came over another replica at the same moment; what that one wrote is what counts.
        stored |= await journal_sql.find(connection, fresh.keys() - written)
    return [
        refused[number] if number in refused else _outcome(save, stored[keys[number]], attempts[save.attempt])
        for number, save in enumerate(saves)
    ]


def _outcome(save: Save, stored: Stored, found: journal_sql.Found) -> Saved | Exception:
    if stored.digest != save.digest:
        return errors.SequenceReused(seq=save.seq)
    return Saved(
        attempt=stored.attempt,
        epoch=stored.epoch,
        seq=stored.seq,
        digest=stored.digest,
        received_at=stored.received_at,
        seconds_left=stored.seconds_left,
        in_grace=stored.in_grace,
        deadline=found.writable.deadline,
    )


def _unavailable(save: Save) -> errors.Unavailable:
    return errors.Unavailable(retry_at=save.received_at + RETRY_AFTER)
