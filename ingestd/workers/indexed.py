"""Job that extracts an article and does what the daemon would have to do else.

It makes the article's entry of the full-text index, and compresses the page.  Neither has a part in the extraction
rules, whose digest covers `jobs`.
"""

from dataclasses import replace

from zstandard import ZstdCompressor

from ingestd.model.page import Page
from ingestd.policy.articles.search_terms import index_entry
from ingestd.workers import jobs
from ingestd.workers.results import ExtractedArticle, IndexedArticle


def extract(page: Page, level: int | None = None) -> IndexedArticle:
    """Extract a page's article, make its index entry, and compress its body at a level of zstd; raises ExtractError."""
    found = indexed(jobs.extract(page))
    return found if level is None else replace(found, frame=ZstdCompressor(level=level).compress(page.body))


def indexed(extracted: ExtractedArticle) -> IndexedArticle:
    """Return an extracted article with its index entry."""
    article = extracted.article
    return IndexedArticle(extracted=extracted, index=index_entry(article.headline, article.body_text))
