"""Feeds and wire items: bytes to `Feed`, whichever format they are in."""

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

#: What is read, in the order it is tried: the cheaper and stricter to recognise comes first.
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
    """Read a document that announces entries, in the format that its content shows.

    `body` is the document, gzipped or not; neither the name in `url` nor `content_type` decides on the format.
    `url` is where it was found; relative links resolve against it.
    `content_type` is the header as sent: a hint at the charset.

    Entries keep the document's order, have an identity of their own within it (versions of one wire item share
    theirs), and times in UTC.

    Raises UnknownFormat when nothing we read looks like this (a web page, an image, nothing at all),
    ParseError when it is a format we read, but damaged.
    """
    body = inflated(body)
    if not body or body.isspace():
        raise UnknownFormat("the body is empty")
    document = document_of(body)
    for candidate in FORMATS:
        if candidate.recognises(document):
            return candidate.parse(document, url, content_type)
    if document.broken:
        raise ParseError(document.broken)
    raise UnknownFormat("neither a feed, a sitemap nor a wire item")
