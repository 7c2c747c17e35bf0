"""Extract an Article from a Page: decode it, read its witnesses, find its body and remove boilerplate."""

from typing import TYPE_CHECKING

from ingestd.model.article import Article
from ingestd.model.page import Page

if TYPE_CHECKING:
    from ingestd.articles.assemble import ExtractionResult

__all__ = ["extract", "read"]


def read(page: Page) -> "ExtractionResult":
    """Extract the article of a page, or of an entry's own content when `page.fragment` is set, with its evidence.

    Raises NoArticle, with the reason in its message, when there is none: no text, less than 40 characters
    after cleaning, or another page in place of the article, such as an error page.
    """
    # Imported here: the daemon's process asks `agencies` who issues a story, and does without 12 MB of parsers.
    from ingestd.articles import fragments, pages  # noqa: PLC0415

    return fragments.read(page) if page.fragment else pages.read(page)


def extract(page: Page) -> Article:
    """Return the article alone of what `read` returns.  Raises NoArticle, as `read` does."""
    return read(page).article
