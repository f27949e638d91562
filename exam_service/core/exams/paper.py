"""The paper of an attempt: drawn once from a seed, then frozen.

It has two faces. The *form* stays here: which question of which bank version stands where, and how its options are
ordered. The *view* is what the candidate sees, and its items and choices have names that say nothing of the bank.
"""

import itertools
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from exam_service.core.banks.draw import Arrange, Dice, Shortage, Stratum, draw, fitting, shortages
from exam_service.core.banks.interactions import TYPES, BadResponse, BaseQuestion, ItemView, Layout, Response
from exam_service.core.banks.interactions.base import ChoiceView, Group
from exam_service.core.banks.model import Bank
from exam_service.core.errors import Fault
from exam_service.core.exams.model import BlueprintStratum, Exam
from exam_service.core.text import Text


class PaperItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place of the form."""

    item: str
    bank: str
    """The bank's code; the course version says which version of it."""
    question: str
    type: str
    section: str
    points: int
    order: tuple[str, ...] = ()
    """The bank's option ids as they are displayed, group after group."""
    sizes: tuple[int, ...] = ()
    """How many of them belong to each group; left out when all are one."""

    @property
    def layout(self) -> Layout:
        return Layout(self.order, self.sizes)


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The server's face of a paper, enough to score it again for ever."""

    exam: str
    seed: str
    items: tuple[PaperItem, ...]

    def item(self, name: str) -> PaperItem | None:
        """The place called `i1..iN`."""
        if not (name[:1] == "i" and name[1:].isascii() and name[1:].isdigit() and len(name) < 6):
            return None
        number = int(name[1:])
        return self.items[number - 1] if 1 <= number <= len(self.items) and name == f"i{number}" else None


class SectionView(msgspec.Struct, frozen=True, kw_only=True):
    title: Text
    items: tuple[ItemView, ...]


