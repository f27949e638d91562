"""Things to be matched with others."""

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


class Matching(BaseQuestion, frozen=True, kw_only=True, tag="matching"):
    """Each prompt goes with one option; an option may serve several prompts, or none.

    A response is `{prompt: option}`. Each prompt earns its share, or all of them earn all (QTI 3.0, matchInteraction;
    docs.moodle.org/en/Matching_question_type).
    """

    prompts: tuple[Option, ...]
    options: tuple[Option, ...]
    key: dict[OptionId, OptionId]
    """The right option of each prompt."""
    scoring: Literal["all_or_nothing", "partial"] = "partial"

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.prompts, list(self.key), "key", at="prompts")
        yield from check_options(self.options, list(self.key.values()), "key")
        for number, prompt in enumerate(self.prompts):
            if prompt.id not in self.key:
                yield Problem(
                    "prompt-without-key",
                    f"prompts[{number}]",
                    f"`key` does not say what `{prompt.id}` goes with",
                    f"`key` ไม่ได้ระบุคู่ของ `{prompt.id}`",
                )

    def groups(self) -> tuple[Group, ...]:
        # An author who writes pairs writes both columns in the same order.
        return Group(ids_of(self.prompts)), Group(ids_of(self.options), telling=True)

    def view(self, item: str, layout: Layout) -> ItemView:
        prompts, choices = choice_views(self.prompts, layout, 0), choice_views(self.options, layout, 1)
        return ItemView(item=item, type=self.type, stem=self.stem, prompts=prompts, choices=choices)

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise BadResponse("give a choice for each prompt, by name", "ต้องระบุตัวเลือกของแต่ละข้อย่อย")
        given = {layout.named(prompt, 0): option for prompt, option in raw.items()}
        return {prompt: layout.named(option, 1) for prompt, option in given.items() if option is not None} or None

    def score(self, response: Response) -> Fraction:
        if response is None:
            return Fraction(0)
        right = sum(response.get(prompt) == option for prompt, option in self.key.items())
        return Fraction(right == len(self.key)) if self.scoring == "all_or_nothing" else Fraction(right, len(self.key))

    def reveal(self, layout: Layout) -> object:
        return {layout.name(prompt, 0): layout.name(self.key[prompt], 1) for prompt in layout.groups()[0][1]}
