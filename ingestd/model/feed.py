"""Feeds and their entries, as publishers announce them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestd.model.item import Item
from ingestd.model.source import NO_HINTS, Cursor, Hints

#: Where an entry's identity comes from: the feed's own identifier, its link, or a hash of what it says; of a wire
#: item also what its identifier was put together from ("composed"), or taken out of ("derived").
IdOrigin = Literal["source", "link", "hash", "composed", "derived"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as a feed announces it; nothing here was fetched from the item itself."""

    #: The item's identity within its source; never empty.
    guid: str
    id_origin: IdOrigin = "source"
    #: Absolute where it could be resolved.
    link: str | None = None
    #: Plain text, markup and character references resolved.
    headline: str | None = None
    #: None when missing or unreadable, never guessed.
    published: datetime | None = None
    updated: datetime | None = None
    #: The byline or author names as announced.
    authors: tuple[str, ...] = ()
    #: The summary as plain text.
    description_text: str | None = None
    #: The content as sent: markup of a stranger, not sanitised.
    body_html: str | None = None
    #: BCP 47, of the item or else of its feed.
    language: str | None = None
    keywords: tuple[str, ...] = ()
    #: The address of an enclosure that is of a wire's format: what it holds is the item, and no page is.
    payload: str | None = None
    #: All that a wire item says, where this is one; the fields above are filled from it.
    item: Item | None = None
    #: The wire format it came in, one of `items.WIRE_FORMATS`, be it wrapped in a feed of another format: its item is
    #: the story, with an embargo or a kill to be kept to.  None for an entry that announces a page, even where it
    #: has an item (news sitemaps).
    wire: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """An entry that its feed says it took out (RFC 6721): evidence, and no kill."""

    #: As its entry's.
    guid: str
    #: When it was taken out; None when unreadable.
    when: datetime | None = None
    #: Why, in plain text.
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A document that announces entries; in its own order."""

    #: The name of the format, as in `formats.FORMATS`.
    format: str
    title: str | None = None
    #: The web page this is the feed of.
    home: str | None = None
    entries: tuple[Entry, ...] = ()
    #: What it took out, in its own order.
    deleted: tuple[Deleted, ...] = ()
    #: RFC 5005: where the entries before these are, by archive or by page.
    prev_archive: str | None = None
    next_page: str | None = None
    #: Where an agency's list goes on, which a poll follows.  RFC 5005's pages are no such list: they are older, and
    #: only looked at where something was missed.
    cursor: Cursor | None = None
    #: W3C WebSub, 4: who pushes what is new, and the feed's name for itself there.
    hub: str | None = None
    topic: str | None = None
    hints: Hints = NO_HINTS
    #: Of a sitemap index: the sitemaps it lists, with the time each last changed where given.
    children: tuple[tuple[str, datetime | None], ...] = ()
    #: What was odd but could be read.
    warnings: tuple[str, ...] = ()
