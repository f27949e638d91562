"""The check of a whole bank: all faults at once, as data."""

import re
from collections.abc import Iterator

import msgspec

from exam_service.core.banks.interactions import Question
from exam_service.core.banks.model import Bank
from exam_service.core.documents import read
from exam_service.core.errors import Fault
from exam_service.core.text import Text

_QUESTION = re.compile(r"^questions\[([0-9]+)\]")


def check_bank(raw: object) -> tuple[Bank | None, list[Fault]]:
    """The bank, or None with every fault: of shape and of sense, each with its path and its question's id.

    A question of the wrong shape does not hide what is wrong with the others.
    """
    bank, faults = read(raw, Bank)
    if isinstance(raw, dict):
        broken = {int(m[1]) for f in faults if (m := _QUESTION.match(f.path))}
        raw_questions = raw.get("questions")
        questions = raw_questions if isinstance(raw_questions, list) else []
        sound = [
            (n, msgspec.convert(q, Question))
            for n, q in enumerate(questions)
            if n not in broken and isinstance(q, dict)
        ]
        faults += _check_questions(sound)
        faults += _check_references(raw, sound)
        faults = [_with_question(fault, questions) for fault in faults]
    return (None, faults) if faults else (bank, [])


def _check_questions(questions: list[tuple[int, Question]]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for number, question in questions:
        where = f"questions[{number}]"
        if question.id in seen:
            yield _fault(
                "question-twice", f"{where}.id", f"question `{question.id}` stands twice", f"คำถาม `{question.id}` ซ้ำกัน"
            )
        seen.setdefault(question.id, number)
        for problem in question.check():
            yield _fault(problem.code, f"{where}.{problem.path}", problem.en, problem.th)


def _check_references(raw: dict[str, object], questions: list[tuple[int, Question]]) -> Iterator[Fault]:
    listed = raw.get("objectives")
    codes = [str(o.get("code")) for o in listed if isinstance(o, dict)] if isinstance(listed, list) else []
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield _fault(
                "objective-twice",
                f"objectives[{index}].code",
                f"objective `{code}` stands twice",
                f"จุดประสงค์ `{code}` ซ้ำกัน",
            )
    for number, question in questions:
        if question.objective not in codes:
            yield _fault(
                "unknown-objective", f"questions[{number}].objective",
                f"objective `{question.objective}` is not listed under `objectives`",
                f"ไม่มีจุดประสงค์ `{question.objective}` ใน `objectives`",
            )  # fmt: skip
    if isinstance(raw.get("questions"), list) and not raw["questions"]:
        yield _fault("no-questions", "questions", "the bank has no questions", "คลังนี้ไม่มีคำถาม")


def _with_question(fault: Fault, questions: list[object]) -> Fault:
    match = _QUESTION.match(fault.path)
    entry = questions[int(match[1])] if match and int(match[1]) < len(questions) else None
    name = entry.get("id") if isinstance(entry, dict) else None
    return msgspec.structs.replace(fault, question=name) if isinstance(name, str) else fault


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
