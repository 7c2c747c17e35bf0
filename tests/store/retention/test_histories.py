import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, event, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.pipeline.retention import limits_of, prune_caches
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations import robots_files
from ingestd.store.polls import sources
from ingestd.store.retention import batches, caches, entries, histories, prune
from ingestd.store.retention.batches import Deleted
from ingestd.store.retention.limits import Limits
from ingestd.store.schema import tables
from ingestd.store.statements import insert_all
from tests.support.statements import executed

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = 86_400.0


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


class Bodies:
    """The bodies that were deleted from an archive."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    async def delete(self, sha256s: Sequence[str]) -> None:
        self.deleted += sha256s


def poll_row(source: int, at: datetime) -> dict[str, Any]:
    return {"source_id": source, "at": at, "seconds": 0.1, "outcome": "not_modified"}


def entry_row(source: int, number: int, state: str, at: datetime) -> dict[str, Any]:
    return {
        "id": number, "source_id": source, "guid": str(number), "id_origin": "source", "fingerprint": "x",
        "announced": {}, "state": state, "attempts": 0, "due_at": at, "first_seen_at": at, "last_seen_at": at,
    }  # fmt: skip


async def run(database: Database, limits: Limits, **options: Any) -> dict[str, Deleted]:
    bodies = Bodies()
    done = await prune.prune(database, limits, now=NOW, delete_bodies=bodies.delete, **options)
    return {one.table: one for one in done}


async def count(database: Database, table: str) -> int:
    async with database.read() as connection:
        return int(
            (await connection.execute(select(func.count()).select_from(tables.metadata.tables[table]))).scalar_one()
        )


async def test_old_failures_are_deleted_except_those_of_quarantined_entries(database: Database) -> None:
    old = NOW - timedelta(days=60)
    failed = [
        {"at": at, "stage": "fetch", "error": "Refused", "message": name, "attempt": 1, "entry_id": entry}
        for name, at, entry in (("poll", old, None), ("done", old, 1), ("quarantined", old, 2), ("new", NOW, 1))
    ]
    async with database.write() as connection:
        source, _ = await sources.add(connection, "https://paper.example/feed", now=old)
        rows = [entry_row(source, 1, "done", old), entry_row(source, 2, "quarantined", old)]
        await insert_all(connection, tables.entries, rows)
        await insert_all(connection, tables.failures, failed)

    await run(database, Limits(failures=30 * DAY))

    async with database.read() as connection:
        kept = (await connection.execute(select(tables.failures.c.message))).scalars().all()
    assert set(kept) == {"quarantined", "new"}


async def multiply(connection: AsyncConnection, table: Table, count: int, **columns: str) -> None:
    """Copy the first row of a table on PostgreSQL until there are `count`; `n` counts in the values of the columns."""
    names = ", ".join(column.name for column in table.columns)
    values = ", ".join(columns.get(column.name, column.name) for column in table.columns)
    made = f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {table.name}, generate_series(2, {count}) n"
    await connection.execute(text(f"{made} WHERE id = (SELECT min(id) FROM {table.name})"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_failure_is_looked_at_alone_however_many_entries_are_quarantined(database: Database) -> None:
    """Measured by the plan, so that no row of a large database and no fast machine decides: a look-up costs about 8.

    A list of all quarantined entries that exceeds the working memory would be read again for each failure.
    """
    old = NOW - timedelta(days=60)
    values = {"at": old, "stage": "fetch", "error": "Refused", "message": "HTTP 404", "attempt": 1}
    count = 20_000
    async with database.write() as connection:
        source, _ = await sources.add(connection, "https://paper.example/feed", now=old)
        await insert_all(connection, tables.entries, [entry_row(source, 1, "quarantined", old)])
        await multiply(connection, tables.entries, count, id="n", guid="n::text")
        await insert_all(connection, tables.failures, [values | {"entry_id": 1}])
        await multiply(connection, tables.failures, count, id="n + 1000", entry_id="n")
        for name in ("entries", "failures"):
            await connection.execute(text(f"ANALYZE {name}"))
    deletion = histories.of_failures(NOW - timedelta(days=30))

    async with database.write() as connection:
        await connection.execute(text("SET LOCAL work_mem = '64kB'"))
        with executed(connection) as statements:
            found = await deletion.find(connection, None, 1000)
            assert list(found.keys) == []
            await deletion.delete(connection, range(1000), None)
        costs = [await cost(connection, *statement) for statement in statements]

    assert max(costs) < 1000 * 30


async def cost(connection: AsyncConnection, statement: str, parameters: Any) -> float:
    """Return the cost of a statement as PostgreSQL plans it."""
    [[[plan]]] = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)).all()
    return float(plan["Plan"]["Total Cost"])


def parameters_in(value: Any) -> int:
    return sum(map(parameters_in, value)) if isinstance(value, list | tuple) else 1


@pytest.fixture
def clock_of_deletions(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A clock by which a deletion takes 2 ms and each of its rows 0.1 ms, whatever the machine does."""
    seconds = 0.0

    def pass_time(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        nonlocal seconds
        if statement.lstrip().upper().startswith("DELETE"):
            values = parameters.values() if isinstance(parameters, dict) else parameters
            seconds += 0.002 + 0.0001 * parameters_in(list(values))

    async def rest(_held: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(batches, "monotonic", lambda: seconds)
    monkeypatch.setattr(batches, "rest", rest)
    event.listen(database._writer.sync_engine, "after_cursor_execute", pass_time)
    yield
    event.remove(database._writer.sync_engine, "after_cursor_execute", pass_time)


@pytest.mark.usefixtures("clock_of_deletions")
async def test_history_goes_in_batches_that_hold_the_lock_for_milliseconds(database: Database) -> None:
    async with database.write() as connection:
        source, _ = await sources.add(connection, "https://paper.example/feed", now=NOW)
        rows = [poll_row(source, NOW - timedelta(minutes=number)) for number in range(60_000)]
        await insert_all(connection, tables.polls, rows)

    counted = await run(database, Limits(polls=10 * DAY), dry_run=True)
    assert counted["polls"].rows == 60_000 - 14_401
    assert await count(database, "polls") == 60_000

    done = await run(database, Limits(polls=10 * DAY))

    assert await count(database, "polls") == 14_401
    assert done["polls"].rows == 60_000 - 14_401
    assert done["polls"].batches > 10
    assert batches.AIM / 2 < done["polls"].longest < batches.MAX_HELD
    assert done["polls"].slow == 0


@pytest.mark.parametrize(
    ("records", "of", "kept"),
    [
        (90, {}, {"open 80", "repaired 10"}),
        (5, {}, set()),
        (None, {}, {"open 300", "open 80", "repaired 200", "repaired 10"}),
        (90, {"paper.example": None}, {"open 300", "open 80", "repaired 200", "repaired 10"}),
        (90, {"paper.example": 250}, {"open 80", "repaired 200", "repaired 10"}),
        (250, {"paper.example": 90}, {"open 80", "repaired 200", "repaired 10"}),
        (None, {"paper.example": 5}, {"open 300", "open 80", "repaired 200", "repaired 10"}),
        (300, {}, {"open 300", "open 80", "repaired 200", "repaired 10"}),
    ],
)
async def test_gaps_are_kept_as_long_as_any_record_of_their_time(
    database: Database, records: float | None, of: dict[str, float | None], kept: set[str]
) -> None:
    def gap(state: str, days: int) -> dict[str, Any]:
        at = NOW - timedelta(days=days)
        return {
            "source_id": 1,
            "from_at": at - timedelta(days=1),
            "to_at": at,
            "state": state,
            "note": f"{state} {days}",
        }

    async with database.write() as connection:
        await sources.add(connection, "https://paper.example/feed", now=NOW)
        some = [("open", 300), ("open", 80), ("repaired", 200), ("repaired", 10)]
        await insert_all(connection, tables.gaps, [gap(*one) for one in some])

    def seconds(days: float | None) -> float | None:
        return days and days * DAY

    await run(database, Limits(records=seconds(records), records_of={name: seconds(days) for name, days in of.items()}))

    async with database.read() as connection:
        assert set((await connection.execute(select(tables.gaps.c.note))).scalars()) == kept


async def test_a_stopped_deletion_is_resumed_by_the_next_one(database: Database) -> None:
    async with database.write() as connection:
        source, _ = await sources.add(connection, "https://paper.example/feed", now=NOW)
        await insert_all(connection, tables.polls, [poll_row(source, NOW - timedelta(days=20))] * 1000)
    stops = iter([False] * 5 + [True] * 1000)

    stopped = await run(database, Limits(polls=10 * DAY), stopping=lambda: next(stops))

    assert 0 < stopped["polls"].rows < 1000
    await run(database, Limits(polls=10 * DAY))
    assert await count(database, "polls") == 0


async def test_raw_bytes_go_by_kind_and_age(database: Database) -> None:
    def raw(kind: str, days: int) -> dict[str, Any]:
        at = NOW - timedelta(days=days)
        return {"sha256": f"{kind} {days}", "size": 1, "stored_size": 1, "seen_at": at, "kind": kind}

    async with database.write() as connection:
        await insert_all(connection, tables.raws, [raw(kind, days) for kind in ("feed", "page") for days in (1, 8, 91)])
    bodies = Bodies()

    limits = Limits(feed_documents=7 * DAY, pages=90 * DAY)
    await prune.prune(database, limits, now=NOW, delete_bodies=bodies.delete)

    async with database.read() as connection:
        kept = set((await connection.execute(select(tables.raws.c.sha256))).scalars())
    assert kept == {"feed 1", "page 1", "page 8"}
    assert set(bodies.deleted) == {"feed 8", "feed 91", "page 91"}


async def test_defaults_limit_nothing_new_in_a_database_older_than_retention(database: Database) -> None:
    async with database.write() as connection:
        assert not await prune.keeps_all(connection)
        await connection.execute(update(tables.installation).values(keeps_all=True))
        assert await prune.keeps_all(connection)

    assert limits_of(Settings(), keeps_all=True) == Limits(polls=30 * DAY, failures=30 * DAY)
    chosen = limits_of(Settings(keep_pages="10d", keep_failures="1d"), keeps_all=True)
    assert chosen == Limits(polls=30 * DAY, failures=DAY, pages=10 * DAY)
    fresh = limits_of(Settings(), keeps_all=False)
    assert fresh.pages == 90 * DAY
    assert fresh.records is None


async def test_rows_that_have_to_stay_are_read_once_a_round(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = NOW - timedelta(days=200)
    async with database.write() as connection:
        source, _ = await sources.add(connection, "https://paper.example/feed", now=old)
        rows = [entry_row(source, n, "done", old) | {"gone": "410"} for n in range(1, 901)]
        await insert_all(connection, tables.entries, rows)
        await insert_all(connection, tables.entries, [entry_row(source, n, "done", old) for n in range(901, 1001)])
    monkeypatch.setattr(batches, "_PAGE", 100)
    rounds, read = prune.Rounds(), []
    find = entries.of_entries(NOW).find
    assert len((await _found(database, find, None)).keys) == 0

    for _ in range(3):
        done = await run(database, Limits(entries=90 * DAY), rounds=rounds)
        read.append((done["entries"].rows, done["entries"].position))

    assert [rows for rows, _ in read] == [99, 0, 0]
    assert read[1][1] is not None
    assert read[1][1] >= (900,)
    rounds._began -= 2 * DAY
    assert rounds.after("entries") is None


async def test_failures_that_show_why_an_entry_is_quarantined_are_read_once_a_round(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = NOW - timedelta(days=60)
    failed = {"stage": "fetch", "error": "Refused", "message": "HTTP 404", "attempt": 1}
    async with database.write() as connection:
        source, _ = await sources.add(connection, "https://paper.example/feed", now=old)
        await insert_all(connection, tables.entries, [entry_row(source, n, "quarantined", old) for n in range(1, 901)])
        some = [failed | {"at": old + timedelta(seconds=n), "entry_id": n if n < 901 else None} for n in range(1, 951)]
        await insert_all(connection, tables.failures, some)
    monkeypatch.setattr(batches, "_PAGE", 100)
    rounds = prune.Rounds()

    for _ in range(2):
        done = await run(database, Limits(failures=30 * DAY), rounds=rounds)

    assert await count(database, "failures") == 900
    assert done["failures"].position == (old + timedelta(seconds=900), 900)


def robots_file(number: int, until: datetime) -> dict[str, Any]:
    return {"origin": f"https://{number}.example", "verdict": "rules", "body": "x" * 4000, "until": until}


async def test_expired_robots_files_and_old_habits_go_in_batches(database: Database) -> None:
    old = NOW - timedelta(days=100)
    async with database.write() as connection:
        some = [robots_file(n, old if n % 50 else NOW + timedelta(hours=1)) for n in range(3000)]
        await insert_all(connection, tables.robots_files, some)
        habits = [{"site": f"{n}.example", "habits": {}, "updated_at": old if n % 50 else NOW} for n in range(3000)]
        await insert_all(connection, tables.sites, habits)

    files, sites, *_ = await prune_caches(database, Settings(), now=NOW)

    assert (files.rows, sites.rows) == (2940, 2940)
    assert min(files.batches, sites.batches) > 5
    assert (await count(database, "robots_files"), await count(database, "sites")) == (60, 60)


async def test_a_robots_file_that_is_fetched_again_meanwhile_stays(database: Database) -> None:
    async with database.write() as connection:
        await insert_all(connection, tables.robots_files, [robots_file(1, NOW - timedelta(hours=1))])
    deletion = caches.of_robots_files(NOW)
    [origin] = (await _found(database, deletion.find, None)).keys

    async with database.write() as connection:
        await robots_files.keep(connection, **robots_file(1, NOW + timedelta(hours=1)))
        assert await deletion.delete(connection, [origin], None) == []
    assert await count(database, "robots_files") == 1


async def _found(database: Database, find: Any, position: Any) -> Any:
    async with database.read() as connection:
        return await find(connection, position, 100)
