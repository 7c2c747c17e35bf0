"""`ingestd db backup`, `db restore` and `db copy`, on a database that polls have filled."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from ingestd.cli.db import progress
from ingestd.model.consumer import FailedMessage
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import failures
from ingestd.store.database import Database
from ingestd.store.schema.tables import installation, runs
from tests.backfill.backfills import atom
from tests.cli.conftest import write_config
from tests.cli.feeds import rss
from tests.cli.running import ingestd
from tests.conftest import LendDatabase
from tests.daemon.processes import Daemon, change, eventually, rows
from tests.support.desk import STORY, page
from tests.support.generated_rows import fill
from tests.support.papers import Papers

#: Kinds of the database that is backed up or copied, and of the other one.
BOTH = pytest.mark.parametrize(
    ("source", "target"),
    [(source, target) for source in ("sqlite", "postgresql") for target in ("sqlite", "postgresql")],
)

RECORDS = (
    "SELECT r.guid, v.headline, v.content_hash FROM records r JOIN revisions v ON v.record_id = r.id ORDER BY r.id"
)


class Installation:
    """Settings of a database and an archive."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.url = database_url
        self.config = write_config(folder, database_url)
        self.archive = folder / "state" / "archive"

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in rows(self.url, query)]

    def epoch(self) -> object:
        return self.rows("SELECT epoch FROM installation")[0][0]

    def documents(self) -> set[str]:
        return {str(sha256) for (sha256,) in self.rows("SELECT sha256 FROM raws WHERE stored_size > 0")}

    async def add_failure(self, message: FailedMessage) -> None:
        async with Database(with_async_driver(self.url)) as database, database.write() as connection:
            await failures.save(connection, [message])

    def poll(self, papers: Papers, last: int) -> None:
        """Poll a feed of the stories 1 to `last`."""
        feed = papers.publish("/feed.xml", rss(1, last), content_type="application/rss+xml")
        ingestd(self.config, "sources", "add", feed)
        done = ingestd(self.config, "poll", "1")
        assert done.status == 0, done.error


Install = Callable[[str, str], Installation]


@pytest.fixture
def install(lend_database: LendDatabase, tmp_path: Path) -> Iterator[Install]:
    """Make an installation with an empty database of a kind, in a folder with a name."""
    with ExitStack() as stack:

        def make(kind: str, name: str) -> Installation:
            folder = tmp_path / name
            folder.mkdir()
            return Installation(folder, stack.enter_context(lend_database(kind, folder)))

        yield make


@BOTH
def test_a_restored_backup_has_all_records_and_documents(
    install: Install, papers: Papers, tmp_path: Path, source: str, target: str
) -> None:
    first, second = install(source, "first"), install(target, "second")
    first.poll(papers, 5)

    done = ingestd(first.config, "db", "backup", tmp_path / "backup")
    assert (done.status, done.error) == (0, "")
    assert done.out.startswith("backed up 5 records, 6 documents ("), done.out
    done = ingestd(second.config, "db", "restore", tmp_path / "backup")

    assert (done.status, done.error) == (0, "")
    assert done.out.startswith("restored 5 records and 6 documents as of "), done.out
    assert second.rows(RECORDS) == first.rows(RECORDS)
    assert second.documents() == first.documents()
    assert second.epoch() != first.epoch()  # consumers with cursors from before must not read on
    found = [ingestd(one.config, "records", "search", "harbour", "--json").json for one in (first, second)]
    assert found[0] == found[1] != []
    second.poll(papers, 7)
    assert len(second.rows(RECORDS)) == 7


