"""What the fake service shows: a course, a paper with every question type and hostile texts, a result and a review."""

from typing import Any

from tests.browser.sample_parts import PARTS, PARTS_ANSWERED
from tests.browser.sample_texts import choices, item, text

ATTEMPT = "att_0123456789abcdefghijklmnop"


ITEMS: list[dict[str, Any]] = [
    item(
        1,
        "single_choice",
        text(
            "ครูต้องการทราบว่านักเรียนเข้าใจเรื่องเศษส่วน**ระหว่างเรียน** เพื่อปรับการสอนในคาบถัดไป ควรใช้การประเมินแบบใด",
            "A teacher wants to know **during a unit** whether pupils understand fractions. Which assessment fits?",
        ),
        choices=choices(
            text("การประเมินเพื่อพัฒนา (formative assessment)", "Formative assessment"),
            text("การประเมินเพื่อตัดสินผลการเรียน (summative assessment)", "Summative assessment"),
            text("การประเมินเพื่อจัดวางตำแหน่ง (placement assessment)", "Placement assessment"),
            text("การสอบคัดเลือก", "A selection test"),
        ),
    ),
    item(
        2,
        "multiple_response",
        text(
            "ข้อใดช่วยเพิ่ม**ความเที่ยง** (reliability) ของแบบทดสอบ\n\n- ปัจจัยภายในแบบทดสอบ\n- ปัจจัยในการดำเนินการสอบ",
            "Which of these raise the **reliability** of a test?\n\n- inside the test\n- in how it is given",
        ),
        choices=choices(
            text("เพิ่มจำนวนข้อสอบที่มีคุณภาพ", "More items of good quality"),
            text("ใช้เกณฑ์การให้คะแนนที่ชัดเจน", "A clear marking scheme"),
            text("ให้เวลาน้อยลงมาก", "Far less time"),
            text("ใช้คำถามกำกวม", "Ambiguous questions"),
        ),
    ),
    item(3, "true_false", text("ค่าความยาก $p = 0.90$ หมายถึงข้อสอบง่าย", "A facility of $p = 0.90$ means an easy item.")),
    item(
        4,
        "numeric",
        text(
            "แบบทดสอบมีค่า $SD = 10$ และ $r_{tt} = 0.91$ จงหาความคลาดเคลื่อนมาตรฐานของการวัด $SEM = SD\\sqrt{1 - r_{tt}}$",
            "A test has $SD = 10$ and $r_{tt} = 0.91$. Find $SEM = SD\\sqrt{1 - r_{tt}}$.",
        ),
        unit=text("คะแนน", "points"),
    ),
    item(
        5,
        "short_text",
        text(
            "ดัชนีที่ใช้วัดความสอดคล้องระหว่างข้อสอบกับจุดประสงค์ เรียกย่อว่าอะไร",
            "What is the short name of the index of item-objective congruence?",
        ),
    ),
    item(
        6,
        "single_choice",
        text(
            '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script> '
            "[ลิงก์](javascript:window.hurt=1) $\\text{<b>x</b>}$ `<i>`"
        ),
        choices=choices(
            text("<svg onload=window.hurt=1>"),
            text("**<u>หนา</u>**"),
            text("$\\frac{<b>}{2}$"),
            text("&lt;b&gt; $5 และ $10"),
        ),
    ),
    item(
        7,
        "single_choice",
        text(
            "จากสูตร $$ ไม่ใช่สมการ ค่า $\\bar{x} = \\frac{\\sum_{i=1}^{n} x_i}{n}$ คือข้อใด เมื่อ `=B2*$D$1` เป็นสูตรในตาราง",
            "What is $\\bar{x} = \\frac{\\sum_{i=1}^{n} x_i}{n}$, when `=B2*$D$1` is the formula in a sheet?",
        ),
        choices=choices(text("ค่าเฉลี่ย", "The mean"), text("มัธยฐาน", "The median"), text("ฐานนิยม", "The mode")),
    ),
    *(
        item(
            n,
            "single_choice",
            text(
                f"สถานการณ์ในห้องเรียนข้อที่ {n} ครูควรทำอย่างไรเป็นลำดับแรก",
                f"Classroom case {n}: what should the teacher do first?",
            ),
            choices=choices(
                text("สังเกตและจดบันทึก", "Observe and take notes"),
                text("แจ้งผู้ปกครอง", "Tell the parents"),
                text("พูดคุยกับนักเรียน", "Talk with the pupil"),
                text("ไม่ทำอะไร", "Nothing"),
            ),
        )
        for n in range(8, 10)
    ),
    *PARTS,
]

