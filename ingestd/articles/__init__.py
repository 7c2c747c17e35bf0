"""A page to an Article: decoded, witnesses heard, body found, cleaned of what is not the story."""

from ingestd.articles import fragments, pages
from ingestd.articles.assemble import Extraction
from ingestd.model.article import Article
from ingestd.model.page import Page

__all__ = ["Extraction", "extract", "read"]


def read(page: Page) -> Extraction:
    """Read the article on a page, or in an entry's own content when `page.fragment` is set.

    Raises NoArticle, with the reason in its message, when there is none: no text, or less than 40 characters
    of it after cleaning.
    """
    return fragments.read(page) if page.fragment else pages.read(page)


def extract(page: Page) -> Article:
    """Return the article on a page, as `read` does."""
    return read(page).article