@BOTH
def test_consumers_say_what_to_do_after_a_restore_and_tokens_stay_valid(
    install: Install, papers: Papers, tmp_path: Path, source: str, target: str
) -> None:
    first, second = install(source, "first"), install(target, "second")
    first.poll(papers, 3)
    folder = tmp_path / "desk"
    folder.mkdir()
    ingestd(first.config, "consumers", "add", "desk", "--kind", "files", "--set", f"folder={folder}", "--after", "0")
    ingestd(first.config, "consumers", "add", "reader", "--kind", "pull", "--after", "0")
    ingestd(first.config, "tokens", "add", "customer", "--role", "read")
    now = datetime.now(UTC)
    waiting = FailedMessage(
        consumer_id=1, seq=1, record_id=1, state="waiting", attempts=1, first_at=now, last_at=now, next_at=now,
        status=None, error="refused", excerpt=None,
    )  # fmt: skip
    asyncio.run(first.add_failure(waiting))
    assert ingestd(first.config, "db", "backup", tmp_path / "backup").status == 0

    assert ingestd(second.config, "db", "restore", tmp_path / "backup").status == 0

    tokens = "SELECT name, role, sha256 FROM tokens"
    assert second.rows(tokens) == first.rows(tokens) != []
    daemon = Daemon(second.config)
    daemon.logged("consumer stopped")
    assert daemon.end() == 0
    assert list(folder.iterdir()) == []
    desk, _ = ingestd(second.config, "consumers", "list", "--json").json
    assert (desk["state"], desk["cursor"]) == ("expired", 0)
    assert "ingestd consumers seek desk" in desk["reason"]
    refused = ingestd(second.config, "consumers", "resume", "desk")
    assert refused.status == 2
    assert "ingestd consumers seek desk" in refused.error

    for name in ("desk", "reader"):
        assert ingestd(second.config, "consumers", "seek", name, "--after", "0").status == 0
    assert second.rows("SELECT count(*) FROM consumer_failures") == [(0,)]
    daemon = Daemon(second.config)
    eventually(lambda: len(list(folder.iterdir())) == 3, lambda: daemon.lines)
    assert daemon.end() == 0
    states = {one["name"]: one["state"] for one in ingestd(second.config, "consumers", "list", "--json").json}
    assert states == {"desk": "active", "reader": "active"}


def test_a_backup_of_a_running_daemon_is_of_one_moment(
    install: Install, papers: Papers, tmp_path: Path, database_kind: str
) -> None:
    first, second = install(database_kind, "first"), install(database_kind, "second")
    first.poll(papers, 5)
    daemon = Daemon(first.config)
    daemon.logged("started")

    done = ingestd(first.config, "db", "backup", tmp_path / "backup")
    refused = ingestd(first.config, "db", "restore", tmp_path / "backup", "--replace")

    assert daemon.end() == 0
    assert (done.status, done.error) == (0, "")
    assert refused.status == 2
    assert refused.error.startswith("the database is in use by daemon on ")
    assert ingestd(second.config, "db", "restore", tmp_path / "backup").status == 0
    assert second.rows("SELECT count(*) FROM runs") == [(0,)]
    assert second.rows(RECORDS) == first.rows(RECORDS)


def test_a_long_backup_says_how_far_it_is(
    install: Install, papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = install("sqlite", "first"), install("sqlite", "second")
    first.poll(papers, 2)
    monkeypatch.setattr(progress, "INTERVAL", 0)

    backed_up = ingestd(first.config, "db", "backup", tmp_path / "backup")
    restored = ingestd(second.config, "db", "restore", tmp_path / "backup")

    for done in (backed_up, restored):
        assert done.status == 0
        assert "copied 3 documents" in done.error.splitlines()


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
def test_a_database_with_rows_is_replaced_only_on_request(
    install: Install, papers: Papers, tmp_path: Path, database_kind: str
) -> None:
    first, second = install(database_kind, "first"), install(database_kind, "second")
    first.poll(papers, 3)
    ingestd(first.config, "db", "backup", tmp_path / "backup")
    second.poll(papers, 6)

    refused = ingestd(second.config, "db", "restore", tmp_path / "backup")
    assert refused.status == 2
    assert "the database is not empty" in refused.error
    assert len(second.rows(RECORDS)) == 6

    assert ingestd(second.config, "db", "restore", tmp_path / "backup", "--replace").status == 0
    assert second.rows(RECORDS) == first.rows(RECORDS)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def damage_database(backup: Path) -> str:
    with (backup / "ingestd.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"damaged")
    return "its SHA-256 is not that in manifest.json"


def lose_database(backup: Path) -> str:
    (backup / "ingestd.db").unlink()
    return "No such file or directory"


def lose_manifest(backup: Path) -> str:
    (backup / "manifest.json").unlink()
    return "is not a backup: it has no manifest.json"


def write_newer_format(backup: Path) -> str:
    values = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(values | {"format": 9}))
    return "has backup format 9, this program reads format 1"


def write_newer_schema(backup: Path) -> str:
    values = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(values | {"schema": "9999"}))
    return "schema version 9999, which is newer"


def lose_documents(backup: Path) -> str:
    shutil.rmtree(backup / "archive")
    return "the backup is damaged: missing: "


def lose_everything(backup: Path) -> str:
    shutil.rmtree(backup)
    return "does not exist"


