"""Drop folders: files are read in order, committed before they are moved, and never stored twice."""

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from sqlalchemy import select

from ingestd.daemon.service import Service
from ingestd.drops.local import LocalFolder
from ingestd.pipeline.drop_folder import AFTER_ERROR, INTERVAL
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import gaps, sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.source_rows import source_from_row
from ingestd.store.schema.tables import entries, failures, polls, revisions
from ingestd.urls import source_url
from tests.support.agency import ninjs
from tests.support.desk import OTHER, add, claim_source, source_row
from tests.support.dropping import drop, item, names, write

LONG_AGO = 1_000_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "wire")


def make_folder(path: Path) -> Path:
    path.mkdir()
    return path


def remove(path: Path) -> None:
    path.rmdir()


@pytest.fixture
async def source(runtime: Runtime, path: Path) -> int:
    return await add(runtime, source_url(str(path)))


async def poll_folder(runtime: Runtime, source: int) -> PollResult:
    return await runtime.ingest.poll(await claim_source(runtime, source))


def note_arrivals(runtime: Runtime, source: int, *paths: Path) -> None:
    """Note files as moved into the folder, as the watch would."""
    for path in paths:
        runtime.ingest.folder_poller.note_arrival(source, path.name)


async def process_entries(runtime: Runtime) -> None:
    await Service(runtime, max_polls=1, max_pages=1, per_site=1).engine.run_until_idle(["pages"])


async def rows(runtime: Runtime, query: Any) -> Sequence[Any]:
    async with runtime.database.read() as connection:
        return (await connection.execute(query)).all()


async def test_waiting_files_share_a_commit(runtime: Runtime, source: int, path: Path) -> None:
    for n in range(30):
        body = b"<html><p>no wire</p></html>" if n == 7 else item(f"urn:{n}", text=f"{n}. {OTHER}")
        note_arrivals(runtime, source, write(path, f"{n:02}.json", body, at=LONG_AGO + n))

    done = await poll_folder(runtime, source)

    assert (done.listed, len(done.new)) == (29, 29)
    assert (len(names(path / "done")), names(path / "error")) == (29, {"07.json", "07.json.reason"})
    assert len(await rows(runtime, select(polls.c.at).distinct())) == 2  # twenty, and ten
    assert [row.guid for row in await rows(runtime, select(entries.c.guid).order_by(entries.c.id))] == [
        f"urn:{n}" for n in range(30) if n != 7
    ]


async def test_a_file_becomes_a_record_and_is_moved(runtime: Runtime, source: int, path: Path) -> None:
    note_arrivals(runtime, source, drop(path, "a.json", item("urn:a")))

    done = await poll_folder(runtime, source)
    await process_entries(runtime)

    row = await source_row(runtime, source)
    assert (done.outcome, done.listed, len(done.new)) == ("new", 1, 1)
    assert (names(path), names(path / "done")) == ({"done", "error"}, {"a.json"})
    assert (row.run_id, row.condition, row.failures, row.last_error) == (None, "ok", 0, None)
    assert [found.headline for found in await rows(runtime, select(revisions.c.headline))] == ["Ferry returns"]
    assert await rows(runtime, select(polls.c.outcome, polls.c.added, polls.c.changed)) == [("pushed", 1, 0)]


async def test_a_file_is_not_read_while_it_is_being_written(runtime: Runtime, source: int, path: Path) -> None:
    body = item("urn:a")
    write(path, "a.json", body[:40])

    first = await poll_folder(runtime, source)
    write(path, "a.json", body)
    second = await poll_folder(runtime, source)

    row = await source_row(runtime, source)
    assert (first.outcome, second.outcome) == ("unchanged", "unchanged")
    assert "a.json" in names(path)
    assert row.due_at - row.last_polled_at < timedelta(seconds=INTERVAL)
    assert await rows(runtime, select(polls)) == []


async def test_a_file_that_stays_unchanged_is_complete(runtime: Runtime, source: int, path: Path) -> None:
    runtime.ingest.timing = type(runtime.ingest.timing)(settle=0.0)
    write(path, "a.json", item("urn:a"))

    assert (await poll_folder(runtime, source)).outcome == "new"