PAPER: dict[str, Any] = {
    "exam": "post",
    "title": text("แบบทดสอบหลังพัฒนา การวัดและประเมินผลการเรียนรู้", "Post-test: measurement and evaluation of learning"),
    "sections": [
        {"title": text("แนวคิดและหลักการ", "Ideas and principles"), "items": ITEMS[:7]},
        {"title": text("การนำไปใช้ในชั้นเรียน", "In the classroom"), "items": ITEMS[7:]},
    ],
}

ORGANISATION: dict[str, str] = text("สำนักพัฒนาครู มหาวิทยาลัยตัวอย่าง", "Teacher Development Office, Example University")
COURSE: dict[str, Any] = {
    "code": "measurement-1",
    "title": text(
        "การวัดและประเมินผลการเรียนรู้ สำหรับครูการศึกษาขั้นพื้นฐาน",
        "Measurement and evaluation of learning for teachers in basic education",
    ),
    "description": text(
        "ทำแบบทดสอบก่อนพัฒนา เรียนรู้จากระบบเรียน แล้วทำแบบทดสอบหลังพัฒนาให้ได้อย่างน้อยร้อยละ 60",
        "Take the pre-test, learn, then reach at least 60 % in the post-test.",
    ),
    "hours": 20,
}


def exam(code: str, **changes: Any) -> dict[str, Any]:
    """An exam as `me` lists it; `changes` say how it stands."""
    pre = code == "pre"
    return {
        "code": code,
        "kind": "pre_test" if pre else "post_test",
        "title": text("แบบทดสอบก่อนพัฒนา", "Pre-test") if pre else text("แบบทดสอบหลังพัฒนา", "Post-test"),
        "questions": 12,
        "time_limit_minutes": 20 if pre else 30,
        "extra_minutes": 0 if pre else 8,
        "window": {"opens_at": None, "closes_at": None if pre else "2026-12-31T16:59:00Z"},
        "attempts_used": 0,
        "attempts_limit": 1 if pre else 3,
        "cool_down_minutes": 0 if pre else 60,
        "counts": "best",
        "can_start": True,
        "refusal": None,
        "running": None,
        "counted": None,
        "attempts": [],
        **changes,
    }


def past(number: int, percent: float | None, passed: bool | None, **changes: Any) -> dict[str, Any]:
    return {
        "attempt": f"att_past{number}",
        "number": number,
        "state": "graded",
        "started_at": "2026-11-20T02:00:00Z",
        "ended_at": "2026-11-20T02:24:10Z",
        "ended_by": "submitted",
        "percent": percent,
        "passed": passed,
        "review_open": True,
        **changes,
    }


FACTS: list[dict[str, Any]] = [
    {"name": "learning_done", "label": text("เรียนครบทุกหน่วย", "All units completed"), "value": False},
    {"name": "attendance", "label": text("เวลาเข้าร่วม (ร้อยละ)", "Attendance (percent)"), "value": 72},
    {"name": "survey", "label": text("ตอบแบบประเมินโครงการ", "Programme survey"), "value": None},
]
FACTS_DONE = [{**fact, "value": value} for fact, value in zip(FACTS, (True, 92, True), strict=True)]

