"""Parse feeds, sitemaps and wire items: bytes to `Feed`.

Each module or folder here, except `common/`, is one format.  It exports `FORMAT` and has a line in FORMATS.
"""

from ingestd.errors import ParseError, UnknownFormat
from ingestd.formats import (
    anpa1312,
    ap_media,
    digitalwires,
    iptc7901,
    json_feed,
    newsml_1,
    newsml_g2,
    ninjs,
    nitf,
    sitemap,
    syndication,
)
from ingestd.formats.common.document import document_of
from ingestd.formats.common.format import Format
from ingestd.formats.common.gzipped import inflated
from ingestd.model.feed import Feed

#: Tried in this order: formats that are cheap to recognise and strict come first.
FORMATS: tuple[Format, ...] = (
    newsml_g2.FORMAT,
    newsml_1.FORMAT,
    nitf.FORMAT,
    ap_media.FORMAT,
    digitalwires.FORMAT,
    json_feed.FORMAT,
    ninjs.FORMAT,
    sitemap.FORMAT,
    syndication.FORMAT,
    anpa1312.FORMAT,
    iptc7901.FORMAT,
)


def parse(body: bytes, *, url: str, content_type: str | None = None) -> Feed:
    """Parse a feed, a sitemap or a wire document; the format is detected from its content.

    `body` is the document, gzipped or not.
    `url` is the document's address; relative links resolve against it.
    `content_type` is the header as sent; only its charset is used, as a hint.

    Entries keep the document's order.  Each has its own guid, except that versions of one wire item share theirs.
    All times are in UTC.

    Raises UnknownFormat when no format recognises the document (a web page, an image, an empty body),
    ParseError when the format is known but the document is damaged.
    """
    body = inflated(body)
    if not body or body.isspace():
        raise UnknownFormat("empty body")
    document = document_of(body)
    for candidate in FORMATS:
        if candidate.recognises(document):
            return candidate.parse(document, url, content_type)
    if document.json_error:
        raise ParseError(document.json_error)
    raise UnknownFormat("not a feed, a sitemap or a wire item")
