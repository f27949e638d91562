"""A certificate in a real register, and the web in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.certified import Holder, client, course, holder
from tests.support.service import TestClock, World, service, world


@pytest.fixture
async def certified(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    clock = TestClock()
    async with service(sqlite_url, tmp_path, clock) as ctx:
        yield await holder(await world(ctx, clock, course=course()))


@pytest.fixture
async def web(certified: Holder) -> AsyncIterator[httpx.AsyncClient]:
    async with client(certified.world) as made:
        yield made


@pytest.fixture
def w(certified: Holder) -> World:
    return certified.world
