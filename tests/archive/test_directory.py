import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestd.archive import Kept
from ingestd.archive.directory import Directory
from ingestd.errors import ArchiveError

ROOT = Path(__file__).parent.parent.parent
BODY = b"<p>" + b"late edition " * 10_000
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

# Runs in a process of its own: nothing it writes may become larger than 1 kB. A file system gives the
# same kind of answer when it is full, a quota is used up, or a file is too large for it.
AT_A_LIMIT = """
import asyncio, os, resource, sys
from pathlib import Path
from ingestd.archive.directory import Directory
from ingestd.errors import ArchiveError

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    asyncio.run(Directory(Path(sys.argv[1])).put(os.urandom(100_000)))
except ArchiveError as error:
    print(error)
"""


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def kept_file(root: Path, kept: Kept) -> Path:
    return root / kept.sha256[:2] / kept.sha256[2:4] / f"{kept.sha256}.zst"


async def test_a_body_comes_back_as_it_was_put(tmp_path: Path) -> None:
    archive = Directory(tmp_path / "not" / "there" / "yet")

    kept = await archive.put(BODY)

    assert await archive.get(kept.sha256) == BODY
    assert 0 < kept.stored_size < kept.size == len(BODY)


async def test_each_body_is_one_file_under_its_hash(tmp_path: Path) -> None:
    archive = Directory(tmp_path)

    kept = await archive.put(BODY)

    assert files(tmp_path) == [kept_file(tmp_path, kept)]
    assert kept_file(tmp_path, kept).stat().st_size == kept.stored_size


async def test_a_body_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    archive = Directory(tmp_path)
    path = kept_file(tmp_path, await archive.put(BODY))
    before = path.stat()

    await archive.put(BODY)

    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


async def test_the_same_body_put_many_times_at_once_is_kept_once(tmp_path: Path) -> None:
    archive = Directory(tmp_path)

    kept = await asyncio.gather(*(archive.put(BODY) for _ in range(20)))

    assert len(set(kept)) == len(files(tmp_path)) == 1
    assert await archive.get(kept[0].sha256) == BODY


async def test_what_was_never_put_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"missing: .*/ab/ab/abab"):
        await Directory(tmp_path).get("ab" * 32)


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
async def test_a_damaged_file_is_found_when_it_is_read(tmp_path: Path, damage: object) -> None:
    archive = Directory(tmp_path)
    kept = await archive.put(os.urandom(1000))
    path = kept_file(tmp_path, kept)
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(ArchiveError, match=f"damaged: {path}"):
        await archive.get(kept.sha256)


@pytest.mark.parametrize("left", [b"", bytes(500)], ids=["empty", "zeros"])
async def test_a_file_that_a_loss_of_power_left_without_content_is_written_anew(tmp_path: Path, left: bytes) -> None:
    archive = Directory(tmp_path)
    kept = await archive.put(BODY)
    kept_file(tmp_path, kept).write_bytes(left)

    assert await archive.put(BODY) == kept

    assert await archive.get(kept.sha256) == BODY


async def test_only_old_unfinished_files_are_swept(tmp_path: Path) -> None:
    archive = Directory(tmp_path)
    kept = await archive.put(BODY)
    for name, age in (("old", timedelta(hours=2)), ("young", timedelta(minutes=59))):
        (tmp_path / "tmp" / name).touch()
        os.utime(tmp_path / "tmp" / name, times=((NOON - age).timestamp(),) * 2)
    os.utime(kept_file(tmp_path, kept), times=(0, 0))

    assert await archive.sweep(NOON) == 1

    assert files(tmp_path / "tmp") == [tmp_path / "tmp" / "young"]
    assert await archive.get(kept.sha256) == BODY


def test_a_write_that_fails_half_way_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", AT_A_LIMIT, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    assert finished.stdout.startswith(f"cannot keep {tmp_path}/")
    assert "File too large; " in finished.stdout
    assert f"free in {tmp_path}" in finished.stdout
    assert files(tmp_path) == []


async def test_a_root_that_is_no_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file")

    with pytest.raises(
        ArchiveError, match=rf"cannot keep {tmp_path}/archive/.*: (Not a directory|File exists); .* free"
    ):
        await Directory(tmp_path / "archive").put(BODY)
