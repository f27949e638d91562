"""Any number of choices out of several."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import msgspec

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
    Share,
    check_options,
    check_values,
    choice_views,
    clamped,
    ids_of,
    mapped,
)


class MultipleResponse(BaseQuestion, frozen=True, kw_only=True, tag="multiple_response"):
    """Scoring: `all_or_nothing` (QTI 3.0, match_correct); `partial`: (right ticks - wrong ticks) / keys;
    `partial_without_penalty`: right ticks / keys, and nothing for more ticks than keys, or ticking all would earn all
    (both: docs.moodle.org/en/Multiple_Choice_question_type, "All-or-nothing", and its partial marks); `mapped`: the sum
    of what each tick is worth, within two bounds (QTI 3.0, map_response). All of them within 0..1.
    """

    options: tuple[Option, ...]
    key: tuple[OptionId, ...]
    scoring: Literal["all_or_nothing", "partial", "partial_without_penalty", "mapped"] = "all_or_nothing"
    values: dict[OptionId, Share] = msgspec.field(default_factory=dict)
    """What each option is worth, for `mapped`; one that is not named is worth nothing."""
    lower_bound: Share = 0
    upper_bound: Share = 1

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.options, self.key, "key")
        if not self.key:
            yield Problem("no-key", "key", "name at least one right option", "ต้องมีตัวเลือกที่ถูกอย่างน้อยหนึ่งตัว")
        if len(set(self.key)) < len(self.key):
            yield Problem("key-twice", "key", "the key names an option twice", "เฉลยระบุตัวเลือกซ้ำ")
        yield from check_values(self.values, self.options)
        if self.scoring != "mapped" and self.values:
            yield Problem(
                "values-without-mapping",
                "values",
                "what options are worth counts only with `scoring: mapped`",
                "คะแนนรายตัวเลือกใช้ได้เมื่อ `scoring: mapped` เท่านั้น",
            )
        if self.scoring == "mapped" and clamped(mapped(self.key, self.values), self.lower_bound, self.upper_bound) < 1:
            yield Problem(
                "key-earns-less",
                "values",
                "the key must earn everything: its values, within the bounds, come to less than 1",
                "เฉลยต้องได้คะแนนเต็ม แต่ผลรวมคะแนนของเฉลยเมื่อคิดขอบเขตแล้วน้อยกว่า 1",
            )

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
        right, wrong = len(response & keys), len(response - keys)
        match self.scoring:
            case "all_or_nothing":
                return Fraction(response == keys)
            case "partial":
                return clamped(Fraction(right - wrong, len(keys)))
            case "partial_without_penalty":
                return Fraction(right if right + wrong <= len(keys) else 0, len(keys))
            case "mapped":
                return clamped(mapped(response, self.values), self.lower_bound, self.upper_bound)

    def reveal(self, layout: Layout) -> object:
        return [f"c{n}" for n, option in enumerate(layout.order, 1) if option in self.key]
