"""Signals, kills and full disks while the archive is written: nothing acknowledged is lost or unreadable."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ingestd.archive.directory import DirectoryArchive
from ingestd.errors import ArchiveError
from tests.archive.test_directory import ROOT, body, pack_files
from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.daemon.processes import rows
from tests.erasure.test_job import contents
from tests.support.desk import STORY, page
from tests.support.papers import Papers

# Runs a command in a process that stops at one instant, when it gets there for the n-th time, and either kills itself
# or waits for a signal.  Instants: a part of the records is written; all of them are; they have rows in the index; the
# database is about to commit.
STOPPING = """
import os, signal, sys, time
instant, count, ending = sys.argv[1], int(sys.argv[2]), sys.argv[3]
cuts_body = count % 2
from ingestd.archive import packs
from ingestd.archive.writer import Writer
from ingestd.store.polls import polls

def stop():
    global count
    count -= 1
    if count:
        return
    if ending == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    print("here", flush=True)
    time.sleep(2)

append, write, save_lists = packs.append, Writer.write, polls.save_lists

def in_two_parts(path, records):
    if instant == "half":
        # The body is cut off, or the answer is.
        part = records[0][:-10] if cuts_body else b"".join(records)[:-10]
        with path.open("r+b") as file:
            start = file.seek(0, os.SEEK_END)
            file.write(part)
            file.flush()
            os.fsync(file.fileno())
            stop()
            file.truncate(start)
    positions = append(path, records)
    if instant == "appended":
        stop()
    return positions

def with_rows(self, items, today):
    sizes = write(self, items, today)
    if instant == "indexed":
        stop()
    return sizes

async def before_commit(connection, lists):
    if instant == "committing":
        stop()
    return await save_lists(connection, lists)

packs.append, Writer.write, polls.save_lists = in_two_parts, with_rows, before_commit
sys.argv = ["ingestd", *sys.argv[4:]]
from ingestd.__main__ import main
main()
"""

HTML = "text/html"


def feed(*links: str) -> bytes:
    entries = "".join(f"<entry><id>{link}</id><title>Story</title><link href='{link}'/></entry>" for link in links)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>f</id>{entries}</feed>".encode()


@pytest.fixture
def config(tmp_path: Path, database_url: str, papers: Papers) -> Path:
    """Settings with a source of four stories."""
    config = write_config(tmp_path, database_url)
    links = [papers.publish(f"/{n}", page(f"Story {n}", f"{n}. {STORY}"), content_type=HTML) for n in range(4)]
    source = papers.publish("/feed.xml", feed(*links), content_type="application/atom+xml")
    assert ingestd(config, "sources", "add", source, "--unchecked").status == 0
    return config


def stopping(instant: str, count: int, ending: str, *arguments: str, config: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STOPPING, instant, str(count), ending, *arguments, "--config", str(config)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def is_whole(config: Path, database_url: str) -> None:
    """Finish the work with an undisturbed poll; all documents can be read, and nothing is lost or doubled."""
    root = config.parent / "state" / "archive"
    names = [name for (name,) in rows(database_url, "SELECT sha256 FROM raws")]
    assert asyncio.run(readable(root, names)) == set(names)
    ingestd(config, "poll")

    names = [name for (name,) in rows(database_url, "SELECT sha256 FROM raws")]
    assert asyncio.run(readable(root, names)) == set(names)
    assert len(names) == 5
    assert rows(database_url, "SELECT count(*), count(DISTINCT guid) FROM records") == [(4, 4)]
    assert rows(database_url, "SELECT count(*) - count(story_id), count(*) - max(seq) FROM events") == [(4, 0)]
    assert rows(database_url, "SELECT count(*) FROM entries WHERE state <> 'done'") == [(0,)]
    asyncio.run(DirectoryArchive(root).erase_remains())
    whole = [content for pack in pack_files(root) for content in contents(pack)]
    assert all(not content.startswith(b"IPK1") for content in whole)  # what is left can be decompressed


async def readable(root: Path, names: list[str]) -> set[str]:
    archive, found = DirectoryArchive(root), set()
    for name in names:
        with suppress(ArchiveError):
            await archive.get(name)
            await archive.answers(sha256=name)
            found.add(name)
    return found


# Writes of the process: the robots.txt of the site, the feed, then the pages.
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("instant", ["half", "appended", "indexed"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kill_between_pack_index_and_database(config: Path, database_url: str, instant: str, count: int) -> None:
    killed = stopping(instant, count, "kill", "poll", config=config)
    killed.communicate(timeout=60)

    assert killed.returncode == -signal.SIGKILL
    is_whole(config, database_url)


def test_a_kill_before_the_database_has_the_row_of_a_document(config: Path, database_url: str) -> None:
    killed = stopping("committing", 1, "kill", "poll", config=config)
    killed.communicate(timeout=60)

    assert killed.returncode == -signal.SIGKILL
    assert len(pack_files(config.parent / "state" / "archive", "feed")) == 1
    assert rows(database_url, "SELECT count(*) FROM raws") == [(0,)]
    is_whole(config, database_url)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("instant", ["half", "appended"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sigterm_during_a_write_to_a_pack(config: Path, database_url: str, instant: str, count: int) -> None:
    daemon = stopping(instant, count, "wait", "run", config=config)
    assert daemon.stdout
    assert daemon.stdout.readline() == "here\n"
    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=60)

    assert daemon.returncode == 0, log
    assert "Traceback" not in log
    root = config.parent / "state" / "archive"
    assert asyncio.run(DirectoryArchive(root).erase_remains()) == 0  # the write was finished, not cut off
    is_whole(config, database_url)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "ingestd", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", place], check=True)


async def test_a_disk_that_gets_full_at_any_byte_of_a_write(small_disk: Path) -> None:
    """With from none to 40 pages left, the record fits or not, and its row in the index, or only the record."""
    archive, stored, refused = DirectoryArchive(small_disk / "archive"), [], set()
    filler = small_disk / "filler"
    stored.append((await archive.put(body(0), "page"), body(0)))

    for left in range(40):
        free = os.statvfs(small_disk).f_bfree
        filler.write_bytes(bytes((free - left) * 4096))
        content = os.urandom(20_000) if left % 2 else os.urandom(60_000)
        try:
            stored.append((await archive.put(content, "page"), content))
        except ArchiveError as error:
            refused.add(str(error).partition(" /")[0] + str(error).partition(": ")[2].partition(";")[0])
            assert archive.failing_since
        finally:
            filler.unlink()
        for one, expected in stored:
            assert await archive.get(one.sha256) == expected

    assert len(refused) == 2, refused
    assert 1 < len(stored) < 41
    again = await archive.put(b"again", "page")
    assert archive.failing_since is None
    await archive.erase_remains()
    assert await archive.get(again.sha256) == b"again"
    assert sum(1 for pack in pack_files(small_disk / "archive") for _ in contents(pack)) == len(stored) + 1
