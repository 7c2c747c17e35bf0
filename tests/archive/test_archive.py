"""Contract of every archive."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from ingestd.archive.directory import DirectoryArchive
from ingestd.archive.off import DisabledArchive
from ingestd.archive.protocol import Archive
from ingestd.errors import ArchiveError

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["directory", "off"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return DirectoryArchive(tmp_path / "new") if request.param == "directory" else DisabledArchive()


@pytest.mark.parametrize("body", [b"", b"<p>late edition", bytes(range(256)) * 1000], ids=["empty", "short", "binary"])
async def test_a_body_is_named_by_the_hash_of_its_bytes(archive: Archive, body: bytes) -> None:
    stored = await archive.put(body)

    assert stored.sha256 == sha256(body).hexdigest()
    assert stored.size == len(body)
    assert await archive.put(body) == stored


@pytest.mark.parametrize("name", ["ab" * 32, "AB" * 32, "", "../../../etc/passwd"])
async def test_a_body_that_was_never_put_raises_archive_error(archive: Archive, name: str) -> None:
    with pytest.raises(ArchiveError):
        await archive.get(name)


async def test_a_new_archive_has_nothing_to_sweep_to_show_or_to_delete(archive: Archive) -> None:
    assert await archive.sweep(NOON) == 0
    assert await archive.trim(1) == 0
    assert await archive.delete(["ab" * 32]) == 0
    assert await archive.delete_before("feed", NOON.date()) == 0
    assert list(await archive.answers(url="https://paper.example/")) == []
    assert list(await archive.usage()) == []
