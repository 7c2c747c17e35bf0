"""Which sources a node may poll, and what moves with a node."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import node_sources, sources, subscriptions
from ingestd.store.schema import tables
from ingestd.store.work import runs
from tests.store.nodes.test_nodes import die, start
from tests.support.outcomes import NOON


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with a source of each of two nodes, and one of none, all at one site."""
    async with Database(with_async_driver(database_url)) as database:
        async with database.write() as connection:
            for path, node in (("any", None), ("fra", "fra1"), ("ams", "ams1")):
                await sources.add(connection, f"https://wire.example/{path}", now=NOON, node=node)
        yield database


@pytest.mark.parametrize(
    ("node", "claimed"), [("fra1", ["any", "fra"]), ("ams1", ["ams", "any"]), ("nyc1", ["any"]), (None, ["any"])]
)
async def test_a_node_claims_its_own_sources_and_those_of_none(
    database: Database, node: str | None, claimed: list[str]
) -> None:
    async with database.write() as connection:
        run_id = await runs.start(connection, role="daemon", now=NOON)
        found = await sources.claim_due(connection, run_id, now=NOON, limit=9, node=node)
        assert sorted(source.url.rpartition("/")[2] for source in found) == claimed
        await connection.execute(update(tables.sources).values(run_id=None))

        found = await sources.claim_due_of_site(connection, run_id, "wire.example", now=NOON, limit=9, node=node)

    assert sorted(source.url.rpartition("/")[2] for source in found) == claimed


async def test_a_node_watches_its_own_folders_and_those_of_none(database: Database) -> None:
    async with database.write() as connection:
        for path, node in (("any", None), ("fra", "fra1"), ("ams", "ams1")):
            await sources.add(connection, f"file:///srv/{path}/", now=NOON, node=node)
        found = await sources.drop_folders(connection, node="fra1")

        assert sorted(found.values()) == ["file:///srv/any/", "file:///srv/fra/"]
        assert await node_sources.count_local_folders(connection) == 1


async def test_sources_that_move_are_due_at_the_other_node(database: Database) -> None:
    async with database.write() as connection:
        await sources.add(connection, "inbox:desk", now=NOON, node="fra1")
        await connection.execute(update(tables.sources).values(due_at=None))

        assert await node_sources.move(connection, "fra1", "ams1", now=NOON) == 2

        rows = (await connection.execute(select(tables.sources).order_by(tables.sources.c.id))).all()
    assert [row.node for row in rows] == [None, "ams1", "ams1", "ams1"]


async def test_a_node_that_is_away_leaves_its_subscriptions_to_another(database: Database) -> None:
    gone, there = await start(database, "fra1"), await start(database, "ams1")
    async with database.write() as connection:
        await subscriptions.set_hub(connection, 1, "https://hub.example/", "https://wire.example/any", now=NOON)
        [subscription] = await subscriptions.claim_due(connection, now=NOON, limit=9, node="fra1")
        await subscriptions.activate(connection, subscription.source_id, lease=subscriptions._AWAY, now=NOON)
        due = NOON + subscriptions._AWAY
        assert await subscriptions.claim_due(connection, now=due, limit=9, node="ams1") == []
        assert await subscriptions.leave_lost_nodes(connection, now=NOON) == 0
    await die(database, gone)
    async with database.write() as connection:
        # It may be about to start again.
        assert await subscriptions.leave_lost_nodes(connection, now=NOON) == 0
        c = tables.nodes.c
        await connection.execute(update(tables.nodes).where(c.run_id == gone).values(seen_at=NOON))
        assert await subscriptions.leave_lost_nodes(connection, now=NOON) == 1
        [taken] = await subscriptions.claim_due(connection, now=NOON, limit=9, node="ams1")

        assert (taken.source_id, there is not None) == (1, True)


async def test_the_subscriptions_of_a_nodes_sources_are_its_own(database: Database) -> None:
    async with database.write() as connection:
        await subscriptions.set_hub(connection, 2, "https://hub.example/", "https://wire.example/fra", now=NOON)

        assert await subscriptions.claim_due(connection, now=NOON, limit=9, node="ams1") == []
        assert len(await subscriptions.claim_due(connection, now=NOON, limit=9, node="fra1")) == 1
