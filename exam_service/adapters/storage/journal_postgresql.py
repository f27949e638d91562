"""The journal's writer on PostgreSQL: connections of its own, so that saves go on when everything else waits."""

import asyncio
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from exam_service.adapters.storage.engine import Database, NoConnection
from exam_service.adapters.storage.journal_groups import in_group, new_group_id
from exam_service.adapters.storage.journal_known import Ahead, Known
from exam_service.adapters.storage.refusals import Clock, connection_lost, said_clearly
from exam_service.core.exams.attempt import State, Writable
from exam_service.core.exams.journal import Attest, Attested, Group, Key, Owned, Repeated, Save, Saved

LANES = 1
"""A second lane makes the groups smaller (11 saves instead of 16 under 32 connections), and each group costs a
signature and a round trip."""
PATIENT = 4
"""So many may wait for the lock of an attempt that is being handed in, without holding up anyone else."""

# A submit's FOR UPDATE waits for this lock, and this one for it. Who would have to wait is left out, and waits alone.
_ATTEMPTS = (
    "SELECT id, org, enrolment, state, deadline, grace_seconds, epoch, news FROM attempt "
    "WHERE id = ANY($1::text[]) FOR KEY SHARE SKIP LOCKED"
)
_ATTEMPT = (
    "SELECT id, org, enrolment, state, deadline, grace_seconds, epoch, news FROM attempt "
    "WHERE id = ANY($1::text[]) FOR KEY SHARE"
)
_INSERT = (
    "WITH written AS ("
    "INSERT INTO journal (attempt, epoch, seq, org, digest, body, received_at, seconds_left, in_grace, "
    "receipt_place, receipt_group) "
    "SELECT *, $11::bigint FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::bytea[], "
    "$7::timestamptz[], $8::int[], $9::bool[], $10::int[]) ON CONFLICT DO NOTHING RETURNING 1"
    "), signed AS ("
    "INSERT INTO receipt_group (id, head, leaves) VALUES ($11, $12::text, $13::bytea)"
    ") SELECT count(*) FROM written"
)
# In one round trip, for attempts whose rows still say what they were known to say. READ COMMITTED looks at these
# conditions once more, on the newest version of the row, when the attempt was changed before it could be locked. Only
# who locks it with less than FOR UPDATE can change it unseen: running.py does, which gives time and news, and takes
# nothing away.
_STRAIGHT = (
    "WITH written AS ("
    "INSERT INTO journal (attempt, epoch, seq, org, digest, body, received_at, seconds_left, in_grace, "
    "receipt_place, receipt_group) "
    "SELECT s.attempt, s.epoch, s.seq, s.org, s.digest, s.body, s.received_at, s.seconds_left, s.in_grace, s.place, "
    "$11::bigint FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::bytea[], "
    "$7::timestamptz[], $8::int[], $9::bool[], $10::int[], $14::text[], $15::timestamptz[], $16::int[]) "
    "AS s (attempt, epoch, seq, org, digest, body, received_at, seconds_left, in_grace, place, "
    "enrolment, deadline, grace_seconds) "
    # Found by its id alone, whatever the plan (bulk.py): one that was made while the table was empty would also walk
    # through the index of those that run, which is everybody on the morning of an exam.
    "JOIN attempt a ON a.id = s.attempt AND a.org || '' = s.org AND a.enrolment || '' = s.enrolment "
    "AND a.epoch = s.epoch AND a.deadline = s.deadline "
    "AND a.grace_seconds = s.grace_seconds AND a.state || '' = 'in_progress' AND a.news = 0 "
    'ORDER BY s.attempt COLLATE "C", s.epoch, s.seq FOR KEY SHARE OF a SKIP LOCKED '
    "ON CONFLICT DO NOTHING RETURNING 1"
    "), signed AS ("
    "INSERT INTO receipt_group (id, head, leaves) VALUES ($11, $12::text, $13::bytea)"
    # All of the group or, by a division by zero, nothing.
    ") SELECT 1 / (count(*) = $17::int)::int FROM written"
)
_STORED = (
    "SELECT j.attempt, j.epoch, j.seq, j.digest, j.received_at, j.seconds_left, j.in_grace, j.late, j.receipt, "
    "g.head, g.leaves, j.receipt_place "
    "FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS k (attempt, epoch, seq) "
    "JOIN journal j ON (j.attempt, j.epoch, j.seq) = (k.attempt, k.epoch, k.seq) "
    "LEFT JOIN receipt_group g ON g.id = j.receipt_group"
)
_THERE = (
    "SELECT j.attempt, j.epoch, j.seq FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS k (attempt, epoch, seq) "
    "JOIN journal j ON (j.attempt, j.epoch, j.seq) = (k.attempt, k.epoch, k.seq) "
    "WHERE j.receipt_group IS DISTINCT FROM $4"
)
_LATE = (
    "SELECT l.attempt, l.epoch, l.seq FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS k (attempt, epoch, seq) "
    "JOIN late_save l ON (l.attempt, l.epoch, l.seq) = (k.attempt, k.epoch, k.seq)"
)

