"""Claims of due entries: whatever they may not take, they do not read, and what may be taken comes in order."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, text
from sqlalchemy.dialects import postgresql

from ingestd.model.timing import Timing
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from ingestd.store.work import due, entries, revisits
from tests.support.desk import add

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def row(number: int, site: str | None, *, url: str | None = None, **values: Any) -> dict[str, Any]:
    """Return a pending entry that has been due for `1000 - number` minutes."""
    at = NOW - timedelta(minutes=1000 - number)
    return {
        "source_id": 1, "guid": f"{number}", "id_origin": "source", "fingerprint": "f", "state": "pending",
        "url": url or (f"https://{site}/{number}" if site else None), "site": site,
        "announced": {"guid": f"{number}"}, "attempts": 0, "due_at": at, "first_seen_at": at, "last_seen_at": at,
        "backfill_id": None, "revisit_at": None,
    } | values  # fmt: skip


async def fill(runtime: Runtime, *rows: dict[str, Any]) -> None:
    async with runtime.database.write() as connection:
        await connection.execute(insert(tables.entries), list(rows))


async def claim(runtime: Runtime, limit: int = 3, **values: Any) -> list[str]:
    async with runtime.database.write() as connection:
        found = await entries.claim_due(connection, runtime.run_id, now=NOW, limit=limit, **values)
    return [work.entry.guid for work in found]


@pytest.fixture
async def queue(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime with one source, whose claims look at the sites one by one after four rows of the head."""
    monkeypatch.setattr(due, "HEAD", 4)
    monkeypatch.setattr(due, "_SITES", 2)
    await add(runtime, "http://feed.example/")
    return runtime


async def test_sites_behind_the_backlog_of_one_that_is_left_out_are_claimed(queue: Runtime) -> None:
    await fill(queue, *(row(number, "held.example") for number in range(50)))
    await fill(queue, row(53, "a.example"), row(51, "z.example"), row(52, "m.example"), row(54, "b.example"))

    assert await claim(queue, without_sites=["held.example"]) == ["51", "52", "53"]
    assert await claim(queue, without_sites=["held.example"]) == ["54"]
    assert await claim(queue, limit=2) == ["0", "1"]


async def test_what_is_not_due_or_has_no_site_is_told_apart(queue: Runtime) -> None:
    later = NOW + timedelta(minutes=1)
    await fill(queue, *(row(number, "held.example") for number in range(50)))
    await fill(queue, row(60, "a.example", due_at=later), row(61, None), row(62, None, due_at=later))

    assert await claim(queue, without_sites=["held.example"]) == ["61"]


async def test_an_entry_that_carries_its_text_is_claimed_although_its_site_is_left_out(queue: Runtime) -> None:
    text = {"guid": "3", "body_html": "<p>All of it.</p>"}
    await fill(queue, row(1, "held.example"), row(2, "held.example"), row(3, "held.example", announced=text))

    assert await claim(queue, without_sites=["held.example"]) == ["3"]


async def test_an_address_that_fills_the_head_does_not_hide_other_sites(queue: Runtime) -> None:
    await fill(queue, *(row(number, "home.example", url="https://home.example/") for number in range(50)))
    await fill(queue, row(51, "a.example"), row(52, "b.example"))

    assert await claim(queue) == ["0", "51", "52"]
    assert await claim(queue) == []


async def test_the_queue_of_a_backfill_and_the_daemons_do_not_hide_each_other(queue: Runtime) -> None:
    async with queue.database.write() as connection:
        values = {
            "kind": "urls", "argument": "x", "options": {}, "source_id": 1, "state": "running", "cursor": {},
            "created_at": NOW, "updated_at": NOW,
        }  # fmt: skip
        await connection.execute(insert(tables.backfills).values(values))
    await fill(queue, *(row(number, "old.example", backfill_id=1) for number in range(50)))
    await fill(queue, row(51, "a.example"))

    assert await claim(queue) == ["51"]
    assert await claim(queue, limit=2, backfill_id=1) == ["0", "1"]


async def test_revisits_behind_those_of_a_site_that_is_left_out_are_claimed(queue: Runtime) -> None:
    async def visit(**values: Any) -> list[str]:
        async with queue.database.write() as connection:
            found = await revisits.claim_due(
                connection, queue.run_id, now=NOW, limit=3, timing=Timing(), **values
            )  # fmt: skip
        return [work.entry.guid for work in found]

    def visited(number: int, site: str) -> dict[str, Any]:
        return row(number, site) | {"state": "done", "revisit_at": NOW - timedelta(minutes=1000 - number)}

    await fill(queue, *(visited(number, "held.example") for number in range(150)), visited(200, "a.example"))

    assert await visit(without_sites=["held.example"]) == ["200"]
    await fill(queue, visited(201, "b.example"), row(500, "b.example"), visited(202, "c.example"))
    assert await visit(without_sites=["held.example"]) == ["202"]


async def test_revisits_that_are_too_late_are_ended_by_few_statements(queue: Runtime) -> None:
    await fill(
        queue,
        *(
            row(number, f"{number}.example")
            | {
                "state": "done",
                "revisit_at": NOW - timedelta(minutes=1000 - number),
                "first_seen_at": NOW - timedelta(days=900),
            }
            for number in range(300)
        ),
    )
    rows_written: list[int] = []

    def count(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith("UPDATE"):
            rows_written.append(len(parameters) if many else 1)

    async with queue.database.write() as connection:
        event.listen(connection.sync_connection, "before_cursor_execute", count)
        assert await revisits.claim_due(connection, queue.run_id, now=NOW, limit=8, timing=Timing()) == []

    assert len(rows_written) <= 10
    assert sum(rows_written) <= 10  # 300 before: one for each revisit
    async with queue.database.read() as connection:
        left = select(func.count()).where(tables.entries.c.revisit_at.is_not(None))
        assert (await connection.execute(left)).scalar_one() == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("of", [entries.pending(None), entries.pending(7), revisits._QUEUE], ids=["new", "of 7", "re"])
async def test_rows_of_one_due_time_are_not_sorted(runtime: Runtime, of: due.Queue) -> None:
    query = of.rows(NOW).limit(500).compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})

    async with runtime.database.read() as connection:
        for method in ("seqscan", "bitmapscan", "sort"):  # which the planner prefers for a table without rows
            await connection.execute(text(f"SET LOCAL enable_{method} = off"))
        plan = (await connection.execute(text(f"EXPLAIN {query}".replace(":", r"\:")))).scalars().all()

    assert any("entries_queue" in line or "entries_revisits" in line for line in plan), plan
    assert not any("Sort" in line for line in plan), plan


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "queue", [entries.pending(None), entries.pending(7), revisits._QUEUE], ids=["new", "of 7", "re"]
)
async def test_every_search_of_due_entries_uses_an_index_of_its_queue(runtime: Runtime, queue: due.Queue) -> None:
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            plans.extend(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))

    async with runtime.database.read() as connection:
        event.listen(connection.sync_connection, "before_cursor_execute", explain)
        chosen = due.Chosen(["held.example"], by_address=False)
        await due.find(connection, queue, chosen, now=NOW, limit=9)
        await due._due_sites(connection, queue, NOW)
        await connection.execute(due._of_site(queue, "a.example", NOW).limit(9))

    reads = [plan for plan in plans if "entries" in plan]
    assert len(reads) == 5
    assert all(re.search("^SEARCH .* INDEX entries_(queue|revisits)", plan) for plan in reads), reads
    assert not any("TEMP B-TREE" in plan for plan in plans), plans
