"""The API as a learning system meets it: over HTTP, with a real database behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from exam_service.core.records import Scope
from exam_service.services import api_keys
from exam_service.web.app import create_app
from tests.support.service import PUBLIC_URL, TestClock, World, service, world


@dataclass
class Lms:
    """A client with a key of every scope, and the world that it works on."""

    http: httpx.AsyncClient
    world: World

    async def call(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.world.key}"} | more.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.call("GET", path, **more)

    async def put(self, path: str, **more: Any) -> httpx.Response:
        return await self.call("PUT", path, **more)

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self.call("POST", path, **more)

    async def key(self, *scopes: Scope) -> str:
        """A token with these scopes only."""
        async with self.world.ctx.store.begin(self.world.org) as tx:
            return (await api_keys.create(self.world.ctx, tx, "narrow", scopes)).token


@pytest.fixture
async def lms(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Lms]:
    async with _lms(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
async def lms_on_both(database_url: str, tmp_path: Path) -> AsyncIterator[Lms]:
    """The same on SQLite and on PostgreSQL."""
    async with _lms(database_url, tmp_path) as made:
        yield made


@asynccontextmanager
async def _lms(url: str, folder: Path) -> AsyncIterator[Lms]:
    clock = TestClock()
    async with service(url, folder, clock) as ctx:
        app = create_app(ctx, sweeps=False, max_body=200_000, max_bank=400_000)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
            yield Lms(http, await world(ctx, clock))
