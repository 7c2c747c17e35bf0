"""What a daemon does all the time reads only the rows it needs, by an index, however many sources there are."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Set
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.model.timing import Timing
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import candidates
from ingestd.store.database import Database
from ingestd.store.operations import decisions, failures, listed_sources, overview
from ingestd.store.polls import due_times, gaps, source_list, sources, subscriptions
from ingestd.store.records import documents, record_list
from ingestd.store.records.record_list import Chosen
from ingestd.store.schema import tables
from ingestd.store.stories import story_list
from ingestd.store.stories.listing import Chosen as Stories
from ingestd.store.work import addresses, entries, own_claims, revisits, runs, shared_pages
from tests.support.outcomes import NOON
from tests.support.statements import executed

Operation = Callable[[AsyncConnection], Awaitable[object]]

#: Tables that have a row or more for each source.
LARGE = frozenset(("sources", "windows", "subscriptions", "entries", "polls"))

#: And those that have one for each record; `spoken` stands for `revisions` in a list of records.
WITH_RECORDS = LARGE | {
    "failures", "gaps", "records", "revisions", "carriers", "events", "copies", "stories", "spoken",
}  # fmt: skip

#: Indexes of few rows: a plan may read one of them from end to end.
SMALL = {
    "sources_failing", "sources_with_problem", "sources_unlisted", "sources_not_http", "sources_pushed",
    "sources_claimed", "entries_claimed", "entries_quarantined",
}  # fmt: skip

#: Stands for the number of a row.
NUMBER: Any = object()

URLS = ["https://s8.example/", "https://s9.example/", "https://s9.example/?utm_source=feed"]
SOON = NOON + timedelta(minutes=1)


@pytest.fixture
async def many(database_url: str) -> AsyncIterator[Database]:
    """A database with sources enough for a plan to matter."""
    rows = [
        {
            "url": f"https://site{number}.example/feed", "kind": "feed", "state": "active",
            "failures": int(number % 50 == 1), "site": f"site{number}.example", "created_at": NOON,
            "due_at": NOON + timedelta(seconds=number - 10),
            "last_polled_at": NOON,
        }
        for number in range(2000)
    ]  # fmt: skip
    async with Database(with_async_driver(database_url)) as database:
        async with database.write() as connection:
            await connection.execute(insert(tables.sources), rows)
            listed: list[dict[str, Any]] = [
                {
                    "source_id": 1 + number, "guid": f"{number}", "id_origin": "source", "fingerprint": "f",
                    "announced": {},
                    "state": "pending" if number < 50 else "done", "attempts": 0, "url": f"https://s{number}.example/",
                    "address": f"https://s{number}.example/" if number % 2 else None,
                    "record_id": number + 1,
                    "site": f"s{number}.example", "due_at": NOON, "first_seen_at": NOON, "last_seen_at": NOON,
                }
                for number in range(2000)
            ]  # fmt: skip
            await connection.execute(insert(tables.entries), listed)
            windows = [{"source_id": number, "entry_ids": b"1", "at": NOON} for number in range(1, 2001)]
            await connection.execute(insert(tables.windows), windows)
            polls = [{"source_id": number, "at": NOON, "seconds": 1.0, "outcome": "new"} for number in range(1, 2001)]
            await connection.execute(insert(tables.polls), polls)
            await connection.execute(text("ANALYZE"))
        yield database


@pytest.fixture
async def with_records(many: Database) -> Database:
    """The same database, with a record for each entry."""
    async with many.write() as connection:
        await fill_records(connection)
        await connection.execute(text("ANALYZE"))
    return many


async def fill_records(connection: AsyncConnection) -> None:
    """Insert a record, with its story, for each entry; a few are killed."""
    numbers = range(1, 2001)
    times = {number: NOON + timedelta(seconds=number) for number in numbers}
    one: dict[str, dict[str, Any]] = {
        "records": {"guid": "{}", "origin_entry_id": NUMBER, "revision": 1},
        "revisions": {
            "record_id": NUMBER, "revision": 1, "change": "new", "body_text": "", "body_html": "", "authors": [],
            "associations": [], "provenance": {}, "content_hash": "{}", "extractor": "x", "fragment": False,
            "entry_id": NUMBER, "language": "en",
        },
        "carriers": {"record_id": NUMBER, "entry_id": NUMBER, "source_id": NUMBER},
        "events": {"seq": NUMBER, "record_id": NUMBER, "revision": 1, "kind": "new", "entry_id": NUMBER},
        "stories": {},
        "copies": {
            "record_id": NUMBER, "story_id": NUMBER, "revision": 1, "publisher": "p", "tokens": 1, "how": "new",
        },
        "failures": {
            "stage": "fetch", "error": "Refused", "message": "HTTP 500", "attempt": 1, "source_id": NUMBER,
            "entry_id": NUMBER,
        },
        "gaps": {"source_id": NUMBER, "from_at": NOON, "state": "repaired"},
    }  # fmt: skip
    for name, values in one.items():
        table = tables.metadata.tables[name]
        rows = []
        for number in numbers:
            row = {key: number if value is NUMBER else value for key, value in values.items()}
            row = {key: f"{number}" if value == "{}" else value for key, value in row.items()}
            if "id" in table.c:
                row["id"] = number
            if name == "records":
                row["pubstatus"] = "canceled" if number % 100 == 0 else "usable"
            at = {column.name: times[number] for column in table.c if not column.nullable and column.name[-3:] == "_at"}
            rows.append({**at, **({"at": NOON} if "at" in table.c else {}), **row})
        await connection.execute(insert(table), rows)


async def full_scans(database: Database, operation: Operation, large: Set[str] = LARGE) -> list[str]:
    """Return the statements of an operation that read a large table or index from end to end, with their plans."""
    found = []
    async with database.write() as connection:
        with executed(connection) as statements:
            await operation(connection)
        await connection.rollback()
    async with database.write() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL enable_seqscan = off"))  # what has an index uses it
        for statement, parameters in statements:
            if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                plan = await explain(connection, statement, parameters, large)
                found += [f"{step}: {statement}" for step in plan]
        await connection.rollback()
    return found


async def explain(connection: AsyncConnection, statement: str, parameters: Any, large: Set[str] = LARGE) -> list[str]:
    """Return the steps of a plan that read a large table or index from end to end."""
    one = parameters[0] if isinstance(parameters, list) else parameters
    if connection.dialect.name == "sqlite":
        rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)).all()
        words = [row[-1].split() for row in rows]
        return [
            " ".join(step)
            for step in words
            if step[0] == "SCAN" and re.sub(r"_\d+$", "", step[1]) in large and not SMALL.intersection(step)
        ]
    plan = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", one)).scalar_one()
    [top] = json.loads(plan) if isinstance(plan, str) else plan
    return [
        f"{node['Node Type']} on {node['Relation Name']}"
        for node in nodes(top["Plan"])
        if node.get("Relation Name") in large
        and node["Node Type"] in ("Seq Scan", "Index Scan", "Index Only Scan")
        and "Index Cond" not in node
        and node.get("Index Name") not in SMALL
    ]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from nodes(below)


#: Where the second page of a list begins.
AFTER = (NOON + timedelta(seconds=1500), 1500)


def story_page(connection: AsyncConnection, **chosen: Any) -> Awaitable[object]:
    return story_list.page(connection, Stories(**chosen), limit=10, after=AFTER)


#: What pages of records are narrowed by, each alone and with others.
CHOSEN: dict[str, dict[str, Any]] = {
    "all": {"status": "all"},
    "usable": {},
    "killed": {"status": "canceled"},
    "source": {"source_id": 7},
    "site": {"site": "site7.example"},
    "language": {"language": "xx"},
    "story": {"story": 7},
    "events": {"after_event": 10, "until_event": 100},
    "events to now": {"after_event": 10},
    "times": {"since": NOON, "until": NOON + timedelta(hours=1)},
    "source and language": {"source_id": 7, "language": "en"},
    "site and language": {"site": "site7.example", "language": "en"},
    "site and killed": {"site": "site7.example", "status": "canceled"},
    "story and times": {"story": 7, "since": NOON},
    "site, language, events": {"site": "site7.example", "language": "en", "after_event": 10},
}


#: What a filter asks for.
FILTERS = ("agency:AP", "site:site7.example language:en", "subject:medtop:15000000", "source:7", "ferry")


async def of_filter(connection: AsyncConnection, text: str) -> object:
    return await candidates.of_current(connection, list(range(1, 101)), filters.parse(text).fields)


async def all_full_scans(
    database: Database, operations: Mapping[str, Operation], large: Set[str] = WITH_RECORDS
) -> dict[str, list[str]]:
    """Return what `full_scans` does of each operation that reads a large table from end to end."""
    found = {name: await full_scans(database, operation, large) for name, operation in operations.items()}
    return {name: scans for name, scans in found.items() if scans}


PAGES: dict[str, Operation] = {
    "quarantined entries": lambda c: failures.list_quarantined(c, limit=10, after=7),
    "failed polls and entries": lambda c: failures.latest(c, limit=10, before=1500),
    "coverage": lambda c: gaps.coverage(c, None, since=NOON, until=None, after=10, limit=10),
    "stories": story_page,
    "stories since": lambda c: story_page(c, since=NOON),
    "stories of an agency": lambda c: story_page(c, agency="AP"),
    "stories of several publishers": lambda c: story_page(c, min_publishers=2, min_carriers=2),
}


@pytest.mark.parametrize("few", [0, 5000], ids=["among all", "few"])
async def test_no_page_of_records_reads_a_whole_table(
    with_records: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_list, "_FEW", few)
    monkeypatch.setattr(record_list, "_BATCH", 50)

    def page(chosen: dict[str, Any]) -> Operation:
        return lambda c: record_list.page(c, Chosen(**chosen), limit=10, after=AFTER)

    assert await all_full_scans(with_records, {name: page(chosen) for name, chosen in CHOSEN.items()}) == {}


async def test_no_other_page_reads_a_whole_table(with_records: Database) -> None:
    assert await all_full_scans(with_records, PAGES) == {}


async def test_no_page_of_a_filter_reads_a_whole_table_of_records(with_records: Database) -> None:
    by_filter = {one: partial(of_filter, text=one) for one in FILTERS}

    # PostgreSQL may read all sources at once: they are few beside the records.
    assert await all_full_scans(with_records, by_filter, WITH_RECORDS - {"sources"}) == {}


def sources_page(connection: AsyncConnection, *, wanted: str | None) -> Awaitable[object]:
    return listed_sources.page(connection, wanted=wanted, site=None, now=NOON, after=10, limit=10)


OPERATIONS: dict[str, Operation] = {
    "claim sources": lambda c: sources.claim_due(c, "run", now=NOON, limit=64),
    "find due entries": lambda c: entries.find_due(c, now=SOON, limit=96),
    "claim revisits": lambda c: revisits.claim_due(c, "run", now=SOON, limit=8, timing=Timing()),
    "watch drop folders": sources.drop_folders,
    "claim subscriptions": lambda c: subscriptions.claim_due(c, now=NOON, limit=10),
    "poll what hubs push": lambda c: subscriptions.make_pushed_sources_due(c, now=NOON),
    "due times too far ahead": lambda c: due_times.fix_future_due_times(c, now=NOON),
    "due times of entries ahead": lambda c: entries.fix_future_due_times(c, now=NOON),
    "due times of revisits ahead": lambda c: revisits.fix_future_due_times(c, now=NOON),
    "spread overdue sources": lambda c: due_times.spread_overdue(c, now=NOON, max_due=4, seconds=60.0),
    "end dead runs": lambda c: runs.expire_dead(c, runs.RunObserver()),
    "end a run": lambda c: runs.end(c, "run"),
    "find abandoned claims": lambda c: own_claims.find_abandoned(c, "run", own_claims.OwnClaims()),
    "find entries by URL": lambda c: addresses.known_urls(c, URLS),
    "find the page of an address": lambda c: shared_pages.find(c, URLS[0], entry_id=1),
    "find addresses with a record": lambda c: shared_pages.with_record(c, URLS),
    "explain a URL": lambda c: decisions.entries_at(c, URLS),
    "find a document's record": lambda c: documents.are_usable(c, URLS),
    "a page of sources": lambda c: sources_page(c, wanted=None),
    "a page of quiet sources": lambda c: sources_page(c, wanted="quiet"),
    "poll a source now": lambda c: sources.make_due_now(c, 7, now=NOON),
    "list quarantined entries": lambda c: failures.list_quarantined(c, limit=10, after=7),
    "sources with problems": lambda c: overview.sources_with_problems(c, late=NOON, after=10),
}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_no_operation_reads_all_rows(many: Database, name: str) -> None:
    assert await full_scans(many, OPERATIONS[name]) == []


async def test_the_sources_that_fail_come_first_without_a_sort_of_all(many: Database) -> None:
    async with many.read() as connection:
        with executed(connection) as statements:
            found = await overview.sources_by_failures(connection, limit=60)

    assert [(row["failures"], row["id"]) for row in found] == [
        *((1, number) for number in range(2, 2001, 50)),
        *((0, number) for number in (1, *range(3, 22))),
    ]
    failing, others = statements
    async with many.write() as connection:
        assert await explain(connection, *failing) == []
        # Those that do not fail are read in the order of their numbers, until there are enough.
        plan = await connection.exec_driver_sql(
            f"{'EXPLAIN QUERY PLAN' if connection.dialect.name == 'sqlite' else 'EXPLAIN'} {others[0]}", others[1]
        )
        shown = " ".join(str(row) for row in plan)
        assert "TEMP B-TREE" not in shown
        assert connection.dialect.name == "sqlite" or "Index Scan using sources_pk" in shown


@pytest.mark.parametrize("condition", ["throttled", "failing", "gone", "paused", "quiet"])
async def test_sources_in_a_bad_condition_are_found_by_an_index(many: Database, condition: Any) -> None:
    only = source_list.in_condition(condition)

    async def read(connection: AsyncConnection) -> object:
        return (await connection.execute(source_list.query("feed").where(only, tables.sources.c.id > 10))).all()

    assert await full_scans(many, read) == []


async def test_entries_are_counted_without_reading_their_rows(many: Database) -> None:
    async with many.write() as connection:
        with executed(connection) as statements:
            assert await overview.count_entries(connection) == {"entries": 2000, "pending": 50, "quarantined": 0}
        [(statement, parameters)] = statements
        if connection.dialect.name == "sqlite":
            rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
            plan = [row[-1] for row in rows if " entries" in row[-1]]
            assert len(plan) == 4
            assert all(" INDEX entries_" in step for step in plan)
        else:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))  # what has an index uses it
            plan = list((await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).scalars())
            assert not [step for step in plan if "Seq Scan" in step]
