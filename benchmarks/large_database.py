"""Time the queries of a daemon on a database of some years.

python benchmarks/large_database.py [--database sqlite|postgresql] [--entries N] [--records N] [--polls N] [--due N]
                                    [--sources N] [--shared N] [--cancelled N]

Fills a new database with invented rows, by INSERT ... SELECT: as many carriers and events as entries, `--due` pending
entries of one site, `--shared` more of one address, and a few of other sites behind them.  Then it prints, for each
operation, its time (the best of three, ms), the time in its write transaction, and the large tables that its statements
read from end to end, by the database's EXPLAIN.  What an operation changes is rolled back.
"""

import argparse
import asyncio
import inspect
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from common import print_json
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.timing import Timing
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.operations import overview
from ingestd.store.polls import gaps
from ingestd.store.records import records
from ingestd.store.schema import migrate
from ingestd.store.work import backfills, entries, revisits
from tests.support.databases import make_database, postgresql

#: Tables that no operation of a running daemon may read from end to end.
LARGE = {"entries", "records", "revisions", "carriers", "events", "polls", "failures"}
HELD, HOME = "held.example", "home.example"
NOW = datetime.now(UTC)
KILLS = event_log.parse_kinds(["killed"])


class Filler:
    """Inserts invented rows; `i` in an expression is the number of the row, from 1."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"

    def at(self, seconds: str) -> str:
        """Return the expression of a time, some seconds from now."""
        if self.is_sqlite:
            return f"datetime('{NOW:%Y-%m-%d %H:%M:%S}', ({seconds}) || ' seconds') || '.000000'"
        return f"(timestamptz '{NOW.isoformat()}' + ({seconds}) * interval '1 second')"

    def json(self, value: str) -> str:
        return value if self.is_sqlite else f"({value})::jsonb"

    async def insert(self, table: str, count: int, **columns: str) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
        numbers = numbers if self.is_sqlite else "WITH n(i) AS (SELECT generate_series(1, :count))"
        values = ", ".join(columns.values())
        statement = f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM n"
        await self._connection.execute(text(re.sub(r"(?<!:):(?=\d)", r"\:", statement)), {"count": count})


async def fill(database: Database, sizes: argparse.Namespace) -> None:
    async with database.write() as connection:
        filler = Filler(connection)
        if filler.is_sqlite:
            await connection.execute(text("PRAGMA cache_size = -1000000"))
        at, json = filler.at, filler.json
        old, ahead = at("-7776000 + i"), at("86400")
        await filler.insert(
            "sources", sizes.sources, id="i", url="'https://site' || i || '.example/feed'", kind="'feed'",
            state="'active'", site="'site' || i || '.example'", due_at=ahead, failures="0", created_at=old,
            watched_since=old, last_success_at=at("-60"), last_polled_at=at("-60"), title="'Source ' || i",
        )  # fmt: skip
        await filler.insert(
            "backfills", 1, id="i", kind="'urls'", argument="'x'", options=json("'{}'"), source_id="1",
            state="'running'", cursor=json("'{}'"), created_at=old, updated_at=old,
        )  # fmt: skip
        source, record = f"1 + i % {sizes.sources}", f"1 + (i - 1) % {sizes.records}"
        announced = json(
            """'{"guid": "g' || i || '", "link": "x", "headline": "A headline of usual length, no. ' || i || '"}'"""
        )
        common = {
            "source_id": source, "guid": "'g' || i", "id_origin": "'source'", "fingerprint": "'f'", "attempts": "0",
            "first_seen_at": old, "last_seen_at": old, "announced": announced,
        }  # fmt: skip
        site = f"'site' || (1 + i % {sizes.sources}) || '.example'"
        await filler.insert(
            "entries", sizes.entries, **common, id="i", url=f"'https://' || {site} || '/' || i", site=site,
            state="CASE WHEN i % 200 = 0 THEN 'quarantined' ELSE 'done' END", due_at=old, record_id=record,
            revisit_at=f"CASE WHEN i % 10 = 1 THEN {ahead} END", visited_at=old,
        )  # fmt: skip
        for start, count, place, url, due, backfill in (
            (sizes.entries, sizes.due, f"'{HELD}'", f"'https://{HELD}/' || i", "-600000 + i", "NULL"),
            (2 * sizes.entries, sizes.shared, f"'{HOME}'", f"'https://{HOME}/'", "-20000 + i", "NULL"),
            (3 * sizes.entries, 1000, site, f"'https://' || {site} || '/new/' || i", "-2000 + i", "NULL"),
            (4 * sizes.entries, sizes.cancelled, f"'{HELD}'", f"'https://{HELD}/b/' || i", "-2000 + i", "1"),
        ):
            await filler.insert(
                "entries", count, **common | {"guid": f"'p{start}.' || i"}, id=f"{start} + i", url=url, site=place,
                state="'pending'", due_at=at(due), backfill_id=backfill,
            )  # fmt: skip
        await filler.insert(
            "records", sizes.records, id="i", guid="'urn:' || i", uri="'https://site.example/' || i",
            origin_entry_id="i", pubstatus="'usable'", revision="1", created_at=old, updated_at=old,
        )  # fmt: skip
        await filler.insert(
            "revisions", sizes.records, id="i", record_id="i", revision="1", change="'new'",
            headline="'Headline ' || i", body_text="'The text of record ' || i",
            body_html="'<p>The text of record ' || i || '</p>'",
            authors=json("'[]'"), associations=json("'[]'"), provenance=json("'{}'"), content_hash="'h' || i",
            extractor="'x'", fragment="false", entry_id="i", seen_at=old,
        )  # fmt: skip
        carried = {"record_id": record, "entry_id": "i"}
        await filler.insert("carriers", sizes.entries, **carried, source_id=source, seen_at=old)
        await filler.insert(
            "events", sizes.entries, **carried, seq="i", revision="1", at=old,
            kind=f"CASE WHEN i <= {sizes.records} THEN 'new' ELSE 'carried' END",
        )  # fmt: skip
        await filler.insert(
            "polls", sizes.polls, source_id=source, at=old, seconds="0.1",
            outcome="CASE WHEN i % 9 = 0 THEN 'new' ELSE 'not_modified' END",
        )  # fmt: skip
        await filler.insert(
            "gaps", 20_000, source_id=source, from_at=old, to_at=at("-7775000 + i"),
            state="CASE WHEN i % 50 = 0 THEN 'open' ELSE 'repaired' END",
            due_at=f"CASE WHEN i % 50 = 0 THEN {ahead} END",
        )  # fmt: skip
        await filler.insert(
            "failures", sizes.records // 2, at=old, stage="'fetch'", error="'Refused'", message="'HTTP 500'",
            attempt="1", source_id=source, entry_id="i",
        )  # fmt: skip
    async with database.write() as connection:
        # The caches that a daemon has.
        await connection.execute(text("PRAGMA cache_size = -16000" if filler.is_sqlite else "ANALYZE"))


class Watch:
    """Times transactions, and keeps their statements."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.statements: dict[str, Any] = {}
        self.writing = 0.0
        for engine in {database._reader.sync_engine, database._writer.sync_engine}:
            event.listen(engine, "before_cursor_execute", self._keep)

    def _keep(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and not statement.startswith("EXPLAIN"):
            self.statements.setdefault(statement, parameters)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a write transaction that is rolled back."""
        async with self.database.write() as connection:
            started = perf_counter()
            yield connection
            self.writing += perf_counter() - started
            await connection.rollback()

    async def full_scans(self) -> list[str]:
        """Return the large tables that the statements read from end to end."""
        found: set[str] = set()
        for statement, parameters in list(self.statements.items()):
            if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                continue
            async with self.write() as connection:
                prefix = "EXPLAIN QUERY PLAN " if self.database.dialect == "sqlite" else "EXPLAIN "
                rows = (await connection.exec_driver_sql(prefix + statement, parameters)).all()
            for row in rows:
                plan = row[-1] if self.database.dialect == "sqlite" else row[0]
                hit = re.search(r"^SCAN (?:TABLE )?(\w+)(?! VIRTUAL)|Seq Scan on (\w+)", plan)
                if hit and (table := hit[1] or hit[2]) in LARGE and "INDEX entries_" not in plan:
                    found.add(table)
        return sorted(found)


async def measure(watch: Watch, name: str, operation: Callable[[], Awaitable[object]], times: int = 3) -> None:
    best = writing = float("inf")
    watch.statements.clear()
    for _ in range(times):
        watch.writing, started = 0.0, perf_counter()
        await operation()
        best, writing = min(best, perf_counter() - started), min(writing, watch.writing)
    print_json(operation=name, ms=best * 1000, write_ms=writing * 1000, full_scans=await watch.full_scans())


async def claim(watch: Watch, *without: str) -> None:
    """Claim entries as the daemon does, at this commit or at one that finds them in the write transaction."""
    values: dict[str, Any] = {"now": NOW, "limit": 96, "without_sites": without}
    if not hasattr(entries, "find_due"):
        async with watch.write() as connection:
            found = await entries.claim_due(connection, "benchmark", **values)
    else:
        async with watch.database.read() as connection:
            ids, _ = await entries.find_due(connection, **values)
        async with watch.write() as connection:
            found = await entries.claim(connection, "benchmark", ids, now=NOW, limit=96)
    assert len(found) == 96


async def cancel(watch: Watch) -> None:
    """Cancel the backfill, in one transaction or in several, as the commit does."""
    if "connection" in inspect.signature(backfills.drop_pending).parameters:
        async with watch.write() as connection:
            await backfills.cancel(connection, 1, now=NOW)
        return
    async with watch.database.write() as connection:
        await backfills.cancel(connection, 1, now=NOW)
    started = perf_counter()
    assert await backfills.drop_pending(watch.database, 1)
    watch.writing = perf_counter() - started


async def health(connection: AsyncConnection, hour: timedelta) -> overview.HealthFigures:
    ago = NOW - hour
    return await overview.health_figures(connection, now=NOW, late=ago, late_claims=ago, late_revisits=ago)


async def run(database: Database, sizes: argparse.Namespace) -> None:
    watch = Watch(database)

    def reads(call: Callable[[AsyncConnection], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        async def operation() -> None:
            async with database.read() as connection:
                await call(connection)

        return operation

    def writes(call: Callable[[AsyncConnection], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        async def operation() -> None:
            async with watch.write() as connection:
                await call(connection)

        return operation

    hour, tomorrow = timedelta(hours=1), NOW + timedelta(days=2)
    for name, operation in {
        "claim 96 entries": lambda: claim(watch),
        f"claim 96 of other sites behind {sizes.due} due": lambda: claim(watch, HELD, HOME),
        f"the same, {sizes.shared} of one address among them": lambda: claim(watch, HELD),
        "claim 8 revisits": writes(lambda c: revisits.claim_due(c, "x", now=tomorrow, limit=8, timing=Timing())),
        "entries: due times of a clock ahead": writes(lambda c: entries.fix_future_due_times(c, now=NOW)),
        "revisits: due times of a clock ahead": writes(lambda c: revisits.fix_future_due_times(c, now=NOW)),
        "take due gaps": writes(lambda c: gaps.claim_due(c, now=NOW, retry_at=NOW + hour, limit=5)),
        "coverage of all sources": reads(lambda c: gaps.coverage(c, None, since=None, until=None)),
        "counts of the status page": reads(overview.summary),
        "health": reads(lambda c: health(c, hour)),
        "newest 100 records of a source": reads(lambda c: records.newest(c, limit=100, source_id=7)),
        "events of a kind that has none": reads(lambda c: event_log.read_after(c, 1, kinds=KILLS)),
    }.items():
        await measure(watch, name, operation)
    await measure(watch, f"cancel a backfill of {sizes.cancelled} entries", lambda: cancel(watch), times=1)


async def fill_and_run(url: str, sizes: argparse.Namespace) -> None:
    await migrate.upgrade(url)
    async with Database(url) as database:
        started = perf_counter()
        await fill(database, sizes)
        print_json(**vars(sizes), filled_in_s=perf_counter() - started)
        await run(database, sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    for name, size in {
        "entries": 1_000_000, "records": 200_000, "polls": 2_000_000, "due": 300_000, "sources": 5_000,
        "shared": 5_000, "cancelled": 200,
    }.items():  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=size)
    sizes = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if sizes.database == "sqlite":
            asyncio.run(fill_and_run(f"sqlite+aiosqlite:///{folder}/ingestd.db", sizes))
        else:
            with postgresql(folder / "server") as server:
                url = make_database(server, "large")
                asyncio.run(fill_and_run(url.replace("postgresql://", "postgresql+psycopg://", 1), sizes))


if __name__ == "__main__":
    main()
