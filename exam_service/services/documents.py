"""Immutable documents, kept at hand: bank versions, course versions and papers never change."""

import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from exam_service.core.banks.model import Bank
from exam_service.core.exams.model import CourseVersion, Exam
from exam_service.core.exams.paper import Blueprint, Form
from exam_service.core.exams.shape import Shape
from exam_service.core.recent import Recent
from exam_service.services.packing import unpack
from exam_service.services.ports import Tx

T = TypeVar("T")

_forms = msgspec.json.Decoder(Form)

MOST_SHAPES = 400_000
"""Of running attempts, at some 400 bytes each; never fewer than half of them."""


class Kept:
    """The most recently used of one kind, at most so many."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[str, Any] = OrderedDict()

    async def get(self, key: str, load: Callable[[], Awaitable[T | None]]) -> T | None:
        """The kept one, or the loaded one, which is then kept. None is not kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
            found: T = self._kept[key]
            return found
        loaded = await load()
        if loaded is not None:
            self._kept[key] = loaded
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return loaded


class Documents:
    """Reads through to the organisation's own transaction; keys carry the organisation, so none sees another's."""

    def __init__(self) -> None:
        self._banks = Kept(64)
        self._courses = Kept(256)
        self._forms = Kept(2_000)
        self._blueprints = Kept(64)
        self._shapes: Recent[str, tuple[str, str, Shape]] = Recent(MOST_SHAPES)

    async def bank(self, tx: Tx, version_id: str) -> Bank:
        async def load() -> Bank | None:
            document = await tx.banks.document(version_id)
            return None if document is None else msgspec.json.decode(document, type=Bank)

        return _there(await self._banks.get(f"{tx.org}/{version_id}", load), version_id)

    async def course(self, tx: Tx, version_id: str) -> CourseVersion:
        async def load() -> CourseVersion | None:
            return await tx.courses.version(version_id)

        return _there(await self._courses.get(f"{tx.org}/{version_id}", load), version_id)

    async def pool(self, tx: Tx, version: CourseVersion, codes: set[str] | None = None) -> dict[str, Bank]:
        """The banks that the course version pins."""
        return {
            code: await self.bank(tx, bank_id)
            for code, bank_id in version.banks.items()
            if codes is None or code in codes
        }

    async def form(self, tx: Tx, attempt_id: str) -> Form:
        async def load() -> Form | None:
            form = (await tx.attempts.forms([attempt_id])).get(attempt_id)
            return None if form is None else _form(form)

        return _there(await self._forms.get(f"{tx.org}/{attempt_id}", load), attempt_id)

    async def forms(self, tx: Tx, attempt_ids: Sequence[str]) -> dict[str, Form]:
        """The forms of many attempts at once; they are not kept."""
        found = await tx.attempts.forms(attempt_ids)
        return {id: _form(_there(found.get(id), id)) for id in attempt_ids}

    async def blueprint(self, tx: Tx, version: CourseVersion, exam: Exam) -> Blueprint:
        """An exam of a course version over its banks, ready to be drawn from."""

        async def load() -> Blueprint:
            return Blueprint(exam, await self.pool(tx, version))

        return _there(await self._blueprints.get(f"{tx.org}/{version.id}/{exam.code}", load), exam.code)

    def shape_at_hand(self, org: str, enrolment_id: str, attempt_id: str) -> Shape | None:
        """What the attempt's paper takes, if it is kept and the attempt is theirs."""
        found = self._shapes.get(attempt_id)
        return found[2] if found is not None and found[0] == org and found[1] == enrolment_id else None

    def keep_shape(self, org: str, enrolment_id: str, attempt_id: str, shape: Shape) -> None:
        """Keep it; whose attempt it is has been checked."""
        self._shapes.put(attempt_id, (sys.intern(org), enrolment_id, shape))


def _form(stored: bytes) -> Form:
    return _forms.decode(unpack(stored))


def _there(found: T | None, key: str) -> T:
    if found is None:
        raise LookupError(f"the stored document {key} is gone")
    return found
