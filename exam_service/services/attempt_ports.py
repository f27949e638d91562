"""Ports of storage: attempts, papers drawn ahead, and what attempts came to, in one organisation's transaction; the
journal, which has its own.
"""

from asyncio import Future
from collections.abc import Mapping, Sequence
from typing import Protocol

from exam_service.core.exams.attempt import Attempt
from exam_service.core.exams.journal import Attest, Save, Saved
from exam_service.core.exams.scoring import JournalEntry
from exam_service.core.records import Paper, PreparedAttempt, StoredResult


class Attempts(Protocol):
    async def add(self, attempt: Attempt, paper: Paper) -> None: ...
    async def get(self, attempt_id: str, *, lock: bool = False) -> Attempt | None:
        """With `lock`, saves in flight are waited for, and later ones wait."""

    async def put(self, attempt: Attempt) -> None: ...
    async def of(self, enrolment_id: str) -> Sequence[Attempt]: ...
    async def several(self, attempt_ids: Sequence[str], *, lock: bool = False) -> Mapping[str, Attempt]:
        """Those that are there, by id; with `lock` in the order of their ids, so that no two deadlock."""

    async def of_all(self, enrolment_ids: Sequence[str]) -> Mapping[str, Sequence[Attempt]]:
        """The attempts of each enrolment that has any, in the order in which they began."""

    async def add_all(self, started: Sequence[tuple[Attempt, Paper | str]]) -> None:
        """Attempts with their papers; a text names a prepared paper, which becomes the attempt's."""

    async def put_all(self, attempts: Sequence[Attempt]) -> None: ...
    async def forms(self, attempt_ids: Sequence[str]) -> Mapping[str, bytes]:
        """The form of each paper that is there, without the view, which is ten times as large."""

    async def page(self, course: str | None, after: str | None, limit: int) -> Sequence[Attempt]: ...
    async def paper(self, attempt_id: str) -> Paper | None: ...


class Prepared(Protocol):
    """Papers that were drawn ahead. Whoever writes or takes them has their enrolments under lock."""

    async def lacking(self, course: str, exam: str, version_id: str) -> Sequence[str]:
        """The enrolments of a course that have no paper for their next attempt under this version, by id."""

    async def count(self, course: str, exam: str, version_id: str) -> int:
        """How many have one."""

    async def of(self, enrolment_ids: Sequence[str], exam: str) -> Mapping[str, PreparedAttempt]: ...
    async def take(self, wanted: Sequence[tuple[str, str]]) -> Sequence[PreparedAttempt]:
        """Remove those of (enrolment, exam) that are there, and give them; their papers stay, to be used or dropped."""

    async def drop(self, prepared: Sequence[PreparedAttempt]) -> None:
        """Remove the papers of those that were taken."""

    async def put_all(self, papers: Sequence[tuple[PreparedAttempt, Paper]]) -> None:
        """Keep them; what was prepared before for the same goes."""


class Results(Protocol):
    async def journal(self, attempt_id: str) -> Sequence[JournalEntry]:
        """Every save of the attempt, in order."""

    async def journals(self, attempt_ids: Sequence[str]) -> Mapping[str, Sequence[JournalEntry]]:
        """The same of many, with the digests."""

    async def saves(self, attempt_id: str) -> Sequence[Saved]:
        """The facts of every save of the attempt, in order."""

    async def save(self, attempt_id: str, epoch: int, seq: int) -> Saved | None:
        """One of them, with what its receipt is made from."""

    async def saves_with_receipts(self, attempt_id: str) -> Sequence[Saved]:
        """All of them so: some kilobytes each."""

    async def add(self, result: StoredResult) -> None: ...
    async def add_all(self, results: Sequence[StoredResult]) -> None: ...
    async def current(self, attempt_ids: Sequence[str]) -> Mapping[str, StoredResult]:
        """The newest revision of each that has one."""

    async def history(self, attempt_id: str) -> Sequence[StoredResult]: ...


class Journal(Protocol):
    """Where saves become durable, many in one transaction. services/saving.py gathers them."""

    @property
    def lanes(self) -> int:
        """How many groups may usefully be written side by side."""

    async def write(self, saves: Sequence[Save], attest: Attest) -> Sequence[Saved | Exception | Future[Saved]]:
        """For each save its facts, which are durable, with its receipt; or its refusal; or a future of either.

        The same save again gets the same facts and the same receipt, also after the attempt has ended. Refusals are
        NotFound, SequenceReused, and what `core.exams.attempt.admit` raises, decided under the attempt's lock. Raises
        Unavailable when nothing could be written.
        """

    async def close(self) -> None:
        """Write what waits, then stop."""
