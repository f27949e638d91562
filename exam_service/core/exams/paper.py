"""The paper of an attempt: drawn once from a seed, then frozen.

It has two faces. The *form* stays here: which question of which bank version stands where, and how its options are
ordered. The *view* is what the candidate sees, and its items and choices have names that say nothing of the bank.
"""

from collections.abc import Collection, Mapping

import msgspec

from exam_service.core.banks.draw import Dice, Shortage, Stratum, draw, fitting, shortages
from exam_service.core.banks.interactions import TYPES, BadResponse, ItemView, Response
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
    """The bank's option ids as they are displayed."""


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

    def compose(self, seed: bytes, seen: Collection[tuple[str, str]]) -> tuple[Form, PaperView]:
        """Draw a paper. `seen` are the (bank, question id) of the candidate's earlier papers.

        Raises draw.Infeasible, which a published exam cannot meet.
        """
        exam = self.exam
        avoid = {self._places[entry] for entry in seen if entry in self._places}
        drawn = iter(draw(self.strata, avoid, Dice(seed, "draw")))
        items: list[PaperItem] = []
        sections: list[SectionView] = []
        shuffle = Dice(seed, "shuffle")
        for section in exam.sections:
            # The draw itself is in random order; unshuffled means stratum by stratum, each in the order of its bank.
            places = [place for _ in section.strata for place in sorted(next(drawn))]
            if exam.shuffle.questions:
                places = list(shuffle.shuffled(places))
            views: list[ItemView] = []
            for place in places:
                bank, question_id = self.entries[place]
                question = self.pool[bank].by_id[question_id]
                order = question.choice_ids()
                if exam.shuffle.options:
                    order = shuffle.order(order)
                name = f"i{len(items) + 1}"
                items.append(
                    PaperItem(
                        item=name,
                        bank=bank,
                        question=question_id,
                        type=question.type,
                        section=section.code,
                        points=question.points,
                        order=order,
                    )
                )
                views.append(question.view(name, order))
            sections.append(SectionView(title=section.title, items=tuple(views)))
        form = Form(exam=exam.code, seed=seed.hex(), items=tuple(items))
        return form, PaperView(exam=exam.code, title=exam.title, sections=tuple(sections))


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
            read[name] = TYPES[place.type].parse(raw, place.order)
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
