"""Rosters, line by line: CSV with a header, or NDJSON. Untrusted input: UTF-8 only, and bounded in every direction.

A line gives its fields as they stand; what they mean is checked by who asked. CSV knows only text, so its numbers are
read here and an empty cell is one that is not there.
"""

import csv
import io
from collections.abc import Iterator
from typing import Literal

import msgspec

from exam_service.adapters.formats.decoded import decoded
from exam_service.core.errors import Fault, Invalid
from exam_service.core.text import Text

COLUMNS = (
    "external_id", "title", "given", "family", "national_id", "position", "standing", "school", "affiliation",
    "target_standing", "extra_percent", "extra_minutes",
)  # fmt: skip
REQUIRED = ("external_id", "given")
_NUMBERS = ("extra_percent", "extra_minutes")

_IN_EXCEL = Text(en="in Excel choose “CSV UTF-8” when saving", th="ใน Excel ให้เลือกบันทึกเป็น “CSV UTF-8”")
MAX_LINES = 100_000
MAX_LINE_BYTES = 16_384

Row = tuple[int, dict[str, object] | Fault]


def read_roster(content: bytes, kind: Literal["csv", "ndjson"]) -> Iterator[Row]:
    """Number and fields of each line, or what is wrong with it; empty lines are passed over.

    Raises Invalid at once when the whole cannot be read: not UTF-8, no usable header, too many lines.
    """
    text = decoded(content, _IN_EXCEL)
    lines = text.count("\n") + 1
    if lines > MAX_LINES:
        raise _whole(
            "too-many-lines", f"{lines} lines; send at most {MAX_LINES} at a time",
            f"มี {lines} บรรทัด โปรดส่งครั้งละไม่เกิน {MAX_LINES} บรรทัด", None,
        )  # fmt: skip
    return _ndjson(text) if kind == "ndjson" else _csv(text)


# NDJSON


def _ndjson(text: str) -> Iterator[Row]:
    # Only a line feed ends a line here: JSON may hold U+2028 and others at which str.splitlines parts.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _object(line)


def _object(line: str) -> dict[str, object] | Fault:
    if len(line.encode()) > MAX_LINE_BYTES:
        return _too_long()
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return _fault("not-json", f"this line is not JSON: {error}", f"บรรทัดนี้ไม่ใช่ JSON: {error}")
    if not isinstance(value, dict):
        return _fault("not-an-object", "each line must be a JSON object", "แต่ละบรรทัดต้องเป็นวัตถุ JSON")
    return value


# CSV


def _csv(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise _whole("not-csv", f"the header is not CSV: {error}", f"อ่านหัวตารางไม่ได้: {error}", 1) from error
    columns = _columns([] if header is None else [name.strip() for name in header])

    def rows() -> Iterator[Row]:
        while True:
            # A quoted cell may hold line feeds, so a row begins after the line at which the one before ended.
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # What follows cannot be told from what is inside the broken quotes.
                yield number, _fault("not-csv", f"from here on, not CSV: {error}", f"อ่านตั้งแต่บรรทัดนี้ไม่ได้: {error}")
                return
            if any(cell.strip() for cell in cells):
                yield number, _cells(cells, columns)

    return rows()


def _columns(names: list[str]) -> list[str]:
    """The header, when it can be used. Raises Invalid with everything that is wrong with it."""
    known = ", ".join(COLUMNS)
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise _whole("not-csv", "the columns must be parted by commas", "ต้องคั่นคอลัมน์ด้วยเครื่องหมายจุลภาค (,)", 1)
    faults = [
        _fault("unknown-column", f"unknown column `{name}`; known: {known}", f"ไม่รู้จักคอลัมน์ `{name}` ที่รู้จักคือ {known}", 1)
        for name in names
        if name not in COLUMNS
    ]
    faults += [
        _fault("stands-twice", f"column `{name}` stands twice", f"คอลัมน์ `{name}` ซ้ำกัน", 1)
        for index, name in enumerate(names)
        if name in names[:index] and name in COLUMNS
    ]
    faults += [
        _fault("missing-column", f"column `{name}` is missing", f"ขาดคอลัมน์ `{name}`", 1)
        for name in REQUIRED
        if name not in names
    ]
    if faults:
        raise Invalid(count=len(faults), faults=faults)
    return names


def _cells(cells: list[str], columns: list[str]) -> dict[str, object] | Fault:
    if sum(map(len, cells)) * 4 > MAX_LINE_BYTES:
        return _too_long()
    if len(cells) != len(columns):
        return _fault(
            "wrong-number-of-cells", f"{len(cells)} cells, but the header has {len(columns)} columns",
            f"มี {len(cells)} ช่อง แต่หัวตารางมี {len(columns)} คอลัมน์",
        )  # fmt: skip
    fields: dict[str, object] = {}
    for name, cell in zip(columns, cells, strict=True):
        value = cell.strip()
        if value:
            # What is no number stays text, and is refused as such by who knows the field.
            is_number = name in _NUMBERS and value.isascii() and value.isdigit() and len(value) < 10
            fields[name] = int(value) if is_number else value
    return fields


def _too_long() -> Fault:
    return _fault(
        "line-too-long", f"a line may hold at most {MAX_LINE_BYTES} bytes", f"หนึ่งบรรทัดยาวได้ไม่เกิน {MAX_LINE_BYTES} ไบต์"
    )


def _whole(code: str, en: str, th: str, line: int | None) -> Invalid:
    return Invalid(count=1, faults=[_fault(code, en, th, line)])


def _fault(code: str, en: str, th: str, line: int | None = None) -> Fault:
    return Fault(code=code, message=Text(en=en, th=th), line=line)
