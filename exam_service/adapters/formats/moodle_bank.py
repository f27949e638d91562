"""A bank of ours from Moodle XML (docs.moodle.org/en/Moodle_XML_format).

Read from what Moodle itself exports; the names of its elements and of its question types are Moodle's.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from exam_service.adapters.formats import cloze, fields
from exam_service.adapters.formats.fields import Number, Worth, share_of
from exam_service.adapters.formats.foreign import Draft, bank_of, category_of, tags_of, text_of
from exam_service.adapters.formats.markup import Marked, Markup, ours
from exam_service.adapters.formats.xml_tree import Node, read_xml
from exam_service.core.banks.converted import Converted
from exam_service.core.errors import Fault, Invalid
from exam_service.core.text import Text

_FORMATS: dict[str, Markup] = {
    "html": "html",
    "moodle_auto_format": "moodle",
    "plain_text": "plain",
    "markdown": "markdown",
}
_ORDERS = {
    "ALL_OR_NOTHING": "all_or_nothing",
    "ABSOLUTE_POSITION": "position",
    "RELATIVE_NEXT_EXCLUDE_LAST": "adjacent",
    "LONGEST_ORDERED_SUBSET": "longest_subset",
}
_MOST_POINTS = 1000
_PLACE = re.compile(r"\[\[([0-9]{1,3})\]\]")


def convert(content: bytes, code: str, title: str) -> Converted:
    """Every question that our types can ask, and a note for all that is left out. Raises Invalid when it is no quiz."""
    root = read_xml(content)
    if root.name != "quiz":
        message = Text(
            en=f"a file of Moodle's begins with <quiz>, not <{root.name}>",
            th=f"ไฟล์ของ Moodle ต้องขึ้นต้นด้วย <quiz> ไม่ใช่ <{root.name}>",
        )
        raise Invalid(count=1, faults=[Fault(code="not-a-quiz", line=root.line, message=message)])
    drafts: list[Draft] = []
    category = ""
    for question in root.all("question"):
        if question.attributes.get("type") == "category":
            category = category_of(question.said("category", "text"))
        else:
            drafts.append(_draft(question, category))
    return bank_of(code, title, drafts)


def _draft(question: Node, category: str) -> Draft:
    lost: list[str] = []
    name = question.said("name", "text")
    stem = _said(question.first("questiontext"), lost)
    draft = Draft(
        line=question.line,
        name=question.said("idnumber") or name,
        objective=category,
        fields={"stem": text_of(stem or name or "?")},
        lost=lost,
    )
    if rationale := _said(question.first("generalfeedback"), lost):
        draft.fields["rationale"] = text_of(rationale)
    tags = question.first("tags")
    if tags is not None and (named := [tag.said("text") for tag in tags.all("tag")]):
        draft.fields["tags"] = tags_of(named, lost)
    if any(_said(one.first("feedback"), []) for one in question.all("answer")):
        lost.append("feedback")
    draft.fields |= _points(question, lost)
    try:
        draft.fields |= _KINDS.get(question.attributes.get("type", ""), _nothing("unknown-type"))(question, lost)
    except fields.Refused as refused:
        draft.refused = str(refused)
    return draft


def _nothing(code: str) -> Callable[[Node, list[str]], dict[str, Any]]:
    def refuse(_: Node, __: list[str]) -> dict[str, Any]:
        raise fields.Refused(code)

    return refuse


def _points(question: Node, lost: list[str]) -> dict[str, Any]:
    grade = question.said("defaultgrade")
    if not grade:
        return {}
    try:
        points = fields.decimal(grade)
    except fields.Refused:
        points = Decimal(0)
    if points != points.to_integral_value() or not 1 <= points <= _MOST_POINTS:
        lost.append("points")
        return {}
    return {"points": int(points)} if points > 1 else {}


def _said(node: Node | None, lost: list[str]) -> str:
    """A text of Moodle's, which says how it is marked up; files that come with it are pictures or sound."""
    if node is None:
        return ""
    said = ours(Marked(node.said("text"), _FORMATS.get(node.attributes.get("format", "html"), "html")))
    lost += said.lost
    return said.text


def _worth(question: Node, lost: list[str]) -> list[Worth]:
    return [Worth(_said(one, lost), _fraction(one)) for one in question.all("answer")]


def _fraction(answer: Node) -> float:
    return share_of(float(fields.decimal(answer.attributes.get("fraction", "0") or "0")))


