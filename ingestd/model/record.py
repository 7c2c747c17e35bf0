"""Records: articles as they are stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestd.model.article import Article
from ingestd.model.item import Item, PubStatus
from ingestd.model.story import NO_COPY, Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """An appearance of a record's text at a source."""

    source_id: int
    source_url: str
    #: URL of its page at the source.  None: the entry has no link.
    url: str | None
    #: When it was first seen there.
    seen_at: datetime


#: deleted-entry: the feed declares it deleted (RFC 6721); 404, 410, 451: the status of the page; absent: the entry is
#: missing from the feed's window, although older entries are still in it; back: the page is available again.
EvidenceKind = Literal["deleted-entry", "404", "410", "451", "absent", "back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An observation that a story may have been withdrawn, or that it is available again."""

    kind: EvidenceKind
    at: datetime
    #: The link of the entry.  None: the entry has no link.
    url: str | None
    #: The observation in words.
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An article as stored, one for each story text, with its current revision."""

    id: int
    #: The same for all revisions: the agency's identifier of a wire item, else assigned by ingestd.
    guid: str
    #: Number of the current revision: 1, 2, ...; each revision is immutable.
    revision: int
    pubstatus: PubStatus
    article: Article
    #: SHA-256 of the normalised text, in hexadecimal.
    content_hash: str
    #: When the current revision was saved.
    seen_at: datetime
    carriers: tuple[Carrier, ...] = ()
    #: Origin of the guid: "assigned" by ingestd, otherwise as in `item.ItemIdOrigin`.
    id_origin: str = "assigned"
    #: Fields of a wire item that `article` does not have; for a page, the fields that a feed states for it.
    item: Item | None = None
    #: When its embargo ends.  None: no embargo with a known end.
    release_at: datetime | None = None
    #: Since when the page that the record was made from has been gone.  None: the page is there or was not revisited.
    gone_since: datetime | None = None
    #: Oldest first.
    evidence: tuple[Evidence, ...] = ()
    #: Its story, and whose text it has there.
    copy: Copy = NO_COPY


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """What a list shows of a record, without its text."""

    id: int
    guid: str
    uri: str | None
    revision: int
    pubstatus: PubStatus
    headline: str | None
    #: When its source last changed it or, if that is not known, when the current revision was saved.
    at: datetime
    #: How many entries carried it.
    carriers: int
    #: None: it is in none, or not yet.
    story: int | None = None
