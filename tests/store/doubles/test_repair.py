"""Records that one entry made twice become one, and everything of theirs is found there."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from ingestd.errors import NotFound
from ingestd.model.article import Article
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.doubles.merge import Doubles, merge
from ingestd.store.doubles.repair import Repaired, repair
from ingestd.store.events import event_log
from ingestd.store.records import records, reprocessing
from ingestd.store.records.reprocessing import ReprocessedRevision
from ingestd.store.records.search import search
from ingestd.store.retention.limits import Limits
from ingestd.store.schema import tables
from tests.store.retention.test_records import DAY, prune_at_later
from tests.support.doubles import LATER, claim_again, forget_record, make_doubles
from tests.support.outcomes import NOON, claimed, keep, saved

NOW = LATER + timedelta(hours=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    async with database.read() as connection:
        return {
            table.name: sorted(tuple(row) for row in await connection.execute(select(*table.columns)))
            if table.name == "last_numbers"
            else [tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.metadata.sorted_tables
        }


async def history(database: Database, record: str) -> list[tuple[int, str, str]]:
    """Return the revisions of a record: number, change and headline."""
    async with database.read() as connection:
        found = await records.find(connection, record)
        rows = await records.revisions_of(connection, found.id)
    assert found.revision == rows[-1].revision
    assert found.article.headline == rows[-1].headline
    return [(row.revision, row.change, row.headline) for row in rows]


async def indexed(database: Database) -> list[int]:
    """Return the revisions in the full-text index."""
    table = "record_search" if database.dialect == "postgresql" else "record_search_docsize"
    column = "revision_id" if database.dialect == "postgresql" else "id"
    async with database.read() as connection:
        rows = await connection.execute(text(f"SELECT {column} FROM {table} ORDER BY {column}"))
        return list(rows.scalars())


async def find_words(database: Database, words: str) -> list[int]:
    async with database.read() as connection:
        return [one.id for one in await search(connection, words, limit=99)]


async def test_two_records_of_one_entry_become_one(database: Database) -> None:
    await make_doubles(database, "https://wire.example")
    [copy] = await claimed(database, "https://copy.example", 1)
    await keep(database, [saved(copy, "1 text", at=LATER)])
    async with database.read() as connection:
        first, second = await records.find(connection, "1"), await records.find(connection, "2")

    done = await repair(database, now=NOW)

    assert done == Repaired(merged=[Doubles(entry_id=1, kept=1, dropped=(2,), revisions=2)])
    assert await history(database, "1") == [(1, "new", "1 old"), (2, "text", "1 text")]
    async with database.read() as connection:
        [listed] = await records.newest(connection, limit=9)
        for name in ("1", "2", first.guid, second.guid):
            assert await records.find(connection, name) == listed
        assert (await records.find(connection, second.guid, as_of=NOON)).article.headline == "1 old"
        batch = await event_log.read_after(connection, 0)
        e, t = tables.entries.c, tables.texts.c
        assert list((await connection.execute(select(e.record_id).order_by(e.id))).scalars()) == [1, 1]
        assert set((await connection.execute(select(t.record_id))).scalars()) == {1}
    assert listed.guid == first.guid
    assert [one.source_url for one in listed.carriers] == ["https://wire.example/", "https://copy.example/"]
    assert [(one.kind, one.record_id, one.merged_into) for one in batch.events] == [
        ("new", 1, None), ("new", 2, None), ("carried", 2, None), ("revised", 1, None), ("merged", 2, first.guid),
    ]  # fmt: skip
    assert [one.headline for one in batch.events if one.kind == "revised"] == ["1 text"]
    assert await indexed(database) == [2]
    assert (await find_words(database, "text"), await find_words(database, "old")) == ([1], [])


async def test_the_latest_text_of_the_entry_is_current_even_if_it_was_saved_first(database: Database) -> None:
    [first] = await claimed(database, "https://wire.example", 1)
    await keep(database, [saved(first, "v2")])
    await forget_record(database, first)
    [late] = await claim_again(database)
    await keep(database, [saved(late, "v1", at=LATER)])
    async with database.write() as connection:
        await connection.execute(update(tables.entries).values(record_id=1))

    await repair(database, now=NOW)

    assert await history(database, "1") == [(1, "new", "v1"), (2, "text", "v2")]
    async with database.read() as connection:
        batch = await event_log.read_after(connection, 0)
    # The kept record had this text already.
    assert [(one.kind, one.record_id, one.headline) for one in batch.events] == [
        ("new", 1, "v2"), ("new", 2, None), ("merged", 2, None),
    ]  # fmt: skip
    assert await find_words(database, "v2") == [1]


async def test_a_third_record_and_one_that_was_merged_before_lead_to_the_kept_one(database: Database) -> None:
    [work] = await make_doubles(database, "https://wire.example")
    await repair(database, now=NOW)
    # An older program that still runs makes a third one.
    await forget_record(database, work)
    [again] = await claim_again(database)
    await keep(database, [saved(again, "third", at=NOW)])

    await repair(database, now=NOW)

    assert await history(database, "2") == await history(database, "3") == await history(database, "1")
    assert [headline for *_, headline in await history(database, "1")] == ["1 old", "1 text", "third"]


async def test_a_dry_run_says_what_a_repair_does_and_changes_nothing(database: Database) -> None:
    await make_doubles(database, "https://wire.example", 3)
    before = await dump(database)

    planned = await repair(database, now=NOW, dry_run=True)

    assert await dump(database) == before
    assert [(one.kept, one.dropped) for one in planned.merged] == [(1, (4,)), (2, (5,)), (3, (6,))]
    assert await repair(database, now=NOW) == planned


async def test_a_repair_continues_after_an_interruption_and_does_nothing_twice(database: Database) -> None:
    await make_doubles(database, "https://wire.example", 25)
    before = await dump(database)

    async def fail_halfway() -> None:
        async with database.write() as connection:
            await merge(connection, [1, 2, 3], now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_halfway()
    assert await dump(database) == before
    async with database.write() as connection:
        assert len(await merge(connection, [1, 2, 3], now=NOW)) == 3

    done = await repair(database, now=NOW)

    assert [one.entry_id for one in done.merged] == list(range(4, 26))
    after = await dump(database)
    assert await repair(database, now=NOW + timedelta(days=1)) == Repaired()
    assert await dump(database) == after
    assert len(await find_words(database, "text")) == 25
    async with database.read() as connection:
        batch = await event_log.read_after(connection, 0)
    assert [one.seq for one in batch.events] == list(range(1, 101))


async def test_nothing_but_the_doubles_changes(database: Database) -> None:
    works = await claimed(database, "https://paper.example", 3)
    await keep(database, [saved(works[0], "one"), saved(works[1], "two"), saved(works[2], "one")])
    before = await dump(database)

    assert await repair(database, now=NOW) == Repaired()
    assert await dump(database) == before


@pytest.mark.parametrize("values", [{"pubstatus": "canceled"}, {"pubstatus": "withheld"}, {"release_at": NOW}])
async def test_what_is_withheld_or_killed_is_left_alone(database: Database, values: dict[str, Any]) -> None:
    await make_doubles(database, "https://wire.example")
    async with database.write() as connection:
        await connection.execute(update(tables.records).where(tables.records.c.id == 2).values(values))
    before = await dump(database)

    assert await repair(database, now=NOW) == Repaired(left=[1])
    assert await dump(database) == before


async def test_the_work_at_hand_and_the_next_change_revise_the_kept_record(database: Database) -> None:
    [work] = await make_doubles(database, "https://wire.example")
    async with database.write() as connection:
        await connection.execute(update(tables.entries).values(state="pending", due_at=NOON))
    [at_work] = await claim_again(database)
    assert at_work.record_id == 2

    await repair(database, now=NOW)
    await keep(database, [saved(at_work, "v3", at=NOW)])

    assert [number for number, *_ in await history(database, "2")] == [1, 2, 3]
    # A text that the merged record had makes its page a carrier.
    [other] = await claimed(database, "https://other.example", 1)
    await keep(database, [saved(other, f"{work.id} text", at=NOW)])
    async with database.read() as connection:
        assert [one.source_url for one in (await records.find(connection, "1")).carriers][1:] == [
            "https://other.example/"
        ]
    assert await find_words(database, "v3") == [1]


async def test_both_canonical_addresses_lead_to_the_kept_record(database: Database) -> None:
    a, b = "https://wire.example/a", "https://wire.example/b"
    [first] = await claimed(database, "https://wire.example", 1)
    await keep(database, [saved(first, Article(headline="v1", body_text="v1", uri=a))])
    await forget_record(database, first)
    [again] = await claim_again(database)
    await keep(database, [saved(again, Article(headline="v2", body_text="v2", uri=b), at=LATER)])

    await repair(database, now=NOW)

    async with database.read() as connection:
        assert (await records.find(connection, b)).id == (await records.find(connection, a)).id == 1
    others = await claimed(database, "https://other.example", 2)
    pages = [Article(headline="v3", body_text="v3", uri=b), Article(headline="v4", body_text="v4", uri=a)]
    await keep(database, [saved(work, page, at=NOW) for work, page in zip(others, pages, strict=True)])
    assert [headline for *_, headline in await history(database, "1")] == ["v1", "v2", "v3", "v4"]


async def test_the_kept_record_gets_the_only_canonical_address(database: Database) -> None:
    [first] = await claimed(database, "https://wire.example", 1)
    await keep(database, [saved(first, "v1")])
    await forget_record(database, first)
    [again] = await claim_again(database)
    uri = "https://wire.example/b"
    await keep(database, [saved(again, Article(headline="v2", body_text="v2", uri=uri), at=LATER)])

    await repair(database, now=NOW)

    async with database.read() as connection:
        assert (await records.find(connection, "1")).article.uri == uri


async def test_an_entry_without_the_record_that_it_made_gets_it(database: Database) -> None:
    works = await claimed(database, "https://wire.example", 2)
    await keep(database, [saved(work, f"{work.id} text") for work in works])
    for work in works:
        await forget_record(database, work)
    async with database.write() as connection:
        expired = update(tables.entries).where(tables.entries.c.id == works[1].id)
        await connection.execute(expired.values(state="expired"))

    assert await repair(database, now=NOW, dry_run=True) == Repaired(linked=1)
    assert await repair(database, now=NOW) == Repaired(linked=1)
    assert await repair(database, now=NOW) == Repaired()

    [again] = await claim_again(database)
    await keep(database, [saved(again, "changed", at=LATER)])
    assert [headline for *_, headline in await history(database, "1")] == ["1 text", "changed"]


async def test_a_record_that_was_merged_meanwhile_is_not_reprocessed(database: Database) -> None:
    await make_doubles(database, "https://wire.example")
    async with database.read() as connection:
        [current] = await reprocessing.current_revisions(connection, [2])
    other = ReprocessedRevision(
        current=current, article=replace(current.article, headline="other"), content_hash="c", extractor="by hand",
        rules="1", changed=("headline",),
    )  # fmt: skip

    await repair(database, now=NOW)

    async with database.write() as connection:
        assert (await reprocessing.save(connection, [other], at=NOW)).overtaken == {2}
    async with database.read() as connection:
        assert await reprocessing.selected_ids(connection, reprocessing.Selection()) == [1]


async def test_a_merged_record_is_deleted_with_the_kept_one(database: Database) -> None:
    await make_doubles(database, "https://wire.example")
    await repair(database, now=NOW)
    [last] = await claimed(database, "https://new.example", 1)
    await keep(database, [saved(last, "last", at=NOW)])

    await prune_at_later(database, Limits(records=30 * DAY))

    async with database.read() as connection:
        assert list((await connection.execute(select(tables.records.c.id))).scalars()) == [3]
        with pytest.raises(NotFound):
            await records.find(connection, "2")
