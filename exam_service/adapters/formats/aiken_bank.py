"""A bank of ours from Aiken, the format that anybody can type (docs.moodle.org/en/Aiken_format).

The question in one line or more, a line for each choice (`A.` or `A)`), and `ANSWER: B`. A blank line may stand between
questions, and nowhere else.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from exam_service.adapters.formats.decoded import decoded
from exam_service.adapters.formats.foreign import Draft, bank_of, text_of
from exam_service.adapters.formats.markup import Marked, ours
from exam_service.core.banks.converted import Converted
from exam_service.core.errors import Fault
from exam_service.core.text import Text

_CHOICE = re.compile(r"\s*([A-Zก-ฮ])[.)]\s+(.*\S)\s*")
_ANSWER = re.compile(r"\s*(?:ANSWER|เฉลย)\s*:\s*([A-Za-zก-ฮ])\s*", re.IGNORECASE)
_ADVICE = Text(en="save it as UTF-8", th="โปรดบันทึกเป็น UTF-8")
_WORDS = {
    "aiken-no-answer": Text(en="a question without its `ANSWER:`", th="คำถามไม่มีบรรทัด `ANSWER:`"),
    "aiken-no-question": Text(
        en="choices or an answer without a question before", th="มีตัวเลือกหรือเฉลยโดยไม่มีคำถามก่อนหน้า"
    ),
    "aiken-no-such-choice": Text(en="the answer is none of the choices", th="เฉลยไม่ตรงกับตัวเลือกใด"),
    "aiken-letters": Text(en="the choices are not lettered A, B, C in order", th="ตัวเลือกไม่เรียงตามลำดับ A, B, C"),
}


class _Line(NamedTuple):
    number: int
    text: str


def convert(content: bytes, code: str, title: str) -> Converted:
    """Every question, and a note for each that cannot be read. Raises Invalid when it is no text."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for block in _blocks(decoded(content, _ADVICE)):
        draft = _draft(block)
        if isinstance(draft, Draft):
            drafts.append(draft)
        else:
            faults.append(Fault(code=draft, line=block[0].number, message=_WORDS[draft]))
    return bank_of(code, title, drafts, faults)


def _blocks(text: str) -> Iterator[list[_Line]]:
    """The lines of each question: up to its answer, or to a blank line."""
    lines: list[_Line] = []
    for number, written in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if written.strip():
            lines.append(_Line(number, written))
        if lines and (not written.strip() or _ANSWER.fullmatch(written)):
            yield lines
            lines = []
    if lines:
        yield lines


def _draft(lines: list[_Line]) -> Draft | str:
    """The question, or the code of why it is none."""
    answer = _ANSWER.fullmatch(lines[-1].text)
    body = lines[:-1] if answer else lines
    first = next((n for n, line in enumerate(body) if _CHOICE.fullmatch(line.text)), len(body))
    choices: list[tuple[str, str]] = []
    for line in body[first:]:
        if found := _CHOICE.fullmatch(line.text):
            choices.append((found[1], found[2]))
        else:
            # A choice goes on.
            choices[-1] = (choices[-1][0], f"{choices[-1][1]} {line.text.strip()}")
    if first == 0:
        return "aiken-no-question"
    if answer is None:
        return "aiken-no-answer"
    letters = [letter for letter, _ in choices]
    if letters not in (list(_LATIN[: len(letters)]), list(_THAI[: len(letters)])):
        return "aiken-letters"
    wanted = answer[1].upper()
    if wanted not in letters:
        return "aiken-no-such-choice"
    ids = [chr(ord("a") + n) for n in range(len(letters))]
    fields = {
        "type": "single_choice",
        "stem": text_of(_plain("\n".join(line.text.strip() for line in body[:first]))),
        "options": [{"id": id, "text": text_of(_plain(text))} for id, (_, text) in zip(ids, choices, strict=True)],
        "key": ids[letters.index(wanted)],
    }
    return Draft(line=lines[0].number, name=None, objective=None, fields=fields, lost=[])


_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_THAI = "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝ"


def _plain(text: str) -> str:
    return ours(Marked(text, "plain")).text
