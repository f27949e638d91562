"""A question bank: the document that authors write, that is stored, and that papers are drawn from."""

from functools import cached_property
from typing import Annotated, Final, Literal

import msgspec

from exam_service.core.banks.interactions import Question
from exam_service.core.banks.interactions.base import Code
from exam_service.core.text import Text

FORMAT: Final = "exam-service/bank@1"


class Objective(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A learning objective that questions belong to."""

    code: Code
    title: Text


class Bank(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """The native format. YAML, TOML and JSON carry the same document."""

    format: Literal["exam-service/bank@1"]
    code: Code
    title: Text
    objectives: tuple[Objective, ...]
    questions: tuple[Question, ...]
    description: Text | None = None
    licence: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    authors: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Question]:
        """Each question under its id, worked out once: a bank of thousands is asked for forty again and again."""
        return {question.id: question for question in self.questions}
