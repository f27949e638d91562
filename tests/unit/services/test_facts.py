from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.exams.model import Course
from exam_service.services.facts import read_facts

TYPES = ("boolean", "number", "text", "date_time", "numbers")
COURSE = msgspec.convert(
    {
        "code": "c",
        "title": {"en": "C"},
        "exams": [],
        "facts": [{"name": f"a_{kind}", "type": kind, "label": {"en": kind}} for kind in TYPES],
    },
    Course,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def test_each_type_takes_its_own_values_and_null() -> None:
    values, faults = read_facts(
        COURSE,
        {
            "a_boolean": False, "a_number": -1.5, "a_text": "e\u0301", "a_date_time": "2026-11-22T09:00:00+07:00",
            "a_numbers": [1, 2],
        },
    )  # fmt: skip
    assert not faults
    assert values == {
        "a_boolean": False, "a_number": -1.5, "a_text": "\u00e9", "a_date_time": datetime(2026, 11, 22, 2, tzinfo=UTC),
        "a_numbers": (1.0, 2.0),
    }  # fmt: skip
    assert read_facts(COURSE, {f"a_{kind}": None for kind in TYPES}) == ({f"a_{kind}": None for kind in TYPES}, [])


def test_numbers_are_finite_and_the_same_everywhere() -> None:
    for bad in (float("nan"), float("inf"), 2**60, True, "1"):
        assert [fault.path for fault in read_facts(COURSE, {"a_number": bad, "a_numbers": [bad]})[1]] == [
            "a_number", "a_numbers",
        ]  # fmt: skip


@given(
    st.dictionaries(st.sampled_from([f"a_{kind}" for kind in TYPES]) | st.text(max_size=10), JSON, max_size=6) | JSON
)
def test_whatever_is_reported_is_read_or_refused_by_name(raw: object) -> None:
    values, faults = read_facts(COURSE, raw)
    if isinstance(raw, dict) and raw:
        assert set(values) | {fault.path for fault in faults} == set(raw)
        assert not set(values) & {fault.path for fault in faults}
        msgspec.json.encode(values)
    else:
        assert len(faults) == 1
    assert all(fault.message.th and fault.message.en for fault in faults)
