"""One choice out of several."""

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from exam_service.core.banks.interactions.base import (
    BaseQuestion,
    Group,
    ItemView,
    Layout,
    Option,
    OptionId,
    Problem,
    Response,
    Share,
    check_options,
    check_values,
    choice_views,
    clamped,
    ids_of,
    mapped,
)


class SingleChoice(BaseQuestion, frozen=True, kw_only=True, tag="single_choice"):
    """The key earns everything, and other options nothing or what `values` gives them (QTI 3.0, map_response; the
    "grade" of a choice in docs.moodle.org/en/Multiple_Choice_question_type).
    """

    options: tuple[Option, ...]
    key: OptionId
    values: dict[OptionId, Share] = msgspec.field(default_factory=dict)
    """What options other than the key are worth."""

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.options, [self.key], "key")
        yield from check_values(self.values, self.options)
        if self.values.get(self.key, 1) != 1:
            yield Problem("key-earns-less", "values", "the key must earn everything", "เฉลยต้องได้คะแนนเต็ม")

    def groups(self) -> tuple[Group, ...]:
        return (Group(ids_of(self.options)),)

    def view(self, item: str, layout: Layout) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, choices=choice_views(self.options, layout))

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        return None if raw is None else layout.named(raw)

    def score(self, response: Response) -> Fraction:
        if response is None:
            return Fraction(0)
        return Fraction(1) if response == self.key else clamped(mapped([response], self.values))

    def reveal(self, layout: Layout) -> object:
        return layout.name(self.key)