class PaperView(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's face of a paper."""

    exam: str
    title: Text
    sections: tuple[SectionView, ...]


Pool = Mapping[str, Bank]
"""bank code -> the bank version that the course version pins"""


class Blueprint:
    """An exam over the bank versions that it draws from, with all that no draw changes worked out once.

    Drawing from it costs what is drawn, not what there is to draw from.
    """

    def __init__(self, exam: Exam, pool: Pool) -> None:
        self.exam = exam
        self.pool = pool
        self.entries: list[tuple[str, str]] = []
        """All questions of the banks that the exam uses, as (bank, question id)."""
        self.strata: list[Stratum] = []
        """The exam's strata in order, over positions in `entries`."""
        start: dict[str, int] = {}
        for wanted in (stratum for section in exam.sections for stratum in section.strata):
            bank = pool[wanted.bank]
            if wanted.bank not in start:
                start[wanted.bank] = len(self.entries)
                self.entries += [(wanted.bank, question.id) for question in bank.questions]
            fits = fitting(bank.questions, objective=wanted.objective, difficulty=wanted.difficulty, tag=wanted.tag)
            self.strata.append(Stratum(wanted.count, [start[wanted.bank] + n for n in fits]))
        self._places = {entry: place for place, entry in enumerate(self.entries)}
        self._pieces: dict[int, _Pieces] = {}

    def compose(self, seed: bytes, seen: Collection[tuple[str, str]]) -> tuple[Form, PaperView]:
        """Draw a paper. `seen` are the (bank, question id) of the candidate's earlier papers.

        Raises draw.Infeasible, which a published exam cannot meet.
        """
        form = self._form(seed, self._drawn(seed, seen))
        sections = tuple(
            SectionView(
                title=section.title,
                items=tuple(
                    self.pool[one.bank].by_id[one.question].view(one.item, one.layout)
                    for one in form.items
                    if one.section == section.code
                ),
            )
            for section in self.exam.sections
        )
        return form, PaperView(exam=self.exam.code, title=self.exam.title, sections=sections)

    def frozen(self, seed: bytes, seen: Collection[tuple[str, str]]) -> tuple[Form, bytes]:
        """The same paper with its view as the JSON that it is sent as, joined from pieces that are kept."""
        exam, drawn, number = self.exam, self._drawn(seed, seen), itertools.count(1)
        sections = [
            b'{"title":%b,"items":[%b]}'
            % (
                msgspec.json.encode(section.title),
                b",".join([piece.view % (next(number), *arrange(piece.texts)) for piece, arrange in placed]),
            )
            for section, placed in zip(exam.sections, drawn, strict=True)
        ]
        whole = b'{"exam":%b,"title":%b,"sections":[%b]}'
        view = whole % (msgspec.json.encode(exam.code), msgspec.json.encode(exam.title), b",".join(sections))
        return self._form(seed, drawn), view

    def _drawn(self, seed: bytes, seen: Collection[tuple[str, str]]) -> "list[list[_Placed]]":
        """Of each section the questions in their order, each with the order of its options."""
        shuffle, dice = self.exam.shuffle, Dice(seed, "shuffle")
        avoid = {self._places[entry] for entry in seen if entry in self._places}
        drawn = iter(draw(self.strata, avoid, Dice(seed, "draw")))
        sections = []
        for section in self.exam.sections:
            # The draw itself is in random order; unshuffled means stratum by stratum, each in the order of its bank.
            places = [place for _ in section.strata for place in sorted(next(drawn))]
            if shuffle.questions:
                places = list(dice.shuffled(places))
            pieces = [self._pieces.get(place) or self._at(place) for place in places]
            sections.append([(one, one.arrangement(dice, shuffle.options)) for one in pieces])
        return sections

    def _form(self, seed: bytes, drawn: "list[list[_Placed]]") -> Form:
        items: list[PaperItem] = []
        for section, placed in zip(self.exam.sections, drawn, strict=True):
            code = section.code
            for one, arrange in placed:
                items.append(
                    PaperItem(
                        item=f"i{len(items) + 1}",
                        bank=one.bank,
                        question=one.question,
                        type=one.type,
                        section=code,
                        points=one.points,
                        order=arrange(one.order),
                        sizes=one.sizes,
                    )
                )
        return Form(exam=self.exam.code, seed=seed.hex(), items=tuple(items))

    def _at(self, place: int) -> "_Pieces":
        bank, question = self.entries[place]
        pieces = self._pieces[place] = _Pieces(bank, self.pool[bank].by_id[question])
        return pieces


class _Pieces:
    """What no draw changes of a question: its part of a form, and what its view is made from."""

    __slots__ = ("_groups", "bank", "order", "points", "question", "sizes", "texts", "type", "view")

    def __init__(self, bank: str, question: BaseQuestion) -> None:
        self.bank = bank
        self.question = question.id
        self.type = question.type
        self.points = question.points
        self._groups = groups = question.groups()
        self.order = tuple(id for group in groups for id in group.ids)
        """The bank's option ids, in its order, group after group."""
        self.sizes = tuple(len(group.ids) for group in groups) if len(groups) > 1 else ()
        view = question.view(_NAME, Layout(self.order, self.sizes))
        self.texts = tuple(msgspec.json.encode(choice.text) for choice in _choices(view))
        """Of the options, in the same order."""
        self.view = _to_fill_in(view)
        """To be filled in with the item's number and the texts as they are displayed; then byte for byte what encoding
        an ItemView gives."""

    def arrangement(self, dice: Dice, shuffled: bool) -> Arrange[Any]:
        """An order for the options, each group for itself."""
        if len(self._groups) < 2:
            return self._one(dice, shuffled, self._groups[0]) if self._groups else tuple
        parts, at = [], 0
        for group in self._groups:
            end = at + len(group.ids)
            parts.append((at, end, self._one(dice, shuffled, group)))
            at = end
        return lambda things: tuple(one for at, end, arrange in parts for one in arrange(things[at:end]))

    @staticmethod
    def _one(dice: Dice, shuffled: bool, group: Group) -> Arrange[Any]:
        return dice.arrangement(len(group.ids)) if shuffled or group.telling else tuple


_Placed = tuple[_Pieces, Arrange[Any]]


_NAME = "i0"


def _choices(view: ItemView) -> tuple[ChoiceView, ...]:
    """All of them, in the order of their names."""
    return (*view.prompts, *view.choices, *(choice for gap in view.gaps for choice in gap.choices))


def _to_fill_in(view: ItemView) -> bytes:
    """The view as JSON, with a place for the number of the item and one for each text of a choice."""
    plain, mark = msgspec.json.encode(view), "place"
    while mark.encode() in plain:
        mark += "-"
    stand_in = Text(en=mark)

    def emptied(choices: tuple[ChoiceView, ...]) -> tuple[ChoiceView, ...]:
        return tuple(ChoiceView(choice.id, stand_in) for choice in choices)

    gaps = tuple(msgspec.structs.replace(gap, choices=emptied(gap.choices)) for gap in view.gaps)
    empty = msgspec.structs.replace(view, prompts=emptied(view.prompts), choices=emptied(view.choices), gaps=gaps)
    whole = msgspec.json.encode(empty).replace(b"%", b"%%").replace(msgspec.json.encode(stand_in), b"%b")
    return whole.replace(b'"item":%b' % msgspec.json.encode(_NAME), b'"item":"i%d"', 1)


def infeasible(exam: Exam, pool: Pool, path: str) -> list[Fault]:
    """A fault for each stratum that its bank cannot fill, saying how many questions are missing."""
    strata = Blueprint(exam, pool).strata
    where = [
        f"{path}.sections[{s}].strata[{n}]"
        for s, section in enumerate(exam.sections)
        for n in range(len(section.strata))
    ]
    wanted = [stratum for section in exam.sections for stratum in section.strata]
    return [
        _lacks(short, strata[short.stratum], wanted[short.stratum], where[short.stratum]) for short in shortages(strata)
    ]


def compose(exam: Exam, pool: Pool, seed: bytes, seen: Collection[tuple[str, str]]) -> tuple[Form, PaperView]:
    """Draw one paper of an exam; whoever draws many keeps the Blueprint."""
    return Blueprint(exam, pool).compose(seed, seen)


def read_responses(form: Form, responses: Mapping[str, object]) -> tuple[dict[str, Response], list[Fault]]:
    """Each response in the bank's own terms, and a fault for each that is not on the paper or not of its type."""
    read: dict[str, Response] = {}
    faults: list[Fault] = []
    for name, raw in responses.items():
        place = form.item(name)
        if place is None:
            faults.append(unknown_item(name))
            continue
        try:
            read[name] = TYPES[place.type].parse(raw, place.layout)
        except BadResponse as error:
            faults.append(Fault(code="bad-response", path=f"responses.{name}", message=error.text))
    return read, faults


def unknown_item(name: str) -> Fault:
    """The fault of a response to something that is not on the paper."""
    message = Text(en=f"there is no item `{name}` on this paper", th=f"ไม่มีข้อ `{name}` ในข้อสอบชุดนี้")
    return Fault(code="unknown-item", path=f"responses.{name}", message=message)


def _lacks(short: Shortage, stratum: Stratum, wanted: BlueprintStratum, path: str) -> Fault:
    narrowed = ", ".join(
        f"{name} `{getattr(wanted, name)}`" for name in ("objective", "difficulty", "tag") if getattr(wanted, name)
    )
    what = f"bank `{wanted.bank}`" + (f", {narrowed}" if narrowed else "")
    shared = short.lacks > stratum.count - len(stratum.pool)
    shared_en = " once the other strata have theirs" if shared else ""
    shared_th = " เมื่อกลุ่มอื่นได้ครบแล้ว" if shared else ""
    return Fault(
        code="stratum-infeasible",
        path=path,
        message=Text(
            en=f"{what}: wants {stratum.count}, the bank has {len(stratum.pool)}, {short.lacks} missing{shared_en}",
            th=f"{what}: ต้องการ {stratum.count} ข้อ มีในคลัง {len(stratum.pool)} ข้อ ขาด {short.lacks} ข้อ{shared_th}",
        ),
    )
