"""Rows of older releases are converted in small transactions, while others save records."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, insert, inspect, select, text

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations.conversions import Conversion, restart, unsearchable_until
from ingestd.store.records import search_index
from ingestd.store.records.export import export
from ingestd.store.records.search import search
from ingestd.store.schema import migrate, tables
from tests.store.test_migrations import AT, ENTRY, RECORD, REVISION, SOURCE
from tests.support.outcomes import keep_texts

#: Records of the older release; each has two revisions.
COUNT = 60


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    """A database that an older release filled, after the upgrade of its schema."""
    config = migrate._config()
    with migrate._engine(empty_database_url) as engine, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        _fill(connection)
    await migrate.upgrade(empty_database_url)
    async with Database(with_async_driver(empty_database_url)) as database:
        yield database


def _fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    sqlite = connection.dialect.name == "sqlite"
    at = AT.replace(tzinfo=None) if sqlite else AT

    def add(table: str, row: dict[str, Any]) -> None:
        times = {name: at for name, value in row.items() if value == AT}
        connection.execute(tables.tables[table].insert(), {**row, **times})

    add("sources", {"id": 1, **SOURCE})
    for n in range(1, COUNT + 1):
        add("entries", {"id": n, **ENTRY, "guid": str(n)})
        add("records", {"id": n, **RECORD, "guid": f"urn:{n}", "uri": None, "origin_entry_id": n, "revision": 2})
        for revision, name in ((1, "raft"), (2, "ferry")):
            body = f"The {name} {n} was counted,twice in Zürich. " + "More words. " * 200
            own = {"id": 2 * n - 2 + revision, "record_id": n, "revision": revision, "entry_id": n}
            own |= {"headline": f"Number {n}", "body_text": body, "body_html": f"<p>{body}</p>"}
            add("revisions", {**REVISION, **own, "provenance": {"headline": "meta"}})
    if not sqlite:
        for table in ("sources", "entries"):
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1000)"))


async def found(database: Database, query: str) -> list[int]:
    async with database.read() as connection:
        return sorted(record.id for record in await search(connection, query, limit=1000))


async def test_all_rows_are_converted_and_found(database: Database) -> None:
    before = [record async for record in export(database)]
    async with database.read() as connection:
        assert await unsearchable_until(connection) == AT
    assert await found(database, "ferry") == []

    assert await Conversion(database).run(60)

    assert [record async for record in export(database)] == before
    async with database.read() as connection:
        assert await unsearchable_until(connection) is None
        rows = (await connection.execute(select(tables.revisions))).all()
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert {(row.content is None, row.body_text, row.body_html) for row in rows} == {(False, "", "")}
    assert not [name for name in names if name.startswith("revisions_search")]
    assert await found(database, '"counted twice" zurich') == [*range(1, COUNT + 1)]
    assert await found(database, "raft") == []  # only current revisions are found


async def test_a_killed_conversion_is_continued(database: Database) -> None:
    while len(await found(database, "ferry")) < COUNT // 2:
        assert not await Conversion(database).run(0.001)  # as by a daemon that is killed after a batch

    assert await Conversion(database).run(60)

    assert await found(database, "ferry") == [*range(1, COUNT + 1)]


async def test_records_saved_meanwhile_are_found_once(database: Database) -> None:
    await keep_texts(database, "https://paper.example/new", "A ferry of today")
    assert await found(database, "ferry") == [COUNT + 1]

    assert await Conversion(database).run(60)
    async with database.write() as connection:
        await restart(connection)
    assert await found(database, "ferry") == []
    assert await Conversion(database).run(60)

    assert await found(database, "ferry") == [*range(1, COUNT + 2)]


async def test_a_revision_removed_from_the_index_is_not_found(database: Database) -> None:
    assert await Conversion(database).run(60)
    async with database.write() as connection:
        await search_index.remove(connection, [2, 4, 10**9])
        await search_index.remove(connection, [2])  # again

    assert await found(database, "ferry") == [*range(3, COUNT + 1)]
    if database.dialect == "sqlite":
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO record_search (record_search) VALUES ('integrity-check')"))


async def test_deleted_revisions_of_postgresql_leave_the_index(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite's index has no foreign key")
    assert await Conversion(database).run(60)
    async with database.write() as connection:
        await connection.execute(tables.revisions.delete().where(tables.revisions.c.record_id == 1))
        left = (await connection.execute(text("SELECT count(*) FROM record_search"))).scalar_one()

    assert left == COUNT - 1


async def test_revisions_indexed_by_an_older_release_get_filters_of_phrases(database: Database) -> None:
    assert await Conversion(database).run(60)
    async with database.write() as connection:
        filters = (await connection.execute(text("SELECT * FROM record_search_phrases ORDER BY 1"))).all()
        await connection.execute(text("DELETE FROM record_search_phrases WHERE revision_id > 20"))
        await connection.execute(insert(tables.conversions).values(name="phrases", below=2**62))
        assert await unsearchable_until(connection) is None
    assert await found(database, '"ferry 7"') == [7]

    assert await Conversion(database).run(60)

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT * FROM record_search_phrases ORDER BY 1"))).all() == filters
        assert (await connection.execute(select(tables.conversions))).all() == []
    assert len(filters) == COUNT
