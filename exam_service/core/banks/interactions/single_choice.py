"""One choice out of several."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from exam_service.core.banks.interactions.base import (
    BaseQuestion,
    ItemView,
    Option,
    OptionId,
    Problem,
    Response,
    check_options,
    choice_named,
    choice_views,
)


class SingleChoice(BaseQuestion, frozen=True, kw_only=True, tag="single_choice"):
    options: tuple[Option, ...]
    key: OptionId

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.options, [self.key], "key")

    def choice_ids(self) -> tuple[str, ...]:
        return tuple(option.id for option in self.options)

    def view(self, item: str, order: Sequence[str]) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, choices=choice_views(self.options, order))

    @staticmethod
    def parse(raw: object, order: Sequence[str]) -> Response:
        return None if raw is None else choice_named(raw, order)

    def score(self, response: Response) -> Fraction:
        return Fraction(response == self.key)

    def reveal(self, order: Sequence[str]) -> object:
        return f"c{list(order).index(self.key) + 1}"
