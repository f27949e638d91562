"""A bank of ours from GIFT."""

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from exam_service.adapters.formats import gift
from exam_service.adapters.formats.decoded import decoded
from exam_service.adapters.formats.foreign import Draft, bank_of, tags_of, text_of
from exam_service.adapters.formats.markup import ours
from exam_service.core.banks.converted import Converted
from exam_service.core.banks.interactions.numeric import MAX_TYPED
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
        objective=(item.category or "").replace("$course$", "").replace("//", "\0").split("/")[-1].replace("\0", "/"),
        fields={"stem": text_of(_said(item.stem, lost) or item.title or GAP)},
        lost=lost,
    )
    if item.general is not None and (said := _said(item.general, lost)):
        draft.fields["rationale"] = text_of(said)
    if item.tags:
        draft.fields["tags"] = tags_of(item.tags, lost)
    if item.feedback or any(one.feedback for one in item.answers):
        lost.append("feedback")
    try:
        draft.fields |= _KINDS[item.kind](item, lost)
    except _Refused as refused:
        draft.refused = str(refused)
    return draft


GAP = gift.GAP


_ROUNDING = 0.001
"""Moodle writes a third as 33.33333 %: three of them lack so much at most."""


class _Refused(Exception):
    """The code of why."""


def _said(marked: gift.Marked, lost: list[str]) -> str:
    said = ours(marked)
    lost += said.lost
    return said.text


def _nothing(code: str) -> Callable[[gift.Item, list[str]], dict[str, Any]]:
    def refuse(_: gift.Item, __: list[str]) -> dict[str, Any]:
        raise _Refused(code)

    return refuse


def _true_false(item: gift.Item, _: list[str]) -> dict[str, Any]:
    return {"type": "true_false", "key": bool(item.truth)}


def _options(texts: Iterable[str]) -> list[dict[str, Any]]:
    said = list(texts)
    if not all(said):
        raise _Refused("nothing-to-read")
    return [{"id": _letter(n), "text": text_of(text)} for n, text in enumerate(said)]


def _letter(n: int) -> str:
    return chr(ord("a") + n) if n < 26 else f"o{n + 1}"


def _choice(item: gift.Item, lost: list[str]) -> dict[str, Any]:
    """One right answer, or several that share the points by their weights."""
    options = _options(_said(one.text, lost) for one in item.answers)
    worth = {
        option["id"]: _share(one.weight, 100 if one.right else 0)
        for option, one in zip(options, item.answers, strict=True)
    }
    whole = [id for id, share in worth.items() if share == 1]
    if whole:
        others = {id: share for id, share in worth.items() if share and id != whole[0]}
        made = {"type": "single_choice", "options": options, "key": whole[0]}
        return made | ({"values": others} if others else {})
    key = [id for id, share in worth.items() if share > 0]
    if not key:
        raise _Refused("no-right-answer")
    lacking = round(1 - sum(worth[id] for id in key), 7)
    if 0 < lacking < _ROUNDING:
        worth[key[-1]] = round(worth[key[-1]] + lacking, 7)
    return {
        "type": "multiple_response",
        "options": options,
        "key": key,
        "scoring": "mapped",
        "values": {id: share for id, share in worth.items() if share},
    }


def _short(item: gift.Item, _: list[str]) -> dict[str, Any]:
    whole = [one.text.text for one in item.answers if _share(one.weight, 100) == 1]
    parts = [(one.text.text, _share(one.weight, 100)) for one in item.answers]
    if not whole:
        raise _Refused("no-right-answer")
    made: dict[str, Any] = {"type": "short_text", "key": whole}
    if partly := [{"text": text, "share": share} for text, share in parts if 0 < share < 1]:
        made["partly"] = partly
    if any("*" in text for text, share in parts if share > 0):
        made["wildcards"] = True
    return made


def _matching(item: gift.Item, lost: list[str]) -> dict[str, Any]:
    """A pair without its first half is one more to choose from."""
    ids = {match: _letter(n) for n, match in enumerate(dict.fromkeys(pair.match for pair in item.pairs))}
    asked = [(said, pair.match) for pair in item.pairs if (said := _said(pair.prompt, lost))]
    prompts = [{"id": f"p{n}", "text": text_of(said)} for n, (said, _) in enumerate(asked, 1)]
    return {
        "type": "matching",
        "prompts": prompts,
        "options": [{"id": id, "text": text_of(match)} for match, id in ids.items()],
        "key": {prompt["id"]: ids[match] for prompt, (_, match) in zip(prompts, asked, strict=True)},
    }


def _numerical(item: gift.Item, _: list[str]) -> dict[str, Any]:
    """`key`, `key:tolerance` or `low..high`, computed in decimals; `*` for any other earns nothing here, too."""
    found = [
        (_number(one.text.text), share)
        for one in item.answers
        if (share := _share(one.weight, 100 if one.right else 0)) > 0
    ]
    whole = [number for number, share in found if share == 1]
    if not whole:
        raise _Refused("no-right-answer")
    parts = [{**number, "share": share} for number, share in found if share < 1]
    more = [{**number, "share": 1} for number in whole[1:]]
    if more:
        raise _Refused("several-keys")
    return {"type": "numeric", **whole[0]} | ({"partly": parts} if parts else {})


def _number(text: str) -> dict[str, Any]:
    try:
        if ".." in text:
            low, high = (Decimal(end.strip()) for end in text.split("..", 1))
            return _near((low + high) / 2, abs(high - low) / 2)
        key, _, tolerance = text.partition(":")
        return _near(Decimal(key.strip()), Decimal(tolerance.strip() or "0"))
    except InvalidOperation as error:
        raise _Refused("not-a-number") from error


def _near(key: Decimal, tolerance: Decimal) -> dict[str, Any]:
    if not (key.is_finite() and tolerance.is_finite()) or len(f"{key:f}{tolerance:f}") > 2 * MAX_TYPED:
        raise _Refused("not-a-number")
    return {"key": _plain(key)} | ({"tolerance": _plain(tolerance)} if tolerance else {})


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _share(weight: float | None, otherwise: float) -> float:
    """Of the points, -1 to 1; Moodle writes thirds as 33.33333."""
    percent = otherwise if weight is None else weight
    return round(max(-1.0, min(1.0, percent / 100)), 7)


_KINDS: dict[gift.Kind, Callable[[gift.Item, list[str]], dict[str, Any]]] = {
    "description": _nothing("description"),
    "essay": _nothing("essay"),
    "true_false": _true_false,
    "choice": _choice,
    "short": _short,
    "matching": _matching,
    "numerical": _numerical,
}
