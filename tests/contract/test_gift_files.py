"""GIFT files of others parse to what is said of them; every difference is listed with its reason."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exam_service.adapters.formats import gift
from exam_service.adapters.formats.markup import Marked
from tests.support.optional import optional

FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "gift"
KINDS = {
    "description": "Description",
    "essay": "Essay",
    "true_false": "TF",
    "choice": "MC",
    "short": "Short",
    "matching": "Matching",
    "numerical": "Numerical",
}


def as_said(read: gift.Read) -> Iterator[dict[str, Any]]:
    """In the words of the files beside: feedback of statements stands there in the order in which it is written."""
    yield from ({"type": "Category", "title": name} for name in read.categories)
    for item in read.items:
        said: dict[str, Any] = {
            "id": item.id,
            "tags": list(item.tags) or None,
            "type": KINDS[item.kind],
            "title": item.title,
            "stem": marked(item.stem),
            "hasEmbeddedAnswers": item.embedded,
        }
        if item.kind != "description":
            said["globalFeedback"] = item.general and marked(item.general)
        if item.kind == "true_false":
            first, second = [*map(shown, item.feedback), None, None][:2]
            said |= {"isTrue": item.truth, "trueFeedback": first, "falseFeedback": second}
        if item.kind in ("choice", "short"):
            said["choices"] = [answer(one, marked(one.text)) for one in item.answers]
        if item.kind == "numerical":
            numbers = [answer(one, number(one.text.text)) for one in item.answers]
            alone = len(numbers) == 1 and numbers[0]["weight"] is None and numbers[0]["feedback"] is None
            said["choices"] = numbers[0]["text"] if alone else numbers
        if item.kind == "matching":
            said["matchPairs"] = [{"subquestion": marked(one.prompt), "subanswer": one.match} for one in item.pairs]
        yield said


def marked(one: Marked) -> dict[str, str]:
    return {"format": one.markup, "text": one.text}


def shown(one: Marked) -> dict[str, str] | None:
    return marked(one) if one.text else None


def answer(one: gift.Answer, text: Any) -> dict[str, Any]:
    said = one.feedback and marked(one.feedback)
    return {"isCorrect": one.right, "weight": one.weight, "text": text, "feedback": said}


def number(text: str) -> dict[str, Any]:
    if ".." in text:
        low, _, high = text.partition("..")
        return {"type": "high-low", "numberHigh": float(high), "numberLow": float(low)}
    if ":" in text:
        key, _, range_ = text.partition(":")
        return {"type": "range", "number": float(key), "range": float(range_)}
    return {"type": "simple", "number": float(text)} if text else {"format": "moodle", "text": "*"}


@pytest.mark.parametrize("name", [path.stem for path in sorted(FILES.glob("*.gift"))] or ["none"])
def test_it_parses_to_what_is_said_of_it(name: str) -> None:
    if name == "none":
        optional("../shared/data/gift is not there")
    wanted = json.loads((FILES / f"{name}.json").read_text("utf-8-sig"))
    read = gift.read((FILES / f"{name}.gift").read_text("utf-8"))
    assert read.faults == ()
    assert list(as_said(read)) == wanted
