"""Links of a feed and its entries: pages, enclosures, and those that relate a feed to others."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from ingestd.formats.common import fields
from ingestd.formats.syndication.raw import MARKUP_TYPES, Raw, elements_in, media_type, string_in

#: Links with their relations, in the document's order.
Links: TypeAlias = Sequence[tuple[str, Raw]]

#: Media types of an alternate link that leads to no page.
_NO_PAGE = re.compile(
    r"image/|audio/|video/|application/(?:json|feed\+json|atom\+xml|rss\+xml|activity\+json|ld\+json)", re.IGNORECASE
)
_SPACE = re.compile(r"\s")
#: A relation of RFC 4287 in full (4.2.7.2).
_IANA_RELATION = "http://www.iana.org/assignments/relation/"
#: Media types registered or seen: application/vnd.iptc.g2.newsitem+xml, text/vnd.iptc.newsml, application/nitf+xml ...
_WIRE_TYPE = re.compile(r"iptc|newsml|nitf|ninjs", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """The addresses that references resolve against."""

    url: str
    #: For links of entries.
    base: str
    #: The page of the feed.
    home: str | None
    #: Whether identifiers are addresses of pages, as in RDF.
    ids_are_pages: bool


def bases_of(head: Raw, url: str, version: str) -> Bases:
    """Return what references resolve against in a feed that was found at `url`."""
    home = fields.page_of(url, string_in(head, "link"))
    base = url
    # RSS has no rule for relative links; publishers whose feed a service hosts mean their own site.
    if home and not version.startswith("atom") and urlsplit(home).hostname != urlsplit(url).hostname:
        base = home
    return Bases(url=url, base=base, home=home, ids_are_pages=version in ("rss10", "rss11"))


def links_of(element: Raw) -> Links:
    """Return the links of a feed or an entry."""
    if isinstance(element.get("links"), str) and (address := string_in(element, "link")):
        return [("alternate", {"href": address})]
    return [(_relation(link), link) for link in elements_in(element, "links")]


def _relation(link: Raw) -> str:
    # Without one it is "alternate" (RFC 4287, 4.2.7.2).
    written = link.get("rel") or ""
    return written if written == "alternate" else written.strip().lower().removeprefix(_IANA_RELATION) or "alternate"


def page_of(item: Raw, links: Links, bases: Bases) -> str | None:
    """Return the URL of an entry's page: its first alternate link, else its identifier if that is an http(s) URL.

    feedparser's `link` may be an enclosure, or an identifier that is no URL.
    """
    if page := next(filter(None, (_resolved(link, bases) for link in _addresses(item, links))), None):
        return page
    identifier = fields.written_value(string_in(item, "id"))
    # An identifier with spaces, such as "17 at https://paper.example", is no address.
    is_page = (item.get("guidislink") or bases.ids_are_pages) and not _SPACE.search(identifier)
    return fields.page_of("", identifier) if is_page else None


def _addresses(item: Raw, links: Links) -> Iterator[str]:
    """Yield what may be the address of an entry's page, the likeliest first."""
    for relation in ("alternate", "canonical"):
        found = [link for name, link in links if name == relation and _may_be_page(link, item)]
        if len(found) > 1:
            # In the order of the feed, HTML first.
            found.sort(key=lambda link: media_type(link) not in MARKUP_TYPES)
        yield from (link["href"] for link in found)
    for part in elements_in(item, "content"):
        if part.get("src") and media_type(part) in MARKUP_TYPES:
            yield part["src"]


def _may_be_page(link: Raw, item: Raw) -> bool:
    """Return whether a link may lead to the page: not to a picture, a recording, the entry as JSON or as a feed.

    Some publishers write their identifier into the link as well.
    """
    href = (link.get("href") or "").strip()
    if not href or _NO_PAGE.match(link.get("type") or ""):
        return False
    return href != (string_in(item, "id") or "").strip() or any(sign in href for sign in "/.?#:")


def _resolved(link: str, bases: Bases) -> str | None:
    if fields.is_plain_url(link):
        return link
    reference = fields.written_value(link)
    if reference.startswith(("#", "?")):
        # It is about a page, not about the feed.
        base = bases.home or (bases.base if reference.startswith("?") or bases.base != bases.url else "")
        return fields.page_of(base, reference) if len(reference) > 1 else None
    return fields.page_of(bases.base, reference)


def unusable_links(found: Iterable[Links]) -> tuple[str, ...]:
    """Return a warning that names the first links of entries that are no http(s) URLs."""
    unusable = {
        address: None
        for links in found
        for relation, link in links
        if relation == "alternate"
        and (address := link.get("href"))
        and not fields.is_plain_url(address)
        and fields.written_value(address) != "#"
        and not fields.page_of("http://base.invalid/", address)
    }
    return (f"links that are no http(s) URL were dropped: {', '.join(unusable)[:200]}",) if unusable else ()


def payload_of(links: Links, url: str) -> str | None:
    """Return the URL of the first enclosure that has a wire format's media type."""
    for relation, link in links:
        if relation == "enclosure" and _WIRE_TYPE.search(link.get("type") or ""):
            return fields.page_of(url, link.get("href"))
    return None


def related(links: Links, relation: str, url: str) -> str | None:
    """Return the URL of the first link with a relation, resolved against `url`."""
    found = (link["href"] for name, link in links if name == relation and link.get("href"))
    return next((page for link in found if (page := fields.page_of(url, link))), None)
