"""Lists of records in pages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records import operator_decisions, record_list, summaries
from ingestd.store.records.record_list import Chosen
from ingestd.store.schema import tables
from tests.support.outcomes import NOON, claimed, keep, keep_texts, saved


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the records 1 to 7: three of one paper, four of another, each an hour after the one before."""
    async with Database(with_async_driver(database_url)) as database:
        for source, first, texts in (
            ("https://one.example/feed", 0, ("Ferry sinks", "Umbrella found", "Otter returns")),
            ("https://two.example/feed", 3, ("Ferry found", "Bridge closed", "Ferry sinks again", "Otter")),
        ):
            works = await claimed(database, source, len(texts))
            for number, (work, text) in enumerate(zip(works, texts, strict=True), first):
                await keep(database, [saved(work, text, at=NOON + timedelta(hours=number))])
        yield database


async def listed(database: Database, *, limit: int = 2, accept: Any = None, **chosen: Any) -> list[int]:
    """Return the records of all pages."""
    found, after = list[int](), None
    async with database.read() as connection:
        for _ in range(100):
            page = await record_list.page(connection, Chosen(**chosen), limit=limit, after=after, accept=accept)
            assert len(page.ids) <= limit
            found, after = [*found, *page.ids], page.next
            if after is None:
                return found
    raise AssertionError("the list has no end")


async def kill(database: Database, record_id: int) -> None:
    async with database.write() as connection:
        await operator_decisions.kill(connection, record_id, actor="test", reason=None, now=NOON + timedelta(days=1))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_pages_have_every_record_once_and_the_last_one_first(database: Database, limit: int) -> None:
    assert await listed(database, limit=limit) == [7, 6, 5, 4, 3, 2, 1]


async def test_records_that_changed_at_one_time_are_listed_by_number(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(tables.records).values(updated_at=NOON))

    assert await listed(database, limit=1) == [7, 6, 5, 4, 3, 2, 1]
    assert await listed(database, limit=1, source_id=1) == [3, 2, 1]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param({"source_id": 1}, [3, 2, 1], id="source"),
        pytest.param({"site": "two.example"}, [7, 6, 5, 4], id="site"),
        pytest.param({"site": "three.example"}, [], id="other site"),
        pytest.param({"since": NOON + timedelta(hours=5)}, [7, 6], id="since"),
        pytest.param({"until": NOON + timedelta(hours=2)}, [2, 1], id="until"),
        pytest.param({"after_event": 2, "until_event": 4}, [4, 3], id="events"),
        pytest.param({"after_event": 2, "until_event": 4, "source_id": 2}, [4], id="events of a source"),
        pytest.param({"status": "canceled"}, [], id="status"),
        pytest.param({"language": "en"}, [6, 4], id="language"),
        pytest.param({"story": 9}, [], id="story"),
    ],
)
@pytest.mark.parametrize("few", [0, 5_000])
async def test_records_are_chosen(
    database: Database, chosen: dict[str, Any], expected: list[int], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_list, "_FEW", few)  # 0: all rows are looked through
    monkeypatch.setattr(record_list, "_BATCH", 2)
    async with database.write() as connection:
        c = tables.revisions.c
        for record, language in ((4, "en"), (5, "eng"), (6, "en-GB"), (7, "de")):
            await connection.execute(update(tables.revisions).where(c.record_id == record).values(language=language))

    assert await listed(database, **chosen) == expected


async def test_a_page_ends_after_so_many_rows_and_the_next_one_continues(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_list, "_BATCH", 1)
    monkeypatch.setattr(record_list, "_MAX_BATCH", 1)
    monkeypatch.setattr(record_list, "_MAX_ROWS", 3)

    async with database.read() as connection:
        first = await record_list.page(connection, Chosen(site="one.example"), limit=1)
        second = await record_list.page(connection, Chosen(site="one.example"), limit=1, after=first.next)

    assert (first.ids, second.ids) == ((), (3,))


async def test_who_reads_the_texts_may_leave_records_out(database: Database) -> None:
    async def odd(_connection: AsyncConnection, ids: Any) -> set[int]:
        return {id_ for id_ in ids if id_ % 2}

    assert await listed(database, accept=odd) == [7, 5, 3, 1]
    assert await listed(database, accept=odd, words="ferry") == [1]


async def test_words_are_searched_best_match_first_in_pages(database: Database) -> None:
    assert await listed(database, limit=1, words="ferry") == [6, 4, 1]
    assert await listed(database, limit=1, words='"ferry sinks"') == [6, 1]
    assert await listed(database, limit=1, words="ferry", source_id=1) == [1]
    assert await listed(database, words="...") == []


async def test_what_is_killed_is_listed_only_when_asked_for_and_without_its_words(database: Database) -> None:
    await kill(database, 2)

    assert await listed(database) == [7, 6, 5, 4, 3, 1]
    assert await listed(database, status="canceled") == [2]
    assert await listed(database, status="all", limit=3) == [2, 7, 6, 5, 4, 3, 1]
    async with database.read() as connection:
        [hidden, shown] = await record_list.read(connection, [2, 1])
        [hidden_line, shown_line] = await summaries.of_records(connection, [2, 1])
        [told] = await record_list.read(connection, [2], include_withheld=True)
    assert (hidden.article.headline, hidden.article.body_text, hidden.carriers[0].url) == (None, "", None)
    assert (shown.article.headline, told.article.headline) == ("Ferry sinks", "Umbrella found")
    assert (hidden_line.headline, shown_line.headline, shown_line.carriers) == (None, "Ferry sinks", 1)


async def test_a_record_is_listed_once_by_all_its_carriers(database: Database) -> None:
    await keep_texts(database, "https://three.example/feed", "Ferry sinks")

    assert await listed(database, source_id=3) == [1]
    assert await listed(database, site="three.example") == [1]
