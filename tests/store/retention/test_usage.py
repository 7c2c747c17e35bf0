from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records import search_parts
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


async def test_growth_is_found_by_bisection_and_estimates_are_used_where_they_are_good(database: Database) -> None:
    await keep_texts(database, "https://old.example/feed", "one", "two", "three", at=NOON - timedelta(days=3))
    await keep_texts(database, "https://new.example/feed", "four", "five")

    for is_exact in (True, False):
        async with database.read() as connection:
            found = {one.table: one for one in await usage.table_usage(connection, now=NOON, is_exact=is_exact)}
        assert {name: found[name].rows_a_day for name in ("records", "revisions", "events")} == {
            "records": 2, "revisions": 2, "events": 2,
        }  # fmt: skip
        assert found["records"].rows == 5


async def test_the_tables_of_the_full_text_index_count_to_the_revisions(database: Database) -> None:
    await keep_texts(database, "https://paper.example/feed", *(f"story {number} of many" for number in range(200)))

    async with database.read() as connection:
        [revisions] = [one for one in await usage.table_usage(connection, now=NOON) if one.table == "revisions"]
        names = ", ".join(f"'{name}'" for name in ("revisions", *search_parts.TABLES))
        query = f"SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ({names})"
        if database.dialect == "sqlite":
            query = (
                "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND (name LIKE 'record_search%' OR name IN "
                "(SELECT name FROM sqlite_schema WHERE tbl_name = 'revisions' OR tbl_name LIKE 'record_search%'))"
            )
        assert revisions.bytes == (await connection.execute(text(query))).scalar_one()
