"""Every way the service says no: a stable code and a sentence in Thai and English.

HTTP status lives elsewhere, in one table (`web/problems.py`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from exam_service.core.text import Text, next_minute, until


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong in what was sent, and where: a check returns all of them at once."""

    code: str
    message: Text
    path: str = ""
    """JSON-path-like place in the document, as in `questions[3].options[1].text`."""
    file: str | None = None
    line: int | None = None
    question: str | None = None


class Refusal(Exception):
    """A rule saying no. Nothing was changed."""

    code: ClassVar[str]
    sentence: ClassVar[Text]

    def __init__(
        self, *, retry_at: datetime | None = None, faults: Sequence[Fault] = (), data: object = None, **facts: object
    ) -> None:
        self.retry_at = retry_at
        self.faults = tuple(faults)
        self.data = data
        self.facts = facts
        if retry_at is not None and not facts and not faults:
            self.text = until(self.sentence, next_minute(retry_at))
        else:
            self.text = self.sentence.fill({"retry_at": retry_at, "count": len(self.faults), **facts})
        super().__init__(f"{self.code}: {self.text.en}")
