"""What becomes of a file of another system: a bank of ours, and everything of it that could not be carried."""

import msgspec

from exam_service.core.banks.model import Bank
from exam_service.core.text import Text


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a file said and its bank does not."""

    line: int
    """0 when it is of no line."""
    question: str | None
    """None when the whole question is left out."""
    code: str
    message: Text


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    bank: Bank | None
    """None when nothing of the file could be kept."""
    notes: tuple[Note, ...]
