"""The node of a daemon: its name, its sign of life, and the sites that it leaves to others."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from ingestd.daemon.service import Service
from ingestd.errors import ConfigError, OtherEngine
from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.settings import Settings
from ingestd.settings.cluster import host_name
from ingestd.store.nodes import control
from ingestd.store.nodes.listing import list_nodes
from ingestd.store.schema import tables
from tests.support.desk import STORY, add, feed, page
from tests.support.newsroom import Newsroom


def settings(folder: Path, database_url: str, **changes: object) -> Settings:
    values = {"state_dir": folder, "database_url": database_url, "allow_networks": "127.0.0.0/8", "host_delay": 0}
    return Settings(**(values | {"extractors": 1} | changes))  # type: ignore[arg-type]


async def test_further_daemons_on_a_host_get_numbers(database_url: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        for number in range(1, 4):
            runtime = await stack.enter_async_context(
                open_runtime(settings(tmp_path / str(number), database_url), role="daemon")
            )
            assert runtime.node.name == (host_name() if number == 1 else f"{host_name()}-{number}")


async def test_a_name_that_another_daemon_has_is_refused(database_url: str, tmp_path: Path) -> None:
    named = settings(tmp_path, database_url, node="fra1")
    async with open_runtime(named, role="daemon"):
        with pytest.raises(ConfigError, match="another daemon is node fra1: give each daemon a name of its own"):
            async with open_runtime(named, role="daemon"):
                pass
    async with open_runtime(named, role="daemon") as runtime:
        assert runtime.node.name == "fra1"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("first", "second"), [("local", "procrastinate"), ("procrastinate", "local")])
async def test_a_daemon_with_another_engine_is_refused(
    database_url: str, tmp_path: Path, first: str, second: str
) -> None:
    here = settings(tmp_path / "1", database_url, node="fra1", engine=first)
    there = settings(tmp_path / "2", database_url, node="ams1", engine=second)
    async with open_runtime(here, role="daemon") as runtime:
        with pytest.raises(OtherEngine, match=rf'nodes with engine = "{first}" work on this database \(fra1\)'):
            async with open_runtime(there, role="daemon"):
                pass
        async with open_runtime(there, role="poll"):
            pass  # a command works for a moment, with the manners of its settings
        async with runtime.database.read() as connection:
            listed = {node.name: (node.engine, node.runs) for node in await list_nodes(connection)}
        assert listed == {"fra1": (first, True), "ams1": (second, False)}
    async with open_runtime(there, role="daemon") as runtime:
        assert runtime.node.name == "ams1"


async def test_a_command_has_the_name_of_its_host_without_taking_it(database_url: str, tmp_path: Path) -> None:
    named = settings(tmp_path, database_url, node="fra1")
    async with open_runtime(named, role="daemon") as daemon, open_runtime(named, role="poll") as command:
        assert command.node.polls == "fra1"
        assert command.node.announced_name is None
        async with daemon.database.read() as connection:
            assert (await control.find(connection, "fra1")).state == "active"


async def test_a_heartbeat_is_a_sign_of_life_and_reads_what_was_asked(database_url: str, tmp_path: Path) -> None:
    async with open_runtime(settings(tmp_path, database_url, node="fra1"), role="daemon") as runtime:
        runtime.node.work = lambda: {"polls": 7}
        async with runtime.database.write() as connection:
            await control.set_state(connection, "fra1", "draining")

        await runtime.send_heartbeat()

        assert runtime.node.state == "draining"
        assert not runtime.node.takes_work
        async with runtime.database.read() as connection:
            assert (await control.find(connection, "fra1")).work == {"polls": 7}


async def test_a_node_that_was_removed_while_it_lives_announces_itself_again(database_url: str, tmp_path: Path) -> None:
    async with open_runtime(settings(tmp_path, database_url, node="fra1"), role="daemon") as runtime:
        async with runtime.database.write() as connection:
            await connection.execute(delete(tables.nodes))

        await runtime.send_heartbeat()

        async with runtime.database.read() as connection:
            assert (await control.find(connection, "fra1")).state == "active"


async def test_a_node_that_has_lost_its_name_polls_none_of_its_sources(database_url: str, tmp_path: Path) -> None:
    async with open_runtime(settings(tmp_path, database_url, node="fra1"), role="daemon") as runtime:
        async with runtime.database.write() as connection:
            await connection.execute(update(tables.nodes).values(run_id="another run"))

        await runtime.send_heartbeat()

        assert runtime.node.polls is None
        assert runtime.node.takes_work


async def test_a_release_that_is_too_old_does_not_start(database_url: str, tmp_path: Path) -> None:
    wanted = settings(tmp_path, database_url)
    async with open_runtime(wanted, role="daemon") as runtime, runtime.database.write() as connection:
        await control.set_min_version(connection, "99.0")

    with pytest.raises(ConfigError, match=r"is used by 99\.0 or newer only .*: upgrade ingestd on this machine"):
        async with open_runtime(wanted, role="daemon"):
            pass


async def poll_due(runtime: Runtime) -> None:
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).run_until_idle()


async def test_a_site_is_left_to_the_node_that_has_its_login(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    link = newsroom.publish("/story", body=page("Ferry runs again", STORY), content_type="text/html")
    source = newsroom.publish("/feed.xml", body=feed(link))
    login = f"{newsroom.url('/').rstrip('/')} bearer abcdef"
    without = settings(tmp_path / "without", database_url, node="ams1")
    async with open_runtime(without, role="daemon") as runtime:
        async with open_runtime(
            settings(tmp_path / "with", database_url, node="fra1", logins=[login]), role="daemon"
        ) as with_login:
            await runtime.send_heartbeat()
            await add(runtime, source)

            await poll_due(runtime)
            assert newsroom.requests == []
            await poll_due(with_login)
            assert [request.path for request in newsroom.requests if "robots" not in request.path] == [
                "/feed.xml", "/story"
            ]  # fmt: skip

        # It has gone, and without a login it may work as well.
        await runtime.send_heartbeat()
        assert runtime.node.foreign_sites == frozenset()


async def test_entries_of_a_site_are_left_to_the_node_that_has_its_login(
    newsroom: Newsroom, database_url: str, tmp_path: Path
) -> None:
    link = newsroom.publish("/story", body=page("Ferry runs again", STORY), content_type="text/html")
    source = newsroom.publish("/feed.xml", body=feed(link))
    async with open_runtime(settings(tmp_path, database_url, node="ams1"), role="daemon") as runtime:
        await add(runtime, source)
        service = Service(runtime, max_polls=4, max_pages=4, per_site=4)
        await service.engine.run_until_idle(["polls"])
        runtime.node.foreign_sites = frozenset({newsroom.url("/").split("/")[2].split(":")[0]})

        await service.engine.run_until_idle(["pages"])
        assert "/story" not in [request.path for request in newsroom.requests]

        runtime.node.foreign_sites = frozenset()
        await service.engine.run_until_idle(["pages"])
        assert "/story" in [request.path for request in newsroom.requests]
