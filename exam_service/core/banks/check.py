"""The check of a whole bank: all faults at once, as data."""

import re
from collections.abc import Iterator

import msgspec

from exam_service.core.banks.interactions import TYPES, BaseQuestion, Problem, Question
from exam_service.core.banks.model import Bank
from exam_service.core.banks.stand_ins import replace_faulty
from exam_service.core.documents import read
from exam_service.core.errors import Fault
from exam_service.core.text import Text

_QUESTION = re.compile(r"^questions\[([0-9]+)\]")


def check_bank(raw: object) -> tuple[Bank | None, list[Fault]]:
    """The bank, or None with every fault: of shape and of sense, each with its path and its question's id.

    What is wrong with the shape of a question hides neither the faults of others nor the other faults of its own.
    """
    bank, faults = read(raw, Bank)
    if isinstance(raw, dict):
        broken = {int(m[1]) for f in faults if (m := _QUESTION.match(f.path))}
        misshapen = {fault.path for fault in faults}
        raw_questions = raw.get("questions")
        questions = list(raw_questions) if isinstance(raw_questions, list | tuple) else []
        faults += _check_ids(questions)
        for number, question in enumerate(questions):
            if isinstance(question, dict):
                faults += _check_broken(question, number) if number in broken else _check_sound(question, number)
        # What is no code at all needs no second fault that it is not listed.
        faults += [fault for fault in _check_references(raw, questions) if fault.path not in misshapen]
        faults = [_with_question(fault, questions) for fault in faults]
    return (None, faults) if faults else (bank, [])


def _check_sound(raw: dict[object, object], number: int) -> list[Fault]:
    question: BaseQuestion = msgspec.convert(raw, Question)
    return [_in_question(problem, number) for problem in question.check()]


def _check_broken(raw: dict[object, object], number: int) -> list[Fault]:
    """What its own checks say of the sound parts of a question whose shape has faults."""
    tag = raw.get("type")
    kind = TYPES.get(tag) if isinstance(tag, str) else None
    if kind is None:
        return []
    replaced: set[str] = set()
    question = replace_faulty({key: value for key, value in raw.items() if key != "type"}, kind, "", replaced)
    no_options = any(path.startswith("options") for path in replaced)
    return [
        _in_question(problem, number)
        for problem in question.check()
        if not any(problem.path.startswith(path) or path.startswith(problem.path) for path in replaced)
        and not (no_options and problem.code == "key-without-option")
    ]


def _in_question(problem: Problem, number: int) -> Fault:
    return _fault(problem.code, f"questions[{number}].{problem.path}", problem.en, problem.th)


def _check_ids(questions: list[object]) -> Iterator[Fault]:
    """Also among questions with other faults: they are to be mended in one go."""
    for number, name in _repeated([_text(question, "id") for question in questions]):
        yield _fault(
            "question-twice", f"questions[{number}].id", f"question `{name}` stands twice", f"คำถาม `{name}` ซ้ำกัน"
        )


def _check_references(raw: dict[str, object], questions: list[object]) -> Iterator[Fault]:
    listed = raw.get("objectives")
    if isinstance(listed, list | tuple):
        codes = [_text(objective, "code") for objective in listed]
        for index, code in _repeated(codes):
            where = f"objectives[{index}].code"
            yield _fault("objective-twice", where, f"objective `{code}` stands twice", f"จุดประสงค์ `{code}` ซ้ำกัน")
        known = set(codes)
        for number, question in enumerate(questions):
            objective = _text(question, "objective")
            if objective is not None and objective not in known:
                yield _fault(
                    "unknown-objective", f"questions[{number}].objective",
                    f"objective `{objective}` is not listed under `objectives`",
                    f"ไม่มีจุดประสงค์ `{objective}` ใน `objectives`",
                )  # fmt: skip
    if isinstance(raw.get("questions"), list | tuple) and not questions:
        yield _fault("no-questions", "questions", "the bank has no questions", "คลังนี้ไม่มีคำถาม")


def _text(entry: object, field: str) -> str | None:
    value = entry.get(field) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else None


def _repeated(names: list[str | None]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name is None:
            continue
        if name in seen:
            yield index, name
        seen.add(name)


def _with_question(fault: Fault, questions: list[object]) -> Fault:
    match = _QUESTION.match(fault.path)
    entry = questions[int(match[1])] if match and int(match[1]) < len(questions) else None
    name = entry.get("id") if isinstance(entry, dict) else None
    return msgspec.structs.replace(fault, question=name) if isinstance(name, str) else fault


def _fault(code: str, path: str, en: str, th: str) -> Fault:
    return Fault(code=code, path=path, message=Text(en=en, th=th))
