"""Rows with values that are damaged, or of another program: each costs only itself."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text, update

from ingestd.errors import UnreadableContent
from ingestd.json import to_json
from ingestd.model.source import NO_HINTS, Hints
from ingestd.pipeline.revision_json import revision_as_json
from ingestd.policy.articles.recurrence import Habits
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations import sites
from ingestd.store.polls import source_list, sources
from ingestd.store.polls.source_rows import shown_values
from ingestd.store.records import records, reprocessing
from ingestd.store.records.export import export
from ingestd.store.schema import tables
from ingestd.store.work import entries
from tests.support.outcomes import NOON, claimed, keep_texts

NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def put(database: Database, table: str, column: str, stored: str, *, row: int) -> None:
    """Store a value as text, which PostgreSQL casts and SQLite takes as it is."""
    cast = "CAST(:stored AS jsonb)" if database.dialect == "postgresql" else ":stored"
    async with database.write() as connection:
        statement = f"UPDATE {table} SET {column} = {cast} WHERE id = :row"
        await connection.execute(text(statement), {"stored": stored, "row": row})


def skip_unless_it_takes(database: Database, stored: str) -> None:
    """A column of PostgreSQL takes valid JSON only."""
    if database.dialect == "postgresql" and stored == "{":
        pytest.skip("no jsonb")


DAMAGED_RECORDS = [
    pytest.param("authors", "5", id="authors"),
    pytest.param("authors", "{", id="authors-not-json"),
    pytest.param("item", "[1]", id="item"),
    pytest.param("item", '{"altids": [5]}', id="part-of-item"),
    pytest.param("item", "{", id="item-not-json"),
]


@pytest.mark.parametrize(("column", "stored"), DAMAGED_RECORDS)
async def test_a_record_that_cannot_be_read_is_left_out_alone(database: Database, column: str, stored: str) -> None:
    skip_unless_it_takes(database, stored)
    await keep_texts(database, "https://paper.example/feed", "one", "two", "three")
    await put(database, "revisions", column, stored, row=2)

    async with database.read() as connection:
        listed = await records.newest(connection, limit=9)
        with pytest.raises(UnreadableContent, match="record 2, revision 1, cannot be read"):
            await records.find(connection, "2")
        [row] = await records.revisions_of(connection, 2)
        with pytest.raises(UnreadableContent, match="record 2, revision 1, "):
            to_json(revision_as_json(row))
        current = await reprocessing.current_revisions(connection, [1, 2, 3])
    exported = [record async for record in export(database)]

    assert sorted(record.id for record in listed) == [record.id for record in exported] == [1, 3]
    assert [one.record_id for one in current] == [1, 2, 3]  # extracted again, it is mended


async def test_a_record_of_an_unreadable_entry_is_not_reprocessed(database: Database) -> None:
    await keep_texts(database, "https://paper.example/feed", "one", "two")
    await put(database, "entries", "announced", "[1]", row=1)

    async with database.read() as connection:
        assert [one.record_id for one in await reprocessing.current_revisions(connection, [1, 2])] == [2]


@pytest.mark.parametrize("stored", ["[1]", "5", "{"])
async def test_an_entry_that_cannot_be_read_is_quarantined_alone(database: Database, stored: str) -> None:
    skip_unless_it_takes(database, stored)
    works = await claimed(database, "https://paper.example/feed", 2)
    async with database.write() as connection:
        await connection.execute(update(tables.entries).values(run_id=None))
    await put(database, "entries", "announced", stored, row=works[0].id)

    async with database.write() as connection:
        found = await entries.claim_due(connection, "test", now=NOW, limit=5)
    async with database.read() as connection:
        c = tables.entries.c
        states = (await connection.execute(select(c.state, c.run_id).order_by(c.id))).all()

    assert [work.id for work in found] == [works[1].id]
    assert [tuple(row) for row in states] == [("quarantined", None), ("pending", "test")]


@pytest.mark.parametrize(
    ("stored", "hints"),
    [
        pytest.param("[1]", NO_HINTS, id="list"),
        pytest.param('"ttl"', NO_HINTS, id="text"),
        pytest.param("{", NO_HINTS, id="not-json"),
        pytest.param('{"ttl": "soon", "skip_hours": 5, "period": 60, "new": 1}', Hints(period=60), id="wrong-types"),
        pytest.param('{"skip_days": [0, "Monday"], "skip_hours": [1, 2]}', Hints(skip_hours=(1, 2)), id="in-a-list"),
    ],
)
async def test_a_source_whose_hints_cannot_be_read_is_polled_without(
    database: Database, stored: str, hints: Hints
) -> None:
    skip_unless_it_takes(database, stored)
    async with database.write() as connection:
        for name in ("one", "two"):
            await sources.add(connection, f"https://{name}.example/feed", now=NOON)
    await put(database, "sources", "hints", stored, row=1)

    async with database.read() as connection:
        [listed, _] = await source_list.list_all(connection)
        found = await sources.find(connection, "1")
    async with database.write() as connection:
        claimed_sources = await sources.claim_due(connection, "test", now=NOW, limit=5)

    assert listed.id == found.id == 1
    assert [(source.id, source.hints) for source in claimed_sources] == [(1, hints), (2, NO_HINTS)]


@pytest.mark.parametrize(
    ("table", "column"),
    [("sources", "last_success_at"), ("entries", "first_seen_at"), ("revisions", "versioncreated")],
)
async def test_a_time_that_cannot_be_read_is_unknown(database: Database, table: str, column: str) -> None:
    if database.dialect == "postgresql":
        pytest.skip("its columns take times only")
    await keep_texts(database, "https://paper.example/feed", "one", "two")
    await put(database, table, column, "yesterday", row=1)
    async with database.write() as connection:
        await connection.execute(update(tables.entries).values(state="pending"))

    async with database.write() as connection:
        found = await sources.claim_due(connection, "test", now=NOW, limit=5)
        works = await entries.claim_due(connection, "test", now=NOW, limit=5)
    async with database.read() as connection:
        listed = await records.newest(connection, limit=9)

    assert (len(found), len(works), len(listed)) == (1, 2, 2)


@pytest.mark.parametrize("stored", [[1], {"articles": 1}, {"articles": 1, "tallies": {"zz": 5}, "recent": []}, "{"])
async def test_habits_that_cannot_be_read_are_learned_again(database: Database, stored: Any) -> None:
    async with database.write() as connection:
        await sites.add_articles(connection, [("paper.example", (1, 2))], now=NOON)
        await connection.execute(update(tables.sites).values(habits=stored))

    async with database.write() as connection:
        assert await sites.habits_of(connection, "paper.example") == Habits()
        await sites.add_articles(connection, [("paper.example", (1, 2))], now=NOON)
        assert (await sites.habits_of(connection, "paper.example")).articles == 1


async def test_a_source_is_shown_whatever_its_hints_are(database: Database) -> None:
    async with database.write() as connection:
        await sources.add(connection, "https://one.example/feed", now=NOON)
    await put(database, "sources", "hints", "[1]" if database.dialect == "postgresql" else "{", row=1)

    async with database.read() as connection:
        row = await sources.find(connection, "1")

    assert json.loads(to_json(shown_values(row)))["hints"] is None
