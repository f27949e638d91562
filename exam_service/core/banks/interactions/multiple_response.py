"""Any number of choices out of several."""

from collections.abc import Iterator
from fractions import Fraction
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


class MultipleResponse(BaseQuestion, frozen=True, kw_only=True, tag="multiple_response"):
    """Scored all-or-nothing, or with partial credit: (right ticks - wrong ticks) / keys, clamped to 0..1."""

    options: tuple[Option, ...]
    key: tuple[OptionId, ...]
    scoring: Literal["all_or_nothing", "partial"] = "all_or_nothing"

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.options, self.key, "key")
        if not self.key:
            yield Problem("no-key", "key", "name at least one right option", "ต้องมีตัวเลือกที่ถูกอย่างน้อยหนึ่งตัว")
        if len(set(self.key)) < len(self.key):
            yield Problem("key-twice", "key", "the key names an option twice", "เฉลยระบุตัวเลือกซ้ำ")

    def groups(self) -> tuple[Group, ...]:
        return (Group(ids_of(self.options)),)

    def view(self, item: str, layout: Layout) -> ItemView:
        return ItemView(item=item, type=self.type, stem=self.stem, choices=choice_views(self.options, layout))

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        if raw is None:
            return None
        if not isinstance(raw, list | tuple) or len(raw) > len(layout.order):
            raise BadResponse("give a list of choices", "ต้องเป็นรายการตัวเลือก")
        chosen = frozenset(layout.named(one) for one in raw)
        if len(chosen) < len(raw):
            raise BadResponse("a choice stands twice", "มีตัวเลือกซ้ำ")
        return chosen or None

    def score(self, response: Response) -> Fraction:
        if response is None:
            return Fraction(0)
        keys = set(self.key)
        if self.scoring == "all_or_nothing":
            return Fraction(response == keys)
        return max(Fraction(0), Fraction(len(response & keys) - len(response - keys), len(keys)))

    def reveal(self, layout: Layout) -> object:
        return [f"c{n}" for n, option in enumerate(layout.order, 1) if option in self.key]
