"""Repair of gaps from other sources of the section, on both databases."""

from datetime import UTC, datetime

from sqlalchemy import update

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import gaps
from ingestd.store.schema import tables
from tests.repair.rolling import atom, publish, the_gap
from tests.support.desk import add, poll_all
from tests.support.newsroom import Newsroom


async def two(newsroom: Newsroom, runtime: Runtime, before: bytes, after: bytes) -> Service:
    """Poll a feed whose window goes from 1..3 to 8..10, and another feed of the site with it."""
    publish(newsroom, range(1, 11))
    await add(runtime, newsroom.publish("/feed", body=atom(newsroom, range(1, 4))))
    await add(runtime, newsroom.publish("/beside", body=before))
    await poll_all(runtime)
    await poll_all(runtime)  # the gap begins here, after both have been polled for a while
    newsroom.publish("/feed", body=atom(newsroom, range(8, 11)))
    newsroom.publish("/beside", body=after)
    await poll_all(runtime)
    await poll_all(runtime)  # the gap ended at the poll before this one
    newsroom.requests.clear()
    return Service(runtime, max_polls=1, max_pages=4, per_site=4)


async def test_a_gap_is_closed_by_a_source_that_saw_all_of_it(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.publish("/other", body=b""))  # never parsed, so it proves nothing
    service = await two(newsroom, runtime, atom(newsroom, range(1, 4)), atom(newsroom, range(1, 11)))
    found = await service.repair.run()

    gap = await the_gap(runtime, newsroom.url("/feed"))
    assert (found, gap["state"], gap["found"]) == (0, "repaired", 0)
    assert str(gap["note"]).endswith(f"source 3 has listed all entries of that time: {newsroom.url('/beside')}")
    assert newsroom.requests == []  # all entries are in the database
    assert (await poll_all(runtime))["records"] == 10


async def test_a_source_that_lacks_an_entry_at_the_edges_proves_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await two(newsroom, runtime, atom(newsroom, range(1, 4)), atom(newsroom, [10, 9, 7, 6, 5, 4, 3, 2, 1]))
    await service.repair.run()

    gap = await the_gap(runtime, newsroom.url("/feed"))
    assert gap["state"] == "open"
    assert "polled throughout without a gap, none with all entries at the edges of the gap: 1" in str(gap["note"])


async def test_a_source_with_a_gap_of_its_own_proves_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await two(newsroom, runtime, atom(newsroom, range(1, 4)), atom(newsroom, range(1, 11)))
    async with runtime.database.write() as connection:
        [gap] = await gaps.claim_due(connection, now=datetime.now(UTC), retry_at=datetime.now(UTC), limit=5)
        row = {"source_id": 2, "from_at": gap.from_at, "to_at": gap.to_at, "state": "accepted", "due_at": None}
        await gaps.open_gaps(connection, [row])
    await service.repair.run()

    assert (await the_gap(runtime, newsroom.url("/feed")))["state"] == "open"


async def test_a_source_that_was_not_polled_throughout_proves_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await two(newsroom, runtime, atom(newsroom, range(1, 4)), atom(newsroom, range(1, 11)))
    async with runtime.database.write() as connection:
        [gap] = await gaps.claim_due(connection, now=datetime.now(UTC), retry_at=datetime.now(UTC), limit=5)
        await connection.execute(update(tables.sources).where(tables.sources.c.id == 2).values(watched_since=gap.to_at))
    await service.repair.run()

    gap_row = await the_gap(runtime, newsroom.url("/feed"))
    assert gap_row["state"] == "open"
    assert "no other source of the site has been polled throughout without a gap" in str(gap_row["note"])
