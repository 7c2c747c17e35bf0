"""`ingestd.parse`: parse a feed, a sitemap or a wire document."""

import asyncio

from ingestd import formats
from ingestd.library.documents import document_of
from ingestd.model.feed import Feed, with_next_page
from ingestd.model.reply import Reply

#: Where a document came from whose address is unknown, as `ingestd parse` has it.
_UNKNOWN_URL = "http://localhost/"


def parse(document: bytes | str | Reply, *, url: str = "", content_type: str | None = None) -> Feed:
    """Parse a feed, a sitemap or a wire document, as `ingestd parse` does; the format is detected.

    `document` is the document as bytes, gzipped or not, as text, or the reply of `fetch`.
    `url` is where it came from: relative links resolve against it.  A reply has its own, and its Link header may name
    the next page.
    `content_type` is the Content-Type header of bytes; its charset is a hint.

    A wire item has all its fields in `entry.item`, private notes and the status among them: whoever passes it on
    must heed embargoes and kills.

    Raises UnknownFormat if no format recognises the document, ParseError if it is damaged.
    """
    found = document_of(document, url, content_type)
    feed = formats.parse(found.body, url=found.url or _UNKNOWN_URL, content_type=found.content_type)
    return with_next_page(feed, document.next_page) if isinstance(document, Reply) else feed


async def parse_async(document: bytes | str | Reply, *, url: str = "", content_type: str | None = None) -> Feed:
    """Parse a document in a thread, as `parse` does; the event loop runs on meanwhile."""
    return await asyncio.to_thread(parse, document, url=url, content_type=content_type)
