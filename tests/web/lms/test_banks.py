import json
from pathlib import Path
from typing import Any

import msgspec

from exam_service.adapters.formats import native
from tests.support.problems import refused
from tests.support.service import small_bank
from tests.web.lms.conftest import Lms

YAML = {"Content-Type": "application/yaml"}
JSON = {"Content-Type": "application/json"}


def _bank(**more: Any) -> bytes:
    document = msgspec.to_builtins(small_bank()) | {"code": "other"} | more
    return msgspec.json.encode(document)


async def test_new_content_is_a_new_version_and_old_content_is_none(lms: Lms) -> None:
    first = await lms.put("/v1/banks/other", content=_bank(), headers=JSON)
    again = await lms.put("/v1/banks/other", content=_bank(), headers=JSON)
    changed = await lms.put("/v1/banks/other", content=_bank(title={"en": "New"}), headers=JSON)
    assert (first.status_code, first.json()) == (
        201, {"code": "other", "version": 1, "questions": 24, "created": True}
    )  # fmt: skip
    assert (again.status_code, again.json()["version"], again.json()["created"]) == (200, 1, False)
    assert (changed.status_code, changed.json()["version"]) == (201, 2)
    versions = (await lms.get("/v1/banks/other/versions")).json()["items"]
    assert [line["version"] for line in versions] == [2, 1]


async def test_the_sample_banks_upload_as_they_lie_there(lms: Lms, repository: Path) -> None:
    files = sorted((repository / "question_banks").glob("*.*aml")) + sorted(
        (repository / "question_banks").glob("*.toml")
    )
    assert files
    for file in files:
        answer = await lms.put(
            f"/v1/banks/{file.stem}?filename={file.name}",
            content=file.read_bytes(),
            headers={"Content-Type": "text/plain"},
        )
        assert answer.status_code == 201, answer.text
        assert answer.json()["questions"] >= 40


async def test_every_fault_comes_with_file_line_and_question(lms: Lms) -> None:
    bank = b"""format: exam-service/bank@1
code: other
title: {th: \xe0\xb8\x84\xe0\xb8\xa5\xe0\xb8\xb1\xe0\xb8\x87}
objectives:
  - {code: one, title: {en: One}}
questions:
  - id: q1
    type: true_false
    objective: two
    difficulty: easy
    stem: {en: Is it?}
    key: true
  - id: q2
    type: true_false
    objective: one
    difficulty: terrible
    stem: {en: Is it?}
    key: maybe
"""
    answer = await lms.put("/v1/banks/other?filename=of%20mine.yaml", content=bank, headers=YAML)
    faults = refused(answer, 422, "invalid-input")["faults"]
    assert {fault["file"] for fault in faults} == {"of mine.yaml"}
    assert {(fault["question"], fault["path"], fault["line"]) for fault in faults} == {
        ("q1", "questions[0].objective", 9),
        ("q2", "questions[1].difficulty", 16),
        ("q2", "questions[1].key", 18),
    }
    refused(await lms.get("/v1/banks/other"), 404, "not-found")


async def test_a_bank_of_another_code_or_of_no_format_is_refused(lms: Lms) -> None:
    other = refused(await lms.put("/v1/banks/another", content=_bank(), headers=JSON), 422, "invalid-input")
    assert other["faults"][0]["code"] == "code-differs"
    unknown = await lms.put("/v1/banks/other", content=_bank(), headers={"Content-Type": "text/plain"})
    assert refused(unknown, 422, "invalid-input")["faults"][0]["code"] == "unknown-format"


async def test_a_bank_may_be_larger_than_other_bodies_but_not_without_end(lms: Lms) -> None:
    large = _bank(description={"en": "x" * 250_000})
    assert (await lms.put("/v1/banks/other", content=large, headers=JSON)).status_code == 201
    refused(await lms.put("/v1/banks/other", content=large + b" " * 250_000, headers=JSON), 413, "too-large")
    refused(await lms.post("/v1/enrolments", content=b" " * 250_000, headers=JSON), 413, "too-large")


async def test_counts_say_what_can_be_drawn_and_nothing_of_the_questions(lms: Lms) -> None:
    answer = await lms.get("/v1/banks/small")
    shown = answer.json()
    assert sum(count["questions"] for count in shown["counts"]) == shown["questions"] == 24
    assert {count["difficulty"] for count in shown["counts"]} == {"easy", "medium", "hard"}
    for secret in ("KEYWORD", "RATIONALE", "SOURCE", "optid", "Question number"):
        assert secret not in answer.text


async def test_the_schema_is_public_and_is_the_one_that_is_read(lms: Lms) -> None:
    schema = (await lms.http.get("/v1/banks/schema.json")).json()
    assert schema["$id"] == "https://exam.example.ac.th/v1/banks/schema.json"
    assert schema == json.loads(json.dumps(native.schema())) | {"$id": schema["$id"]}


async def test_lists_go_on_where_they_ended(lms: Lms) -> None:
    for code in ("aaa", "bbb", "ccc"):
        await lms.put(f"/v1/banks/{code}", content=_bank(code=code), headers=JSON)
    first = (await lms.get("/v1/banks?limit=2")).json()
    second = (await lms.get(f"/v1/banks?limit=2&after={first['next']}")).json()
    assert [[line["code"] for line in page["items"]] for page in (first, second)] == [["aaa", "bbb"], ["ccc", "small"]]
    assert second["next"] is None
