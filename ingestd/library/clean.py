"""`ingestd.clean`: extract the article of a page."""

import asyncio

from ingestd import articles
from ingestd.library.documents import document_of
from ingestd.model.article import Article
from ingestd.model.page import Page
from ingestd.model.reply import Reply


def clean(page: bytes | str | Reply, *, url: str = "", content_type: str | None = None) -> Article:
    """Extract the article of a web page, as `ingestd clean` does.

    `page` is the page as bytes, as text, or the reply of `fetch`.  Of bytes, the charset is detected.
    `url` is where the page came from: links and the canonical URL resolve against it.  A reply has its own.
    `content_type` is the Content-Type header of bytes; its charset is a hint.

    The page is read in this process, without the limits of time and memory that the daemon has for a page: run
    `ingestd clean` on pages that may be hostile.

    Raises NoArticle, with the reason, if the page has no article.
    """
    document = document_of(page, url, content_type)
    return articles.extract(Page(url=document.url, body=document.body, content_type=document.content_type))


async def clean_async(page: bytes | str | Reply, *, url: str = "", content_type: str | None = None) -> Article:
    """Extract the article of a web page in a thread, as `clean` does; the event loop runs on meanwhile."""
    return await asyncio.to_thread(clean, page, url=url, content_type=content_type)
