import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestd.archive.directory import DirectoryArchive
from ingestd.archive.protocol import StoredBody
from ingestd.errors import ArchiveError

ROOT = Path(__file__).parent.parent.parent
BODY = b"<p>" + b"late edition " * 10_000
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

# Runs in a process of its own whose files may not exceed 1 kB.  A file system fails the same way when it is full,
# a quota is used up, or a file is too large for it.
PUT_WITH_FILE_SIZE_LIMIT = """
import asyncio, os, resource, sys
from pathlib import Path
from ingestd.archive.directory import DirectoryArchive
from ingestd.errors import ArchiveError

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    asyncio.run(DirectoryArchive(Path(sys.argv[1])).put(os.urandom(100_000)))
except ArchiveError as error:
    print(error)
"""


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def file_of(root: Path, stored: StoredBody) -> Path:
    return root / stored.sha256[:2] / stored.sha256[2:4] / f"{stored.sha256}.zst"


async def test_get_returns_a_body_exactly_as_put(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path / "not" / "there" / "yet")

    stored = await archive.put(BODY)

    assert await archive.get(stored.sha256) == BODY
    assert 0 < stored.stored_size < stored.size == len(BODY)


async def test_each_body_is_one_file_under_its_hash(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)

    stored = await archive.put(BODY)

    assert files(tmp_path) == [file_of(tmp_path, stored)]
    assert file_of(tmp_path, stored).stat().st_size == stored.stored_size


async def test_a_stored_body_is_not_written_again(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    path = file_of(tmp_path, await archive.put(BODY))
    before = path.stat()

    await archive.put(BODY)

    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


async def test_the_same_body_put_concurrently_is_stored_once(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)

    stored = await asyncio.gather(*(archive.put(BODY) for _ in range(20)))

    assert len(set(stored)) == len(files(tmp_path)) == 1
    assert await archive.get(stored[0].sha256) == BODY


async def test_get_reports_a_missing_body_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"missing: .*/ab/ab/abab"):
        await DirectoryArchive(tmp_path).get("ab" * 32)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:0], id="empty"),
        pytest.param(lambda data: bytes(len(data)), id="zeros"),
        pytest.param(lambda data: data[:-10], id="cut off"),
        pytest.param(lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:], id="one bit"),
        pytest.param(lambda data: data[:5] + b"\xff" * 8 + data[13:], id="an absurd size"),
    ],
)
async def test_get_reports_a_damaged_file(tmp_path: Path, damage: object) -> None:
    archive = DirectoryArchive(tmp_path)
    stored = await archive.put(os.urandom(1000))
    path = file_of(tmp_path, stored)
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(ArchiveError, match=f"damaged: {path}"):
        await archive.get(stored.sha256)


@pytest.mark.parametrize("left", [b"", bytes(500)], ids=["empty", "zeros"])
async def test_put_rewrites_a_file_that_a_loss_of_power_left_without_content(tmp_path: Path, left: bytes) -> None:
    archive = DirectoryArchive(tmp_path)
    stored = await archive.put(BODY)
    file_of(tmp_path, stored).write_bytes(left)

    assert await archive.put(BODY) == stored

    assert await archive.get(stored.sha256) == BODY


async def test_sweep_removes_only_old_temporary_files(tmp_path: Path) -> None:
    archive = DirectoryArchive(tmp_path)
    stored = await archive.put(BODY)
    for name, age in (("old", timedelta(hours=2)), ("young", timedelta(minutes=59))):
        (tmp_path / "tmp" / name).touch()
        os.utime(tmp_path / "tmp" / name, times=((NOON - age).timestamp(),) * 2)
    os.utime(file_of(tmp_path, stored), times=(0, 0))

    assert await archive.sweep(NOON) == 1

    assert files(tmp_path / "tmp") == [tmp_path / "tmp" / "young"]
    assert await archive.get(stored.sha256) == BODY


def test_a_failed_write_reports_the_free_space_and_leaves_no_file(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PUT_WITH_FILE_SIZE_LIMIT, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert finished.stdout.startswith(f"cannot write {tmp_path}/")
    assert "File too large; " in finished.stdout
    assert f"free in {tmp_path}" in finished.stdout
    assert files(tmp_path) == []


async def test_a_root_that_is_a_file_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file")

    with pytest.raises(
        ArchiveError, match=rf"cannot write {tmp_path}/archive/.*: (Not a directory|File exists); .* free"
    ):
        await DirectoryArchive(tmp_path / "archive").put(BODY)
