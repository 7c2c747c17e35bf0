from collections.abc import AsyncIterator

import pytest

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database
