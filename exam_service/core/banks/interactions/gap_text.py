"""A text with gaps, each to be filled with one of its choices, with typed words or with a number."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import msgspec

from exam_service.core.banks.interactions.base import (
    BadResponse,
    BaseQuestion,
    GapView,
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
from exam_service.core.banks.interactions.numeric import Near, ToleranceKind, number_in
from exam_service.core.banks.interactions.short_text import MAX_LENGTH, Accepted, Words
from exam_service.core.text import Text

MOST_GAPS = 100

_MARK = re.compile(r"\[\[([^\[\]]*)\]\]")


class BaseGap(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    id: OptionId

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)


class ChoiceGap(BaseGap, frozen=True, kw_only=True, tag="choice"):
    """Filled with one of its choices (QTI 3.0, inlineChoiceInteraction)."""

    options: tuple[Option, ...]
    key: OptionId

    def check(self) -> Iterator[Problem]:
        yield from check_options(self.options, [self.key], "key")

    def fits(self, given: str, chosen: str | None) -> bool:
        return chosen == self.key


class TextGap(BaseGap, frozen=True, kw_only=True, tag="text"):
    """Filled with a word or a few, compared as those of a short text."""

    key: tuple[Accepted, ...]
    case_sensitive: bool = False
    wildcards: bool = False

    def check(self) -> Iterator[Problem]:
        yield from self.words.check()

    def fits(self, given: str, chosen: str | None) -> bool:
        return self.words.accept(given)

    @property
    def words(self) -> Words:
        return Words(self.key, self.case_sensitive, self.wildcards)


class NumberGap(BaseGap, frozen=True, kw_only=True, tag="number"):
    """Filled with a number, judged as that of a numeric question."""

    key: int | float
    tolerance: int | float = 0
    tolerance_kind: ToleranceKind = "absolute"

    def check(self) -> Iterator[Problem]:
        yield from Near(self.key, self.tolerance, self.tolerance_kind).check()

    def fits(self, given: str, chosen: str | None) -> bool:
        number = number_in(given)
        return isinstance(number, Fraction) and Near(self.key, self.tolerance, self.tolerance_kind).holds(number)


Gap = ChoiceGap | TextGap | NumberGap


class GapText(BaseQuestion, frozen=True, kw_only=True, tag="gap_text"):
    """`text` has `[[id]]` where each gap is, in every language the same gaps.

    A response is `{gap: choice or what was typed}`, the gaps called `g1..gN` in the order of `gaps`. Each gap earns its
    share, or all of them earn all (docs.moodle.org/en/Embedded_Answers_(Cloze)_question_type).
    """

    text: Text
    gaps: tuple[Gap, ...]
    scoring: Literal["all_or_nothing", "partial"] = "partial"

    def check(self) -> Iterator[Problem]:
        if not self.gaps:
            yield Problem("no-gaps", "gaps", "give at least one gap", "ต้องมีช่องว่างอย่างน้อยหนึ่งช่อง")
        if len(self.gaps) > MOST_GAPS:
            yield Problem("too-many-gaps", "gaps", f"give {MOST_GAPS} gaps at most", f"มีช่องว่างได้ไม่เกิน {MOST_GAPS} ช่อง")
        ids = [gap.id for gap in self.gaps]
        for number, gap in enumerate(self.gaps):
            place = f"gaps[{number}]"
            if gap.id in ids[:number]:
                yield Problem("gap-twice", f"{place}.id", f"gap `{gap.id}` stands twice", f"ช่องว่าง `{gap.id}` ซ้ำกัน")
            for problem in gap.check():
                yield msgspec.structs.replace(problem, path=f"{place}.{problem.path}")
        for language, written in (("th", self.text.th), ("en", self.text.en)):
            if written:
                yield from _check_marks(written, ids, f"text.{language}")

    def groups(self) -> tuple[Group, ...]:
        return tuple(Group(ids_of(gap.options) if isinstance(gap, ChoiceGap) else ()) for gap in self.gaps)

    def view(self, item: str, layout: Layout) -> ItemView:
        names = {gap.id: f"g{n}" for n, gap in enumerate(self.gaps, 1)}
        return ItemView(
            item=item,
            type=self.type,
            stem=self.stem,
            text=self.text.each(lambda written: _MARK.sub(lambda mark: f"[[{names[mark[1]]}]]", written)),
            gaps=tuple(
                GapView(
                    id=f"g{n + 1}",
                    kind=gap.kind,
                    choices=choice_views(gap.options, layout, n) if isinstance(gap, ChoiceGap) else (),
                )
                for n, gap in enumerate(self.gaps)
            ),
        )

    @staticmethod
    def parse(raw: object, layout: Layout) -> Response:
        """By the number of each gap: the option chosen, or the text as typed."""
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise BadResponse("give what fills each gap, by name", "ต้องระบุคำตอบของแต่ละช่องว่าง")
        groups = layout.groups()
        names = {f"g{n}": n for n in range(1, len(groups) + 1)}
        found: dict[int, tuple[str, str | None]] = {}
        for name, given in raw.items():
            if name not in names:
                raise BadResponse(f"a gap is one of g1 to g{len(groups)}", f"ช่องว่างต้องเป็น g1 ถึง g{len(groups)}")
            number = names[name] - 1
            if given is None or given == "":
                continue
            if groups[number][1]:
                found[number] = "", layout.named(given, number)
            elif isinstance(given, str) and len(given) <= MAX_LENGTH:
                if given.strip():
                    found[number] = given, None
            else:
                raise BadResponse(
                    f"`{name}` is a text of at most {MAX_LENGTH} characters",
                    f"`{name}` ต้องเป็นข้อความไม่เกิน {MAX_LENGTH} ตัวอักษร",
                )
        return found or None

    def score(self, response: Response) -> Fraction:
        if response is None:
            return Fraction(0)
        right = sum(gap.fits(*response[n]) for n, gap in enumerate(self.gaps) if n in response)
        return (
            Fraction(right == len(self.gaps)) if self.scoring == "all_or_nothing" else Fraction(right, len(self.gaps))
        )

    def reveal(self, layout: Layout) -> object:
        """By gap: the name of the choice, the accepted answers, or the number."""
        found: dict[str, object] = {}
        for n, gap in enumerate(self.gaps):
            key: object = list(gap.key) if isinstance(gap, TextGap) else gap.key
            found[f"g{n + 1}"] = layout.name(gap.key, n) if isinstance(gap, ChoiceGap) else key
        return found

    def right(self, layout: Layout) -> object:
        typed = {f"g{n}": gap.words.example() for n, gap in enumerate(self.gaps, 1) if isinstance(gap, TextGap)}
        numbers = {f"g{n}": str(gap.key) for n, gap in enumerate(self.gaps, 1) if isinstance(gap, NumberGap)}
        chosen = {f"g{n + 1}": layout.name(gap.key, n) for n, gap in enumerate(self.gaps) if isinstance(gap, ChoiceGap)}
        return {**chosen, **typed, **numbers}


def _check_marks(written: str, ids: list[str], path: str) -> Iterator[Problem]:
    marks = _MARK.findall(written)
    for name in dict.fromkeys(marks):
        if name not in ids:
            yield Problem("unknown-gap", path, f"there is no gap `{name}`", f"ไม่มีช่องว่าง `{name}`")
        elif marks.count(name) > 1:
            yield Problem("gap-twice", path, f"gap `{name}` stands twice", f"ช่องว่าง `{name}` ซ้ำกัน")
    for name in ids:
        if name not in marks:
            yield Problem(
                "gap-without-place",
                path,
                f"gap `{name}` stands nowhere: write [[{name}]]",
                f"ไม่พบตำแหน่งของช่องว่าง `{name}` ให้เขียน [[{name}]]",
            )
