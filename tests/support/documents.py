"""Small banks, exams and courses for tests of the core."""

from datetime import UTC, datetime, timedelta
from typing import Any

from exam_service.core.banks.check import check_bank
from exam_service.core.banks.model import Bank
from exam_service.core.documents import read
from exam_service.core.exams.attempt import Attempt, State
from exam_service.core.exams.model import Course, Exam

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def choice(number: int, objective: str = "a", difficulty: str = "easy", **fields: Any) -> dict[str, Any]:
    """A single choice question whose right option is `right`."""
    options = [{"id": name, "text": {"th": name}} for name in ("right", "w1", "w2", "w3")]
    raw = {
        "id": f"q{number}", "type": "single_choice", "objective": objective, "difficulty": difficulty,
        "stem": {"th": f"ข้อ {number}"}, "options": options, "key": "right",
    }  # fmt: skip
    return {**raw, **fields}


def bank(*questions: dict[str, Any], code: str = "law") -> Bank:
    """A bank with the objectives that its questions name."""
    objectives = [{"code": name, "title": {"th": name}} for name in dict.fromkeys(q["objective"] for q in questions)]
    made, faults = check_bank(
        {
            "format": "exam-service/bank@1",
            "code": code,
            "title": {"th": code},
            "objectives": objectives,
            "questions": list(questions),
        }
    )
    assert made is not None, faults
    return made


def exam_document(code: str = "post", **fields: Any) -> dict[str, Any]:
    section = {"code": "all", "title": {"th": "ทั้งหมด", "en": "All"}, "strata": [{"bank": "law", "count": 2}]}
    title = {"th": f"แบบทดสอบ {code}", "en": f"Test {code}"}
    kind = "pre_test" if code == "pre" else "post_test"
    return {"code": code, "kind": kind, "title": title, "sections": [section], **fields}


def exam(code: str = "post", **fields: Any) -> Exam:
    made, faults = read(exam_document(code, **fields), Exam)
    assert made is not None, faults
    return made


def course(*exams: dict[str, Any], **fields: Any) -> Course:
    made, faults = read({"code": "c1", "title": {"th": "หลักสูตร"}, "exams": list(exams), **fields}, Course)
    assert made is not None, faults
    return made


def attempt(number: int = 1, state: State = State.graded, exam: str = "post", **fields: Any) -> Attempt:
    """An attempt of an hour that was handed in, unless the fields say otherwise, an hour before NOW."""
    ended = state not in (State.in_progress, State.voided)
    values: dict[str, Any] = {
        "id": f"att_{exam}_{number}", "enrolment": "enr_1", "course_version": "crs_1", "exam": exam, "number": number,
        "state": state, "started_at": NOW - 90 * MINUTE, "deadline": NOW - 30 * MINUTE, "grace_seconds": 30, "epoch": 1,
        "ended_at": NOW - 60 * MINUTE if ended else None, "ended_by": State.submitted if ended else None,
    }  # fmt: skip
    return Attempt(**{**values, **fields})
