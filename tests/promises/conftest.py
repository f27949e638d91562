"""The whole service over SQLite and over PostgreSQL: a promise that touches data is kept on both."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.service import PUBLIC_URL, TestClock, World, open_course, service, world


@pytest.fixture
async def first(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """An organisation whose post-test anybody enrolled may start."""
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await world(ctx, clock, course=open_course())


@pytest.fixture
async def http(first: World) -> AsyncIterator[httpx.AsyncClient]:
    """The application over the first organisation's context, asked as a program would."""
    app = create_app(first.ctx, sweeps=False, limits=Limits(public=10_000, candidate=10_000, lms=10_000))
    # httpx names the parts of ASGI more loosely than Litestar does.
    transport = httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client
