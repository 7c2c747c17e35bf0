"""An article as kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestd.model.article import Article
from ingestd.model.item import Item, PubStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Who carried a record's text: the source, the address there, and when it was first seen."""

    source_id: int
    source_url: str
    url: str | None
    seen_at: datetime


#: A feed's deleted-entry (RFC 6721); what the page was gone by; no longer in the feed's window though it should be;
#: and that the page was there again.
EvidenceKind = Literal["deleted-entry", "404", "410", "451", "absent", "back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen that speaks for a story being taken back, or for the contrary."""

    kind: EvidenceKind
    at: datetime
    #: The address of the entry that it is about, None where that has none.
    url: str | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An article as kept: one for each story text, with its current revision."""

    id: int
    #: Stable over all revisions: of a wire item its agency's, else ours.
    guid: str
    #: 1, 2, ... each one immutable.
    revision: int
    pubstatus: PubStatus
    article: Article
    #: sha256 of the normalised text, in hexadecimal.
    content_hash: str
    #: When the current revision was saved.
    seen_at: datetime
    carriers: tuple[Carrier, ...] = ()
    #: Where the guid is from: "assigned" is ours, all others are as in `items.ItemIdOrigin`.
    id_origin: str = "assigned"
    #: What a wire item says besides, or a page's feed of it.
    item: Item | None = None
    #: When an embargo ends.
    release_at: datetime | None = None
    #: Since when the page that made it has been gone; None while it is there, and where nobody looked.
    gone_since: datetime | None = None
    #: The oldest first.
    evidence: tuple[Evidence, ...] = ()
