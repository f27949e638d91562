"""What becomes of a file of another system: a bank of ours, and everything of it that we could not carry."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec

from exam_service.core.banks.check import check_bank
from exam_service.core.banks.converted import Converted, Note
from exam_service.core.banks.interactions import Question
from exam_service.core.banks.model import FORMAT, Bank, Objective
from exam_service.core.errors import Fault
from exam_service.core.text import Text

_THAI = re.compile("[\u0e01-\u0e5b]")
_QUESTION = re.compile(r"^questions\[([0-9]+)\]")
DIFFICULTY = "medium"
"""Other formats say nothing of it."""

_WORDS = {
    "picture": Text(en="a picture is left out: only its description is kept", th="ไม่ได้นำภาพเข้า เก็บเฉพาะคำบรรยายภาพ"),
    "sound": Text(en="sound or video is left out", th="ไม่ได้นำเสียงหรือวิดีโอเข้า"),
    "link": Text(en="a link is left out: its words are kept", th="ไม่ได้นำลิงก์เข้า เก็บเฉพาะข้อความ"),
    "table": Text(en="a table is kept as lines of text", th="ตารางถูกเก็บเป็นข้อความทีละบรรทัด"),
    "script": Text(en="a script or style sheet is left out", th="ไม่ได้นำสคริปต์หรือสไตล์เข้า"),
    "embedded": Text(en="something embedded is left out", th="ไม่ได้นำสิ่งที่ฝังอยู่เข้า"),
    "raised": Text(en="raised or lowered letters are kept as plain ones", th="ตัวยกและตัวห้อยถูกเก็บเป็นตัวธรรมดา"),
    "feedback": Text(en="feedback to single answers is left out", th="ไม่ได้นำคำติชมรายคำตอบเข้า"),
    "description": Text(en="left out: a text that asks nothing", th="ไม่ได้นำเข้า: ข้อความนี้ไม่ใช่คำถาม"),
    "no-questions": Text(en="the file has no questions", th="ไฟล์นี้ไม่มีคำถาม"),
    "essay": Text(en="left out: essays are not asked here yet", th="ไม่ได้นำเข้า: ยังไม่รองรับข้อเขียน"),
    "no-right-answer": Text(en="left out: no answer earns everything", th="ไม่ได้นำเข้า: ไม่มีคำตอบที่ได้คะแนนเต็ม"),
    "nothing-to-read": Text(
        en="left out: a choice has no words, perhaps it is a picture", th="ไม่ได้นำเข้า: มีตัวเลือกที่ไม่มีข้อความ อาจเป็นภาพ"
    ),
    "several-keys": Text(en="left out: several numbers earn everything", th="ไม่ได้นำเข้า: มีตัวเลขมากกว่าหนึ่งค่าที่ได้คะแนนเต็ม"),
    "not-a-number": Text(en="left out: an answer is no number", th="ไม่ได้นำเข้า: มีคำตอบที่ไม่ใช่ตัวเลข"),
    "unknown-type": Text(en="left out: a type of question that we do not ask", th="ไม่ได้นำเข้า: เป็นชนิดคำถามที่ไม่รองรับ"),
    "unknown-gap": Text(en="left out: a gap without its word", th="ไม่ได้นำเข้า: มีช่องว่างที่ไม่มีคำตอบ"),
    "no-gaps": Text(en="left out: a text without gaps", th="ไม่ได้นำเข้า: ข้อความไม่มีช่องว่างให้เติม"),
    "gap-weights": Text(en="left out: gaps that are worth different points", th="ไม่ได้นำเข้า: ช่องว่างมีคะแนนไม่เท่ากัน"),
    "gap-parts": Text(
        en="left out: a gap with an answer that earns a part", th="ไม่ได้นำเข้า: ช่องว่างมีคำตอบที่ได้คะแนนบางส่วน"
    ),
    "points": Text(
        en="its grade is no whole number from 1 to 1000: it becomes 1", th="คะแนนไม่ใช่จำนวนเต็ม 1 ถึง 1000 จึงกำหนดเป็น 1"
    ),
    "scoring": Text(en="another rule of scoring: it becomes `position`", th="กติกาให้คะแนนอื่น จึงกำหนดเป็น `position`"),
    "tag": Text(
        en="a tag is left out: tags here are letters, digits and hyphens",
        th="ไม่ได้นำป้ายกำกับเข้า: ใช้ได้เฉพาะ a-z 0-9 และ -",
    ),
}


class Draft(msgspec.Struct, kw_only=True):
    """A question on its way: `fields` are those of our format, without objective and id."""

    line: int
    name: str | None
    objective: str | None
    """What the other system calls the category."""
    fields: dict[str, Any]
    lost: list[str]
    refused: str | None = None


def note(line: int, question: str | None, code: str) -> Note:
    return Note(line=line, question=question, code=code, message=_WORDS[code])


def text_of(said: str) -> dict[str, str]:
    """In the language in which it is written, as its letters tell."""
    return {"th" if _THAI.search(said) else "en": said}


def category_of(path: str) -> str:
    """The last part of a category of Moodle's, `$course$/top/Maths/Fractions`; `//` is a slash in a name."""
    return path.replace("$course$", "").replace("//", "\0").split("/")[-1].replace("\0", "/").strip()


