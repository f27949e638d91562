"""Moodle's embedded answers: `{1:SHORTANSWER:=right~wrong}` (docs.moodle.org/en/Embedded_Answers_(Cloze))."""

import html
import re
from typing import Any

from exam_service.adapters.formats import fields
from exam_service.adapters.formats.fields import Worth, share_of

_GAP = re.compile(r"\{([0-9]*):([A-Z_]+):((?:[^{}\\]|\\.)*)\}", re.DOTALL)
_ANSWER = re.compile(r"(?<!\\)~")
_SHARE = re.compile(r"(=|%(-?[0-9.]+)%)?(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\([{}~#=/\"\\])")
_CHOICES = re.compile("(MULTICHOICE(_[VHS]|_VS|_HS)?|MC[VH]?S?)")
_WORDS = {"SHORTANSWER": False, "SA": False, "MW": False, "SHORTANSWER_C": True, "SAC": True, "MWC": True}
_NUMBERS = ("NUMERICAL", "NM")


def gaps_in(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The text with `[[g1]]` where each gap is, and the gaps. Raises fields.Refused with the code of why."""
    gaps: list[dict[str, Any]] = []
    weights: set[str] = set()

    def gap(found: re.Match[str]) -> str:
        weights.add(found[1] or "1")
        gaps.append({"id": f"g{len(gaps) + 1}", **_gap(found[2], _answers(found[3]))})
        return f"[[g{len(gaps)}]]"

    text = _GAP.sub(gap, source.replace("[[", "[ ["))
    if not gaps:
        raise fields.Refused("no-gaps")
    if len(weights) > 1:
        # Ours earn alike.
        raise fields.Refused("gap-weights")
    return text, gaps


def _answers(written: str) -> list[Worth]:
    found = []
    for one in _ANSWER.split(written):
        match = _SHARE.fullmatch(one)
        if match is None or not one:
            continue
        text = re.split(r"(?<!\\)#", match[3])[0]
        share = 1.0 if match[1] == "=" else share_of(float(match[2] or 0)) if match[2] != "." else 0.0
        found.append(Worth(html.unescape(_ESCAPED.sub(r"\1", text)).strip(), share))
    return found


def _gap(kind: str, answers: list[Worth]) -> dict[str, Any]:
    """Only whole answers: what earns a part in a gap is refused, so that nobody earns less than before."""
    if any(0 < one.share < 1 for one in answers):
        raise fields.Refused("gap-parts")
    if _CHOICES.fullmatch(kind):
        made = fields.choice(answers, several=False)
        return {"kind": "choice", "options": made["options"], "key": made["key"]}
    if kind in _WORDS:
        made = fields.short_text(answers, case_sensitive=_WORDS[kind])
        return {"kind": "text"} | {name: made[name] for name in made if name != "type"}
    if kind in _NUMBERS:
        made = fields.numeric([_number(one) for one in answers if one.share > 0])
        return {"kind": "number"} | {name: made[name] for name in made if name != "type"}
    raise fields.Refused("unknown-type")


def _number(one: Worth) -> fields.Number:
    key, _, tolerance = one.text.partition(":")
    return fields.Number(fields.decimal(key), fields.decimal(tolerance or "0"), one.share)
