from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from ingestd.model.article import Article
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database, lock_records
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import (
    backfills,
    decisions,
    entries,
    events,
    evidence,
    failures,
    metadata,
    records,
    sources,
)  # fmt: skip
from ingestd.store.work import backfills as jobs
from ingestd.store.work.entries import entry_from_json
from ingestd.store.work.entry_deletion import delete_entries

AT = datetime(2026, 5, 1, 8, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with source 1, backfill 1 of it and ten pending entries of that."""
    async with Database(with_async_driver(database_url)) as opened:
        async with opened.write() as connection:
            await connection.execute(insert(sources).values(
                id=1, url="https://paper.example/feed", kind="feed", state="active", site="paper.example", failures=0,
                created_at=AT,
            ))  # fmt: skip
            await connection.execute(insert(backfills).values(
                id=1, kind="archive", argument="", options={}, source_id=1, state="running", cursor={}, created_at=AT,
                updated_at=AT,
            ))  # fmt: skip
            await connection.execute(insert(entries), [_entry(number) for number in range(1, 11)])
        yield opened


def _entry(number: int) -> dict[str, Any]:
    return {
        "source_id": 1, "guid": str(number), "id_origin": "source", "fingerprint": "f", "state": "pending",
        "announced": {"guid": str(number)}, "attempts": 0, "due_at": AT, "first_seen_at": AT,
        "last_seen_at": AT, "backfill_id": 1,
    }  # fmt: skip


async def add_record(database: Database, entry_id: int) -> int:
    """Save a record of an entry and return its number."""
    async with database.write() as connection:
        await lock_records(connection)
        unit = await UnitOfWork.open(connection)
        number = unit.new_record(entry_id=entry_id, at=AT, revision=1)
        extraction = Extraction(
            entry_id=entry_id, raw=None, fragment=False, page_url=None, content_type=None, extractor="e", rules="r"
        )
        article = Article(headline="Ferry", body_text="Counted.", body_html="<p>Counted.</p>", uri=None)
        unit.add_revision(number, 1, article, change="new", at=AT, content_hash="c", extraction=extraction)
        unit.add_carrier(number, entry_id=entry_id, source_id=1, url=None, at=AT)
        unit.add_event(number, 1, "new", entry_id=entry_id, at=AT)
        await unit.flush(connection)
    return number


async def test_a_cancelled_backfill_keeps_the_entries_that_something_refers_to(database: Database) -> None:
    await add_record(database, 2)
    async with database.write() as connection:
        await connection.execute(insert(evidence).values(entry_id=3, kind="404", at=AT, words="HTTP 404"))
        await connection.execute(insert(decisions).values(entry_id=4, at=AT, stage="limit", verdict="v", reason="r"))
        await connection.execute(
            insert(failures).values(entry_id=5, source_id=1, at=AT, stage="fetch", error="E", message="m", attempt=1)
        )
        await jobs.cancel(connection, 1, now=AT)

    assert await jobs.drop_pending(database, 1) == 8

    async with database.read() as connection:
        pending = (await connection.execute(select(entries).where(entries.c.state == "pending"))).all()
        assert sorted(row.id for row in pending) == [2, 3]
        assert {row.backfill_id for row in pending} == {None}
        assert (await connection.execute(select(func.count()).select_from(decisions))).scalar() == 0
        assert (await connection.execute(select(failures.c.entry_id, failures.c.source_id))).one() == (None, 1)


async def test_the_number_of_a_deleted_entry_is_never_given_out_again(database: Database) -> None:
    async with database.write() as connection:
        assert await delete_entries(connection, range(1, 11)) == 10
        await connection.execute(insert(entries), [_entry(11)])

    async with database.read() as connection:
        rows = (await connection.execute(select(entries).order_by(entries.c.id))).all()
    assert rows[-1].id == 11
    assert all(row.state == "done" and entry_from_json(row.announced) for row in rows[:-1])


async def test_numbers_of_deleted_records_and_events_are_never_given_out_again(database: Database) -> None:
    assert await add_record(database, 1) == 1
    async with database.write() as connection:
        for table in ("events", "carriers", "revisions", "records"):
            await connection.execute(text(f"DELETE FROM {table}"))

    assert await add_record(database, 1) == 2

    async with database.read() as connection:
        assert (await connection.execute(select(events.c.seq))).scalars().all() == [2]
        assert (await connection.execute(select(records.c.id))).scalars().all() == [2]


def test_every_foreign_key_to_entries_has_an_index() -> None:
    """Without one, the database reads a whole table for each entry that is deleted."""
    for table in metadata.tables.values():
        for key in table.foreign_keys:
            if key.column.table is entries:
                indexed = [next(iter(index.columns)) for index in table.indexes]
                assert key.parent in indexed, f"{table.name}.{key.parent.name}"
