"""Rows of nodes: who has a name, what is asked of it, and when it counts as lost."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from ingestd.errors import ConfigError, NotFound, UsageError
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.nodes import control, nodes
from ingestd.store.nodes.listing import Node
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.store.work import runs
from tests.support.outcomes import NOON


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


def card(name: str, *logins: str) -> nodes.NodeCard:
    return nodes.NodeCard(
        name=name, version="1.2.0", data_version=1, rules="0123456789ab", host="host", cpus=2, logins=logins
    )


async def start(database: Database, name: str, *logins: str) -> str:
    """Start a run that has the name of a node."""
    async with database.write() as connection:
        run_id = await runs.start(connection, role="daemon", now=NOON)
        assert await nodes.take_name(connection, run_id, card(name, *logins)) == "active"
    return run_id


async def give_sign(database: Database, run_id: str, name: str, **work: int) -> nodes.Sign | None:
    async with database.write() as connection:
        return await nodes.give_sign(connection, run_id, name, address="http://127.0.0.1:8790", work=work)


async def shown(database: Database, name: str) -> Node:
    async with database.read() as connection:
        return await control.find(connection, name)


async def ask(database: Database, name: str, state: Any) -> str:
    async with database.write() as connection:
        return (await control.set_state(connection, name, state)).state


async def die(database: Database, run_id: str) -> None:
    async with database.write() as connection:
        await connection.execute(delete(tables.runs).where(tables.runs.c.id == run_id))


async def test_a_node_shows_what_it_said_last(database: Database) -> None:
    run_id = await start(database, "fra1", "https://wire.example")
    await give_sign(database, run_id, "fra1", polls=3, streams=1)

    node = await shown(database, "fra1")

    assert (node.state, node.version, node.rules, node.cpus) == ("active", "1.2.0", "0123456789ab", 2)
    assert (node.work, node.address) == ({"polls": 3, "streams": 1}, "http://127.0.0.1:8790")
    assert node.logins == ("https://wire.example",)
    assert node.silent_for < 20


async def test_a_name_belongs_to_one_run_until_that_ends(database: Database) -> None:
    first = await start(database, "fra1")
    async with database.write() as connection:
        second = await runs.start(connection, role="daemon", now=NOON)
        assert await nodes.take_name(connection, second, card("fra1")) is None
        holder = await nodes.holder(connection, "fra1")
        assert holder is not None
        assert holder.id == first
    await die(database, first)

    async with database.write() as connection:
        assert await nodes.take_name(connection, second, card("fra1")) == "active"

    assert await give_sign(database, first, "fra1") == nodes.Sign(state=None)  # the first one was only slow
    assert await give_sign(database, second, "fra1") == nodes.Sign(state="active")


async def test_a_node_whose_run_is_gone_or_silent_is_lost(database: Database) -> None:
    gone, silent = await start(database, "fra1"), await start(database, "fra2")
    await die(database, gone)
    async with database.write() as connection:
        past = await nodes.database_now(connection) - timedelta(seconds=runs.DEAD_AFTER + 1)
        await connection.execute(update(tables.nodes).where(tables.nodes.c.run_id == silent).values(seen_at=past))

    assert [(await shown(database, name)).state for name in ("fra1", "fra2")] == ["lost", "lost"]


async def test_a_node_that_is_drained_stays_so_when_it_is_started_again(database: Database) -> None:
    run_id = await start(database, "fra1")
    assert await ask(database, "fra1", "draining") == "draining"
    assert await give_sign(database, run_id, "fra1") == nodes.Sign(state="draining")
    async with database.write() as connection:
        await nodes.set_drained(connection, run_id, "fra1")
        await nodes.leave(connection, run_id, "fra1")
        await runs.end(connection, run_id)
    assert (await shown(database, "fra1")).state == "drained"

    async with database.write() as connection:
        again = await runs.start(connection, role="daemon", now=NOON)
        assert await nodes.take_name(connection, again, card("fra1")) == "drained"

    assert await ask(database, "fra1", "active") == "active"


async def test_a_node_that_stops_while_it_drains_is_drained(database: Database) -> None:
    run_id = await start(database, "fra1")
    await ask(database, "fra1", "draining")
    async with database.write() as connection:
        await nodes.leave(connection, run_id, "fra1")

    assert (await shown(database, "fra1")).state == "drained"


async def test_a_stopped_node_can_be_drained_and_a_lost_one_cannot(database: Database) -> None:
    stopped, lost = await start(database, "fra1"), await start(database, "fra2")
    async with database.write() as connection:
        await nodes.leave(connection, stopped, "fra1")
    await die(database, lost)

    assert await ask(database, "fra1", "draining") == "drained"
    with pytest.raises(UsageError, match="fra2 is lost"):
        await ask(database, "fra2", "draining")
    with pytest.raises(NotFound, match="no node fra3"):
        await ask(database, "fra3", "draining")


async def test_a_node_that_was_resumed_meanwhile_does_not_become_drained(database: Database) -> None:
    run_id = await start(database, "fra1")
    await ask(database, "fra1", "draining")
    await ask(database, "fra1", "active")

    async with database.write() as connection:
        await nodes.set_drained(connection, run_id, "fra1")

    assert (await shown(database, "fra1")).state == "active"


async def test_only_logins_of_other_nodes_at_work_count(database: Database) -> None:
    await start(database, "fra1", "https://a.example")
    await start(database, "fra2", "https://b.example", "https://c.example")
    drained, lost = (
        await start(database, "fra3", "https://d.example"),
        await start(database, "fra4", "https://e.example"),
    )
    await ask(database, "fra3", "draining")
    await die(database, lost)
    assert drained

    async with database.read() as connection:
        assert await nodes.logins_of_others(connection, "fra1") == (("https://b.example", "https://c.example"),)


async def test_removing_a_node_names_its_sources_until_they_are_moved(database: Database) -> None:
    run_id = await start(database, "fra1")
    await start(database, "fra2")
    async with database.write() as connection:
        await sources.add(connection, "sftp://desk@wire.example/out/", now=NOON, node="fra1")
        with pytest.raises(UsageError, match="node fra1 is active"):
            await control.remove(connection, "fra1", move_to=None, now=NOON)
    await die(database, run_id)
    async with database.write() as connection:
        with pytest.raises(UsageError, match=r"has sources of its own: sftp://wire\.example/out/; move them"):
            await control.remove(connection, "fra1", move_to=None, now=NOON)
        with pytest.raises(NotFound, match="no node fra9"):
            await control.remove(connection, "fra1", move_to="fra9", now=NOON)

        assert await control.remove(connection, "fra1", move_to="fra2", now=NOON) == 1

        with pytest.raises(NotFound, match="no node fra1"):
            await control.find(connection, "fra1")
        assert (await control.find(connection, "fra2")).own_sources == 1


async def test_a_removed_node_that_is_alive_has_no_row(database: Database) -> None:
    run_id = await start(database, "fra1")
    async with database.write() as connection:
        await connection.execute(delete(tables.nodes))

    assert await give_sign(database, run_id, "fra1") is None


async def test_nodes_that_have_been_away_for_a_week_are_forgotten_unless_sources_belong_to_them(
    database: Database,
) -> None:
    for name in ("old", "owner", "drained", "recent"):
        await die(database, await start(database, name))
    living = await start(database, "living")
    async with database.write() as connection:
        past = await nodes.database_now(connection) - nodes.FORGOTTEN_AFTER - timedelta(minutes=1)
        c = tables.nodes.c
        await connection.execute(update(tables.nodes).where(c.name != "recent").values(seen_at=past))
        await connection.execute(update(tables.nodes).where(c.name == "drained").values(state="drained"))
        await sources.add(connection, "https://a.example/", now=NOON, node="owner")
        await nodes.take_name(connection, living, card("living"))
        names = (await connection.execute(tables.nodes.select().order_by(c.name))).all()

    assert [row.name for row in names] == ["drained", "living", "owner", "recent"]


@pytest.mark.parametrize(
    ("version", "least", "is_refused"),
    [("1.2.0", None, False), ("1.2.0", "1.2", False), ("1.10.0", "1.9", False), ("1.9.3", "1.10", True),
     ("2.0.0rc1", "2.0.0", True)],
)  # fmt: skip
async def test_older_releases_do_not_start(
    database: Database, version: str, least: str | None, *, is_refused: bool
) -> None:
    async with database.write() as connection:
        await control.set_min_version(connection, least)
        if not is_refused:
            await control.refuse_older(connection, version)
            return
        with pytest.raises(ConfigError, match=f"this is ingestd {version}, but the database is used by {least}"):
            await control.refuse_older(connection, version)


async def test_what_is_no_version_is_refused(database: Database) -> None:
    async with database.write() as connection:
        with pytest.raises(UsageError, match="'newest' should be a version"):
            await control.set_min_version(connection, "newest")
