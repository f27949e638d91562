"""Saves that came too late to count by themselves, with what was decided about each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from exam_service.adapters.storage import tables
from exam_service.adapters.storage.rows import Rows, chunks, columns, missing, struct_of, taken, values_of
from exam_service.core.exams.journal import Key
from exam_service.core.exams.late import Anchor, Evidence, LateCounts
from exam_service.core.records import LateSave


class SqlLateSaves(Rows):
    """Late saves. Whoever writes one has its attempt under lock."""

    async def add(self, save: LateSave) -> None:
        if not await self._insert(tables.late_save, values_of(save, tables.late_save)):
            taken("late save", _name(save))

    async def put(self, save: LateSave) -> None:
        values = values_of(save, tables.late_save)
        if not await self._update(tables.late_save, values, *_is((save.attempt, save.epoch, save.seq))):
            missing("late save", _name(save))

    async def get(self, key: Key) -> LateSave | None:
        return await self._one(LateSave, tables.late_save, *_is(key))

    async def of(self, attempt_id: str) -> Sequence[LateSave]:
        table = tables.late_save
        return await self._all(LateSave, table, table.c.attempt == attempt_id, order=[table.c.epoch, table.c.seq])

    async def at(self, course: str, exam: str, *, undecided: bool, after: Key | None, limit: int) -> Sequence[LateSave]:
        table, attempts = tables.late_save, tables.attempt
        query = (
            sa.select(*columns(LateSave, table))
            .join(attempts, sa.and_(attempts.c.id == table.c.attempt, attempts.c.org == table.c.org))
            .where(table.c.org == self._org, attempts.c.course == course, attempts.c.exam == exam)
            .order_by(table.c.attempt, table.c.epoch, table.c.seq)
            .limit(limit)
        )
        if undecided:
            query = query.where(table.c.decision.is_(None))
        if after is not None:
            query = query.where(sa.tuple_(table.c.attempt, table.c.epoch, table.c.seq) > sa.tuple_(*after))
        return [struct_of(LateSave, row) for row in await self._connection.execute(query)]

    async def count(self, attempt_ids: Sequence[str]) -> Mapping[str, LateCounts]:
        table = tables.late_save
        found: dict[str, LateCounts] = {}
        for some in chunks(attempt_ids, 5000):
            query = (
                sa.select(
                    table.c.attempt,
                    _how_many(table.c.decision.is_(None)),
                    _how_many(table.c.decision == "accepted"),
                    _how_many(table.c.decision == "refused"),
                )
                .where(table.c.org == self._org, table.c.attempt.in_(some))
                .group_by(table.c.attempt)
            )
            for attempt, held, accepted, refused in await self._connection.execute(query):
                found[attempt] = LateCounts(held=held, accepted=accepted, refused=refused)
        return found

    async def anchor(self, key: Key, receipt: int, deadline: datetime) -> Anchor:
        attempt_id, epoch, number = key

        def of(table: sa.Table, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
            return sa.select(table.c.seq, table.c.received_at, *more).where(
                table.c.org == self._org, table.c.attempt == attempt_id, table.c.epoch == epoch
            )

        answered = {row.seq: row.received_at for row in await self._connection.execute(of(tables.journal))}
        waiting = []
        for row in await self._connection.execute(of(tables.late_save, tables.late_save.c.evidence)):
            answered.setdefault(row.seq, row.received_at)
            if row.received_at >= deadline and row.seq < number and row.evidence is not None:
                waiting.append(row.seq + msgspec.json.decode(row.evidence, type=Evidence).queued - 1)
        return Anchor(
            receipt_at=answered.get(receipt),
            contact_at=max(answered.values(), default=None),
            again_at=min((at for at in answered.values() if at >= deadline), default=None),
            last_waiting=min(waiting, default=None),
        )

    async def enter(self, save: LateSave, *, late: bool, seconds_left: int = 0, in_grace: bool = False) -> None:
        table = tables.journal
        more = {"late": late, "seconds_left": seconds_left, "in_grace": in_grace}
        if not await self._insert(table, values_of(save, table) | more):
            taken("save", _name(save))


def _is(key: Key) -> tuple[sa.ColumnElement[bool], ...]:
    table = tables.late_save
    return table.c.attempt == key[0], table.c.epoch == key[1], table.c.seq == key[2]


def _how_many(which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((which, 1)))


def _name(save: LateSave) -> str:
    return f"{save.attempt} {save.epoch} {save.seq}"
