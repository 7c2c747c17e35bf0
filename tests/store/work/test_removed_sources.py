from datetime import UTC, datetime

from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import sources
from ingestd.store.work import entries
from tests.backfill.backfills import atom
from tests.support.newsroom import Newsroom


async def test_entries_of_a_removed_source_wait_until_it_is_added_again(newsroom: Newsroom, runtime: Runtime) -> None:
    page = newsroom.publish("/1", status=503)
    feed = newsroom.publish("/feed", body=atom(page))
    now = datetime.now(UTC)
    async with runtime.database.write() as connection:
        source_id, _ = await sources.add(connection, feed, now=now)
        [source] = await sources.claim(connection, runtime.run_id, [source_id])
    await runtime.ingest.poller.poll(source)
    async with runtime.database.write() as connection:
        await sources.set_state(connection, source_id, "removed", now=now)

    async with runtime.database.write() as connection:
        while_removed = await entries.claim_due(connection, runtime.run_id, now=datetime.now(UTC), limit=10)
        await sources.add(connection, feed, now=now)
        afterwards = await entries.claim_due(connection, runtime.run_id, now=datetime.now(UTC), limit=10)

    assert while_removed == []
    assert [work.entry.link for work in afterwards] == [page]
