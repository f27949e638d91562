"""A service whose VC-API is on, and somebody who calls it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.certified import client
from tests.support.service import TestClock, World, service, world


@dataclass
class Api:
    """The endpoints as the public suites call them."""

    http: httpx.AsyncClient
    world: World

    async def issue(self, credential: Any, *, key: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.world.key}", **more.pop("headers", {})}
        body = {"credential": credential, "options": {}}
        return await self.http.post("/credentials/issue", json=body, headers=headers, **more)

    async def issued(self, credential: Any) -> dict[str, Any]:
        answer = await self.issue(credential)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()["verifiableCredential"]
        return made

    async def verify(self, credential: Any, **options: Any) -> httpx.Response:
        body = {"verifiableCredential": credential, "options": options or {"checks": ["proof"]}}
        return await self.http.post("/credentials/verify", json=body)

    async def present(self, presentation: Any, **options: Any) -> httpx.Response:
        body = {"verifiablePresentation": presentation, "options": options or {"checks": []}}
        return await self.http.post("/presentations/verify", json=body)


def verified(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["verified"] is True
    assert not found["errors"]
    return found


def unverified(answer: httpx.Response) -> list[str]:
    """The codes of the faults; the answer has the house's shape and that of the VC-API."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    found = json.loads(answer.content)
    assert found["verified"] is False
    assert found["code"] == "not-verified"
    assert found["message"]["th"]
    assert found["message"]["en"]
    assert len(found["problemDetails"]) == len(found["faults"]) >= 1
    assert all(one["type"].startswith("https://") and one["detail"] for one in found["problemDetails"])
    return [one["code"] for one in found["faults"]]


def refused(answer: httpx.Response) -> list[str]:
    """The codes of the faults of something that was not issued."""
    assert answer.status_code == 422, answer.text
    return [one["code"] for one in answer.json()["faults"]]


@pytest.fixture
async def api(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    clock = TestClock()
    async with (
        service(sqlite_url, tmp_path, clock, EXAM_VC_API="on") as ctx,
        client(made := await world(ctx, clock)) as http,
    ):
        yield Api(http, made)
