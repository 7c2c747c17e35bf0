"""Simulate a year of retention: `python -m benchmarks.year [--database sqlite|postgresql] [--records 60d]`.

5,000 sources polled every 30 minutes are scaled down: a publisher on the loopback (1/5000), polled 4 times a day
(1/12), that publishes 4 stories a day.  The clock is virtual; all else is the daemon's own, as
`tests.support.simulated_year` says: its dispatchers poll, fetch, extract and revisit, its archive writes packs, its
chores delete.  PostgreSQL is a server of its own, vacuumed every four simulated days in place of autovacuum.

Prints rows and KiB by table each month.  Ends with an error unless the archive and every table that should be on a
plateau by then are: all, but for the records with what refers to them if these are kept for ever.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import psycopg

from ingestd.daemon import logs
from ingestd.store.schema import migrate
from tests.support.databases import make_database, postgresql
from tests.support.simulated_year import Sizes, growth, simulate

PUBLISHERS, A_DAY, MONTH = 1, 4, 30

#: What grows with records that are kept for ever, and what does in any case: evidence of withdrawals.
OF_RECORDS = {"records", "revisions", "search index", "texts", "carriers", "entries", "gaps", "file"}
ALWAYS = {"evidence"}

#: From the day on all limits of the defaults have been reached, and those of `--records` up to 60 days.
FULL = 120

#: By how much a table on a plateau may vary, as shares, and rows and bytes: bursts, pages of an index, evidence.
SHARE, ROWS, BYTES = 0.1, 4, 64 * 1024

SHOWN = (
    "polls", "decisions", "failures", "events", "raws", "entries", "records", "revisions", "search index", "texts",
    "carriers", "gaps", "evidence", "archive",
)  # fmt: skip


async def year(url: str, folder: Path, days: int, records: str) -> list[Sizes]:
    """Pass the days, printing what is kept each month."""
    await migrate.upgrade(url)
    print("| day | " + " | ".join(SHOWN) + " | database file |")
    print("|---" * (len(SHOWN) + 2) + "|")
    found = []
    async for sizes in simulate(
        url, folder, publishers=PUBLISHERS, a_day=A_DAY, days=days, every=MONTH, keep_records=records
    ):
        found.append(sizes)
        cells = [f"{sizes.rows[name]:,} ({sizes.bytes[name] / 1024:,.0f})" for name in SHOWN]
        print(f"| {sizes.day} | {' | '.join(cells)} | {sizes.bytes['file'] / 1024:,.0f} |", flush=True)
    return found


def growing(sizes: Sequence[Sizes], expected: set[str]) -> list[str]:
    """Return the tables that should be on a plateau and are not, with their growth."""
    last = sizes[-1]
    return [
        f"{table}: {rows:+,} rows, {size:+,} bytes"
        for table, (rows, size) in growth(sizes, since=FULL + 1).items()
        if table not in expected
        and (rows > ROWS + SHARE * last.rows.get(table, 0) or size > BYTES + SHARE * last.bytes[table])
    ]


def show(sizes: Sequence[Sizes]) -> None:
    """Print bytes a row, and the rows a day that a source adds to what grows."""
    last, middle = sizes[-1], next(one for one in sizes if one.day >= sizes[-1].day / 2)
    for name in SHOWN:
        added = (last.rows[name] - middle.rows[name]) / (last.day - middle.day) / PUBLISHERS
        print(
            f"{name}: {last.bytes[name] / max(1, last.rows[name]):,.0f} bytes a row, {added:+.2f} rows a source and day"
        )


def main() -> None:
    """Run the year on one database."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--records", default="forever", help="at most 60d")
    parser.add_argument("--days", type=int, default=360)
    options = parser.parse_args()
    logs.configure("error", "json")
    started = monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.database == "sqlite":
            sizes = asyncio.run(year(f"sqlite:///{folder}/year.db", folder / "state", options.days, options.records))
        else:
            with postgresql(folder / "server") as server:
                url = make_database(server, "year")
                with psycopg.connect(url, autocommit=True) as connection:
                    # A commit that is lost with the power is no concern here, and the disk would take most of the time.
                    connection.execute("ALTER DATABASE year SET synchronous_commit = off")
                sizes = asyncio.run(year(url, folder / "state", options.days, options.records))
    cpu = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"rows (KiB) a table; {monotonic() - started:.0f} s, {cpu:.0f} s of CPU without the server")
    show(sizes)
    grown = growing(sizes, ALWAYS | (OF_RECORDS if options.records == "forever" else set()))
    print("not on a plateau: " + "; ".join(grown) if grown else "everything that should be is on a plateau")
    sys.exit(bool(grown))


if __name__ == "__main__":
    main()
