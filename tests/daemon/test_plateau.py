"""With every limit set, what a daemon keeps stops growing: each table, the full-text index and the archive."""

from pathlib import Path

import pytest

from ingestd.store.retention import batches
from tests.support.simulated_year import Sizes, growth, simulate

#: Each limit is as short as it may be: from the tenth day on as much goes as comes.
LIMITS = {
    "keep_polls": "3d", "keep_failures": "3d", "keep_events": "4d", "keep_feed_documents": "5d", "keep_pages": "6d",
    "keep_records": "6d", "keep_entries": "7d", "revisit_until": "12h",
}  # fmt: skip
DAYS, FULL = 18, 10

#: Rows and bytes that a table may vary by: a page that is missing fails five times, and pages of indexes are split.
#: Less than comes in the four days that are compared.
ROWS, BYTES = 12, 64 * 1024


async def days_of(database_url: str, folder: Path) -> list[Sizes]:
    passed = simulate(
        database_url, folder, publishers=1, days=DAYS, every=1, a_day=12, burst_every=4, extractors=1, **LIMITS
    )
    return [sizes async for sizes in passed]


def growing(sizes: list[Sizes], *, is_sqlite: bool) -> set[str]:
    """Return the tables that grow from the day on when nothing should."""
    found = set()
    for table, (rows, size) in growth(sizes, since=FULL + 1).items():
        if rows > ROWS or size > (2 if table == "file" else 1) * BYTES + sizes[-1].bytes[table] // 5:
            found.add(table)
    # The index of SQLite may have the removed terms of as many revisions as it has, and some pages.
    if is_sqlite and sizes[-1].bytes["search index"] > 3 * sizes[-1].rows["search index"] * 1024 + BYTES:
        found.add("search index")
    return found


async def test_everything_reaches_a_plateau(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AIM", 60.0)  # a busy machine would delete one row at a time, and rest in between
    monkeypatch.setattr(batches, "_REST", 0.0)
    sizes = await days_of(database_url, tmp_path)

    assert growing(sizes, is_sqlite=database_url.startswith("sqlite")) == set(), growth(sizes, since=FULL + 1)
    rows = sizes[-1].rows
    # As much happened as should have: a day brings 12 stories and 4 polls.
    assert 40 < rows["records"] < 120
    assert rows["search index"] == rows["records"]
    assert 8 <= rows["polls"] <= 16
    assert min(rows[name] for name in ("decisions", "events", "failures", "raws", "entries", "archive")) >= 5
    assert {"evidence", "gaps"} <= {name for name, count in rows.items() if count}