CERTIFICATE: dict[str, Any] = {
    "met": False,
    "kinds": ["certificate", "attestation"],
    "issue": "on_request",
    "missing": [text("สอบแบบทดสอบหลังพัฒนาให้ผ่าน", "pass the post-test"), text("เรียนครบทุกหน่วย", "complete all units")],
    "sentence": text("สอบแบบทดสอบหลังพัฒนาให้ผ่าน และ เรียนครบทุกหน่วย", "pass the post-test; complete all units"),
    "issued": [],
}
ISSUED: dict[str, Any] = {
    "id": "K7QWERTYUIOPASDF",
    "kind": "certificate",
    "state": "stands",
    "issued_at": "2026-11-21T04:00:00Z",
    "page": "/exam/certificates/K7QWERTYUIOPASDF",
    "verify_url": "https://exam.example/v/K7QWERTYUIOPASDF",
}

BECAUSE: dict[str, Any] = {
    "rule": "all",
    "met": False,
    "sentence": text("…", "…"),
    "of": [
        {
            "rule": "percent",
            "met": False,
            "wanted": 60,
            "found": 58.33,
            "sentence": text(
                "แบบทดสอบหลังพัฒนา: ต้องได้อย่างน้อยร้อยละ 60 (ขณะนี้ 58.33)", "Post-test: at least 60 %, found 58.33"
            ),
        },
        {
            "rule": "percent",
            "met": True,
            "wanted": 50,
            "found": 71.43,
            "sentence": text(
                "แนวคิดและหลักการ: ต้องได้อย่างน้อยร้อยละ 50 (ขณะนี้ 71.43)", "Ideas and principles: at least 50 %, found 71.43"
            ),
        },
    ],
}


def result(**changes: Any) -> dict[str, Any]:
    return {
        "attempt": ATTEMPT,
        "exam": "post",
        "title": text("แบบทดสอบหลังพัฒนา", "Post-test"),
        "number": 1,
        "state": "graded",
        "ended_at": "2026-11-22T03:31:05Z",
        "ended_by": "submitted",
        "percent": 58.33,
        "earned": 7,
        "possible": 12,
        "passed": False,
        "sections": [
            {"title": text("แนวคิดและหลักการ", "Ideas and principles"), "percent": 71.43, "earned": 5, "possible": 7},
            {"title": text("การนำไปใช้ในชั้นเรียน", "In the classroom"), "percent": 40, "earned": 2, "possible": 5},
        ],
        "review_open": True,
        "answered": 11,
        "questions": 12,
        "pass_decision": BECAUSE,
        **changes,
    }


def review(
    *, responses: bool = True, correctness: bool = True, key: bool = True, parts: bool = False
) -> dict[str, Any]:
    """The first seven questions, answered right, partly, wrong and not at all; or those that have parts."""
    answers: list[tuple[Any, Any, float]] = [
        ("c1", "c1", 1),
        (["c1", "c3"], ["c1", "c2"], 0.5),
        (False, True, 0),
        ("3.5", 3, 0),
        ("ioc", ["IOC"], 1),
        (None, "c1", 0),
        ("c2", "c1", 0),
    ]
    items = []
    shown_now = zip(PARTS, PARTS_ANSWERED, strict=True) if parts else zip(ITEMS, answers, strict=False)
    for one, (response, right, earned) in shown_now:
        shown = dict(one)
        # Like the service: what is closed, and a blank response, is not there at all.
        if responses and response is not None:
            shown["response"] = response
        if correctness:
            shown |= {"earned": earned, "possible": 1}
        if key:
            shown |= {
                "key": right,
                "rationale": text(
                    "การประเมิน**เพื่อพัฒนา** ให้ข้อมูลย้อนกลับระหว่างเรียน $p = \\frac{R}{N}$",
                    "*Formative* assessment informs the next step: $p = \\frac{R}{N}$",
                ),
                "source": "Black, P. & Wiliam, D. (1998). Assessment and classroom learning.",
            }
        items.append(shown)
    opened = {"score": True, "responses": responses, "correctness": correctness, "key": key}
    return {"attempt": ATTEMPT, "title": text("แบบทดสอบหลังพัฒนา", "Post-test"), "opened": opened, "items": items}
