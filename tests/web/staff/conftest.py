"""The pages of programme staff as a browser meets them, over HTTP, with a real database behind."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from exam_service.services import api_keys, live, staff_sessions
from exam_service.services.staff_sessions import StaffLinkBody
from exam_service.web.app import create_app
from exam_service.web.auth import Limits
from tests.support.service import PUBLIC_URL, TestClock, World, open_course, service, world

EXAM = "/staff/course/post"
NAME = "สมศรี ใจดี"


@dataclass
class Desk:
    """A browser of a person of the staff, and the world that they watch."""

    http: httpx.AsyncClient
    world: World

    async def link(self, name: str = NAME, key: str | None = None, **more: Any) -> str:
        """The path of a fresh staff link."""
        made, key = self.world, key or self.world.key
        caller = await api_keys.authenticate(made.ctx, key)
        async with made.ctx.store.begin(caller.org) as tx:
            link = await staff_sessions.create(made.ctx, tx, StaffLinkBody(name=name, **more), caller)
        return link.url.removeprefix(PUBLIC_URL)

    async def come_in(self, **more: Any) -> httpx.Response:
        self.http.cookies.clear()
        return await self.http.post(await self.link(**more))

    async def get(self, path: str = EXAM, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def do(self, path: str = f"{EXAM}/do", **fields: Any) -> httpx.Response:
        """Send a form, and what it asks back once more: the answer to the confirmation, or why there is none."""
        asked = await self.http.post(path, data={name: str(value) for name, value in fields.items()})
        if asked.status_code != 200:
            return asked
        return await self.confirm(asked, path)

    async def confirm(self, asked: httpx.Response, path: str = f"{EXAM}/do") -> httpx.Response:
        return await self.http.post(path, data=hidden(asked.text))


def hidden(page: str) -> dict[str, str]:
    """What the form of the confirmation carries."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


@pytest.fixture(autouse=True)
def looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits two seconds for the next look."""
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)


@pytest.fixture
async def desk(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with _desk(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
async def desk_on_both(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with _desk(database_url, tmp_path) as made:
        yield made


@asynccontextmanager
async def _desk(url: str, folder: Path) -> AsyncIterator[Desk]:
    clock = TestClock()
    async with service(url, folder, clock) as ctx:
        app = create_app(ctx, sweeps=False, limits=Limits(public=1000))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        headers = {"Accept": "text/html", "Accept-Language": "en"}
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as http:
            yield Desk(http, await world(ctx, clock, course=open_course()))
