"""The application in this process, asked through its API, with a clock that the test moves and no sweeper about."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from exam_service.services import keys
from exam_service.services.context import Context
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.service import TestClock, service
from tests.support.site import Site, make_site
from tests.support.taker import Taker

URL = "https://exam.example.org"


@dataclass
class Place:
    """One organisation with its exam, at a time of its own."""

    ctx: Context
    clock: TestClock
    site: Site

    async def taker(self, name: str, **enrolment: Any) -> tuple[str, Taker]:
        """(enrolment, candidate with a session)."""
        enrolled = await self.site.enrol(name, **enrolment)
        return enrolled, await self.session(enrolled)

    async def session(self, enrolment: str) -> Taker:
        """The candidate on another device, or come back from the learning system."""
        return Taker(lambda: URL, await self.site.session(enrolment), self.site.http, random.Random(1))

    async def attempt(self, attempt: str) -> dict[str, Any]:
        """As staff sees it."""
        found: dict[str, Any] = await self.site.get(f"/v1/attempts/{attempt}")
        return found


@pytest.fixture
async def place(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    """A time limit of sixty minutes, a grace of thirty seconds, sessions of two hours."""
    clock = TestClock()
    given = {"EXAM_PUBLIC_URL": URL, "EXAM_SESSION_HOURS": "2"}
    async with service(sqlite_url, tmp_path, clock, **given) as ctx:
        await keys.ensure(ctx, keys.SERVICE, "receipts")
        app = create_app(ctx, sweeps=False, limits=Limits(public=10**6, candidate=10**6, lms=10**6))
        # httpx names the parts of ASGI more loosely than Litestar does.
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=cast(Any, app))) as http:
            yield Place(ctx, clock, await make_site(lambda: URL, sqlite_url, tmp_path, http=http))
