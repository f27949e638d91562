"""A small bank in YAML and TOML, and short ways to read one that is good or refused."""

import json

import msgspec
import pytest

from exam_service.adapters.formats import native
from exam_service.core import errors
from exam_service.core.banks.model import Bank

YAML = """\
# A bank with one question of each kind.
format: exam-service/bank@1
code: sample
title: {th: ตัวอย่าง, en: Sample}
objectives:
  - code: one
    title: {en: One}
questions:
  - id: q1
    type: single_choice
    objective: one
    difficulty: easy
    stem: {en: "Which?"}
    options:
      - {id: a, text: {en: No}}
      - {id: b, text: {en: 2024-01-01}}
    key: a
  - id: q2
    type: numeric
    objective: one
    difficulty: hard
    stem:
      th: |
        เท่าไร
        กันแน่
    key: 1.5
    tolerance: 1e-2
"""

TOML = """\
format = "exam-service/bank@1"
code = "sample"
title = {th = "ตัวอย่าง", en = "Sample"}

[[objectives]]
code = "one"
title.en = "One"

[[questions]]
id = "q1"
type = "single_choice"
objective = "one"
difficulty = "easy"
stem.en = "Which?"
key = "a"
[[questions.options]]
id = "a"
text.en = "No"
[[questions.options]]
id = "b"
text.en = "2024-01-01"

[[questions]]
id = "q2"
type = "numeric"
objective = "one"
difficulty = "hard"
key = 1.5
tolerance = 1e-2
[questions.stem]
th = '''
เท่าไร
กันแน่
'''
"""


def read(text: str | bytes, name: str = "bank.yaml") -> Bank:
    return native.read_bank(text.encode() if isinstance(text, str) else text, name)


def refused(text: str | bytes, name: str = "bank.yaml") -> tuple[errors.Fault, ...]:
    with pytest.raises(errors.Invalid) as caught:
        read(text, name)
    assert caught.value.facts["count"] == len(caught.value.faults)
    for fault in caught.value.faults:
        assert fault.file == name
        assert fault.message.th
        assert fault.message.en
    return caught.value.faults


def where(text: str | bytes, name: str = "bank.yaml") -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.line, fault.question) for fault in refused(text, name)]


def as_json(text: str = YAML) -> str:
    return json.dumps(msgspec.to_builtins(read(text)), ensure_ascii=False, indent=2)
