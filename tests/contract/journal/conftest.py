"""The journal over each database, in the house whose attempts these tests are about."""

from collections.abc import AsyncIterator

import pytest

from exam_service.adapters.storage import SqlStore
from tests.support.stored import House, Journal, store_at


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    store = store_at(database_url)
    await House("a").settle(store)
    yield store
    await store.close()


@pytest.fixture
async def journal(store: SqlStore) -> AsyncIterator[Journal]:
    journal = Journal(store)
    yield journal
    await journal.close()
