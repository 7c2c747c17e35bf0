"""Compare an article with its record when other rules extracted the record: those of another host or release.

Two texts that different rules extracted may differ although the page did not change.  So the page of the record is
extracted again from the archive, by the rules of the article, and the two results are compared.
"""

from dataclasses import replace
from typing import NamedTuple

from ingestd.archive.protocol import Archive
from ingestd.errors import ArchiveError, ExtractError, WorkerError
from ingestd.model.page import Page
from ingestd.pipeline.read import PLACEHOLDER_URL, read_page
from ingestd.pipeline.retry import Retries
from ingestd.pipeline.site_context import SiteContexts
from ingestd.store.database import Database
from ingestd.store.records import reprocessing
from ingestd.store.records.outcomes import SameText, Saved
from ingestd.store.records.reprocessing import CurrentRevision
from ingestd.store.work.entries import ClaimedEntry
from ingestd.text import fold
from ingestd.urls import site
from ingestd.workers.extractor import Extractor
from ingestd.workers.pool import Pool
from ingestd.workers.results import ExtractedArticle


class StoredPages(NamedTuple):
    """The records and the raw bytes of a database and an archive, and the workers that extract them again."""

    database: Database
    archive: Archive
    pool: Pool
    site_contexts: SiteContexts
    retries: Retries

    async def compared(self, outcome: Saved) -> Saved:
        """Return an outcome compared with the record of its address, which other rules extracted."""
        found = ExtractedArticle(
            article=outcome.article, content_hash=outcome.content_hash, whole_hash=outcome.whole_hash,
            extractor=Extractor(name=outcome.extractor, rules=outcome.rules), block_hashes=outcome.block_hashes,
        )  # fmt: skip
        return replace(outcome, same_text=await self.same_text(outcome.work, found), is_compared=True)

    async def same_text(self, work: ClaimedEntry, found: ExtractedArticle) -> SameText | None:
        """Return the text of an entry's record if other rules extracted it from a page with the text of `found`.

        None as well if the raw bytes cannot be read: then a text that differs counts as changed, so that no change is
        lost.
        """

        async def read() -> CurrentRevision | None:
            async with self.database.read() as connection:
                return await reprocessing.revision_by_other_rules(
                    connection, record_id=work.record_id, uri=found.article.uri, rules=found.extractor.rules
                )

        if work.record_id is None and found.article.uri is None:
            return None
        revision = await self.retries.while_unavailable(read)
        if revision is None:
            return None
        try:
            page = await stored_page(self.archive, self.site_contexts, revision)
            again = await read_page(self.pool, page, fetched_at=revision.bytes_at)
        except (ArchiveError, ExtractError, WorkerError):
            return None
        if not {again.content_hash, again.whole_hash} & {found.content_hash, found.whole_hash}:
            return None
        headline = revision.article.headline
        # `again` has the entry's present title; a title that was announced anew is no work of the rules.
        is_old_title = work.known is not None or fold(work.entry.headline or "") == fold(headline or "")
        by_rules = is_old_title and fold(again.article.headline or "") == fold(found.article.headline or "")
        return SameText(content_hash=revision.content_hash, headline=headline if by_rules else None)


async def stored_page(archive: Archive, site_contexts: SiteContexts, revision: CurrentRevision) -> Page:
    """Return the page of a revision as it was fetched; raises ArchiveError."""
    extraction = revision.extraction
    if extraction.raw is None:
        raise ArchiveError("its raw bytes were not archived")
    body = await archive.get(extraction.raw)
    # Older releases stored no page URL; then use the URL that the page states, or the entry's link.
    url = (
        extraction.page_url or (None if extraction.fragment else revision.uri) or revision.entry.link or PLACEHOLDER_URL
    )
    page = Page(
        url=url, body=body, content_type=extraction.content_type, entry=revision.entry, fragment=extraction.fragment
    )
    # A page without a URL belongs to no site.
    return await site_contexts.add_to(page, "" if url == PLACEHOLDER_URL else site(url))