Connection = Any
"""One of the pool's, whose class the driver's types don't name well."""
Outcome = Saved | Exception | asyncio.Future[Saved]


class PostgresqlJournal:
    """The Journal port on PostgreSQL."""

    lanes = LANES

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()
        self._patient = asyncio.Semaphore(PATIENT)
        self._waiting: set[asyncio.Task[Saved]] = set()
        self._known = Known()

    async def write(self, saves: Sequence[Save], attest: Attest) -> list[Outcome]:
        """Write the saves that count, in one transaction or two, and say for each what became of it, or will."""
        with said_clearly(self._clock):
            outcomes = await self._straight(saves, attest)
            left = [number for number, outcome in enumerate(outcomes) if outcome is None]
            if left:
                again = await self._again([saves[number] for number in left], attest, _ATTEMPTS)
                for number, outcome in zip(left, again, strict=True):
                    outcomes[number] = outcome
        return [
            self._patiently(save, attest) if outcome is None else outcome
            for save, outcome in zip(saves, outcomes, strict=True)
        ]

    async def close(self) -> None:
        """Close the connections, when what waits for a lock has been written."""
        if self._waiting:
            await asyncio.gather(*self._waiting, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    def _patiently(self, save: Save, attest: Attest) -> asyncio.Future[Saved]:
        """What will become of a save whose attempt is locked, or does not exist."""
        task = asyncio.get_running_loop().create_task(self._alone(save, attest), name="save that waits for a lock")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return task

    async def _alone(self, save: Save, attest: Attest) -> Saved:
        async with self._patient:
            with said_clearly(self._clock):
                (outcome,) = await self._again([save], attest, _ATTEMPT)
        if isinstance(outcome, Saved):
            return outcome
        raise outcome or LookupError(f"attempt {save.attempt} was neither locked nor missing")

    async def _straight(self, saves: Sequence[Save], attest: Attest) -> list[Saved | Exception | None]:
        """Those that are written at once, because nothing has changed since their attempts were read."""
        ahead = Ahead(saves, self._known, attest)
        if ahead.attested is None:
            return ahead.told(written=False)
        group = ahead.group
        facts = _facts(group, ahead.known)
        values = (*_columns(group, ahead.attested, new_group_id(self._clock())), *facts, len(group.fresh))
        try:
            pool = self._pool or await self._open()
            async with pool.acquire() as connection:
                await connection.execute(_STRAIGHT, *values)
        except asyncpg.DivisionByZeroError:
            # One of them is repeated, locked, or of an attempt that has changed.
            return ahead.told(written=False)
        except TimeoutError as error:
            # Not once more: whoever waits has waited long enough for a database that does not answer.
            raise NoConnection(str(error)) from error
        except Exception as error:
            if not isinstance(error, OSError) and not _once_more(error):
                raise
            # What was written by then is found under lock.
            return ahead.told(written=False)
        return ahead.told(written=True)

    async def _again(self, saves: Sequence[Save], attest: Attest, lock: str) -> list[Saved | Exception | None]:
        """Once more when the connection was lost: what was written by then is found, so nothing is written twice.

        And when another process had made the same number for its group: then nothing was written.
        """
        try:
            return await self._write(saves, attest, lock)
        except Exception as error:
            if not _once_more(error):
                raise
            return await self._write(saves, attest, lock)

    async def _write(self, saves: Sequence[Save], attest: Attest, lock: str) -> list[Saved | Exception | None]:
        try:
            return await self._transaction(saves, attest, lock)
        except OSError as error:
            # What the driver raises while it connects, or waits for an answer, says nothing of the database.
            raise NoConnection(str(error)) from error

    async def _transaction(self, saves: Sequence[Save], attest: Attest, lock: str) -> list[Saved | Exception | None]:
        there: set[Key] = set()
        while True:
            try:
                return await self._decided(saves, attest, lock, there)
            except Repeated as repeated:
                if repeated.there <= there:
                    raise
                there |= repeated.there

    async def _decided(
        self, saves: Sequence[Save], attest: Attest, lock: str, there: set[Key]
    ) -> list[Saved | Exception | None]:
        pool = self._pool or await self._open()
        async with pool.acquire() as connection, connection.transaction():
            asked = {save.attempt for save in saves}
            attempts = await _attempts(connection, lock, asked)
            self._known.keep(saves, attempts)
            left = {number for number, save in enumerate(saves) if save.attempt not in attempts}
            # Alone, and waited for: then it is not there.
            if lock is _ATTEMPT:
                left = set()
            group = Group((save for number, save in enumerate(saves) if number not in left), attempts, there)
            if group.doubtful:
                # A statement of its own, after the lock: one that waited for it must see what was kept meanwhile.
                late = await connection.fetch(_LATE, *zip(*group.doubtful, strict=True))
                group.set_aside((row[0], row[1], row[2]) for row in late)
            attested = group.attest(attest)
            if attested:
                await _insert(connection, group, attested, new_group_id(self._clock()))
            stored = await _stored(connection, group.to_look_up)
        told = iter(group.outcomes(stored))
        return [None if number in left else next(told) for number in range(len(saves))]

    async def _open(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **self._database.driver_arguments(),
                    min_size=0,
                    max_size=LANES + PATIENT,
                    max_queries=1_000_000_000,
                    # These connections do nothing but this, so there is nothing to reset, and no round trip for it.
                    reset=_leave,
                )
            return self._pool


def _once_more(error: Exception) -> bool:
    """Whether the same may succeed at once: on another connection, or under another number for the group."""
    return connection_lost(error) or isinstance(error, asyncpg.UniqueViolationError)


async def _leave(_: Connection) -> None:
    """Leave the connection as it is."""


async def _attempts(connection: Connection, lock: str, ids: Collection[str]) -> dict[str, Owned]:
    return {
        row[0]: Owned(sys.intern(row[1]), row[2], Writable(State(row[3]), row[4], row[5], row[6]), row[7])
        for row in await connection.fetch(lock, list(ids))
    }


async def _insert(connection: Connection, group: Group, attested: Attested, group_id: int) -> None:
    """Write all of them. Raises Repeated when some were there, or another replica wrote them at the same moment."""
    written: int = await connection.fetchval(_INSERT, *_columns(group, attested, group_id))
    if written < len(group.fresh):
        rows = await connection.fetch(_THERE, *zip(*group.fresh, strict=True), group_id)
        raise Repeated({(row[0], row[1], row[2]) for row in rows})


def _columns(group: Group, attested: Attested, group_id: int) -> tuple[object, ...]:
    """What is written, as the statements take it: a list for each column of the saves, then the group's row."""
    # In the order of their keys, so that two groups with the same saves cannot wait for each other.
    keys = sorted(group.fresh)
    places = {key: place for place, key in enumerate(group.fresh)}
    saved = [group.fresh[key] for key in keys]
    sent = [group.sent[key] for key in keys]
    return (
        *zip(*keys, strict=True),
        [one.org for one in sent],
        [one.digest for one in saved],
        [one.body for one in sent],
        [one.received_at for one in saved],
        [one.seconds_left for one in saved],
        [one.in_grace for one in saved],
        [places[key] for key in keys],
        group_id,
        attested.head,
        attested.leaves,
    )


def _facts(group: Group, known: Mapping[str, Owned]) -> tuple[list[object], list[object], list[object]]:
    """By what each was decided, besides what its own row says: enrolment, deadline and grace of its attempt."""
    owned = [known[key[0]] for key in sorted(group.fresh)]
    return (
        [one.enrolment for one in owned],
        [one.writable.deadline for one in owned],
        [one.writable.grace_seconds for one in owned],
    )


async def _stored(connection: Connection, keys: Collection[Key]) -> dict[Key, Saved]:
    if not keys:
        return {}
    rows = await connection.fetch(_STORED, *zip(*keys, strict=True))
    return {
        (row[0], row[1], row[2]): Saved(
            attempt=row[0],
            epoch=row[1],
            seq=row[2],
            digest=row[3],
            received_at=row[4],
            seconds_left=row[5],
            in_grace=row[6],
            late=row[7],
            receipt=row[8],
            group=in_group(row[9], row[10], row[11]),
            deadline=datetime.max.replace(tzinfo=UTC),
        )
        for row in rows
    }
