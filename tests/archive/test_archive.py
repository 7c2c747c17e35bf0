"""What holds for every archive."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from ingestd.archive import Archive
from ingestd.archive.directory import Directory
from ingestd.archive.off import Off
from ingestd.errors import ArchiveError

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["directory", "off"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return Directory(tmp_path) if request.param == "directory" else Off()


@pytest.mark.parametrize("body", [b"", b"<p>late edition", bytes(range(256)) * 1000], ids=["empty", "short", "binary"])
async def test_a_body_is_named_by_the_hash_of_its_bytes(archive: Archive, body: bytes) -> None:
    kept = await archive.put(body)

    assert kept.sha256 == sha256(body).hexdigest()
    assert kept.size == len(body)
    assert await archive.put(body) == kept


@pytest.mark.parametrize("name", ["ab" * 32, "AB" * 32, "", "../../../etc/passwd"])
async def test_what_was_never_put_cannot_be_got(archive: Archive, name: str) -> None:
    with pytest.raises(ArchiveError):
        await archive.get(name)


async def test_a_new_archive_has_nothing_to_sweep(archive: Archive) -> None:
    assert await archive.sweep(NOON) == 0
