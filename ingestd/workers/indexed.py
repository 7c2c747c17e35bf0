"""Job that extracts an article and does what the daemon would have to do else.

It makes the article's entry of the full-text index and the sketch of its text, and compresses the page.  None of them
has a part in the extraction rules, whose digest covers `jobs`.
"""

from dataclasses import replace

from zstandard import ZstdCompressor

from ingestd.likeness.packed_sketch import pack
from ingestd.likeness.sketch import sketch
from ingestd.model.page import Page
from ingestd.policy.articles.index_entry import index_entry
from ingestd.workers import jobs
from ingestd.workers.results import ExtractedArticle, IndexedArticle


def extract(page: Page, level: int | None = None, base: int | None = None) -> IndexedArticle:
    """Extract a page's article, and make its index entry; raises ExtractError.

    Its body is compressed at a `level` of zstd, and the sketch of its text made for a `base`, if they are given.
    """
    found = indexed(jobs.extract(page))
    return replace(
        found,
        frame=None if level is None else ZstdCompressor(level=level).compress(page.body),
        sketch=None if base is None else _packed_sketch(found.extracted.article.body_text, base),
    )


def _packed_sketch(text: str, base: int) -> bytes | None:
    try:
        return pack(sketch(text, base))
    except Exception:  # noqa: BLE001 - the placer makes it again and says what is wrong; the article is kept
        return None


def indexed(extracted: ExtractedArticle) -> IndexedArticle:
    """Return an extracted article with its index entry."""
    article = extracted.article
    return IndexedArticle(extracted=extracted, index=index_entry(article.headline, article.body_text))
