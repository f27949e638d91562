"""The description says what the service does: every operation, every field, every answer, and examples that work."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from exam_service.core.documents import read
from exam_service.core.exams.model import Course
from exam_service.services.api_keys import ApiKeyBody
from exam_service.services.candidates import CandidateBody, CandidateSearch
from exam_service.services.enrolments import EnrolmentBody, EnrolmentChanges, EnrolmentWithCandidateBody
from exam_service.services.launches import LaunchBody
from exam_service.services.staff_sessions import StaffLinkBody
from tests.web.lms.conftest import Lms


@pytest.fixture
async def described(lms: Lms) -> dict[str, Any]:
    found: dict[str, Any] = (await lms.http.get("/v1/openapi.json")).json()
    return found


def _operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


async def test_every_operation_says_what_it_is_and_what_it_answers(described: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in _operations(described)]
    assert len(ids) == len(set(ids)) > 50
    for path, method, operation in _operations(described):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        assert any(status.startswith(("2", "3")) for status in operation["responses"]), where
        parameters = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert parameters == set(re.findall(r"{(\w+)}", path)), where
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                page = set() if path.startswith("/v1/") else {"text/html"}
                assert {"application/problem+json"} <= set(answer["content"]) <= {"application/problem+json", *page}, (
                    where
                )


async def test_every_call_of_the_learning_system_names_key_scope_and_refusals(described: dict[str, Any]) -> None:
    seen = 0
    for path, method, operation in _operations(described):
        if operation["security"] != [{"apiKey": []}] or path == "/v1/organisation":
            continue
        seen += 1
        where = f"{method} {path}"
        assert "Scope: `" in operation["description"], where
        assert {"401", "403", "429"} <= set(operation["responses"]), where
        if "requestBody" in operation:
            assert {"413", "422"} <= set(operation["responses"]), where
        if "{" in path:
            assert "404" in operation["responses"], where
        # Looking is no write, and a certificate is there or withdrawn however often it is asked for.
        if method != "get" and not path.endswith(("/check", "/search", "/certificates", "/revoke", "s/status")):
            names = [parameter["name"] for parameter in operation["parameters"]]
            assert "Idempotency-Key" in names, where
            assert "409" in operation["responses"], where
    assert seen >= 30


async def test_every_reference_is_there_and_unknown_fields_are_refused(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    text = msgspec.json.encode(described).decode()
    assert {ref.rpartition("/")[2] for ref in re.findall(r'"\$ref":"([^"]+)"', text)} <= set(schemas)
    bodies = set()
    for _, _, operation in _operations(described):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            bodies |= set(re.findall(r'"#/components/schemas/([^"]+)"', msgspec.json.encode(content).decode()))
    assert {"CandidateBody", "EnrolmentBody", "Course", "ApiKeyBody"} <= bodies
    # What the VC-API leaves open to its next version.
    left_open = {"SecureRequest", "VerifyCredentialRequest", "VerifyPresentationRequest", "VerifyOptions"}
    left_open |= {"StatusRequest", "StatusEntry"}
    for name in bodies - left_open:
        assert schemas[name]["additionalProperties"] is False, name


async def test_queries_are_described_with_their_bounds(described: dict[str, Any]) -> None:
    listed = {p["name"]: p for p in described["paths"]["/v1/enrolments"]["get"]["parameters"]}
    assert listed["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}
    assert (listed["after"]["required"], listed["after"]["schema"]) == (False, {"type": "string"})
    assert listed["course"]["description"]
    bulk = {p["name"]: p for p in described["paths"]["/v1/enrolments/bulk"]["post"]["parameters"]}
    assert (bulk["course"]["required"], bulk["dry_run"]["schema"]["type"]) == (True, "boolean")


KINDS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("/v1/api-keys", "post"): (ApiKeyBody,),
    ("/v1/courses/{code}", "put"): (Course,),
    ("/v1/candidates/{external_id}", "put"): (CandidateBody,),
    ("/v1/candidates/search", "post"): (CandidateSearch,),
    ("/v1/enrolments", "post"): (EnrolmentBody, EnrolmentWithCandidateBody),
    ("/v1/enrolments/{enrolment}", "patch"): (EnrolmentChanges,),
    ("/v1/enrolments/{enrolment}/launches", "post"): (LaunchBody,),
    ("/v1/staff-links", "post"): (StaffLinkBody,),
}


async def test_every_example_is_one_that_is_accepted(described: dict[str, Any]) -> None:
    for (path, method), kinds in KINDS.items():
        examples = described["paths"][path][method]["requestBody"]["content"]["application/json"]["examples"]
        assert examples
        for name, example in examples.items():
            assert any(read(example["value"], kind)[0] is not None for kind in kinds), (path, name)


async def test_the_examples_work_one_after_the_other(lms: Lms, described: dict[str, Any]) -> None:
    def example(path: str, method: str, name: str, media: str = "application/json") -> Any:
        return described["paths"][path][method]["requestBody"]["content"][media]["examples"][name]["value"]

    bank = example("/v1/banks/{code}", "put", "yaml", "application/yaml")
    many = bank.replace("questions:\n", "questions:\n" + "".join(_more(bank, n) for n in range(30)))
    calls: list[httpx.Response] = [
        await lms.put("/v1/banks/measurement", content=many, headers={"Content-Type": "application/yaml"}),
        await lms.put(
            "/v1/courses/measurement-101", json=example("/v1/courses/{code}", "put", "pre-test and post-test")
        ),
        await lms.post("/v1/courses/measurement-101/publish"),
        await lms.put("/v1/candidates/u-1024", json=example("/v1/candidates/{external_id}", "put", "a teacher")),
        await lms.post("/v1/enrolments", json=example("/v1/enrolments", "post", "a known candidate")),
        await lms.post("/v1/enrolments", json=example("/v1/enrolments", "post", "a new one, with more time")),
    ]
    for media, name in (("text/csv", "csv"), ("application/x-ndjson", "ndjson")):
        roster = example("/v1/enrolments/bulk", "post", name, media)
        path = "/v1/enrolments/bulk?course=measurement-101&dry_run=true"
        calls.append(await lms.post(path, content=roster, headers={"Content-Type": media}))
        assert calls[-1].json()["failed"] == 0, calls[-1].text
    assert [call.status_code for call in calls] == [201, 200, 201, 200, 201, 201, 200, 200], [c.text for c in calls]


def _more(bank: str, n: int) -> str:
    """The example's question once more, under another id, easy or medium."""
    question = bank.partition("questions:\n")[2].replace("id: v01", f"id: v{n + 100}")
    return question.replace("difficulty: easy", f"difficulty: {('easy', 'medium')[n % 2]}")
