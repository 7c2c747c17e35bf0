"""`ingestd nodes`, as operators use it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.nodes import nodes
from ingestd.store.polls import sources
from ingestd.store.work import runs
from tests.cli.running import ingestd
from tests.store.nodes.test_nodes import card, die, start
from tests.support.outcomes import NOON


@pytest.fixture
def two_nodes(database_url: str) -> None:
    """Two nodes: fra1, to which a folder belongs, is lost; ams1 works."""

    async def work() -> None:
        async with Database(with_async_driver(database_url)) as database:
            lost = await start(database, "fra1")
            await die(database, lost)
            async with database.write() as connection:
                run_id = await runs.start(connection, role="daemon", now=NOON)
                await nodes.take_name(connection, run_id, card("ams1", "https://wire.example"))
                await nodes.give_sign(connection, run_id, "ams1", address="http://127.0.0.1:1", work={"polls": 2})
                await sources.add(connection, "file:///srv/wire/", now=NOON, node="fra1")
                await sources.add(connection, "https://wire.example/", now=NOON)
                await sources.claim_due(connection, run_id, now=NOON, limit=9, node="ams1")

    asyncio.run(work())


def listed(config: Path) -> dict[str, Any]:
    done = ingestd(config, "nodes", "list", "--json")
    assert done.status == 0, done.error
    return {node["name"]: node for node in done.json}


@pytest.mark.usefixtures("two_nodes")
def test_list_shows_states_work_and_what_is_held(either: Path) -> None:
    found = listed(either)

    assert {name: node["state"] for name, node in found.items()} == {"ams1": "active", "fra1": "lost"}
    assert (found["ams1"]["work"], found["ams1"]["claimed_sources"]) == ({"polls": 2}, 1)
    assert (found["fra1"]["own_sources"], found["ams1"]["logins"]) == (1, ["https://wire.example"])
    lines = ingestd(either, "nodes", "list").out.splitlines()
    assert lines[0].split("\t")[:4] == ["name", "state", "version", "seen"]
    assert [line.split("\t")[:2] for line in lines[1:]] == [["ams1", "active"], ["fra1", "lost"]]


@pytest.mark.usefixtures("two_nodes")
def test_a_node_is_drained_and_resumed(either: Path) -> None:
    assert ingestd(either, "nodes", "drain", "ams1").out == "node ams1: draining\n"
    assert listed(either)["ams1"]["state"] == "draining"
    assert ingestd(either, "nodes", "resume", "ams1", "--json").json == {"name": "ams1", "state": "active"}


@pytest.mark.usefixtures("two_nodes")
def test_a_lost_node_is_removed_once_its_sources_are_moved(either: Path) -> None:
    refused = ingestd(either, "nodes", "remove", "fra1")
    assert refused.status == 2
    assert "file:///srv/wire/; move them with --move-to NODE" in refused.error
    assert ingestd(either, "nodes", "remove", "ams1").status == 2

    moved = ingestd(either, "nodes", "remove", "fra1", "--move-to", "ams1")

    assert moved.out == "node fra1: removed, 1 sources moved to ams1\n"
    assert [(name, node["own_sources"]) for name, node in listed(either).items()] == [("ams1", 1)]


@pytest.mark.usefixtures("two_nodes")
def test_older_nodes_at_work_are_named(either: Path) -> None:
    done = ingestd(either, "nodes", "require", "1.3")

    assert (done.out, done.error) == (
        "releases before 1.3 do not start\n", "older nodes are at work until they stop: ams1\n"
    )  # fmt: skip
    assert ingestd(either, "nodes", "require", "newest").status == 2
    assert ingestd(either, "nodes", "require", "any", "--json").json == {"min_version": None, "older": []}


def test_without_nodes_the_list_says_so(either: Path) -> None:
    done = ingestd(either, "nodes", "list")

    assert (done.status, done.error) == (0, "no nodes yet; `ingestd run` starts one\n")
