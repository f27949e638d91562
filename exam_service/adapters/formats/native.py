"""The native format of question banks, in YAML, TOML or JSON: one check, every fault with file, line and question."""

import re
from pathlib import PurePath
from typing import Any, Literal

import msgspec
import yaml

from exam_service.adapters.formats.located import Document, broken, locate
from exam_service.adapters.formats.located_json import read_json
from exam_service.adapters.formats.located_toml import read_toml
from exam_service.adapters.formats.located_yaml import plain_value, read_yaml
from exam_service.core import errors
from exam_service.core.banks.check import check_bank
from exam_service.core.banks.model import FORMAT, Bank
from exam_service.core.errors import Fault
from exam_service.core.text import Text

LIMIT = 20_000_000
"""Bytes of a bank."""

SHOWN = 1000
"""So many faults are listed; more than that no one mends by hand, and the count says how many there are."""

_READERS = {".yaml": read_yaml, ".yml": read_yaml, ".toml": read_toml, ".json": read_json}
_QUESTION = re.compile(r"^questions\[([0-9]+)\]")


def read_bank(content: bytes, filename: str) -> Bank:
    """The bank in YAML, TOML or JSON, as the file's name says. Raises Invalid with every fault, and TooLarge."""
    if len(content) > LIMIT:
        raise errors.TooLarge(limit=LIMIT)
    name = PurePath(filename.replace("\\", "/")).name or filename
    document = _document(content, name)
    faults = list(document.faults)
    bank: Bank | None = None
    if document.whole:
        bank, found = check_bank(document.raw)
        faults += found
    if bank is not None and not faults:
        return bank
    lines = document.lines_of({fault.path for fault in faults})
    listed = [_of_question(fault, document.raw, name) for fault in locate(faults, lines)[:SHOWN]]
    if len(faults) > SHOWN:
        more = len(faults) - SHOWN
        listed.append(Fault(code="more-faults", file=name, message=Text(en=f"and {more} more", th=f"และอีก {more} แห่ง")))
    raise errors.Invalid(faults=listed, count=len(faults))


def write_bank(bank: Bank, form: Literal["yaml", "json"]) -> bytes:
    """The bank as a file that `read_bank` reads back to the same bank."""
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(bank), indent=2) + b"\n"
    raw = msgspec.to_builtins(bank)
    written = yaml.dump(raw, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110, encoding="utf-8")
    return bytes(written)


def schema() -> dict[str, Any]:
    """The format as JSON Schema, for editors; `read_bank` checks more than it can say."""
    (made,), parts = msgspec.json.schema_components([Bank], ref_template="#/$defs/{name}")
    either = [{"required": ["th"]}, {"required": ["en"]}]
    parts["Text"] = {**parts["Text"], "anyOf": either}
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{FORMAT.replace('/', ':')}",
        "title": "Question bank",
        "description": "A bank of questions for the exam service, in YAML, TOML or JSON.",
        **made,
        "$defs": dict(sorted(parts.items())),
    }
    # Defaults are given as tuples; a schema is JSON.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
    return plain


def _document(content: bytes, name: str) -> Document:
    reader = _READERS.get(PurePath(name).suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        return broken(
            "unknown-format",
            f"the name of a bank ends in one of {known}; this is `{name}`",
            f"ชื่อไฟล์คลังข้อสอบต้องลงท้ายด้วย {known} แต่ไฟล์นี้คือ `{name}`",
        )
    try:
        # Editors on Windows write a byte order mark, which means nothing here.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf8(content, error)
    if not text.strip():
        return broken("empty-file", "the file is empty", "ไฟล์ว่างเปล่า", 1)
    return reader(text.replace("\r\n", "\n"))


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> Document:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        found, line = "UTF-16", 1
    else:
        line = content.count(b"\n", 0, error.start) + 1
        # Thai letters of windows-874 and TIS-620 are single bytes from A1 to FB.
        around = content[error.start : error.start + 200]
        thai = sum(0xA1 <= byte <= 0xFB for byte in around) > len(around) // 3
        found = "windows-874 (TIS-620)" if thai else "another encoding"
    found_th = "รหัสอื่น" if found == "another encoding" else found
    return broken(
        "wrong-encoding",
        f"this is not UTF-8; it looks like {found}. Save the file as UTF-8.",
        f"ไฟล์ไม่ได้เข้ารหัสแบบ UTF-8 ดูเหมือนเป็น {found_th} โปรดบันทึกไฟล์เป็น UTF-8",
        line,
    )


def _of_question(fault: Fault, raw: object, file: str) -> Fault:
    """The fault with its file, and with the id of its question where only the path names it."""
    match = _QUESTION.match(fault.path)
    question = fault.question
    if question is None and match and isinstance(raw, dict) and isinstance(raw.get("questions"), list):
        entries = raw["questions"]
        entry = entries[int(match[1])] if int(match[1]) < len(entries) else None
        named = entry.get("id") if isinstance(entry, dict) else None
        question = named if isinstance(named, str) else None
    return msgspec.structs.replace(fault, file=file, question=question)


_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line ends to YAML, which survive only as escapes."""


class _Dumper(yaml.SafeDumper):
    """Quotes every text that `read_yaml` would not take for text."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value and value.strip() == value and " \n" not in value and "\t" not in value else None
    if plain_value(value) is not value or _BREAKS.search(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
