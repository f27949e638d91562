"""A bank of ours from GIFT."""

from typing import Any

from exam_service.adapters.formats import fields, gift
from exam_service.adapters.formats.decoded import decoded
from exam_service.adapters.formats.fields import Number, Worth, share_of
from exam_service.adapters.formats.foreign import Draft, bank_of, category_of, tags_of, text_of
from exam_service.adapters.formats.markup import Marked, ours
from exam_service.core.banks.converted import Converted
from exam_service.core.text import Text

_ADVICE = Text(en="save it as UTF-8", th="โปรดบันทึกเป็น UTF-8")


def convert(content: bytes, code: str, title: str) -> Converted:
    """Every question that our types can ask, and a note for all that is left out. Raises Invalid when it is no text."""
    read = gift.read(decoded(content, _ADVICE))
    return bank_of(code, title, [_draft(item) for item in read.items], read.faults)


def _draft(item: gift.Item) -> Draft:
    lost: list[str] = []
    draft = Draft(
        line=item.line,
        name=item.id or item.title,
        objective=category_of(item.category or ""),
        fields={"stem": text_of(_said(item.stem, lost) or item.title or gift.GAP)},
        lost=lost,
    )
    if item.general is not None and (said := _said(item.general, lost)):
        draft.fields["rationale"] = text_of(said)
    if item.tags:
        draft.fields["tags"] = tags_of(item.tags, lost)
    if item.feedback or any(one.feedback for one in item.answers):
        lost.append("feedback")
    try:
        draft.fields |= _fields(item, lost)
    except fields.Refused as refused:
        draft.refused = str(refused)
    return draft


def _said(marked: Marked, lost: list[str]) -> str:
    said = ours(marked)
    lost += said.lost
    return said.text


def _fields(item: gift.Item, lost: list[str]) -> dict[str, Any]:
    match item.kind:
        case "true_false":
            return {"type": "true_false", "key": bool(item.truth)}
        case "choice":
            # A sign alone is all or nothing.
            return fields.choice(
                [Worth(_said(one.text, lost), _share(one, 100 if one.right else 0)) for one in item.answers]
            )
        case "short":
            return fields.short_text([Worth(one.text.text, _share(one, 100)) for one in item.answers])
        case "matching":
            return fields.matching([(_said(pair.prompt, lost), pair.match) for pair in item.pairs])
        case "numerical":
            shares = [(one.text.text, _share(one, 100 if one.right else 0)) for one in item.answers]
            return fields.numeric([_number(text, share) for text, share in shares if share > 0])
        case _:
            raise fields.Refused(item.kind)


def _share(answer: gift.Answer, otherwise: float) -> float:
    return share_of(otherwise if answer.weight is None else answer.weight)


def _number(text: str, share: float) -> Number:
    """`key`, `key:tolerance` or `low..high`."""
    if ".." in text:
        low, high = (fields.decimal(end) for end in text.split("..", 1))
        return Number((low + high) / 2, abs(high - low) / 2, share)
    key, _, tolerance = text.partition(":")
    return Number(fields.decimal(key), fields.decimal(tolerance or "0"), share)