@pytest.mark.parametrize(
    "spoil",
    [
        damage_database, lose_database, lose_manifest, write_newer_format, write_newer_schema, lose_documents,
        lose_everything,
    ],
)  # fmt: skip
def test_a_damaged_backup_changes_nothing(
    install: Install, papers: Papers, tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    first, second = install("sqlite", "first"), install("sqlite", "second")
    first.poll(papers, 2)
    second.poll(papers, 3)
    ingestd(first.config, "db", "backup", tmp_path / "backup")
    reason = spoil(tmp_path / "backup")

    done = ingestd(second.config, "db", "restore", tmp_path / "backup", "--replace")

    assert done.status == 1
    assert reason in done.error
    assert len(second.rows(RECORDS)) == 3


def test_an_existing_directory_is_not_overwritten(install: Install, tmp_path: Path) -> None:
    first = install("sqlite", "first")
    (tmp_path / "backup").mkdir()

    done = ingestd(first.config, "db", "backup", tmp_path / "backup")

    assert (done.status, "exists already; name a new directory" in done.error) == (1, True)


def test_a_document_that_the_archive_lost_is_named_in_the_manifest(
    install: Install, papers: Papers, tmp_path: Path
) -> None:
    first, second = install("sqlite", "first"), install("sqlite", "second")
    first.poll(papers, 2)
    documents = first.documents()
    shutil.rmtree(first.archive)

    done = ingestd(first.config, "db", "backup", tmp_path / "backup")

    assert done.status == 0
    assert "3 documents were missing or damaged in the archive; manifest.json lists them" in done.error
    assert json.loads((tmp_path / "backup" / "manifest.json").read_text())["missing"] == sorted(documents)
    assert ingestd(second.config, "db", "restore", tmp_path / "backup").status == 0


@BOTH
def test_a_copy_is_brought_up_to_date_until_a_daemon_uses_it(
    install: Install, papers: Papers, source: str, target: str
) -> None:
    first, second = install(source, "first"), install(target, "second")
    first.poll(papers, 4)

    done = ingestd(first.config, "db", "copy", second.url)
    assert (done.status, done.error) == (0, "")
    assert second.rows(RECORDS) == first.rows(RECORDS)
    assert second.epoch() == first.epoch()  # the log goes on
    first.poll(papers, 6)
    assert ingestd(first.config, "db", "copy", second.url).status == 0
    assert second.rows(RECORDS) == first.rows(RECORDS)
    assert len(second.rows(RECORDS)) == 6

    second.poll(papers, 8)
    refused = ingestd(first.config, "db", "copy", second.url)

    assert (refused.status, "the database is not empty" in refused.error) == (2, True)
    assert len(second.rows(RECORDS)) == 8


def test_an_unfinished_copy_is_not_used(install: Install, papers: Papers) -> None:
    first, second = install("sqlite", "first"), install("sqlite", "second")
    first.poll(papers, 2)
    ingestd(first.config, "db", "copy", second.url)
    change(second.url, "UPDATE installation SET copy_state = 'unfinished'")

    done = ingestd(second.config, "records", "list")

    assert done.status == 1
    assert (
        "the database is an unfinished copy: run the same `ingestd db restore` or `ingestd db copy` again" in done.error
    )
    assert ingestd(first.config, "db", "copy", second.url).status == 0
    assert ingestd(second.config, "records", "list").status == 0


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://127.0.0.1/news", "should be sqlite:///PATH or postgresql://"),
        ("postgresql://nobody:wrong-secret@127.0.0.1:1/news", "127.0.0.1"),
        ("sqlite:////proc/nowhere/ingestd.db", "/proc/nowhere"),
    ],
)
def test_a_target_that_cannot_be_used_is_named(install: Install, url: str, reason: str) -> None:
    done = ingestd(install("sqlite", "first").config, "db", "copy", url)

    assert done.status in (1, 2)
    assert reason in done.error
    assert "wrong-secret" not in done.error
    assert len(done.error.splitlines()) == 1


async def generate(url: str, count: int) -> None:
    async with Database(with_async_driver(url)) as database, database.write() as connection:
        await fill(connection, rows=count)
        await connection.execute(runs.delete())
        # A database has one row of it; of several, PostgreSQL would read any as its data version.
        await connection.execute(delete(installation).where(installation.c.id > 1))
        await connection.execute(update(installation).values(copy_state=None, data_version=1))


