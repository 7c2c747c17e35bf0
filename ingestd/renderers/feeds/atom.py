"""Atom 1.0 (RFC 4287) with archives (RFC 5005) and tombstones (RFC 6721)."""

from lxml import etree

from ingestd.model.item import Item
from ingestd.renderers.feeds.document import (
    FeedDocument,
    FeedRenderer,
    Tombstone,
    html_of,
    link_of,
    names_of,
    rights_of,
    topics_of,
)
from ingestd.renderers.identifiers import uri_of
from ingestd.renderers.xml_writer import Element, add, add_if, document, instant

MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_HISTORY = "http://purl.org/syndication/history/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def render(feed: FeedDocument) -> bytes:
    """Return a feed as Atom.

    An id must be a URI (RFC 4287, 4.2.6): a guid that is none becomes a URN.  The feed is its own author, which Atom
    requires where an entry names none.
    """
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM, "at": _TOMBSTONES, "fh": _HISTORY})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", instant(feed.updated))
    _add(_add(root, "author"), "name", feed.title)
    _add(root, "generator", "ingestd")
    if feed.current:
        add(root, f"{{{_HISTORY}}}archive")
    for rel, href in _links(feed):
        _link(root, rel, href, MEDIA_TYPE if rel != "hub" else None)
    # Before the entries: a reader that stops early still learns what it must remove.
    for one in feed.deleted:
        _add_tombstone(root, one)
    for item in feed.items:
        _add_entry(root, item, feed)
    return document(root)


def _links(feed: FeedDocument) -> list[tuple[str, str]]:
    links = (
        ("self", feed.self_url),
        ("hub", feed.hub),
        ("current", feed.current),
        ("prev-archive", feed.prev_archive),
        ("next-archive", feed.next_archive),
    )
    return [(rel, href) for rel, href in links if href]


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    return add(parent, f"{{{_ATOM}}}{name}", text)


def _link(parent: Element, rel: str, href: str, kind: str | None = None) -> None:
    add(parent, f"{{{_ATOM}}}link", rel=rel, href=href, type=kind)


def _add_tombstone(root: Element, one: Tombstone) -> None:
    element = add(root, f"{{{_TOMBSTONES}}}deleted-entry", ref=uri_of(one.guid), when=instant(one.when))
    add_if(element, f"{{{_TOMBSTONES}}}comment", one.comment)


def _add_entry(root: Element, item: Item, feed: FeedDocument) -> None:
    entry = _add(root, "entry")
    if item.language:
        entry.set(_LANG, item.language)
    _add(entry, "id", uri_of(item.guid))
    _add(entry, "title", item.headline)
    if item.firstcreated:
        _add(entry, "published", instant(item.firstcreated))
    _add(entry, "updated", instant(item.versioncreated or item.firstcreated or feed.updated))
    for name in names_of(item):
        _add(_add(entry, "author"), "name", name)
    if link := link_of(item):
        _link(entry, "alternate", link, "text/html")
    for topic in topics_of(item):
        add(entry, f"{{{_ATOM}}}category", term=topic)
    if item.description_text:
        _add(entry, "summary", item.description_text)
    if html := html_of(item):
        _add(entry, "content", html).set("type", "html")
    if rights := rights_of(item):
        _add(entry, "rights", rights)


RENDERER = FeedRenderer(name="atom", media_type=MEDIA_TYPE, render=render)
