"""Which documents of the archive an erasure finds."""

from pathlib import Path

import pytest

from ingestd.archive.directory import DirectoryArchive
from ingestd.erasure.documents import find_documents
from ingestd.pipeline.subjects import of_site
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records.purge import Purgeable


@pytest.mark.parametrize("earlier", ["paper.ai.id", "ai.id", "desk.paper.ai.id"])
async def test_sitemaps_are_found_that_were_stored_by_another_list_of_public_suffixes(
    database_url: str, tmp_path: Path, earlier: str
) -> None:
    archive = DirectoryArchive(tmp_path / "archive")
    sitemap = await archive.put(b"<urlset/>", "feed", subjects=[of_site(earlier)])
    await archive.put(b"<urlset></urlset>", "feed", subjects=[of_site("other.ai.id")])
    story = Purgeable(
        record_ids=(1,), revisions=1, entry_ids=(1,), items=(), sources={}, urls=("https://desk.paper.ai.id/1",),
        documents=(), listings=(),
    )  # fmt: skip

    async with Database(with_async_driver(database_url)) as database:
        assert await find_documents(database, archive, story) == {sitemap.sha256}
