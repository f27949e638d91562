"""The whole service over SQLite and over PostgreSQL: a promise that touches data is kept on both."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.service import TestClock, World, open_course, service, world


@pytest.fixture
async def first(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """An organisation whose post-test anybody enrolled may start."""
    clock = TestClock()
    async with service(database_url, tmp_path, clock) as ctx:
        yield await world(ctx, clock, course=open_course())
