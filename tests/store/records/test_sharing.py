"""Transactions that save pages side by side on PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database, lock_numbers
from ingestd.store.events import event_log
from ingestd.store.records import save, sharing
from ingestd.store.records.outcomes import CommitResult, EntryOutcome, Saved
from ingestd.store.records.save import save_outcomes, save_side_by_side
from ingestd.store.schema import tables
from tests.support.outcomes import claimed, keep, saved

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

PATIENCE = 60


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def articles(database: Database, name: str, *pages: tuple[str, str | None]) -> list[Saved]:
    """Return the outcomes of a source's entries, whose pages have these texts and addresses."""
    works = await claimed(database, f"https://{name}.example/feed", len(pages), run_id=name)
    return [
        saved(work, Article(headline=body, body_text=body, body_html=f"<p>{body}</p>", uri=uri))
        for work, (body, uri) in zip(works, pages, strict=True)
    ]


async def put(database: Database, outcomes: Sequence[EntryOutcome]) -> list[CommitResult]:
    async with asyncio.timeout(PATIENCE), database.write() as connection:
        return await save_side_by_side(connection, outcomes)


@asynccontextmanager
async def unnumbered(
    database: Database, outcomes: Sequence[EntryOutcome], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """Save outcomes in a transaction that numbers its events, and commits, when the block ends."""
    is_saved, may_number = asyncio.Event(), asyncio.Event()

    async def lock(connection: AsyncConnection) -> None:
        if not is_saved.is_set():
            is_saved.set()
            await may_number.wait()
        await lock_numbers(connection)

    monkeypatch.setattr(sharing, "lock_numbers", lock)
    saving = asyncio.create_task(put(database, outcomes))
    await asyncio.wait([saving, asyncio.create_task(is_saved.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert is_saved.is_set(), await saving
    try:
        yield
    finally:
        may_number.set()
        assert await saving == ["saved"] * len(outcomes)


async def until_one_waits(database: Database) -> None:
    """Wait until a transaction waits for another one."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database IN "
    waiting += "(0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
    xids = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    async with asyncio.timeout(PATIENCE):
        while True:
            async with database.read() as connection:
                found = [(await connection.execute(text(query))).scalar_one() for query in (waiting, xids)]
            if any(found):
                return
            await asyncio.sleep(0.01)


async def read_events(database: Database) -> list[tuple[int, str, int, int]]:
    async with database.read() as connection:
        batch = await event_log.read_after(connection, 0)
    return [(one.seq, one.kind, one.record_id, one.revision) for one in batch.events]


async def test_other_articles_are_saved_meanwhile_and_numbered_as_they_are_committed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await articles(database, "first", ("The ferry sank.", "https://first.example/ferry"))
    second = await articles(database, "second", ("The harbour opened.", "https://second.example/harbour"))
    async with unnumbered(database, first, monkeypatch):
        assert await put(database, second) == ["saved"]
        assert len(await read_events(database)) == 1

    found = await read_events(database)
    assert [(seq, kind) for seq, kind, *_ in found] == [(1, "new"), (2, "new")]
    assert found[0][2] > found[1][2]  # the record that was begun first is committed last


@pytest.mark.parametrize(
    ("body", "uri", "kind"),
    [
        pytest.param("The ferry sank.", "https://second.example/2", "carried", id="the same text"),
        pytest.param("The ferry was raised.", "https://first.example/ferry", "revised", id="the same address"),
    ],
)
async def test_articles_that_are_new_at_once_are_one_record(
    database: Database, monkeypatch: pytest.MonkeyPatch, body: str, uri: str, kind: str
) -> None:
    first = await articles(database, "first", ("The ferry sank.", "https://first.example/ferry"))
    second = await articles(database, "second", ("The harbour opened.", None), (body, uri))
    async with unnumbered(database, first, monkeypatch):
        saving = asyncio.create_task(put(database, second))
        await until_one_waits(database)
        assert not saving.done()
    assert await saving == ["saved", "saved"]

    kinds = [kind for _, kind, *_ in await read_events(database)]
    assert kinds == ["new", "new", kind]


async def test_revisions_of_a_record_follow_each_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "https://first.example/ferry"
    await put(database, await articles(database, "begin", ("The ferry sank.", uri)))
    first = await articles(database, "first", ("The ferry was raised.", uri))
    second = await articles(database, "second", ("The ferry was sold.", uri))
    async with unnumbered(database, first, monkeypatch):
        saving = asyncio.create_task(put(database, second))
        await until_one_waits(database)
    assert await saving == ["saved"]

    assert [(kind, revision) for _, kind, _, revision in await read_events(database)] == [
        ("new", 1), ("revised", 2), ("revised", 3),
    ]  # fmt: skip


async def test_numbers_that_another_program_has_given_out_are_not_given_again(database: Database) -> None:
    for turn in range(3):
        await keep(database, await articles(database, f"alone-{turn}", (f"Alone {turn}.", None)))
        await put(database, await articles(database, f"beside-{turn}", (f"Beside {turn}.", None)))

    found = await read_events(database)
    assert [seq for seq, *_ in found] == [1, 2, 3, 4, 5, 6]
    assert len({record_id for _, _, record_id, _ in found}) == 6


async def test_after_a_clash_articles_are_saved_side_by_side_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(database, await articles(database, "alone", ("Alone.", None)))
    await put(database, await articles(database, "clash", ("After it.", None)))
    alone: list[int] = []

    async def note(connection: AsyncConnection, found: Sequence[EntryOutcome]) -> list[CommitResult]:
        alone.append(len(found))
        return await save_outcomes(connection, found)

    monkeypatch.setattr(save, "save_outcomes", note)
    await put(database, await articles(database, "next", ("The next.", None)))

    assert alone == []


async def test_many_writers_leave_one_record_for_each_text_and_no_gap_in_the_events(database: Database) -> None:
    chance = random.Random(20)

    async def write(name: str) -> None:
        for turn in range(12):
            numbers = chance.sample(range(30), 5)
            pages = [(f"Text {number % 20}.", f"https://paper.example/{number}") for number in numbers]
            outcomes = await articles(database, f"{name}-{turn}", *pages)
            assert await put(database, outcomes) == ["saved"] * len(outcomes)

    seen: list[int] = []

    async def follow(writing: asyncio.Event) -> None:
        while True:
            is_last = writing.is_set()
            async with database.read() as connection:
                batch = await event_log.read_after(connection, seen[-1] if seen else 0)
            seen.extend(one.seq for one in batch.events)
            if is_last:
                return

    ended = asyncio.Event()
    reader = asyncio.create_task(follow(ended))
    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(write(f"writer-{number}"))
    ended.set()
    await reader

    r, e, c = tables.records.c, tables.entries.c, tables.revisions.c
    async with database.read() as connection:
        last = (await connection.execute(select(func.max(tables.events.c.seq)))).scalar_one()
        unsaved = (await connection.execute(select(func.count()).where(e.record_id.is_(None)))).scalar_one()
        one_each = select(r.uri).group_by(r.uri).having(func.count() > 1)
        doubled = (await connection.execute(one_each)).all()
        gaps = (
            await connection.execute(
                select(c.record_id).group_by(c.record_id).having(func.max(c.revision) != func.count())
            )
        ).all()
        holders = (
            await connection.execute(
                select(c.content_hash).where(c.change == "new").group_by(c.content_hash).having(func.count() > 1)
            )
        ).all()
    assert seen == list(range(1, last + 1))
    assert (unsaved, doubled, gaps, holders) == (0, [], [], [])
