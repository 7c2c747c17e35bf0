import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from ingestd.archive import packs
from ingestd.archive.directory import DirectoryArchive
from ingestd.archive.packs import Place
from ingestd.archive.protocol import Kind
from ingestd.errors import ArchiveError
from ingestd.model.answer import Answer

ROOT = Path(__file__).parent.parent.parent
BODY = b"<p>" + b"late edition " * 10_000
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
URL = "https://paper.example/feed.xml"

# Runs in a process of its own whose files may not exceed 80 kB.  A file system fails the same way when it is full,
# a quota is used up, or a file is too large for it.
PUT_WITH_FILE_SIZE_LIMIT = """
import asyncio, os, resource, sys
from pathlib import Path
from ingestd.archive.directory import DirectoryArchive
from ingestd.errors import ArchiveError

async def main():
    archive = DirectoryArchive(Path(sys.argv[1]))
    kept = await archive.put(b"kept")
    resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, -1))
    try:
        await archive.put(os.urandom(100_000))
    except ArchiveError as error:
        print(error)
    assert archive.failing_since
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    again = await archive.put(b"again")
    assert archive.failing_since is None
    assert await archive.get(kept.sha256) == b"kept"
    assert await archive.get(again.sha256) == b"again"

asyncio.run(main())
"""

# Stores bodies from 0 on, as many at once as the second argument says, and prints the number of each when it is stored.
PUT_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from ingestd.archive.directory import DirectoryArchive
from tests.archive.test_directory import body

async def put(archive, number):
    await archive.put(body(number), "feed")
    print(number, flush=True)

async def main():
    archive, first = DirectoryArchive(Path(sys.argv[1])), int(sys.argv[2])
    for start in range(first, first + int(sys.argv[3]), 10):
        await asyncio.gather(*(put(archive, number) for number in range(start, start + 10)))

