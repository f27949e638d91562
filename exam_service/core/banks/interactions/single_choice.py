"""One choice out of several."""

from collections.abc import Iterator
from fractions import Fraction

from exam_service.core.banks.interactions.base import (
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


class SingleChoice(BaseQuestion, frozen=True, kw_only=True, tag="single_choice"):
    options: tuple[Option, ...]
    key: OptionId

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.options, [self.key], "key")

    def groups(self) -> tuple[Group, ...]:
        return (Group(ids_of(self.options)),)

    def view(self, item: str, layout: Layout) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, choices=choice_views(self.options, layout))

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        return None if raw is None else layout.named(raw)

    def score(self, response: Response) -> Fraction:
        return Fraction(response == self.key)

    def reveal(self, layout: Layout) -> object:
        return layout.name(self.key)