async def test_an_old_file_is_complete_at_first_sight(
    runtime: Runtime, source: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, "a.json", item("urn:a"))
    monkeypatch.setattr("ingestd.pipeline.folder_state._OLD_NANOSECONDS", -1)

    assert (await poll_folder(runtime, source)).outcome == "unchanged"  # unchanged for less than `settle`
    monkeypatch.setattr("ingestd.pipeline.folder_state.time_ns", lambda: (path / "a.json").stat().st_ctime_ns + 10**10)
    assert (await poll_folder(runtime, source)).outcome == "new"


async def test_corrections_follow_what_they_correct(runtime: Runtime, source: int, path: Path) -> None:
    second = write(path, "a.json", item("urn:a", "Ferry sinks, in a puddle", text=OTHER), at=LONG_AGO + 1)
    first = write(path, "b.json", item("urn:a", "Ferry sinks"), at=LONG_AGO)
    note_arrivals(runtime, source, first, second)

    done = await poll_folder(runtime, source)

    assert (len(done.new), len(done.changed)) == (1, 1)
    [found] = await rows(runtime, select(entries.c.announced))
    assert found.announced["headline"] == "Ferry sinks, in a puddle"


async def test_after_a_crash_between_commit_and_move_the_same_file_adds_nothing(
    runtime: Runtime, source: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def die(*_: object, **__: object) -> bool:
        raise Killed

    note_arrivals(runtime, source, drop(path, "a.json", item("urn:a")))
    with monkeypatch.context() as patch:
        patch.setattr(LocalFolder, "move_to", die)
        with pytest.raises(Killed):
            await poll_folder(runtime, source)
    assert "a.json" in names(path)
    await process_entries(runtime)
    async with runtime.database.write() as connection:
        row = await source_row(runtime, source)
        await sources.postpone(connection, source_from_row(row), runtime.run_id, until=row.due_at)

    note_arrivals(runtime, source, path / "a.json")
    done = await poll_folder(runtime, source)
    await process_entries(runtime)

    assert (done.outcome, done.listed) == ("known", 1)
    assert names(path / "done") == {"a.json"}
    assert len(await rows(runtime, select(revisions.c.id))) == len(await rows(runtime, select(entries.c.id))) == 1


async def test_an_unreadable_file_does_not_affect_the_others(runtime: Runtime, source: int, path: Path) -> None:
    bad = write(path, "bad.xml", b"<html>no wire</html>", at=LONG_AGO)
    huge = write(path, "huge.xml", b" " * (runtime.max_body + 1), at=LONG_AGO)
    note_arrivals(runtime, source, bad, huge, drop(path, "good.json", item("urn:a")))

    done = await poll_folder(runtime, source)

    row = await source_row(runtime, source)
    assert (done.outcome, len(done.new)) == ("new", 1)
    assert (row.condition, row.failures) == ("ok", 0)
    assert names(path / "done") == {"good.json"}
    assert names(path / "error") == {"bad.xml", "bad.xml.reason", "huge.xml", "huge.xml.reason"}
    assert (path / "error/bad.xml.reason").read_text().startswith("UnknownFormat: ")
    found = await rows(runtime, select(failures.c.error, failures.c.url, failures.c.source_id).order_by(failures.c.id))
    assert found == [
        ("UnknownFormat", (path / "bad.xml").as_uri(), source),
        ("TooLarge", (path / "huge.xml").as_uri(), source),
    ]


async def test_media_are_moved_together_with_their_item(runtime: Runtime, source: int, path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        write(path, name, b"\xff\xd8")
    note_arrivals(runtime, source, path / "a.jpg", path / "b.jpg", drop(path, "a.json", item("urn:a")))

    await poll_folder(runtime, source)

    assert names(path) == {"b.jpg", "done", "error"}
    assert names(path / "done") == {"a.json", "a.jpg"}


def last_byte(href: str) -> int:
    return Path(unquote(urlsplit(href).path)).read_bytes()[-1]


async def test_media_beside_a_wire_item_are_its_associations(runtime: Runtime, source: int, path: Path) -> None:
    for turn in (1, 2):  # the second picture of the same name is renamed in done/
        write(path, "a.jpg", b"\xff\xd8" + bytes([turn]))
        document = json.dumps(ninjs(f"urn:newsml:a.example:{turn}")).encode()
        note_arrivals(runtime, source, path / "a.jpg", drop(path, "a.json", document))
        await poll_folder(runtime, source)

    found = await rows(runtime, select(revisions.c.item).order_by(revisions.c.id))
    hrefs = [item["associations"][0]["renditions"][0]["href"] for (item,) in found]
    assert [item["associations"][0]["type"] for (item,) in found] == ["picture", "picture"]
    assert [last_byte(href) for href in hrefs] == [1, 2]


async def test_a_missing_folder_is_a_failure_and_is_retried_after_a_delay(
    runtime: Runtime, source: int, path: Path
) -> None:
    remove(path)

    await poll_folder(runtime, source)

    row = await source_row(runtime, source)
    assert (row.condition, row.failures) == ("failing", 1)
    assert row.last_error.startswith("Inaccessible: cannot open the folder: No such file")
    assert row.due_at - row.last_polled_at == timedelta(seconds=AFTER_ERROR)
    async with runtime.database.write() as connection:
        assert await sources.make_due(connection, [source], now=row.last_polled_at) == set()
    assert (await source_row(runtime, source)).due_at == row.due_at

    make_folder(path)
    await poll_folder(runtime, source)
    assert (await source_row(runtime, source)).condition == "ok"


async def test_a_file_that_cannot_be_moved_is_reported_and_the_others_are_read(
    runtime: Runtime, source: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def refuse(name: str, *rest: Any, **more: Any) -> None:
        if name == "a.json":
            raise PermissionError(1, "Operation not permitted")
        rename(name, *rest, **more)

    monkeypatch.setattr(os, "rename", refuse)
    files = [drop(path, "a.json", item("urn:a")), drop(path, "b.json", item("urn:b"))]
    note_arrivals(runtime, source, *files)

    done = await poll_folder(runtime, source)

    row = await source_row(runtime, source)
    assert (done.outcome, len(done.new)) == ("failed", 2)
    assert row.last_error == "Inaccessible: cannot move a.json to done/: Operation not permitted"
    assert (names(path), names(path / "done")) == ({"a.json", "done", "error"}, {"b.json"})
    # It is read again, after all others, and adds nothing.
    monkeypatch.undo()
    note_arrivals(runtime, source, *files[:1])
    assert (await poll_folder(runtime, source)).outcome == "known"
    assert (await source_row(runtime, source)).condition == "ok"


async def test_without_permission_to_write_nothing_is_read(
    runtime: Runtime, source: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write anywhere, whatever the mode.
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    note_arrivals(runtime, source, drop(path, "a.json", item("urn:a")))

    await poll_folder(runtime, source)

    assert (
        "no permission to write, which is needed to move files to done/"
        in (await source_row(runtime, source)).last_error
    )
    assert await rows(runtime, select(entries)) == []


async def test_a_poll_reads_a_limited_number_of_files(
    runtime: Runtime, source: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.pipeline.drop_folder.MAX_FILES", 2)
    note_arrivals(runtime, source, *(drop(path, f"{n}.json", item(f"urn:{n}")) for n in range(5)))

    assert [(await poll_folder(runtime, source)).listed for _ in range(4)] == [2, 2, 1, None]


async def test_polls_of_a_folder_open_no_gaps(runtime: Runtime, source: int, path: Path) -> None:
    await poll_folder(runtime, source)
    first = (await source_row(runtime, source)).last_success_at
    for n in range(2):  # consecutive polls have no entry in common
        note_arrivals(runtime, source, drop(path, f"{n}.json", item(f"urn:{n}")))
        await poll_folder(runtime, source)

    last = (await source_row(runtime, source)).last_success_at
    async with runtime.database.read() as connection:
        [found] = await gaps.coverage(connection, source, since=None, until=None)
    assert (found["complete_from"], found["complete_until"], found["gaps"]) == (first, last, [])
