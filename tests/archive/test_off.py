import pytest

from ingestd.archive.off import Off
from ingestd.errors import ArchiveError


async def test_nothing_is_kept_and_get_says_why() -> None:
    kept = await Off().put(b"<p>late edition")

    assert kept.stored_size == 0
    with pytest.raises(ArchiveError, match=f"{kept.sha256}.*the archive is off"):
        await Off().get(kept.sha256)
