"""Drop folders on other hosts: read like local ones, and the failures of their servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ingestd.drops.remote import RemoteFolder
from ingestd.pipeline.drop_folder import AFTER_ERROR, AFTER_LOGIN_REFUSED
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.source_rows import source_from_row
from ingestd.store.schema.tables import entries, failures
from ingestd.urls import source_url
from tests.drops.scripted_ftp import scripted_ftp
from tests.support import drop_folders
from tests.support.desk import add, claim_source, open_desk, source_row
from tests.support.drop_folders import DROP_FOLDERS, DropFolder
from tests.support.dropping import item, names, write
from tests.support.loop_clock import LoopClock, until


@pytest.fixture(params=["ftp", "ftps", "sftp"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DropFolder]:
    with DROP_FOLDERS[request.param](tmp_path / "root") as wire:
        yield wire


@pytest.fixture
async def runtime(wire: DropFolder, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with open_desk(f"sqlite:///{tmp_path}/ingestd.db", tmp_path, settle=0, **wire.settings) as runtime:
        yield runtime


@pytest.fixture
async def source(runtime: Runtime, wire: DropFolder) -> int:
    return await add(runtime, source_url(wire.url))


async def poll_folder(runtime: Runtime, source: int) -> PollResult:
    return await runtime.ingest.poll(await claim_source(runtime, source))


async def rows(runtime: Runtime, query: Any) -> Sequence[Any]:
    async with runtime.database.read() as connection:
        return (await connection.execute(query)).all()


def settle(runtime: Runtime, seconds: float) -> None:
    runtime.ingest.timing = type(runtime.ingest.timing)(settle=seconds)


async def test_files_are_committed_and_moved(runtime: Runtime, source: int, wire: DropFolder) -> None:
    write(wire.path, "a.json", item("urn:a"))
    write(wire.path, "a.jpg", b"\xff\xd8")
    write(wire.path, "bad.xml", b"<html>no wire</html>")

    done = await poll_folder(runtime, source)

    row = await source_row(runtime, source)
    assert (done.outcome, len(done.new)) == ("new", 1)
    assert (row.condition, row.run_id, row.last_error) == ("ok", None, None)
    assert names(wire.path) == {"done", "error"}
    assert names(wire.path / "done") == {"a.json", "a.jpg"}
    assert names(wire.path / "error") == {"bad.xml", "bad.xml.reason"}
    [(error, url)] = await rows(runtime, select(failures.c.error, failures.c.url))
    assert error == "UnknownFormat"
    assert url == wire.url.replace(f"{drop_folders.USER}@", "") + "bad.xml"


async def test_a_file_being_written_is_not_read_whatever_its_modification_time(
    runtime: Runtime, source: int, wire: DropFolder
) -> None:
    settle(runtime, 3600)
    write(wire.path, "a.json", item("urn:a")[:40], at=1_000_000_000)

    assert (await poll_folder(runtime, source)).outcome == "unchanged"
    assert "a.json" in names(wire.path)


async def test_polls_are_spaced_by_the_interval_of_the_folder_or_of_the_settings(runtime: Runtime, source: int) -> None:
    await poll_folder(runtime, source)
    row = await source_row(runtime, source)
    assert timedelta(seconds=29) < row.due_at - row.last_polled_at < timedelta(seconds=60)

    async with runtime.database.write() as connection:
        await sources.change(connection, source, interval=300.0)
    await poll_folder(runtime, source)
    row = await source_row(runtime, source)
    assert timedelta(seconds=299) < row.due_at - row.last_polled_at < timedelta(seconds=330)


async def test_after_a_crash_between_commit_and_move_the_same_file_adds_nothing(
    runtime: Runtime, source: int, wire: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def die(*_: object, **__: object) -> bool:
        raise Killed

    write(wire.path, "a.json", item("urn:a"))
    with monkeypatch.context() as patch:
        patch.setattr(RemoteFolder, "move_to", die)
        with pytest.raises(Killed):
            await poll_folder(runtime, source)
    assert "a.json" in names(wire.path)
    async with runtime.database.write() as connection:
        row = await source_row(runtime, source)
        await sources.postpone(connection, source_from_row(row), runtime.run_id, until=row.due_at)

    done = await poll_folder(runtime, source)

    assert (done.outcome, done.listed) == ("known", 1)
    assert names(wire.path / "done") == {"a.json"}
    assert len(await rows(runtime, select(entries.c.id))) == 1


async def test_a_missing_folder_is_a_failure_and_is_retried_after_a_delay(
    runtime: Runtime, source: int, wire: DropFolder
) -> None:
    wire.path.rename(wire.root / "elsewhere")

    await poll_folder(runtime, source)

    row = await source_row(runtime, source)
    assert (row.condition, row.failures) == ("failing", 1)
    assert row.last_error.startswith("Inaccessible: cannot open the folder: ")
    assert row.due_at - row.last_polled_at == timedelta(seconds=AFTER_ERROR)
    (wire.root / "elsewhere").rename(wire.path)
    await poll_folder(runtime, source)
    assert (await source_row(runtime, source)).condition == "ok"


async def test_if_no_file_can_be_moved_none_is_read_repeatedly(runtime: Runtime, source: int, wire: DropFolder) -> None:
    write(wire.path, "done", b"no directory")
    write(wire.path, "a.json", item("urn:a"))

    await poll_folder(runtime, source)

    assert (await source_row(runtime, source)).last_error.startswith("Inaccessible: cannot open the folder: ")
    assert await rows(runtime, select(entries)) == []


@pytest.mark.parametrize("serve", [drop_folders.ftp, drop_folders.sftp])
async def test_after_an_outage_of_the_server_its_files_are_read(serve: Any, tmp_path: Path) -> None:
    with ExitStack() as server:
        wire = server.enter_context(serve(tmp_path / "root"))
        port = int(wire.url.split(":")[2].partition("/")[0])
        async with open_desk(f"sqlite:///{tmp_path}/i.db", tmp_path, settle=0, **wire.settings) as runtime:
            source = await add(runtime, source_url(wire.url))
            await poll_folder(runtime, source)
            server.close()

            done = await poll_folder(runtime, source)

            assert done.failure
            assert (done.failure.error, done.failure.message) == ("Unreachable", "Connection refused")
            assert (await source_row(runtime, source)).condition == "failing"
            again = server.enter_context(serve(tmp_path / "again", port))
            runtime.ingest.folder_poller._folders._known_hosts = "".join(again.known_hosts)
            write(again.path, "a.json", item("urn:a"))
            assert (await poll_folder(runtime, source)).outcome == "new"
            assert (await source_row(runtime, source)).condition == "ok"


@pytest.mark.parametrize("serve", [drop_folders.ftp, drop_folders.sftp])
async def test_a_wrong_password_is_retried_rarely(serve: Any, tmp_path: Path) -> None:
    with serve(tmp_path / "root") as wire:
        logins = tuple(line.replace(drop_folders.PASSWORD, "an0ther") for line in wire.logins)
        async with open_desk(f"sqlite:///{tmp_path}/i.db", tmp_path, **wire.settings | {"logins": logins}) as runtime:
            source = await add(runtime, source_url(wire.url))

            await poll_folder(runtime, source)

            row = await source_row(runtime, source)
        assert row.last_error.startswith("LoginRefused: the server refuses the user desk")
        assert "an0ther" not in row.last_error
        assert row.due_at - row.last_polled_at == timedelta(seconds=AFTER_LOGIN_REFUSED)


async def test_a_server_failure_does_not_count_against_a_file(tmp_path: Path, loop_clock: LoopClock) -> None:
    listed = b"".join(b"type=file;size=1;modify=20260131120000; %b.xml\r\n" % name for name in (b"a", b"b"))
    async with scripted_ftp(data={"MLSD": listed, "RETR": None}) as one:
        url = f"ftp://{drop_folders.HERE}:{one.port}/"
        async with open_desk(f"sqlite:///{tmp_path}/i.db", tmp_path, settle=0, fetch_timeout=60) as runtime:
            source = await add(runtime, source_url(url))
            polling = asyncio.create_task(poll_folder(runtime, source))
            await until(lambda: "RETR a.xml" in one.commands)
            loop_clock.skip(60)
            await polling
            row = await source_row(runtime, source)

    assert row.last_error == "TimedOut: cannot read a.xml: no answer within 60 s"
    assert [command for command in one.commands if command.startswith(("RETR", "RNFR"))] == ["RETR a.xml"]
