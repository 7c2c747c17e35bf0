"""Feed documents, and the interface of what writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ingestd.model.item import Item
from ingestd.model.plain_text import as_markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """An entry that was in the feed and may not be shown any more."""

    #: The guid of its item.
    guid: str
    when: datetime
    #: Why, in words for readers.
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """A feed, or one of its archive documents, as it is published."""

    #: A URI that stays the same for all documents of the feed.
    id: str
    title: str
    #: Where this document is.
    self_url: str
    #: Of the newest change in it.
    updated: datetime
    #: Newest first; all usable.
    items: tuple[Item, ...] = ()
    #: Newest first.
    deleted: tuple[Tombstone, ...] = ()
    #: WebSub hub that announces changes.
    hub: str | None = None
    #: Archive documents with the entries before and after those of this one (RFC 5005, 4).
    prev_archive: str | None = None
    next_archive: str | None = None
    #: Of an archive document: the feed that it belongs to; None: this document is that feed.
    current: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRenderer:
    """A format of feeds: its name, which is the suffix of its URLs, its media type and its function."""

    name: str
    media_type: str
    #: Returns a document in UTF-8.
    render: Callable[[FeedDocument], bytes]


def link_of(item: Item) -> str | None:
    """Return the URL of an item's page, or None."""
    return next((one.value for one in item.altids if one.role == "canonical"), None)


def names_of(item: Item) -> tuple[str, ...]:
    """Return its authors by name: the byline if there is one, as it is printed."""
    return (item.byline,) if item.byline else tuple(author.name for author in item.authors)


def topics_of(item: Item) -> tuple[str, ...]:
    """Return the names of its subjects, and its keywords, each once."""
    names = (one.name or one.code or one.uri for one in item.subject)
    return tuple(dict.fromkeys(name for name in (*names, *item.keywords) if name))


def rights_of(item: Item) -> str | None:
    """Return what may be done with an item: its terms of use, else its copyright notice."""
    return item.usageterms or item.copyrightnotice or item.copyrightholder


def html_of(item: Item) -> str | None:
    """Return its body as HTML."""
    if item.body_html or not item.body_text:
        return item.body_html
    return as_markup(item.body_text.split("\n\n")) or None
