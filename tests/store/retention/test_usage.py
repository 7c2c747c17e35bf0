from collections.abc import AsyncIterator

import pytest

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.retention import usage
from ingestd.store.schema import tables
from tests.support.outcomes import NOON, keep_texts


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def test_usage_has_every_table_with_its_rows_bytes_growth_and_bound(database: Database) -> None:
    await keep_texts(database, "https://paper.example/feed", "one", "two", "three")

    async with database.read() as connection:
        found = {one.table: one for one in await usage.table_usage(connection, now=NOON)}
        assert await usage.free_bytes(connection) >= 0

    assert set(found) == set(tables.metadata.tables)
    records = found["records"]
    assert (records.rows, records.rows_a_day, records.bounded_by) == (3, 3, "keep_records")
    assert records.bytes == records.bytes_a_day > 0
    assert found["sources"].bounded_by == "sources and sites"
    assert "record_search" not in found  # the full-text index counts to the revisions
