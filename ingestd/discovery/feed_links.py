"""Find the feeds that a page links to (HTML Standard, 4.6.7.1: link type "alternate"), or a Link header (4.2.4.5)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from lxml import etree
from lxml import html as lxml_html

from ingestd import urls
from ingestd.model.typed_url import with_scheme
from ingestd.text import collapse

#: A link of a response's Link header: absolute URL, relations in lower case, media type, title.
AnnouncedLink = tuple[str, tuple[str, ...], str | None, str | None]

#: Feeds per page; a page with more is a directory of feeds.
MAX_FEEDS = 100
#: Characters of a title.
MAX_TITLE = 500

_TYPES = frozenset(
    (
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/x.atom+xml",
        "application/rss",
        "application/rss xml",
        "text/rss",
        "text/rss+xml",
        "text/atom+xml",
    )
)
#: Media types of documents that may be feeds: their path decides.
_GENERIC_TYPES = frozenset(("", "text/xml", "application/xml", "application/json"))
# Usual paths of feeds: /feed/, /news/rss, /index.xml, /latest.atom.
_FEED_PATH = re.compile(
    r"(^|/)(feeds?|rss2?|atom)/?$|(^|/)(feed|rss2?|atom)\.(xml|json|php|aspx?)$|(^|/)index\.xml$|\.(rss|atom|rdf)$"
    r"|(^|/)(feeds?|rss2?|rssfeeds?|atom)/[^?]*\.xml$|\.(rss2?|atom)\.xml$|(^|/)syndication\.axd$",
    re.IGNORECASE,
)
#: Queries of usual feeds: WordPress without pretty addresses.
_FEED_QUERY = re.compile(
    r"(^|&)(feed=(rss2?|atom|rdf)|format=(feed|rss|atom|xml)|type=(rss|atom)|rss=1)(&|$)", re.IGNORECASE
)
#: Hosts that serve nothing but feeds.
_FEED_HOST = re.compile(r"(feeds?|rss)\d?\.", re.IGNORECASE)
_READER = re.compile(r"\s*feeds?:", re.IGNORECASE)
# The content of a refresh (HTML Standard, 4.2.5.3).
_REFRESH = re.compile(r"\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?[\"']?(?P<url>[^\"'\s]+)[\"']?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that a page links to; it has not been fetched yet."""

    #: Absolute.
    url: str
    title: str | None = None
    #: The media type as announced, without parameters; None for a feed recognised by its path only.
    type: str | None = None


def feed_links(
    body: bytes, *, url: str, content_type: str | None = None, announced: Iterable[AnnouncedLink] = ()
) -> tuple[FoundFeed, ...]:
    """Return the feeds that a page links to, in its order, each URL once, at most MAX_FEEDS.

    `body` is the page, `url` its address, `content_type` the header as sent, used for the charset.
    Links resolve against a `base` element.  The links `announced` by its response come first and count like `link`
    elements.  If neither announces a feed, `a` elements and a refresh are searched for usual paths of feeds.  Never
    raises; a body that is not HTML has no links.
    """
    feeds = [*_feeds_in(announced)]
    root = _root(body, content_type)
    if root is not None:
        base = next((urls.resolve(url, element.get("href")) for element in root.iter("base")), None) or url
        feeds += _feeds_in(_link_elements(root, base))
        feeds = feeds or [*_feeds_by_path(root, base)]
    found: dict[str, FoundFeed] = {}
    for feed in feeds:
        found.setdefault(feed.url, feed)
    return tuple(found.values())[:MAX_FEEDS]


def _root(body: bytes, content_type: str | None) -> etree._Element | None:
    try:
        return lxml_html.document_fromstring(body, parser=_parser(content_type))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None


def _parser(content_type: str | None) -> lxml_html.HTMLParser:
    header = Message()
    header["Content-Type"] = content_type or ""
    try:
        return lxml_html.HTMLParser(encoding=header.get_content_charset())
    except (LookupError, ValueError):
        return lxml_html.HTMLParser()  # unknown charset: the page's own declaration counts


def _link_elements(root: etree._Element, base: str) -> Iterator[AnnouncedLink]:
    for element in root.iter("link"):
        relations = tuple((element.get("rel") or "").lower().split())
        yield _resolved(base, element.get("href")) or "", relations, element.get("type"), element.get("title")


def _feeds_in(links: Iterable[AnnouncedLink]) -> Iterator[FoundFeed]:
    for href, relations, announced_type, title in links:
        kind = (announced_type or "").partition(";")[0].strip().lower()
        address = urls.resolve("", href)
        is_feed = kind in _TYPES or (kind in _GENERIC_TYPES and address is not None and _looks_like_feed(address))
        if address and ("feed" in relations or ("alternate" in relations and is_feed)):
            yield FoundFeed(url=address, title=_title(title), type=kind or None)


def _feeds_by_path(root: etree._Element, base: str) -> Iterator[FoundFeed]:
    """Yield what looks like a feed by its path: where the page refreshes to, and where its anchors lead."""
    for element in root.iter("meta"):
        target = _REFRESH.fullmatch(element.get("content") or "")
        if (element.get("http-equiv") or "").lower() == "refresh" and target:
            address = _resolved(base, target["url"])
            # A page that only leads on, to a host of feeds, has no other purpose.
            if address and (_looks_like_feed(address) or _FEED_HOST.match(urlsplit(address).netloc)):
                yield FoundFeed(url=address)
    for element in root.iter("a"):
        href = element.get("href")
        address = _resolved(base, href)
        if address and (_looks_like_feed(address) or address != urls.resolve(base, href)):
            yield FoundFeed(url=address, title=_title(element.get("title") or "".join(element.itertext())))


def _resolved(base: str, href: str | None) -> str | None:
    """Return the URL of a link, which may open a feed reader: "feed:https://paper.example/rss"."""
    # A path may have a dot, and is no host then.
    return urls.resolve(base, with_scheme(href.strip()) if href and _READER.match(href) else href)


def _looks_like_feed(address: str) -> bool:
    parts = urlsplit(address)
    return bool(_FEED_PATH.search(parts.path) or _FEED_QUERY.search(parts.query))


def _title(text: str | None) -> str | None:
    return collapse(text)[:MAX_TITLE] or None
