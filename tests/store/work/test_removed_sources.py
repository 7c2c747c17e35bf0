from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from ingestd.daemon.service import Service
from ingestd.pipeline.engine.local import LocalEngine
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import sources
from ingestd.store.work import entries
from ingestd.store.work.entries import ClaimedEntry
from tests.backfill.backfills import atom
from tests.support.desk import claim_source
from tests.support.newsroom import Newsroom


async def test_entries_of_a_removed_source_wait_until_it_is_added_again(newsroom: Newsroom, runtime: Runtime) -> None:
    page = newsroom.publish("/1", status=503)
    feed = newsroom.publish("/feed", body=atom(page))
    now = datetime.now(UTC)
    async with runtime.database.write() as connection:
        source_id, _ = await sources.add(connection, feed, now=now)
    await runtime.ingest.poller.poll(await claim_source(runtime, source_id))
    async with runtime.database.write() as connection:
        await sources.set_state(connection, source_id, "removed", now=now)

    async with runtime.database.write() as connection:
        while_removed = await entries.claim_due(connection, runtime.run_id, now=datetime.now(UTC), limit=10)
        await sources.add(connection, feed, now=now)
        afterwards = await entries.claim_due(connection, runtime.run_id, now=datetime.now(UTC), limit=10)

    assert while_removed == []
    assert [work.entry.link for work in afterwards] == [page]


async def test_an_entry_claimed_before_its_source_was_removed_is_not_fetched(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    feed = newsroom.publish("/feed", body=atom(newsroom.publish("/1"), newsroom.publish("/2")))
    now = datetime.now(UTC)
    async with runtime.database.write() as connection:
        source_id, _ = await sources.add(connection, feed, now=now)
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1)
    await service.engine.run_until_idle(["polls"])
    assert isinstance(service.engine, LocalEngine)
    pages = service.engine.pages
    claim = pages._claim

    async def claim_and_remove(wanted: int, without_sites: Collection[str]) -> list[ClaimedEntry]:
        found = await claim(wanted, without_sites)
        async with runtime.database.write() as connection:
            await sources.set_state(connection, source_id, "removed", now=now)
        return found

    pages._claim = claim_and_remove
    await service.engine.run_until_idle(["pages"])

    assert [request.path for request in newsroom.requests if request.path != "/robots.txt"] == ["/feed"]
    async with runtime.database.write() as connection:
        await sources.add(connection, feed, now=now)
        soon = now + timedelta(minutes=2)
        again = await entries.claim_due(connection, runtime.run_id, now=soon, limit=10)
    assert [work.attempts for work in again] == [0, 0]
