from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.adapters.formats.roster import COLUMNS, MAX_LINE_BYTES, read_roster
from exam_service.core.errors import Fault, Invalid


def _read(content: str | bytes, kind: Literal["csv", "ndjson"] = "csv") -> list[tuple[int, object]]:
    rows = read_roster(content.encode() if isinstance(content, str) else content, kind)
    return [(number, row.code if isinstance(row, Fault) else row) for number, row in rows]


def _refused(content: str | bytes, kind: Literal["csv", "ndjson"] = "csv") -> list[tuple[str, int | None]]:
    with pytest.raises(Invalid) as caught:
        read_roster(content.encode() if isinstance(content, str) else content, kind)
    return [(fault.code, fault.line) for fault in caught.value.faults]


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_way_that_excel_writes_utf_8_is_read(start: str, end: str) -> None:
    text = start + end.join(["external_id,given,school,extra_percent", "u-1,มาลี,,25", "u-2, สมชาย ,โรงเรียน,", ""])
    assert _read(text) == [
        (2, {"external_id": "u-1", "given": "มาลี", "extra_percent": 25}),
        (3, {"external_id": "u-2", "given": "สมชาย", "school": "โรงเรียน"}),
    ]


def test_a_quoted_cell_may_hold_commas_quotes_and_lines() -> None:
    text = 'external_id,given,school\nu-1,a,"one, ""two""\nthree"\nu-2,b,c\n'
    assert _read(text) == [
        (2, {"external_id": "u-1", "given": "a", "school": 'one, "two"\nthree'}),
        (4, {"external_id": "u-2", "given": "b", "school": "c"}),
    ]


def test_numbers_are_numbers_and_other_digits_stay_text() -> None:
    text = "external_id,given,national_id,extra_minutes,extra_percent\n007,a,0001234567890,٣,1.5\n"
    assert _read(text) == [
        (2, {"external_id": "007", "given": "a", "national_id": "0001234567890", "extra_minutes": "٣",
             "extra_percent": "1.5"})
    ]  # fmt: skip


def test_a_line_of_another_width_is_its_own_fault() -> None:
    text = "external_id,given\nu-1\n\n , \nu-2,b,c\nu-3,d\n"
    assert _read(text) == [
        (2, "wrong-number-of-cells"),
        (5, "wrong-number-of-cells"),
        (6, {"external_id": "u-3", "given": "d"}),
    ]


def test_after_a_broken_quote_nothing_is_guessed() -> None:
    assert _read('external_id,given\nu-1,a\nu-2,"b" c\nu-3,d\n') == [
        (2, {"external_id": "u-1", "given": "a"}),
        (3, "not-csv"),
    ]


def test_every_fault_of_the_header_is_told() -> None:
    assert _refused("given,Given,given,colour\n") == [
        ("unknown-column", 1), ("unknown-column", 1), ("stands-twice", 1), ("missing-column", 1),
    ]  # fmt: skip
    assert _refused("external_id;given\n") == [("not-csv", 1)]
    assert _refused("external_id\tgiven\n") == [("not-csv", 1)]
    assert _refused('"external_id\n') == [("not-csv", 1)]


def test_only_utf_8_is_read_and_the_message_says_what_it_seems_to_be() -> None:
    with pytest.raises(Invalid) as caught:
        read_roster("external_id,given\nu-1,a\nu-2,มาลี\n".encode("cp874"), "csv")
    (fault,) = caught.value.faults
    assert (fault.code, fault.line) == ("not-utf-8", 3)
    assert "windows-874" in fault.message.within("en")
    assert "CSV UTF-8" in fault.message.within("th")
    assert _refused("external_id,given\n".encode("utf-16")) == [("not-utf-8", 1)]
    assert _refused(b'{"a": "\xff"}', "ndjson") == [("not-utf-8", 1)]


def test_ndjson_is_one_object_a_line() -> None:
    text = '\ufeff{"external_id": "u-1"}\r\n\n{"given": "a\u2028b"}\n7\n{"a": 1} {"b": 2}\n' + "[" * 5000
    assert _read(text, "ndjson") == [
        (1, {"external_id": "u-1"}),
        (3, {"given": "a\u2028b"}),
        (4, "not-an-object"),
        (5, "not-json"),
        (6, "not-json"),
    ]


def test_a_line_and_their_number_are_bounded() -> None:
    assert _read('{"a": "' + "x" * MAX_LINE_BYTES + '"}', "ndjson") == [(1, "line-too-long")]
    assert _read("external_id,given\nu," + "x" * MAX_LINE_BYTES + "\n") == [(2, "line-too-long")]
    assert _refused("external_id,given\n" + "u,a\n" * 100_001) == [("too-many-lines", None)]


@given(st.binary(max_size=300), st.sampled_from(["csv", "ndjson"]))
def test_whatever_is_sent_is_rows_or_faults(content: bytes, kind: Literal["csv", "ndjson"]) -> None:
    for start in (b"", b"external_id,given\n"):
        try:
            rows = list(read_roster(start + content, kind))
        except Invalid:
            continue
        numbers = [number for number, _ in rows]
        assert numbers == sorted(set(numbers))
        assert all(isinstance(row, Fault) or kind == "ndjson" or set(row) <= set(COLUMNS) for _, row in rows)