def bank_of(code: str, title: str, drafts: Sequence[Draft], faults: Sequence[Fault] = ()) -> Converted:
    """The bank of all that is sound, and a note for everything else."""
    notes = [Note(line=fault.line or 0, question=None, code=fault.code, message=fault.message) for fault in faults]
    objectives: dict[str, str] = {}
    used: set[str] = set()
    questions: list[Question] = []
    codes, ids = _Names(), _Names()
    for number, draft in enumerate(drafts, 1):
        if draft.refused is not None:
            notes.append(note(draft.line, None, draft.refused))
            continue
        named = (draft.objective or "").strip() or "general"
        if named not in objectives:
            objectives[named] = codes.new(_slug(named) or "objective")
        id = ids.new(_name(draft.name) or f"q{number:03}")
        found = _question({"id": id, "objective": objectives[named], "difficulty": DIFFICULTY, **draft.fields})
        if isinstance(found, list):
            notes += [Note(line=draft.line, question=None, code=one.code, message=one.message) for one in found]
            continue
        questions.append(found)
        used.add(objectives[named])
        notes += [note(draft.line, id, code) for code in dict.fromkeys(draft.lost)]
    if not questions:
        if not notes:
            notes.append(note(0, None, "no-questions"))
        return Converted(bank=None, notes=tuple(notes))
    bank = Bank(
        format=FORMAT,
        code=code,
        title=Text(**text_of(title)),
        objectives=tuple(
            Objective(code=short, title=Text(**text_of(name))) for name, short in objectives.items() if short in used
        ),
        questions=tuple(questions),
    )
    return Converted(bank=bank, notes=tuple(sorted(notes, key=lambda one: one.line)))


def _question(raw: dict[str, Any]) -> Question | list[Fault]:
    """The question, or what is wrong with it."""
    try:
        made: Question = msgspec.convert(raw, Question)
    except msgspec.ValidationError:
        return _faults(raw)
    return _faults(raw) if any(made.check()) else made


def _faults(raw: dict[str, Any]) -> list[Fault]:
    """Each, as the check of a bank says it."""
    title = {"en": "-"}
    objectives = [{"code": raw["objective"], "title": title}]
    document = {"format": FORMAT, "code": "check", "title": title, "objectives": objectives, "questions": [raw]}
    return check_bank(document)[1]


def _slug(name: str) -> str:
    """What of a name a code may hold."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")


def _name(name: str | None) -> str:
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.")[:48].strip("-.")


class _Names:
    """Gives each a name of its own: one that is taken gets a number behind it."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def new(self, name: str) -> str:
        """The name, or `name-2`, `name-3`, and so on; a thousand alike cost no more than a thousand others."""
        made = name
        while made in self._taken:
            number = self._numbers[name] = self._numbers.get(name, 1) + 1
            made = f"{name}-{number}"
        self._taken.add(made)
        return made


def tags_of(given: Sequence[str], lost: list[str]) -> list[str]:
    """The tags that ours may be."""
    made = [_slug(tag) for tag in given]
    if not all(made):
        lost.append("tag")
    return list(dict.fromkeys(tag for tag in made if tag))
