"""When entries were last seen: in the last document of their source, or in an earlier one."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.model.feed import Entry
from ingestd.model.source import Source
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources, windows
from ingestd.store.polls.known_entries import known_entries, known_items
from ingestd.store.polls.known_items import ListedItem, check_of
from ingestd.store.polls.poll_result import ListedEntry, PollOutcome, PollResult
from ingestd.store.schema import tables
from ingestd.store.work import entries

START = datetime(2026, 6, 1, tzinfo=UTC)
URL = "https://paper.example/feed"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


def listed(*numbers: int, size: int = 10) -> tuple[ListedEntry, ...]:
    """Return entries with a summary of some bytes."""
    return tuple(
        ListedEntry(
            entry=Entry(guid=f"tag:{n}", link=f"https://paper.example/{n}", description_text=f"{n} " * (size // 4)),
            fingerprint="f",
        )
        for n in numbers
    )


def item(found: ListedEntry) -> ListedItem:
    """Return an entry as the item of a document."""
    guid, text = found.entry.guid, f"{found.entry.guid} {found.entry.description_text}"
    return ListedItem(guid, blake2b(text.encode(), digest_size=8).digest(), check_of(guid, found.fingerprint))


def size(file: Path) -> int:
    return file.stat().st_size


class Desk:
    """One source, whose polls are saved by hand, an hour apart."""

    def __init__(self, database: Database, source: Source) -> None:
        self.database = database
        self.source = source
        self.at = START
        self.known: set[str] = set()

    @classmethod
    async def open(cls, database: Database) -> "Desk":
        async with database.write() as connection:
            await sources.add(connection, URL, now=START)
            [source] = await sources.claim_due(connection, "run", now=START + timedelta(days=1), limit=1)
        return cls(database, source)

    async def change(self, found: Sequence[ListedEntry]) -> None:
        """Poll a document whose entries all changed."""
        await self.poll(found, changed=tuple(replace(one, fingerprint="changed") for one in found))

    async def poll(
        self,
        found: Sequence[ListedEntry],
        *,
        outcome: PollOutcome = "known",
        later: timedelta = timedelta(hours=1),
        changed: tuple[ListedEntry, ...] = (),
        has_more: bool = True,
    ) -> None:
        self.at += later
        result = PollResult(
            source=self.source,
            run_id="run",
            at=self.at,
            seconds=0.1,
            outcome=outcome,
            due_at=self.at + timedelta(hours=1),
            listed=None if outcome == "pushed" else len(found),
            new=tuple(one for one in found if one.entry.guid not in self.known),
            seen_again={one.entry.guid: None for one in found if one.entry.guid in self.known},
            changed=changed,
            items=tuple(item(one) for one in found),
            keeps_claim=has_more,
        )
        self.known.update(one.entry.guid for one in found)
        async with self.database.write() as connection:
            await polls.save(connection, [result])

    async def known_items(self) -> set[str]:
        """Return the guids of the items that the next document need not be parsed for."""
        async with self.database.read() as connection:
            return {guid for guid, _ in (await known_items(connection, self.source.id)).values()}

    async def last_seen(self, *numbers: int) -> list[float]:
        """Return when each entry was last seen, in hours after the start."""
        async with self.database.read() as connection:
            found = await known_entries(connection, self.source.id, [f"tag:{n}" for n in numbers])
        return [(found[f"tag:{n}"].last_seen_at - START).total_seconds() / 3600 for n in numbers]


async def test_an_entry_was_last_seen_in_the_last_document_that_listed_it(database: Database) -> None:
    desk = await Desk.open(database)

    await desk.poll(listed(1, 2))
    assert await desk.last_seen(1, 2) == [1, 1]
    await desk.poll(listed(1, 2, 3))
    assert await desk.last_seen(1, 2, 3) == [2, 2, 2]
    await desk.poll(listed(2, 3))
    assert await desk.last_seen(1, 2, 3) == [2, 3, 3]
    await desk.poll(listed(1, 3))
    assert await desk.last_seen(1, 2, 3) == [4, 3, 4]
    await desk.poll(())
    assert await desk.last_seen(1, 2, 3) == [4, 3, 4]


async def test_the_pages_of_one_poll_are_one_document(database: Database) -> None:
    desk = await Desk.open(database)

    await desk.poll(listed(1, 2))
    await desk.poll(listed(3, 4), later=timedelta(0))
    await desk.poll(listed(3, 1))

    assert await desk.last_seen(1, 2, 3, 4) == [2, 1, 2, 1]


async def test_the_items_of_all_pages_are_known_to_the_next_poll(database: Database) -> None:
    desk = await Desk.open(database)
    first, second = listed(1, 2), listed(3, 4)

    await desk.poll(first)
    await desk.poll(second, later=timedelta(0))
    assert await desk.known_items() == {"tag:1", "tag:2", "tag:3", "tag:4"}

    await desk.poll(listed(2, 5))  # before its second page is read
    assert {"tag:2", "tag:3", "tag:4", "tag:5"} <= await desk.known_items()


async def test_the_items_of_a_former_document_are_forgotten(database: Database) -> None:
    desk = await Desk.open(database)

    await desk.poll(listed(1, 2), has_more=False)
    async with database.write() as connection:
        await connection.execute(update(tables.sources).values(run_id="run"))
    await desk.poll(listed(2, 3), has_more=False)

    assert await desk.known_items() == {"tag:2", "tag:3"}


async def test_the_items_of_a_former_document_of_pages_are_forgotten(database: Database) -> None:
    desk = await Desk.open(database)

    for first, second in ((listed(1, 2), listed(3, 4)), (listed(2, 5, size=20), listed(6))):
        await desk.poll(first)
        await desk.poll(second, later=timedelta(0), has_more=False)
        async with database.write() as connection:
            await connection.execute(update(tables.sources).values(run_id="run"))

    async with database.read() as connection:
        [window] = (await windows.read(connection, [desk.source.id])).values()
    # The second entry has other bytes than before.
    expected = (*listed(6), *listed(2, 5, size=20))
    assert [one.item_hash for one in window.items] == [item(one).item_hash for one in expected]


async def test_the_items_of_polls_that_ended_early_are_forgotten(database: Database) -> None:
    """Its last page lists nothing, or cannot be read."""
    desk = await Desk.open(database)

    for number in range(1, 5):
        await desk.poll(listed(number))

    assert await desk.known_items() == {"tag:3", "tag:4"}


async def test_a_push_is_no_document_but_its_entries_were_seen(database: Database) -> None:
    desk = await Desk.open(database)
    await desk.poll(listed(1, 2))
    await desk.poll(listed(2))

    await desk.poll(listed(1, 3), outcome="pushed", later=timedelta(hours=2))

    assert await desk.last_seen(1, 2, 3) == [4, 2, 4]


async def test_entries_seen_by_a_clock_that_was_ahead_become_due(database: Database) -> None:
    desk = await Desk.open(database)
    await desk.poll(listed(1))
    await desk.poll(listed(1), later=timedelta(days=400))
    async with database.write() as connection:
        await connection.execute(update(tables.entries).values(due_at=desk.at))

        await entries.fix_future_due_times(connection, now=START + timedelta(hours=2))

        claimed = await entries.claim_due(connection, "run", now=START + timedelta(hours=2), limit=9)
    assert len(claimed) == 1


async def test_a_document_of_known_entries_writes_little(database: Database, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL writes other data besides, depending on its last checkpoint")
    file = Path(database_url.removeprefix("sqlite:///") + "-wal")
    desk = await Desk.open(database)
    for first in range(0, 1000, 50):  # rows of other documents lie between those of the last one
        await desk.poll(listed(*range(first, first + 50), size=1200))
    await desk.poll(listed(*range(7, 1000, 20), size=1200))
    with closing(sqlite3.connect(file.with_name("ingestd.db"))) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    await desk.poll(listed(*range(7, 1000, 20), size=1200))

    assert 0 < size(file) < 64 * 1024