asyncio.run(main())
"""


def body(number: int) -> bytes:
    return f"{number} ".encode() * 1000


def pack_files(root: Path, kind: str = "*") -> list[Path]:
    return sorted(root.glob(f"packs/{kind}/*.pack"))


def place_of(root: Path, sha256: str) -> Place:
    with closing(sqlite3.connect(root / "index.sqlite")) as connection:
        query = "SELECT path, position, length FROM documents JOIN packs ON packs.id = pack WHERE sha256 = ?"
        path, position, length = connection.execute(query, (bytes.fromhex(sha256),)).fetchone()
    return Place(root / path, position, length)


def make_older(root: Path, days: int, kind: str = "%") -> None:
    """Make packs of a kind some days older."""
    with closing(sqlite3.connect(root / "index.sqlite")) as connection, connection:
        update = "UPDATE packs SET day = date(day, ?) WHERE kind LIKE ?"
        connection.execute(update, (f"-{days} days", kind))


def put_loose(root: Path, content: bytes) -> tuple[str, Path]:
    """Store a body as versions before the packs did."""
    sha256 = packs.sha256(content).hexdigest()
    path = root / sha256[:2] / sha256[2:4] / f"{sha256}.zst"
    path.parent.mkdir(parents=True)
    path.write_bytes(zstandard.ZstdCompressor().compress(content))
    return sha256, path


async def test_get_returns_a_body_exactly_as_put(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path / "not" / "there" / "yet")

    stored = await archive.put(BODY)

    assert await archive.get(stored.sha256) == BODY
    assert 0 < stored.stored_size < stored.size == len(BODY)


async def test_bodies_of_a_kind_and_a_day_share_a_file(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)

    stored = await asyncio.gather(*(archive.put(body(number), "page") for number in range(300)))
    await archive.put(b"<rss>", "feed")

    [page], [feed] = pack_files(tmp_path, "page"), pack_files(tmp_path, "feed")
    assert page.name.startswith(f"{datetime.now(UTC):%Y-%m-%d}-")
    assert page.stat().st_size == sum(one.stored_size for one in stored)
    assert sorted(os.listdir(tmp_path)) == ["index.sqlite", "index.sqlite-journal", "packs"]  # noqa: PTH208
    assert feed.exists()
    assert [await archive.get(one.sha256) for one in stored] == [body(number) for number in range(300)]


async def test_a_stored_body_is_not_written_again(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    await archive.put(BODY)
    [pack] = pack_files(tmp_path)
    before = pack.stat()

    await archive.put(BODY)
    await DirectoryArchive(tmp_path).put(BODY)

    assert [pack] == pack_files(tmp_path)
    assert (pack.stat().st_size, pack.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


async def test_the_same_body_put_concurrently_is_stored_once(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)

    stored = await asyncio.gather(*(archive.put(BODY) for _ in range(20)))

    assert len(set(stored)) == 1
    assert [pack.stat().st_size for pack in pack_files(tmp_path)] == [stored[0].stored_size]
    assert await archive.get(stored[0].sha256) == BODY


async def test_get_reports_a_missing_body_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"missing: .*/ab/ab/abab"):
        await DirectoryArchive(tmp_path).get("ab" * 32)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:0], id="empty"),
        pytest.param(lambda data: bytes(len(data)), id="zeros"),
        pytest.param(lambda data: data[:-10], id="cut off"),
        pytest.param(lambda data: data[:90] + bytes([data[90] ^ 1]) + data[91:], id="one bit"),
        pytest.param(lambda data: data[:57] + b"\xff" * 8 + data[65:], id="an absurd size"),
    ],
)
async def test_get_reports_a_damaged_record(tmp_path: Path, damage: object) -> None:
    archive = DirectoryArchive(tmp_path)
    stored = await archive.put(os.urandom(1000))
    [pack] = pack_files(tmp_path)
    assert callable(damage)
    pack.write_bytes(damage(pack.read_bytes()))

    with pytest.raises(ArchiveError, match=f"damaged: {pack}"):
        await archive.get(stored.sha256)


async def test_files_of_earlier_versions_are_read_not_written_again_and_deleted(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    sha256, path = put_loose(tmp_path, BODY)

    stored = await archive.put(BODY)

    assert (stored.sha256, stored.stored_size) == (sha256, path.stat().st_size)
    assert pack_files(tmp_path) == []
    assert await archive.get(sha256) == BODY
    assert await archive.delete([sha256]) == 1
    assert not path.exists()


@pytest.mark.parametrize("left", [b"", bytes(500)], ids=["empty", "zeros"])
async def test_put_replaces_a_file_that_a_loss_of_power_left_without_content(tmp_path: Path, left: bytes) -> None:
    archive = DirectoryArchive(tmp_path)
    sha256, path = put_loose(tmp_path, BODY)
    path.write_bytes(left)

    await archive.put(BODY)

    assert await archive.get(sha256) == BODY


def test_what_was_acknowledged_is_there_after_kills_and_with_other_writers(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    for attempt in range(3):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", PUT_UNTIL_KILLED, tmp_path, str(first), "100000"],
                cwd=ROOT, stdout=subprocess.PIPE, text=True,
            )
            for first in (attempt * 1_000_000, attempt * 1_000_000 + 500_000)
        ]  # fmt: skip
        for writer in writers:
            assert writer.stdout
            acknowledged += [int(writer.stdout.readline()) for _ in range(40)]
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            assert writer.stdout
            acknowledged += [int(line) for line in writer.stdout.read().splitlines() if line]
            writer.wait(10)
            writer.stdout.close()

    async def check() -> None:
        archive = DirectoryArchive(tmp_path)
        for number in acknowledged:
            assert await archive.get((await archive.put(body(number), "feed")).sha256) == body(number)

    asyncio.run(check())
    assert len(acknowledged) == len(set(acknowledged)) >= 240
    assert len(pack_files(tmp_path, "feed")) == 6  # nothing was written again


async def test_answers_come_back_by_body_and_by_url(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    headers = (("Content-Type", "text/html"), ("tdm-reservation", "1"), ("X-Odd", "\udcff"))
    first = Answer(url=URL, final_url=f"{URL}?2", status=200, reason="OK", headers=headers, fetched_at=NOON)
    second = Answer(url=URL, final_url=URL, status=200, fetched_at=NOON + timedelta(hours=1))

    stored = [await archive.put(BODY, "feed", answer) for answer in (first, second)]

    assert len(set(stored)) == 1
    found = await archive.answers(url=URL)
    assert [one.answer for one in found] == [first, second]
    assert await archive.answers(sha256=stored[0].sha256) == found
    assert await archive.answers(url="https://paper.example/") == []


async def test_a_robots_txt_has_a_history_of_its_changes(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    url = "https://paper.example/robots.txt"
    for day, (status, content) in enumerate([(200, b"a"), (200, b"a"), (404, b""), (200, b"a"), (200, b"b")]):
        answer = Answer(url=url, final_url=url, status=status, fetched_at=NOON + timedelta(days=day))
        await archive.put(content, "robots", answer)
        make_older(tmp_path, 40)

    found = await archive.answers(url=url)

    assert [(one.answer.fetched_at.day, one.answer.status, await archive.get(one.sha256)) for one in found] == [
        (1, 200, b"a"), (3, 404, b""), (4, 200, b"a"), (5, 200, b"b"),
    ]  # fmt: skip


async def test_delete_erases_the_bytes_and_the_answers(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    answer = Answer(url=URL, final_url=URL, status=200, fetched_at=NOON)
    secret = await archive.put(os.urandom(20_000), "page", answer)
    other = await archive.put(b"other", "page")
    place = place_of(tmp_path, secret.sha256)

    assert await archive.delete([secret.sha256, "ab" * 32]) == 1

    data = place.path.read_bytes()
    assert data[place.position : place.position + place.length] == bytes(place.length)
    assert data.count(b"IPK1") == 1
    assert await archive.answers(url=URL) == []
    assert await archive.get(other.sha256) == b"other"
    with pytest.raises(ArchiveError, match="missing"):
        await archive.get(secret.sha256)
    assert await archive.delete([secret.sha256]) == 0


async def test_packs_of_days_before_are_deleted_except_what_was_put_again(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    answer = Answer(url=URL, final_url=URL, status=200, fetched_at=NOON)
    old = await archive.put(b"old", "feed", answer)
    again = await archive.put(b"again", "feed")
    page = await archive.put(b"page", "page")
    make_older(tmp_path, 10)
    archive = DirectoryArchive(tmp_path)
    await archive.put(b"again", "feed")

    assert await archive.delete_before("feed", datetime.now(UTC).date() - timedelta(days=7)) == 1

    assert len(pack_files(tmp_path, "feed")) == 1
    assert [await archive.get(one.sha256) for one in (again, page)] == [b"again", b"page"]
    assert await archive.answers(url=URL) == []
    with pytest.raises(ArchiveError, match="missing"):
        await archive.get(old.sha256)


async def test_trim_deletes_feeds_then_loose_files_then_pages_and_nothing_else(tmp_path: Path) -> None:
    kinds: tuple[Kind, ...] = ("robots", "wire", "page", "feed")
    stored = {kind: await DirectoryArchive(tmp_path).put(os.urandom(400_000), kind) for kind in kinds}
    archive = DirectoryArchive(tmp_path)
    _, path = put_loose(tmp_path, os.urandom(400_000))
    size = sum(usage.size for usage in await archive.usage())
    left = []

    for limit in (size, size - 1, size - 500_000, size - 1_000_000, 0):
        await archive.trim(limit)
        left.append({usage.kind for usage in await archive.usage()} - {"index"})

    assert left == [
        {*kinds, "loose"}, {"robots", "wire", "page", "loose"}, {"robots", "wire", "page"}, {"robots", "wire"},
        {"robots", "wire"},
    ]  # fmt: skip
    assert not path.exists()
    assert len(await archive.get(stored["wire"].sha256)) == 400_000


async def test_usage_counts_documents_and_bytes_on_the_disk(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    stored = [await archive.put(os.urandom(100_000), "page") for _ in range(4)]
    await archive.delete([stored[0].sha256])

    found = {usage.kind: usage for usage in await archive.usage()}

    assert found.keys() == {"page", "index"}
    assert (found["page"].files, found["page"].documents) == (1, 3)
    assert 300_000 <= found["page"].size <= 330_000


async def test_sweep_removes_only_what_no_row_names(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    stored = await archive.put(BODY)
    [pack] = pack_files(tmp_path)
    empty = await DirectoryArchive(tmp_path).put(b"<rss>", "feed")
    await archive.delete([empty.sha256])
    make_older(tmp_path, 1, "feed")
    (tmp_path / "tmp").mkdir()
    for name, age in (("tmp/old", 2.0), ("tmp/young", 0.9), ("packs/page/2026-01-01-aa.pack", 2.0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, times=((datetime.now(UTC) - timedelta(hours=age)).timestamp(),) * 2)
    os.utime(pack, times=(0, 0))

    assert await archive.sweep(datetime.now(UTC)) == 3

    assert pack_files(tmp_path) == [pack]
    assert [path.name for path in (tmp_path / "tmp").iterdir()] == ["young"]
    assert await archive.get(stored.sha256) == BODY


def test_a_failed_write_reports_the_free_space_and_leaves_the_pack_as_it_was(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PUT_WITH_FILE_SIZE_LIMIT, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert finished.stdout.startswith(f"cannot write {tmp_path}")
    assert "File too large; " in finished.stdout
    assert f"free in {tmp_path}" in finished.stdout
    [pack] = pack_files(tmp_path)
    assert pack.stat().st_size < 500


async def test_a_root_that_is_a_file_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file")

    with pytest.raises(ArchiveError, match=rf"cannot write {tmp_path}/archive.*: (Not a dir|File exists).* free"):
        await DirectoryArchive(tmp_path / "archive").put(BODY)


async def test_a_robots_txt_outlives_a_page_with_the_same_bytes(tmp_path: Path) -> None:
    url = "https://paper.example/robots.txt"
    for content in (b"<html>the same page everywhere", b""):
        archive = DirectoryArchive(tmp_path)
        answer = Answer(url=url, final_url=url, status=200, fetched_at=NOON)
        page = await archive.put(content, "page", Answer(url=URL, final_url=URL, status=200, fetched_at=NOON))
        robots = await archive.put(content, "robots", answer)
        await DirectoryArchive(tmp_path).put(content, "page")

        await archive.delete([page.sha256])

        assert page.sha256 == robots.sha256
        assert await archive.get(robots.sha256) == content
        assert await archive.answers(url=URL) == []
        assert (await archive.answers(url=url))[-1].sha256 == robots.sha256


async def test_a_document_is_read_without_this_program_as_the_documentation_says(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path / "archive")
    await archive.put(b"another", "page")
    stored = await archive.put(BODY, "page")
    script = (ROOT / "docs" / "archive.md").read_text().partition("```python\n")[2].partition("```")[0]
    (tmp_path / "read.py").write_text(script)

    command = [sys.executable, "-I", tmp_path / "read.py", tmp_path / "archive", stored.sha256]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=True)

    assert done.stdout == BODY


@pytest.mark.parametrize("replace", [False, True], ids=["removed", "replaced"])
async def test_a_writer_opens_the_index_anew_that_was_removed_or_replaced(tmp_path: Path, replace: bool) -> None:
    root, other = tmp_path / "archive", tmp_path / "other"
    archive = DirectoryArchive(root)
    lost = await archive.put(body(1))
    kept = await DirectoryArchive(other).put(body(2))
    shutil.rmtree(root)
    if replace:
        other.rename(root)

    stored = await archive.put(body(3))

    assert await archive.get(stored.sha256) == body(3)
    assert (await DirectoryArchive(root).get(stored.sha256)) == body(3)
    if replace:
        assert await archive.get(kept.sha256) == body(2)
    with pytest.raises(ArchiveError):
        await archive.get(lost.sha256)


def open_files(root: Path) -> list[Path]:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [path for link in links if (path := link.resolve()).is_relative_to(root)]


async def test_no_file_stays_open_after_the_last_put(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    for puts in (1, 20):
        await asyncio.gather(*(archive.put(body(number)) for number in range(puts)))

    assert open_files(tmp_path) == []


async def test_a_body_that_is_compressed_already_is_stored_as_it_is(tmp_path: Path) -> None:
    archive, frame = DirectoryArchive(tmp_path), zstandard.ZstdCompressor(level=19).compress(BODY)

    stored = await archive.put(BODY, frame=frame)

    assert await archive.get(stored.sha256) == BODY
    assert frame in next(tmp_path.glob("packs/page/*.pack")).read_bytes()  # noqa: ASYNC240 - the only task


async def test_a_frame_of_other_bytes_is_found_out(tmp_path: Path) -> None:
    archive, frame = DirectoryArchive(tmp_path), zstandard.ZstdCompressor().compress(BODY[:-1] + b"!")

    stored = await archive.put(BODY, frame=frame)

    with pytest.raises(ArchiveError, match="damaged"):
        await archive.get(stored.sha256)
