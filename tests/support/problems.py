"""Reading problem documents in tests."""

from typing import Any

import httpx

from tests.support.service import PUBLIC_URL


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, which must be one: with its code and a sentence in both languages."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"{PUBLIC_URL}/problems/{code}"
    assert problem["message"]["th"]
    assert problem["message"]["en"] == problem["detail"]
    return problem


def faults_of(response: httpx.Response) -> list[tuple[str, str]]:
    """(path, code) of every fault of a refused body."""
    problem = refused(response, 422, "invalid-input")
    return [(fault.get("path", ""), fault["code"]) for fault in problem["faults"]]
