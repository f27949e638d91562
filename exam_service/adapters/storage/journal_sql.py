"""The journal writer's statements. Each takes a whole batch in a text that never changes, so it is prepared once."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.types import UtcDateTime
from exam_service.core.exams.attempt import State, Writable

Key = tuple[str, int, int]
"""(attempt, epoch, seq)"""


class Found(msgspec.Struct, frozen=True):
    """An attempt that is under lock: whose it is, and what decides whether a save counts."""

    org: str
    enrolment: str
    writable: Writable


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the journal. `body` is empty in one that was read back."""

    attempt: str
    epoch: int
    seq: int
    org: str
    digest: bytes
    body: bytes = b""
    received_at: datetime
    seconds_left: int
    in_grace: bool


_TIMES: dict[str, Any] = {"deadline": UtcDateTime()}
_ATTEMPTS = {
    # A submit's FOR UPDATE waits for this lock, and this one for it; in the order of ids, so that no two can deadlock.
    "postgresql": sa.text(
        "SELECT id, org, enrolment, state, deadline, grace_seconds, epoch FROM attempt "
        "WHERE id = ANY(CAST(:ids AS text[])) ORDER BY id FOR KEY SHARE"
    ).columns(**_TIMES),
    # On SQLite the transaction is the only one that writes.
    "sqlite": sa.text(
        "SELECT id, org, enrolment, state, deadline, grace_seconds, epoch FROM attempt "
        "WHERE id IN (SELECT value FROM json_each(:ids))"
    ).columns(**_TIMES),
}

_ROW = "j.attempt, j.epoch, j.seq, j.org, j.digest, j.received_at, j.seconds_left, j.in_grace"
_ROW_TYPES: dict[str, Any] = {"received_at": UtcDateTime(), "in_grace": sa.Boolean()}
_ROWS = {
    "postgresql": sa.text(
        f"SELECT {_ROW} FROM unnest(CAST(:attempts AS text[]), CAST(:epochs AS bigint[]), CAST(:seqs AS bigint[])) "  # noqa: S608
        "AS k (attempt, epoch, seq) JOIN journal j ON (j.attempt, j.epoch, j.seq) = (k.attempt, k.epoch, k.seq)"
    ).columns(**_ROW_TYPES),
    "sqlite": sa.text(
        f"SELECT {_ROW} FROM json_each(:keys) k JOIN journal j ON j.attempt = json_extract(k.value, '$[0]') "  # noqa: S608
        "AND j.epoch = json_extract(k.value, '$[1]') AND j.seq = json_extract(k.value, '$[2]')"
    ).columns(**_ROW_TYPES),
}

_INSERT = sa.text(
    "INSERT INTO journal (attempt, epoch, seq, org, digest, body, received_at, seconds_left, in_grace) "
    "SELECT * FROM unnest(CAST(:attempt AS text[]), CAST(:epoch AS bigint[]), CAST(:seq AS bigint[]), "
    "CAST(:org AS text[]), CAST(:digest AS bytea[]), CAST(:body AS bytea[]), CAST(:received_at AS timestamptz[]), "
    "CAST(:seconds_left AS int[]), CAST(:in_grace AS bool[])) "
    "ON CONFLICT DO NOTHING RETURNING attempt, epoch, seq"
)


async def lock_attempts(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Found]:
    """The attempts that exist, locked against whoever would end them until the transaction is over."""
    given: object = list(ids) if _postgresql(connection) else msgspec.json.encode(ids).decode()
    rows = await connection.execute(_ATTEMPTS[connection.dialect.name], {"ids": given})
    return {
        row.id: Found(row.org, row.enrolment, Writable(State(row.state), row.deadline, row.grace_seconds, row.epoch))
        for row in rows
    }


async def find(connection: AsyncConnection, keys: Collection[Key]) -> dict[Key, Stored]:
    """The rows that are there already."""
    if not keys:
        return {}
    given: dict[str, object]
    if _postgresql(connection):
        attempts, epochs, seqs = zip(*keys, strict=True)
        given = {"attempts": list(attempts), "epochs": list(epochs), "seqs": list(seqs)}
    else:
        given = {"keys": msgspec.json.encode(list(keys)).decode()}
    rows = await connection.execute(_ROWS[connection.dialect.name], given)
    return {
        (row.attempt, row.epoch, row.seq): Stored(
            attempt=row.attempt,
            epoch=row.epoch,
            seq=row.seq,
            org=row.org,
            digest=row.digest,
            received_at=row.received_at,
            seconds_left=row.seconds_left,
            in_grace=row.in_grace,
        )
        for row in rows
    }


async def insert(connection: AsyncConnection, rows: Sequence[Stored]) -> AbstractSet[Key]:
    """Write the rows, in their order, and say which of them were not there before."""
    if not rows:
        return set()
    fields = Stored.__struct_fields__
    if _postgresql(connection):
        written = await connection.execute(_INSERT, {name: [getattr(row, name) for row in rows] for name in fields})
        return {(row.attempt, row.epoch, row.seq) for row in written}
    await connection.execute(tables.journal.insert(), [{name: getattr(row, name) for name in fields} for row in rows])
    return {(row.attempt, row.epoch, row.seq) for row in rows}


def _postgresql(connection: AsyncConnection) -> bool:
    return bool(connection.dialect.name == "postgresql")