def kill_when(command: list[str], condition: Callable[[], bool]) -> None:
    """Run a command as a process and kill it as soon as a condition holds; it must not have ended before."""
    with subprocess.Popen([sys.executable, "-m", "ingestd", *command], stderr=subprocess.PIPE) as process:
        eventually(lambda: process.poll() is not None or condition(), lambda: command)
        process.kill()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_copy_is_continued(install: Install) -> None:
    first, second = install("sqlite", "first"), install("postgresql", "second")
    asyncio.run(generate(first.url, 3000))
    copy = ["db", "copy", second.url, "--config", str(first.config)]

    kill_when(copy, lambda: second.rows("SELECT count(*) FROM entries")[0] > (500,))
    refused = ingestd(second.config, "sources", "list")
    done = ingestd(first.config, "db", "copy", second.url, "--json")

    assert "is an unfinished copy" in refused.error, refused.error
    assert refused.status == 1
    assert done.status == 0
    copied = {one["table"]: one for one in done.json["tables"]}
    assert (copied["entries"]["rows"], copied["entries"]["written"] < 2500) == (3000, True)
    assert all(one["verified"] for one in copied.values())


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
def test_a_killed_backup_is_continued(install: Install, papers: Papers, tmp_path: Path, database_kind: str) -> None:
    first, second = install(database_kind, "first"), install(database_kind, "second")
    first.poll(papers, 200)
    backup = ["db", "backup", str(tmp_path / "backup"), "--config", str(first.config)]

    kill_when(backup, (tmp_path / "backup.partial" / "ingestd.db").exists)
    refused = ingestd(second.config, "db", "restore", tmp_path / "backup.partial")

    assert not (tmp_path / "backup").exists()
    assert (refused.status, "it has no manifest.json" in refused.error) == (1, True)
    assert ingestd(first.config, "db", "backup", tmp_path / "backup").status == 0
    assert not (tmp_path / "backup.partial").exists()
    assert ingestd(second.config, "db", "restore", tmp_path / "backup").status == 0
    assert second.rows(RECORDS) == first.rows(RECORDS)


def test_a_killed_restore_is_repeated(install: Install, tmp_path: Path) -> None:
    first, second = install("sqlite", "first"), install("postgresql", "second")
    asyncio.run(generate(first.url, 3000))
    change(first.url, "UPDATE raws SET stored_size = 0")
    assert ingestd(first.config, "db", "backup", tmp_path / "backup").status == 0
    restore = ["db", "restore", str(tmp_path / "backup"), "--config", str(second.config)]

    kill_when(restore, lambda: second.rows("SELECT count(*) FROM entries")[0] > (500,))
    refused = ingestd(second.config, "sources", "list")

    assert "is an unfinished copy" in refused.error, refused.error
    assert refused.status == 1
    assert ingestd(second.config, "db", "restore", tmp_path / "backup").status == 0
    assert second.rows("SELECT count(*) FROM entries") == [(3000,)]


def test_a_full_disk_is_one_line(install: Install, papers: Papers, tmp_path: Path) -> None:
    first = install("sqlite", "first")
    first.poll(papers, 2)
    # The limit on the size of files stands for a full disk: both fail a write.
    script = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    script += "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)); "
    script += "from ingestd.cli.app import run; sys.argv[0] = 'ingestd'; run()"
    command = [sys.executable, "-c", script, "db", "backup", str(tmp_path / "backup"), "--config", str(first.config)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path / "backup.partial") in done.stderr
    assert not (tmp_path / "backup").exists()


def test_a_restored_archive_has_the_answers_and_the_robots_files(
    install: Install, papers: Papers, tmp_path: Path
) -> None:
    first, second = install("sqlite", "first"), install("sqlite", "second")
    link = papers.publish("/1", page("Ferry", STORY), content_type="text/html")
    papers.publish("/feed.xml", atom(link), content_type="application/atom+xml")
    for path in ("/feed.xml", "/gone.xml"):
        ingestd(first.config, "sources", "add", papers.url(path), "--unchecked")
    ingestd(first.config, "poll")
    asked = [("1",), (papers.url("/feed.xml"),), ("--robots", papers.url("")), (papers.url("/gone.xml"),)]
    done = [ingestd(first.config, "archive", "show", *names, "--json") for names in asked]
    assert [one.error for one in done] == [""] * 4
    shown = [one.json for one in done]
    assert [one["status"] for found in shown for one in found] == [200, 200, 404, 404]

    ingestd(first.config, "db", "backup", tmp_path / "backup")
    for replace in ((), ("--replace",)):  # again, over what is there: nothing is doubled
        assert ingestd(second.config, "db", "restore", tmp_path / "backup", *replace).status == 0

    assert [ingestd(second.config, "archive", "show", *names, "--json").json for names in asked] == shown
    packs = {pack.parent.name for pack in second.archive.glob("packs/*/*.pack")}
    assert packs == {"feed", "page", "robots", "refused"}
