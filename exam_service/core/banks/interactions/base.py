"""What every question type shares. A type is one file: its fields, check, view, parse and score."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple

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


class Group(NamedTuple):
    """Options that may be shuffled among each other."""

    ids: tuple[str, ...]
    telling: bool = False
    """Whether the order in which the bank has them gives the key away: then they are shuffled whatever an exam says."""


class Layout(NamedTuple):
    """How a paper displays the options of an item: the bank's ids, group after group.

    A candidate calls them `c1..cN`, counted through.
    """

    order: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    """How many belong to each group; empty when all are one."""

    def groups(self) -> list[tuple[int, tuple[str, ...]]]:
        """Of each group the number of its first option, and its ids."""
        if not self.sizes:
            return [(1, self.order)]
        found, at = [], 0
        for size in self.sizes:
            found.append((at + 1, self.order[at : at + size]))
            at += size
        return found

    def named(self, raw: object, group: int = 0) -> str:
        """The id behind `c1..cN`, of this group. Raises BadResponse."""
        first, ids = self.groups()[group]
        if isinstance(raw, str) and raw.startswith("c") and raw[1:].isascii() and raw[1:].isdigit():
            number = int(raw[1:]) if len(raw) < 6 else 0
            if first <= number < first + len(ids) and raw == f"c{number}":
                return ids[number - first]
        last = first + len(ids) - 1
        raise BadResponse(f"a choice is one of c{first} to c{last}", f"ตัวเลือกต้องเป็น c{first} ถึง c{last}")

    def name(self, option: str, group: int = 0) -> str:
        """What a candidate calls an option of this group."""
        first, ids = self.groups()[group]
        return f"c{first + ids.index(option)}"


class ChoiceView(msgspec.Struct, frozen=True):
    """One choice as the candidate sees it: an id that says nothing, and its text."""

    id: str
    text: Text


class GapView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A gap in a text."""

    id: str
    kind: str
    """How it is filled: `choice`, `text` or `number`."""
    choices: tuple[ChoiceView, ...] = ()


class ItemView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question as the candidate sees it. Key, rationale, scoring and bank ids have no place here."""

    item: str
    type: str
    stem: Text
    prompts: tuple[ChoiceView, ...] = ()
    """What is to be matched with choices."""
    choices: tuple[ChoiceView, ...] = ()
    text: Text | None = None
    """With `[[g1]]` where a gap is."""
    gaps: tuple[GapView, ...] = ()
    unit: Text | None = None
    units: tuple[str, ...] = ()
    """That may be typed behind a number."""
    unit_needed: bool = False


Share = Annotated[float, msgspec.Meta(ge=-1, le=1)]
"""Of the points of a question."""


PartShare = Annotated[float, msgspec.Meta(gt=0, lt=1)]
"""Some of the points, and not all."""


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

    def groups(self) -> tuple[Group, ...]:
        """The options, as they may be shuffled; none for types without."""
        return ()

    def view(self, item: str, layout: Layout) -> ItemView:
        """The item as the candidate sees it, its choices named `c1..cN` as they are laid out."""
        return ItemView(item=item, type=self.type, stem=self.stem)

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        """The response in the bank's own terms; None for blank. Raises BadResponse."""
        raise TypeError("a question type says how a response is read")

    def score(self, response: Response) -> Fraction:
        """The share of the points earned, 0..1. A blank response earns nothing."""
        raise TypeError("a question type says how it is scored")

    def reveal(self, layout: Layout) -> object:
        """The key in the paper's terms, for a review whose policy has opened it."""
        raise TypeError("a question type says what its key is")

    def right(self, layout: Layout) -> object:
        """A response that earns everything, as a candidate gives it."""
        return self.reveal(layout)


def clamped(share: Fraction, lowest: Share = 0, highest: Share = 1) -> Fraction:
    """Within the bounds, and within 0..1."""
    return max(Fraction(0), exact(lowest), min(Fraction(1), exact(highest), share))


def mapped(chosen: Iterable[str], values: Mapping[str, Share]) -> Fraction:
    """The sum of what each choice is worth, computed on the decimals as written; what has no value is worth nothing
    (QTI 3.0, map_response).
    """
    return sum((exact(values.get(one, 0)) for one in chosen), Fraction(0))


def exact(number: float) -> Fraction:
    """The number as it is written in decimals."""
    return Fraction(str(number))


def check_values(values: Mapping[str, Share], options: Sequence[Option]) -> Iterator[Problem]:
    """A fault for what is worth something and is no option."""
    ids = ids_of(options)
    for name in values:
        if name not in ids:
            yield Problem("value-without-option", "values", f"`{name}` is not an option", f"`{name}` ไม่มีในตัวเลือก")


def choice_views(options: Sequence[Option], layout: Layout, group: int = 0) -> tuple[ChoiceView, ...]:
    """The options of a group as they are laid out, under names that say nothing of the bank."""
    texts = {option.id: option.text for option in options}
    first, ids = layout.groups()[group]
    return tuple(ChoiceView(id=f"c{n}", text=texts[option]) for n, option in enumerate(ids, first))


def ids_of(options: Sequence[Option]) -> tuple[str, ...]:
    """In the bank's order."""
    return tuple(option.id for option in options)


def check_options(
    options: Sequence[Option], keys: Sequence[str], key_path: str, at: str = "options"
) -> Iterator[Problem]:
    """Faults that all types with options share: too few, doubled ids, keys that name no option."""
    if len(options) < 2:
        yield Problem("too-few-options", at, "give at least two options", "ต้องมีตัวเลือกอย่างน้อยสองตัว")
    ids = [option.id for option in options]
    for index, option in enumerate(options):
        if option.id in ids[:index]:
            where = f"{at}[{index}].id"
            yield Problem("option-twice", where, f"option `{option.id}` stands twice", f"ตัวเลือก `{option.id}` ซ้ำกัน")
    for key in dict.fromkeys(keys):
        if key not in ids:
            yield Problem(
                "key-without-option", key_path, f"the key `{key}` is not an option", f"เฉลย `{key}` ไม่มีในตัวเลือก"
            )
