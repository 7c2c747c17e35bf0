import pytest

from ingestd.archive.off import DisabledArchive
from ingestd.errors import ArchiveError


async def test_nothing_is_stored_and_get_says_that_the_archive_is_off() -> None:
    stored = await DisabledArchive().put(b"<p>late edition")

    assert stored.stored_size == 0
    with pytest.raises(ArchiveError, match=f"{stored.sha256}.*the archive is off"):
        await DisabledArchive().get(stored.sha256)
