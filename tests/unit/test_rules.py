"""Each kind of rule: met, not met, not known; what it says; and the pass rules of the standards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from exam_service.core.decisions import Value
from exam_service.core.documents import read
from exam_service.core.rules import Decision, Facts, Rule, cured_at, decide, names, say_missing
from exam_service.core.text import Text

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LABELS = {
    "exam.post.percent": Text(th="แบบทดสอบหลังพัฒนา", en="Post-test"),
    "exam.post.passed": Text(th="แบบทดสอบหลังพัฒนา", en="Post-test"),
    "exam.pre.taken": Text(th="แบบทดสอบก่อนพัฒนา", en="Pre-test"),
    "exam.post.section.law.percent": Text(th="กฎหมาย", en="Law"),
    "learned": Text(th="เรียนครบทุกบทเรียน", en="Every lesson completed"),
    "attendance": Text(th="เวลาเข้าร่วม", en="Attendance"),
    "licence": Text(th="ประเภทใบอนุญาต", en="Kind of licence"),
    "dim1": Text(th="ด้านที่ 1", en="Dimension 1"),
    "dim2": Text(th="ด้านที่ 2", en="Dimension 2"),
    "dim3": Text(th="ด้านที่ 3", en="Dimension 3"),
    "raters": Text(th="ผลงานทางวิชาการ", en="Academic work"),
    "last_training": Text(th="วันที่อบรมล่าสุด", en="Last training"),
    "now": Text(th="วันเวลาปัจจุบัน", en="the time now"),
}


def rule(raw: dict[str, Any]) -> Rule:
    made: Rule | None
    made, faults = read(raw, RULE)
    assert made is not None, faults
    return made


def decided(raw: dict[str, Any], values: dict[str, Value], standing: str | None = None) -> Decision:
    return decide(rule(raw), Facts(values, LABELS, standing))


RULE: Any = Rule
"""A union is no class to mypy."""

PERCENT = {"rule": "percent", "exam": "post", "at_least": 80}
SECTION = {"rule": "percent", "exam": "post", "section": "law", "at_least": 66.5}
TAKEN = {"rule": "taken", "exam": "pre"}
PASSED = {"rule": "passed", "exam": "post"}
LEARNED = {"rule": "fact", "fact": "learned"}
LICENCE = {"rule": "fact", "fact": "licence", "equals": "teacher"}
ATTENDED = {"rule": "fact_at_least", "fact": "attendance", "at_least": 80}
EVERY = {"rule": "every_indicator", "of": "dim1", "at_least": 3}
LEVELS = {"rule": "indicators_at_level", "of": ["dim2", "dim3"], "level": 2, "count": 3}
RATERS = {"rule": "each_rater", "of": "raters", "at_least": 75}
BEFORE = {"rule": "before", "fact": "last_training", "than": "2026-11-22T09:00:00+07:00"}
AFTER = {"rule": "after", "fact": "now", "than": "2026-11-22T09:00:00+07:00"}
WITHIN = {"rule": "within", "fact": "last_training", "days": 365}

SECOND = timedelta(seconds=1)
LEAVES: list[tuple[dict[str, Any], str, list[Value], list[Value]]] = [
    (PERCENT, "exam.post.percent", [80, 80.0, 100], [79.9999, 0, None, "80", True, (90.0,)]),
    (SECTION, "exam.post.section.law.percent", [66.5], [66.4999, None]),
    (TAKEN, "exam.pre.taken", [True], [False, None, 1, "true"]),
    (PASSED, "exam.post.passed", [True], [False, None, 1]),
    (LEARNED, "learned", [True], [False, None, 1, "true"]),
    ({**LEARNED, "equals": False}, "learned", [False], [True, None, 0, ""]),
    (LICENCE, "licence", ["teacher"], ["Teacher", "", None, True]),
    ({"rule": "fact", "fact": "score", "equals": 3}, "score", [3, 3.0], [2, True, "3", None]),
    ({"rule": "fact", "fact": "score", "equals": 1}, "score", [1, 1.0], [True]),
    (ATTENDED, "attendance", [80, 80.5, 10**400], [79.9, -(10**400), None, "80", True]),
    (EVERY, "dim1", [(3.0,), (3.0, 5.0, 4.0)], [(3.0, 2.9), (), None, 3, True]),
    (LEVELS, "dim2", [(2.0, 2.0, 5.0)], [(2.0, 5.0, 1.9), (), None]),
    (RATERS, "raters", [(75.0, 90.0)], [(75.0, 74.9), (), None]),
    (BEFORE, "last_training", [NOW - SECOND], [NOW, NOW + SECOND, None, (NOW - SECOND).replace(tzinfo=None), "2020"]),
    (AFTER, "now", [NOW, NOW + SECOND], [NOW - SECOND, None, NOW.replace(tzinfo=None)]),
    (
        WITHIN,
        "last_training",
        [NOW, NOW - timedelta(days=365)],
        [NOW - timedelta(days=365, seconds=1), NOW + SECOND, None, NOW.replace(tzinfo=None)],
    ),
]


@pytest.mark.parametrize(
    "raw, name, met, unmet", LEAVES, ids=lambda v: str(v.get("rule")) if isinstance(v, dict) else ""
)
def test_each_leaf(raw: dict[str, Any], name: str, met: list[Value], unmet: list[Value]) -> None:
    for value, wanted in [(v, True) for v in met] + [(v, False) for v in unmet]:
        decision = decided(raw, {"now": NOW, name: value})
        assert decision.met is decision.because.met is wanted, value
        assert decision.missing == (() if wanted else (decision.because,))
        assert decision.because.rule == raw["rule"]
        assert msgspec.json.encode(decision)
    unknown = decided(raw, {})
    assert unknown.met is False
    assert name in set(names(rule(raw)))


def test_within_needs_to_know_the_time() -> None:
    assert not decided(WITHIN, {"last_training": NOW}).met


THAI_AND_ENGLISH: list[tuple[dict[str, Any], dict[str, Value], str, str]] = [
    (PERCENT, {}, "แบบทดสอบหลังพัฒนา: ต้องได้อย่างน้อยร้อยละ 80 (ยังไม่มีข้อมูล)", "Post-test: at least 80 % (nothing so far)"),
    (PERCENT, {"exam.post.percent": 66.6666},
     "แบบทดสอบหลังพัฒนา: ต้องได้อย่างน้อยร้อยละ 80 (ขณะนี้ร้อยละ 66.6666)", "Post-test: at least 80 % (66.6666 % so far)"),
    (SECTION, {"exam.post.section.law.percent": 50.0},
     "กฎหมาย: ต้องได้อย่างน้อยร้อยละ 66.5 (ขณะนี้ร้อยละ 50)", "Law: at least 66.5 % (50 % so far)"),
    (TAKEN, {}, "ทำ “แบบทดสอบก่อนพัฒนา”", "take “Pre-test”"),
    (PASSED, {}, "สอบ “แบบทดสอบหลังพัฒนา” ให้ผ่าน", "pass “Post-test”"),
    (LEARNED, {}, "เรียนครบทุกบทเรียน", "Every lesson completed"),
    ({**LEARNED, "equals": False}, {"learned": True},
     "เรียนครบทุกบทเรียน: ต้องเป็น “ไม่ใช่” (ขณะนี้คือ “ใช่”)", "Every lesson completed: must be “no” (“yes” so far)"),
    (LICENCE, {"licence": "ครู{x}"},
     "ประเภทใบอนุญาต: ต้องเป็น “teacher” (ขณะนี้คือ “ครู{x}”)", "Kind of licence: must be “teacher” (“ครู{x}” so far)"),
    (ATTENDED, {"attendance": 79}, "เวลาเข้าร่วม: ต้องไม่น้อยกว่า 80 (ขณะนี้ 79)", "Attendance: at least 80 (79 so far)"),
    (EVERY, {"dim1": (2.0,)}, "ด้านที่ 1: ทุกตัวชี้วัดต้องไม่ต่ำกว่าระดับ 3", "Dimension 1: every indicator at least level 3"),
    (LEVELS, {"dim2": (2.0, 1.0), "dim3": (4.0,)},
     "ด้านที่ 2, ด้านที่ 3: ต้องได้ระดับ 2 ขึ้นไปอย่างน้อย 3 ตัวชี้วัด (ขณะนี้ 2 ตัวชี้วัด)",
     "Dimension 2, Dimension 3: level 2 or higher in at least 3 indicators (2 so far)"),
    (RATERS, {}, "ผลงานทางวิชาการ: กรรมการแต่ละคนต้องให้ไม่น้อยกว่าร้อยละ 75", "Academic work: at least 75 % from each rater"),
    (BEFORE, {}, "วันที่อบรมล่าสุด: ต้องก่อนวันที่ 22 พฤศจิกายน 2569 เวลา 09:00 น.",
     "Last training: before 22 November 2026 at 09:00"),
    (AFTER, {}, "วันเวลาปัจจุบัน: ต้องตั้งแต่วันที่ 22 พฤศจิกายน 2569 เวลา 09:00 น. เป็นต้นไป",
     "the time now: from 22 November 2026 at 09:00 on"),
    ({**AFTER, "than": "2026-11-22T02:00:01Z"}, {}, "วันเวลาปัจจุบัน: ต้องตั้งแต่วันที่ 22 พฤศจิกายน 2569 เวลา 09:01 น. เป็นต้นไป",
     "the time now: from 22 November 2026 at 09:01 on"),
    (WITHIN, {}, "วันที่อบรมล่าสุด: ต้องอยู่ภายใน 365 วันที่ผ่านมา", "Last training: within the last 365 days"),
    ({"rule": "any", "of": []}, {}, "ไม่มีทางทำให้ครบเงื่อนไขข้อนี้", "this cannot be fulfilled"),
    ({"rule": "all", "of": [TAKEN, LEARNED]}, {},
     "ทำ “แบบทดสอบก่อนพัฒนา” และเรียนครบทุกบทเรียน", "take “Pre-test”; Every lesson completed"),
    ({"rule": "all", "of": [TAKEN, {"rule": "any", "of": [LEARNED, PASSED]}]}, {},
     "ทำ “แบบทดสอบก่อนพัฒนา” และ(เรียนครบทุกบทเรียน หรือสอบ “แบบทดสอบหลังพัฒนา” ให้ผ่าน)",
     "take “Pre-test”; (Every lesson completed or pass “Post-test”)"),
    ({"rule": "at_least", "n": 2, "of": [TAKEN, LEARNED, PASSED]}, {"learned": True},
     "อย่างน้อย 2 ใน 3 ข้อต่อไปนี้ (ขณะนี้ 1 ข้อ): ทำ “แบบทดสอบก่อนพัฒนา” / เรียนครบทุกบทเรียน / สอบ “แบบทดสอบหลังพัฒนา” ให้ผ่าน",
     "at least 2 of these 3 (1 so far): take “Pre-test” / Every lesson completed / pass “Post-test”"),
]  # fmt: skip


@pytest.mark.parametrize("raw, values, thai, english", THAI_AND_ENGLISH, ids=range(len(THAI_AND_ENGLISH)))
def test_what_is_missing_as_people_read_it(
    raw: dict[str, Any], values: dict[str, Value], thai: str, english: str
) -> None:
    assert say_missing(decided(raw, values)) == Text(th=thai, en=english)


def test_a_fact_without_words_goes_by_its_name() -> None:
    decision = decide(rule(LEARNED), Facts({}))
    assert say_missing(decision) == Text(th="learned", en="learned")


def test_nothing_is_missing_when_it_is_met() -> None:
    decision = decided({"rule": "all", "of": []}, {})
    assert decision.met
    assert decision.missing == ()


def test_missing_leaves_come_in_the_order_of_the_rule() -> None:
    raw = {
        "rule": "all",
        "of": [TAKEN, {"rule": "all", "of": [LEARNED, ATTENDED]}, {"rule": "any", "of": [PASSED, PERCENT]}],
    }
    decision = decided(raw, {"attendance": 90})
    assert [(leaf.rule, leaf.fact) for leaf in decision.missing] == [
        ("taken", "exam.pre.taken"),
        ("fact", "learned"),
        ("any", None),
    ]
    assert [leaf.fact for leaf in decision.missing[2].of] == ["exam.post.passed", "exam.post.percent"]


def test_names() -> None:
    everything = {"rule": "all", "of": [raw for raw, *_ in LEAVES]}
    chosen = {
        "rule": "by_standing",
        "choose": {"expert": everything},
        "otherwise": {"rule": "at_least", "n": 1, "of": [TAKEN]},
    }
    assert set(names(rule(chosen))) == {name for _, name, *_ in LEAVES} | {"dim3", "exam.pre.taken"}


# Standards for academic standing: circulars ว20-ว22/2560


def standard(dim1: int, level: int, count: int, raters: int | None) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"rule": "every_indicator", "of": "dim1", "at_least": dim1},
        {"rule": "indicators_at_level", "of": ["dim2", "dim3"], "level": level, "count": count},
    ]
    return {
        "rule": "all",
        "of": parts + ([{"rule": "each_rater", "of": "raters", "at_least": raters}] if raters else []),
    }


STANDARDS = {
    "professional": standard(2, 2, 2, None),
    "senior_professional": standard(3, 2, 3, None),
    "expert": standard(4, 3, 3, 75),
    "special_expert": standard(5, 4, 3, 80),
}
BY_STANDING = {"rule": "by_standing", "choose": STANDARDS, "otherwise": {"rule": "any", "of": []}}

JUST_ENOUGH: dict[str, dict[str, Value]] = {
    "professional": {"dim1": (2.0,) * 8, "dim2": (2.0, 1.0, 1.0), "dim3": (2.0, 1.0)},
    "senior_professional": {"dim1": (3.0,) * 8, "dim2": (2.0, 2.0, 1.0), "dim3": (2.0, 1.0)},
    "expert": {"dim1": (4.0,) * 8, "dim2": (3.0, 2.0, 2.0), "dim3": (3.0, 3.0), "raters": (75.0, 75.0, 80.0)},
    "special_expert": {"dim1": (5.0,) * 8, "dim2": (4.0, 4.0, 4.0), "dim3": (1.0, 1.0), "raters": (80.0, 80.0, 100.0)},
}
ALMOST: dict[str, list[dict[str, Value]]] = {
    "professional": [{"dim1": (2.0,) * 7 + (1.0,)}, {"dim3": (1.0, 1.0)}],
    "senior_professional": [{"dim1": (2.0,) + (3.0,) * 7}, {"dim2": (2.0, 1.0, 1.0)}],
    "expert": [{"dim1": (4.0,) * 7 + (3.0,)}, {"dim3": (3.0, 2.0)}, {"raters": (75.0, 74.99, 90.0)}, {"raters": ()}],
    "special_expert": [{"dim1": (5.0,) * 7 + (4.0,)}, {"dim2": (4.0, 4.0, 3.0)}, {"raters": (79.0, 80.0, 80.0)}],
}


@pytest.mark.parametrize("standing", STANDARDS)
def test_the_standards_at_their_borders(standing: str) -> None:
    enough = JUST_ENOUGH[standing]
    assert decided(BY_STANDING, enough, standing).met
    for less in ALMOST[standing]:
        decision = decided(BY_STANDING, {**enough, **less}, standing)
        assert not decision.met
        assert len(decision.missing) == 1
    for name in enough:
        assert not decided(BY_STANDING, {k: v for k, v in enough.items() if k != name}, standing).met or (
            standing == "special_expert" and name == "dim3"
        )


def test_a_standing_without_a_rule_of_its_own_gets_the_other_one() -> None:
    for standing in (None, "", "assistant"):
        assert not decided(BY_STANDING, JUST_ENOUGH["special_expert"], standing).met


def test_three_of_the_last_five_years() -> None:
    years = {
        "rule": "at_least",
        "n": 3,
        "of": [
            {"rule": "all", "of": [{"rule": "every_indicator", "of": f"y{y}_dim1", "at_least": 3}]}
            for y in range(2565, 2570)
        ],
    }
    good, bad = (3.0,) * 8, (3.0,) * 7 + (2.0,)
    assert decided(years, {"y2565_dim1": good, "y2567_dim1": good, "y2569_dim1": good, "y2568_dim1": bad}).met
    decision = decided(years, {"y2565_dim1": good, "y2567_dim1": good, "y2569_dim1": bad})
    assert not decision.met
    assert (decision.missing[0].found, decision.missing[0].wanted) == (2, 3)


# Waiting


@pytest.mark.parametrize(
    "raw, until",
    [
        (AFTER, NOW),
        ({"rule": "all", "of": [AFTER, {**AFTER, "than": "2026-12-01T00:00:00Z"}]}, datetime(2026, 12, 1, tzinfo=UTC)),
        ({"rule": "any", "of": [LEARNED, {**AFTER, "than": "2026-12-01T00:00:00Z"}, AFTER]}, NOW),
        ({"rule": "all", "of": [AFTER, LEARNED]}, None),
        ({"rule": "at_least", "n": 2, "of": [TAKEN, AFTER, LEARNED]}, NOW),
        ({"rule": "at_least", "n": 2, "of": [PASSED, AFTER, LEARNED]}, None),
        ({"rule": "by_standing", "choose": {}, "otherwise": AFTER}, NOW),
        (LEARNED, None),
        ({"rule": "any", "of": []}, None),
        (TAKEN, None),
    ],
    ids=range(10),
)
def test_when_waiting_alone_cures(raw: dict[str, Any], until: datetime | None) -> None:
    values: dict[str, Value] = {"now": NOW - timedelta(days=1), "exam.pre.taken": True}
    decision = decided(raw, values)
    assert cured_at(decision) == until
    if until is not None:
        assert not decided(raw, {**values, "now": until - SECOND}).met
        assert decided(raw, {**values, "now": until}).met


# What is no rule


@pytest.mark.parametrize(
    "raw, path, code, says",
    [
        ({"rule": "precent", "exam": "post", "at_least": 80}, "rule", "unknown-kind", "did you mean `percent`?"),
        ({"exam": "post"}, "", "missing-field", "say which kind it is in `rule`"),
        ({"rule": "all", "of": [TAKEN, {"rule": "taken", "exm": "pre", "exam": "pre"}]}, "of[1].exm",
         "unknown-field", "`exam`"),
        ({"rule": "by_standing", "choose": {"expert": {"rule": "passed"}}, "otherwise": TAKEN}, "choose.expert",
         "missing-field", "`exam` is missing"),
        ({**PERCENT, "at_least": 101}, "at_least", "wrong-value", "<= 100"),
        ({"rule": "at_least", "n": 4, "of": [TAKEN, LEARNED, PASSED]}, "",
         "wrong-value", "`n` is 4, but there are only 3"),
        ({"rule": "at_least", "n": 0, "of": [TAKEN]}, "n", "wrong-value", ">= 1"),
        ({**AFTER, "than": "2026-11-22T09:00:00"}, "than", "wrong-value", "timezone"),
        ({"rule": "fact", "fact": ""}, "fact", "wrong-value", "`fact`: use 1 to 256 of a-z"),
        ({"rule": "within", "fact": "last_training", "days": 10**9}, "days", "wrong-value", "<= 36600"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_rule(raw: dict[str, Any], path: str, code: str, says: str) -> None:
    value, [fault] = read(raw, RULE)
    assert value is None
    assert (fault.path, fault.code) == (path, code)
    assert says in str(fault.message.en)
