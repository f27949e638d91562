"""Things to be put in order."""

from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from exam_service.core.banks.interactions.base import (
    BadResponse,
    BaseQuestion,
    Group,
    ItemView,
    Layout,
    Option,
    OptionId,
    Problem,
    Response,
    check_options,
    choice_views,
    ids_of,
)


class Ordering(BaseQuestion, frozen=True, kw_only=True, tag="ordering"):
    """A response is the list of the choices in the candidate's order; it may end early, and earns what it has so far.

    Scoring, by the names of Moodle's ordering question type (docs.moodle.org/en/Ordering_question_type):
    `all_or_nothing`; `position`, "absolute position": the share that stand where the key has them; `adjacent`,
    "relative to the next item (excluding last)": the share of the key's pairs of neighbours that follow each other;
    `longest_subset`, "longest ordered subset": the share of those in the longest part, not necessarily together, that
    is in the right order, and nothing when that is one alone.
    """

    options: tuple[Option, ...]
    key: tuple[OptionId, ...]
    """All options, in the right order."""
    scoring: Literal["all_or_nothing", "position", "adjacent", "longest_subset"] = "all_or_nothing"

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.options, self.key, "key")
        if len(set(self.key)) < len(self.key):
            yield Problem("key-twice", "key", "the key names an option twice", "เฉลยระบุตัวเลือกซ้ำ")
        for number, option in enumerate(self.options):
            if option.id not in self.key:
                yield Problem(
                    "option-without-place",
                    f"options[{number}]",
                    f"the key does not say where `{option.id}` stands",
                    f"เฉลยไม่ได้ระบุลำดับของ `{option.id}`",
                )

    def groups(self) -> tuple[Group, ...]:
        # Most authors write them in the right order.
        return (Group(ids_of(self.options), telling=True),)

    def view(self, item: str, layout: Layout) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, choices=choice_views(self.options, layout))

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        if raw is None:
            return None
        if not isinstance(raw, list | tuple) or len(raw) > len(layout.order):
            raise BadResponse("give a list of choices", "ต้องเป็นรายการตัวเลือก")
        chosen = tuple(layout.named(one) for one in raw)
        if len(set(chosen)) < len(chosen):
            raise BadResponse("a choice stands twice", "มีตัวเลือกซ้ำ")
        return chosen or None

    def score(self, response: Response) -> Fraction:
        if response is None:
            return Fraction(0)
        match self.scoring:
            case "all_or_nothing":
                return Fraction(response == self.key)
            case "position":
                right = sum(given == wanted for given, wanted in zip(response, self.key, strict=False))
                return Fraction(right, len(self.key))
            case "adjacent":
                return Fraction(len(set(pairwise(response)) & set(pairwise(self.key))), len(self.key) - 1)
            case "longest_subset":
                longest = _longest_rise([self.key.index(one) for one in response])
                return Fraction(longest if longest > 1 else 0, len(self.key))

    def reveal(self, layout: Layout) -> object:
        return [layout.name(one) for one in self.key]


def _longest_rise(numbers: list[int]) -> int:
    """How many are in the longest part that rises, not necessarily together (Schensted 1961: patience sorting)."""
    piles: list[int] = []
    for number in numbers:
        place = bisect_left(piles, number)
        piles[place : place + 1] = [number]
    return len(piles)
