"""Job that extracts an article and makes its entry of the full-text index, which the daemon would have to make else.

The entry has no part in the extraction rules, whose digest covers `jobs`.
"""

from ingestd.model.page import Page
from ingestd.policy.articles.search_terms import index_entry
from ingestd.workers import jobs
from ingestd.workers.results import ExtractedArticle, IndexedArticle


def extract(page: Page) -> IndexedArticle:
    """Extract a page's article and make its index entry; raises ExtractError."""
    return indexed(jobs.extract(page))


def indexed(extracted: ExtractedArticle) -> IndexedArticle:
    """Return an extracted article with its index entry."""
    article = extracted.article
    return IndexedArticle(extracted=extracted, index=index_entry(article.headline, article.body_text))
