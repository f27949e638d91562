"""What several formats say alike: answers with what each is worth, as the fields of our question types."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from exam_service.adapters.formats.foreign import text_of

_LONGEST = 40
_ROUNDING = 0.001
"""Moodle writes a third as 33.33333 %: three of them lack so much at most."""


class Refused(Exception):
    """A question that none of our types can ask; its text is the code of why."""


class Worth(NamedTuple):
    """An answer, and which share of the points it earns, -1 to 1."""

    text: str
    share: float


def share_of(percent: float) -> float:
    """Of the points."""
    return round(max(-1.0, min(1.0, percent / 100)), 7)


def letter(n: int) -> str:
    """The id of the option that stands there."""
    return chr(ord("a") + n) if n < 26 else f"o{n + 1}"


def options(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Raises Refused when one has no words."""
    said = list(texts)
    if not all(said):
        raise Refused("nothing-to-read")
    return [{"id": letter(n), "text": text_of(text)} for n, text in enumerate(said)]


def choice(answers: Sequence[Worth], *, several: bool | None = None) -> dict[str, Any]:
    """One right answer, or several that share the points; `several` when the format says which."""
    listed = options(one.text for one in answers)
    worth = {option["id"]: one.share for option, one in zip(listed, answers, strict=True)}
    whole = [id for id, share in worth.items() if share == 1]
    if whole and not several:
        others = {id: share for id, share in worth.items() if share and id != whole[0]}
        made = {"type": "single_choice", "options": listed, "key": whole[0]}
        return made | ({"values": others} if others else {})
    key = [id for id, share in worth.items() if share > 0]
    if not key or several is False:
        raise Refused("no-right-answer")
    lacking = round(1 - sum(worth[id] for id in key), 7)
    if 0 < lacking < _ROUNDING:
        worth[key[-1]] = round(worth[key[-1]] + lacking, 7)
    return {
        "type": "multiple_response",
        "options": listed,
        "key": key,
        "scoring": "mapped",
        "values": {id: share for id, share in worth.items() if share},
    }


def short_text(answers: Sequence[Worth], *, case_sensitive: bool = False) -> dict[str, Any]:
    """Accepted answers, with `*` for any text as in Moodle."""
    whole = [one.text for one in answers if one.share == 1]
    if not whole:
        raise Refused("no-right-answer")
    made: dict[str, Any] = {"type": "short_text", "key": whole}
    if partly := [{"text": one.text, "share": one.share} for one in answers if 0 < one.share < 1]:
        made["partly"] = partly
    if any("*" in one.text for one in answers if one.share > 0):
        made["wildcards"] = True
    if case_sensitive:
        made["case_sensitive"] = True
    return made


def matching(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Prompt and match; a pair without its prompt is one more to choose from."""
    ids = {match: letter(n) for n, match in enumerate(dict.fromkeys(match for _, match in pairs))}
    asked = [pair for pair in pairs if pair[0]]
    prompts = [{"id": f"p{n}", "text": text_of(prompt)} for n, (prompt, _) in enumerate(asked, 1)]
    if not all(ids):
        raise Refused("nothing-to-read")
    return {
        "type": "matching",
        "prompts": prompts,
        "options": [{"id": id, "text": text_of(match)} for match, id in ids.items()],
        "key": {prompt["id"]: ids[match] for prompt, (_, match) in zip(prompts, asked, strict=True)},
    }


class Number(NamedTuple):
    """A number and how near to it is near enough, and what it earns."""

    key: Decimal
    tolerance: Decimal
    share: float


def decimal(text: str) -> Decimal:
    """Raises Refused for what is no number that a bank may hold."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise Refused("not-a-number") from error
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST:
        raise Refused("not-a-number")
    return number


def numeric(numbers: Sequence[Number]) -> dict[str, Any]:
    """One that earns everything, and others that earn a part; those that earn nothing are nothing here."""
    whole = [one for one in numbers if one.share == 1]
    if not whole:
        raise Refused("no-right-answer")
    if len(whole) > 1:
        raise Refused("several-keys")
    parts = [{**_near(one), "share": one.share} for one in numbers if 0 < one.share < 1]
    return {"type": "numeric", **_near(whole[0])} | ({"partly": parts} if parts else {})


def _near(number: Number) -> dict[str, Any]:
    return {"key": plain(number.key)} | ({"tolerance": plain(number.tolerance)} if number.tolerance else {})


def plain(number: Decimal) -> int | float:
    """As JSON writes it."""
    return int(number) if number == number.to_integral_value() else float(number)
