"""What every question type shares. A type is one file: its fields, check, view, parse and score."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal

import msgspec

from exam_service.core.ids import CODE_PATTERN
from exam_service.core.text import Text

Difficulty = Literal["easy", "medium", "hard"]
QuestionId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$(?!\n)")]
Code = Annotated[str, msgspec.Meta(pattern=CODE_PATTERN)]
OptionId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,32}$(?!\n)")]
Points = Annotated[int, msgspec.Meta(ge=1, le=1000)]

Response = Any
"""A response as it is scored: option ids, a truth value, a Fraction, or folded text; None when left blank."""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong inside one question; the bank check adds where the question stands."""

    code: str
    path: str
    en: str
    th: str


class BadResponse(Exception):
    """A response that no candidate's page would send: wrong shape or an unknown choice."""

    def __init__(self, en: str, th: str) -> None:
        super().__init__(en)
        self.text = Text(en=en, th=th)


class ChoiceView(msgspec.Struct, frozen=True):
    """One choice as the candidate sees it: an id that says nothing, and its text."""

    id: str
    text: Text


class ItemView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question as the candidate sees it. Key, rationale, scoring and bank ids have no place here."""

    item: str
    type: str
    stem: Text
    choices: tuple[ChoiceView, ...] = ()
    unit: Text | None = None


class Option(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: OptionId
    text: Text


class BaseQuestion(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"
):
    """The fields that every type has."""

    id: QuestionId
    objective: Code
    difficulty: Difficulty
    stem: Text
    points: Points = 1
    rationale: Text | None = None
    source: str | None = None
    tags: tuple[Code, ...] = ()

    @property
    def type(self) -> str:
        return str(self.__struct_config__.tag)

    def check(self) -> Iterator[Problem]:
        """Every fault that the fields alone cannot show."""
        yield from ()

    def choice_ids(self) -> tuple[str, ...]:
        """The options that may be shuffled; empty for types without choices."""
        return ()

    def view(self, item: str, order: Sequence[str]) -> ItemView:
        """The item as the candidate sees it, its choices named `c1..cN` in the order given."""
        return ItemView(item=item, type=self.type, stem=self.stem)

    @staticmethod
    def parse(raw: object, order: Sequence[str]) -> Response:
        """The response in the bank's own terms; None for blank. Raises BadResponse."""
        raise TypeError("a question type says how a response is read")

    def score(self, response: Response) -> Fraction:
        """The share of the points earned, 0..1. A blank response earns nothing."""
        raise TypeError("a question type says how it is scored")

    def reveal(self, order: Sequence[str]) -> object:
        """The key in the paper's terms, for a review whose policy has opened it."""
        raise TypeError("a question type says what its key is")


def choice_views(options: Sequence[Option], order: Sequence[str]) -> tuple[ChoiceView, ...]:
    """The options in the paper's order under names that say nothing of the bank."""
    texts = {option.id: option.text for option in options}
    return tuple(ChoiceView(id=f"c{n}", text=texts[option]) for n, option in enumerate(order, 1))


def choice_named(raw: object, order: Sequence[str]) -> str:
    """The option behind `c1..cN`. Raises BadResponse."""
    if isinstance(raw, str) and raw.startswith("c") and raw[1:].isascii() and raw[1:].isdigit():
        number = int(raw[1:]) if len(raw) < 6 else 0
        if 1 <= number <= len(order) and raw == f"c{number}":
            return order[number - 1]
    raise BadResponse(f"a choice is one of c1 to c{len(order)}", f"ตัวเลือกต้องเป็น c1 ถึง c{len(order)}")


def check_options(options: Sequence[Option], keys: Sequence[str], key_path: str) -> Iterator[Problem]:
    """Faults that all types with options share: too few, doubled ids, keys that name no option."""
    if len(options) < 2:
        yield Problem("too-few-options", "options", "give at least two options", "ต้องมีตัวเลือกอย่างน้อยสองตัว")
    ids = [option.id for option in options]
    for index, option in enumerate(options):
        if option.id in ids[:index]:
            where = f"options[{index}].id"
            yield Problem("option-twice", where, f"option `{option.id}` stands twice", f"ตัวเลือก `{option.id}` ซ้ำกัน")
    for key in keys:
        if key not in ids:
            yield Problem(
                "key-without-option", key_path, f"the key `{key}` is not an option", f"เฉลย `{key}` ไม่มีในตัวเลือก"
            )
