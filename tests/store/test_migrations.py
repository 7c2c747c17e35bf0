from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, select

from ingestd.model.article import Article
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records import records
from ingestd.store.schema import migrate, tables
from ingestd.store.schema.version import HEAD
from ingestd.store.stories import rebuilding
from ingestd.store.stories.rebuilding import WalkState

AT = datetime(2024, 5, 1, 8, tzinfo=UTC)
ENTRY = {
    "source_id": 1, "guid": "1", "id_origin": "source", "fingerprint": "f", "announced": {}, "state": "done",
    "attempts": 0, "due_at": AT, "first_seen_at": AT, "last_seen_at": AT,
}  # fmt: skip
RECORD = {
    "guid": "urn:uuid:1", "uri": "https://paper.example/1", "origin_entry_id": 1, "pubstatus": "usable", "revision": 1,
    "created_at": AT, "updated_at": AT,
}  # fmt: skip
REVISION = {
    "record_id": 1, "revision": 1, "change": "new", "headline": "Ferry", "body_text": "The ferry was counted.",
    "body_html": "<p>The ferry was counted.</p>", "authors": ["Ann Lee"], "associations": [], "provenance": {},
    "content_hash": "c", "extractor": "ingestd 0.1", "fragment": False, "entry_id": 1, "seen_at": AT,
}  # fmt: skip
SOURCE = {
    "url": "https://paper.example/feed", "kind": "feed", "state": "active", "site": "paper.example", "failures": 0,
    "created_at": AT,
}  # fmt: skip


def fill(connection: Connection) -> None:
    """Insert a record into a database of any schema version, using only columns that every version has."""
    tables = MetaData()
    tables.reflect(connection)
    rows: tuple[tuple[str, dict[str, Any]], ...] = (
        ("sources", SOURCE), ("entries", ENTRY), ("records", RECORD), ("revisions", REVISION),
    )  # fmt: skip
    for name, row in rows:
        # The reflected time type of SQLite accepts no zone.
        without_zone = connection.dialect.name == "sqlite"
        values = {
            key: value.replace(tzinfo=None) if without_zone and isinstance(value, datetime) else value
            for key, value in row.items()
        }
        connection.execute(tables.tables[name].insert(), {"id": 1, **values})


@pytest.mark.parametrize("version", ["0001", "0002", "0003", "0004", "0005", "0006"])
async def test_records_of_older_schemas_are_readable_after_an_upgrade(empty_database_url: str, version: str) -> None:
    config = migrate._config()
    with migrate._engine(empty_database_url) as engine, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        fill(connection)

    assert await migrate.upgrade(empty_database_url) == (version, HEAD)

    async with Database(with_async_driver(empty_database_url)) as database, database.read() as connection:
        record = await records.find(connection, "1")
        assert await rebuilding.read(connection) == WalkState(after=None, whole=False)  # it has no story yet
    assert record.article == Article(
        headline="Ferry",
        body_text="The ferry was counted.",
        body_html="<p>The ferry was counted.</p>",
        authors=("Ann Lee",),
        uri="https://paper.example/1",
        agencies=(),
        paywall=None,
        truncated=False,
    )


def test_migrations_create_the_declared_tables(database_url: str) -> None:
    def is_declared(_item: object, name: str | None, _kind: str, reflected: bool, _other: object) -> bool:
        # Only the migrations know the full-text index.
        return not (reflected and name and name.startswith("record_search"))

    with migrate._engine(database_url) as engine, engine.connect() as connection:
        # SQLite enforces no lengths, so the migrations do not change them there.
        options = {"include_object": is_declared, "compare_type": connection.dialect.name == "postgresql"}
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, tables.metadata) == []


async def test_decisions_of_older_schemas_say_quarantined_after_an_upgrade(empty_database_url: str) -> None:
    config = migrate._config()
    with migrate._engine(empty_database_url) as engine, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        fill(connection)
        for verdict in ("given up", "disallowed"):
            connection.execute(
                tables.decisions.insert(),
                {"at": AT, "entry_id": 1, "stage": "limit", "verdict": verdict, "reason": "HTTP 500"},
            )

    await migrate.upgrade(empty_database_url)

    async with Database(with_async_driver(empty_database_url)) as database, database.read() as connection:
        found = await connection.execute(select(tables.decisions.c.verdict).order_by(tables.decisions.c.id))
    assert found.scalars().all() == ["quarantined", "disallowed"]