def _multichoice(question: Node, lost: list[str]) -> dict[str, Any]:
    return fields.choice(_worth(question, lost), several=question.said("single") in ("false", "0"))


def _truefalse(question: Node, _: list[str]) -> dict[str, Any]:
    right = [one.said("text").lower() for one in question.all("answer") if _fraction(one) == 1]
    if right not in (["true"], ["false"]):
        raise fields.Refused("no-right-answer")
    return {"type": "true_false", "key": right == ["true"]}


def _shortanswer(question: Node, _: list[str]) -> dict[str, Any]:
    # Accepted answers are what is typed, never marked up.
    answers = [Worth(one.said("text"), _fraction(one)) for one in question.all("answer")]
    return fields.short_text(answers, case_sensitive=question.said("usecase") == "1")


def _numerical(question: Node, _: list[str]) -> dict[str, Any]:
    numbers = [
        Number(fields.decimal(one.said("text")), fields.decimal(one.said("tolerance") or "0"), _fraction(one))
        for one in question.all("answer")
        if _fraction(one) > 0
    ]
    made = fields.numeric(numbers)
    units = question.first("units")
    listed = [] if units is None else list(units.all("unit"))
    if listed:
        made["units"] = [
            {"name": unit.said("unit_name"), "factor": fields.plain(_factor(unit.said("multiplier")))}
            for unit in listed
        ]
    return made


def _factor(multiplier: str) -> Decimal:
    """Moodle says how many of this unit the key's is; ours, how many of the key's this one is."""
    number = fields.decimal(multiplier or "1")
    if not number:
        raise fields.Refused("not-a-number")
    return 1 / number


def _matching(question: Node, lost: list[str]) -> dict[str, Any]:
    pairs = [(_said(one, lost), one.said("answer", "text")) for one in question.all("subquestion")]
    return fields.matching(pairs)


def _ordering(question: Node, lost: list[str]) -> dict[str, Any]:
    listed = fields.options(_said(one, lost) for one in question.all("answer"))
    grading = question.said("gradingtype")
    scoring = _ORDERS.get(grading)
    if scoring is None:
        lost.append("scoring")
    made = {"type": "ordering", "options": listed, "key": [option["id"] for option in listed]}
    return made | {"scoring": scoring or "position"}


def _gapselect(question: Node, lost: list[str]) -> dict[str, Any]:
    """`[[2]]` is a gap whose right answer is the second word listed, to be chosen from those of its group."""
    words = [(one.said("text"), one.said("group") or "1") for one in _words(question)]
    text = _said(question.first("questiontext"), lost)
    gaps: list[dict[str, Any]] = []

    def gap(found: re.Match[str]) -> str:
        number = int(found[1])
        if not 1 <= number <= len(words):
            raise fields.Refused("unknown-gap")
        group = words[number - 1][1]
        ids = {f"w{n}": word for n, (word, of) in enumerate(words, 1) if of == group}
        options = [{"id": id, "text": text_of(ours(Marked(word, "plain")).text)} for id, word in ids.items()]
        gaps.append({"kind": "choice", "id": f"g{len(gaps) + 1}", "options": options, "key": f"w{number}"})
        return f"[[g{len(gaps)}]]"

    filled = _PLACE.sub(gap, text)
    return {"type": "gap_text", "stem": _FILL, "text": text_of(filled), "gaps": gaps}


def _words(question: Node) -> Sequence[Node]:
    return [*question.all("selectoption"), *question.all("dragbox")]


_FILL = {"th": "เติมช่องว่าง", "en": "Fill in the gaps."}


def _cloze(question: Node, lost: list[str]) -> dict[str, Any]:
    node = question.first("questiontext")
    source = "" if node is None else node.said("text")
    text, gaps = cloze.gaps_in(source)
    said = ours(Marked(text, "html"))
    lost += said.lost
    return {"type": "gap_text", "stem": _FILL, "text": text_of(said.text), "gaps": gaps}


_KINDS: dict[str, Callable[[Node, list[str]], dict[str, Any]]] = {
    "multichoice": _multichoice,
    "truefalse": _truefalse,
    "shortanswer": _shortanswer,
    "numerical": _numerical,
    "matching": _matching,
    "ordering": _ordering,
    "gapselect": _gapselect,
    "ddwtos": _gapselect,
    "cloze": _cloze,
    "multianswer": _cloze,
    "essay": _nothing("essay"),
    "description": _nothing("description"),
}
