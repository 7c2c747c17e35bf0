"""Feeds and their entries, as publishers send them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

from ingestd.dates.stated_time import DatePrecision
from ingestd.model.item import WIRE_FORMATS, Item
from ingestd.model.source import NO_HINTS, Cursor, Hints
from ingestd.urls import without_userinfo

#: Origin of an entry's identifier: the feed itself, the entry's link, or a hash of its content.  For a wire item also
#: "composed" (assembled from several fields) or "derived" (extracted from another field).
IdOrigin = Literal["source", "link", "hash", "composed", "derived"]

#: The warning of a document that was cut off: its last entry is left out.
CUT_OFF = "the document ends within its last entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as a feed announces it; nothing in it was fetched from the item itself."""

    #: The item's identifier within its source; never empty.
    guid: str
    id_origin: IdOrigin = "source"
    #: URL of the page; absolute if it could be resolved.
    link: str | None = None
    #: Plain text, with markup removed and character references resolved.
    headline: str | None = None
    #: None: missing or unreadable; never guessed.
    published: datetime | None = None
    #: As `published`.
    updated: datetime | None = None
    #: None: there is no such time, or an earlier version of ingestd stored the entry.
    published_precision: DatePrecision | None = None
    #: As `published_precision`.
    updated_precision: DatePrecision | None = None
    #: Author names, or the byline, as announced.
    authors: tuple[str, ...] = ()
    #: The summary as plain text.
    description_text: str | None = None
    #: The content as sent: untrusted markup, not sanitised.
    body_html: str | None = None
    #: BCP 47, from the item or else from its feed.
    language: str | None = None
    keywords: tuple[str, ...] = ()
    #: URL of an enclosure in a wire format: the enclosure is the item, and no page is fetched.  With `wire`: URL of the
    #: item's text, which the list has by reference.
    payload: str | None = None
    #: All fields of a wire item; the fields above are filled from it.  None: this is not a wire item.
    item: Item | None = None
    #: The wire format it came in, one of `item.WIRE_FORMATS`, even if wrapped in a feed of another format: its item is
    #: the story, and its embargoes and kills apply.  None: the entry announces a page, even if it has an item (news
    #: sitemaps).
    wire: str | None = None

    # A feed crosses to the daemon with all its entries: what dataclasses has for this takes four times as long.
    def __getstate__(self) -> tuple[Any, ...]:
        values: tuple[Any, ...] = _VALUES(self)
        return values

    def __setstate__(self, values: tuple[Any, ...]) -> None:
        for setter, value in zip(_SETTERS, values, strict=True):
            setter(self, value)


#: The values of all fields, and what sets them in an instance that is frozen.
_VALUES = attrgetter(*Entry.__dataclass_fields__)
_SETTERS = tuple(getattr(Entry, name).__set__ for name in Entry.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """An entry that its feed declares deleted (RFC 6721); evidence, not a kill."""

    #: The `guid` of the entry.
    guid: str
    #: When it was deleted.  None: missing or unreadable.
    when: datetime | None = None
    #: The reason, in plain text.
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A document that announces entries."""

    #: The name of the format, as in `formats.FORMATS`.
    format: str
    title: str | None = None
    #: URL of the web page that the feed belongs to.
    home: str | None = None
    #: In document order.
    entries: tuple[Entry, ...] = ()
    #: In document order.
    deleted: tuple[Deleted, ...] = ()
    #: URL of the archive document with older entries (RFC 5005, 4).
    prev_archive: str | None = None
    #: URL of the page with older entries (RFC 5005, 3).
    next_page: str | None = None
    #: Where an agency's list continues; a poll follows it.  Pages of RFC 5005 are not such a list: they hold older
    #: entries and are read only to repair a gap.
    cursor: Cursor | None = None
    #: URL of the hub that pushes new entries (W3C WebSub, 4).
    hub: str | None = None
    #: The feed's own URL as the hub knows it.
    topic: str | None = None
    hints: Hints = NO_HINTS
    #: The sitemaps that a sitemap index lists: URL and time of last change, if given.
    children: tuple[tuple[str, datetime | None], ...] = ()
    #: Defects of the document that did not prevent parsing.
    warnings: tuple[str, ...] = ()


def with_next_page(feed: Feed, url: str | None) -> Feed:
    """Return a feed with the next page that its response named in a Link header; its own links take precedence.

    A list of wire items continues there.  The next page of an ordinary feed has its older entries.
    """
    if url is None or feed.cursor or feed.next_page or feed.prev_archive or feed.children:
        return feed
    url = without_userinfo(url)  # a server must not choose our credentials
    if feed.format not in WIRE_FORMATS:
        return replace(feed, next_page=url)
    cursor = with_direction(Cursor(url=url, kind="older"), feed.entries)
    return replace(feed, cursor=cursor, next_page=url if cursor and cursor.kind == "older" else None)


def with_direction(cursor: Cursor | None, entries: Sequence[Entry]) -> Cursor | None:
    """Return the cursor as "newer" if the entries are listed oldest first, else "older"; a "since" cursor is unchanged.

    Only the first and the last date are compared.  If they are equal or missing, the list is taken as newest first, as
    most lists are.
    """
    if cursor is None or cursor.kind == "since":
        return cursor
    dates = [date for entry in entries if (date := entry.updated or entry.published)]
    ascends = len(dates) > 1 and dates[0] < dates[-1]
    return Cursor(url=cursor.url, kind="newer" if ascends else "older")
