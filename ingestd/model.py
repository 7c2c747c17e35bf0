"""The nouns: one for each stage in the life of an article.

Source → Reply → Feed of Entries → Page → Article → Record.

All are frozen; sequences are tuples, times are aware and in UTC, absent is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ingestd.items import Item, PubStatus

#: Where an entry's identity comes from: the feed's own identifier, its link, or a hash of what it says; of a wire
#: item also what its identifier was put together from ("composed"), or taken out of ("derived").
IdOrigin = Literal["source", "link", "hash", "composed", "derived"]

#: How exactly a time is known: to the minute, to the minute in a zone that was assumed, or to the day.
DatePrecision = Literal["minute", "assumed_zone", "day"]

#: What a news agency has to do with a story: it filed it, the story quotes it, or a picture is credited to it.
AgencyRole = Literal["origin", "cited", "credit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask with next time, byte for byte (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a publisher says of when to come back; durations in seconds."""

    #: How long its answer stays fresh (RFC 9111, 4.2), counted from when it came.
    fresh_for: float | None = None
    #: RSS 2.0 `ttl`, and the RSS module Syndication's period divided by its frequency.
    ttl: float | None = None
    period: float | None = None
    #: RSS 2.0: hours (0 to 23, UTC) and days (0 is Monday) on which nobody is expected.
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast entries arrive, as learned: so many within so many hours, older ones counting less."""

    arrivals: float = 1.0
    hours: float = 1.0
    #: By how much the polls missed what the rate had them expect: squared deviations, summed and fading alike.
    squares: float = 1.0

    @property
    def rate(self) -> float:
        """Entries an hour."""
        return self.arrivals / self.hours

    @property
    def dispersion(self) -> float:
        """Variance to mean of the entries in a time: 1 where they come one by one, more where they come together."""
        return max(1.0, self.squares / self.arrivals) if self.arrivals else 1.0


#: What is to be had at a cursor: what is new since it was given, however little; the next page of a list that has its
#: oldest entries first; or the next page of one that has its newest first.
CursorKind = Literal["since", "newer", "older"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where an agency's list goes on."""

    #: Absolute, without user-info.
    url: str
    kind: CursorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is polled: a feed or a sitemap."""

    id: int
    url: str
    title: str | None = None
    #: The web page that its feed says it is of; a relative address as it was written.
    home: str | None = None
    #: Seconds between polls, where this source has its own.
    interval: float | None = None
    validators: Validators = NO_VALIDATORS
    #: sha256 of the last body that was read, 32 bytes.
    body_hash: bytes | None = None
    due_at: datetime | None = None
    #: Polls that failed since the last one that did not.
    failures: int = 0
    #: Whether the last poll met a 410: the next one settles it.
    maybe_gone: bool = False
    #: Whether robots.txt counts for the feed itself: it was found by us and not named by the operator.
    obeys_robots: bool = False
    hints: Hints = NO_HINTS
    #: None before the first poll that went well.
    pace: Pace | None = None
    #: The last poll that went well, the last whose document listed entries, and the last that found new ones.
    last_success_at: datetime | None = None
    last_read_at: datetime | None = None
    last_new_at: datetime | None = None
    #: Entries in the last document.
    window: int = 0
    #: Where permanent redirects lead, and in how many polls in a row they did.
    moved_to: str | None = None
    moved_seen: int = 0
    #: Until when a hub has promised to push what is new.
    pushed_until: datetime | None = None
    #: Where to ask instead of `url`: what was read last said that its list goes on there.
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A server's answer: 200 with a body, or 304 without."""

    #: What was asked for, and where redirects led.
    url: str
    final_url: str
    status: int
    #: Decoded (Content-Encoding), empty for 304.
    body: bytes = b""
    #: The Content-Type header as sent.
    content_type: str | None = None
    validators: Validators = NO_VALIDATORS
    #: How long the answer stays fresh (seconds); None when it does not say.
    fresh_for: float | None = None
    #: Where permanent redirects led, before any that were not; and the validators of what answered there.
    permanent: str | None = None
    final_validators: Validators = NO_VALIDATORS
    #: What the Link header names as hub and topic (W3C WebSub, 4).
    hub: str | None = None
    topic: str | None = None
    #: Media files that came with a file of a drop folder: name → where each is from now on.  They belong to the wire
    #: item that is alone in the document.
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def not_modified(self) -> bool:
        """Whether this is a 304, which has no body."""
        return self.status == 304


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """What a site's articles have in common, as marks: of lines, and of prose, which is what ends a sentence."""

    lines: frozenset[int] = frozenset()
    prose: frozenset[int] = frozenset()


NO_FURNITURE = Furniture()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An article's page as bytes, with what its feed said of it."""

    url: str
    body: bytes
    #: The Content-Type header as sent.
    content_type: str | None = None
    #: The entry that led here: a witness for headline, time and author.
    entry: Entry | None = None
    #: Whether `body` is the entry's own content: a fragment without a page around it.
    fragment: bool = False
    #: What is known of its site.
    furniture: Furniture = NO_FURNITURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture that goes with an article (ninjs `associations`)."""

    href: str
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A news agency that a story names, and how."""

    #: How its desk signs, as in "AP" or "dpa"; and its name in English or in its own language.
    code: str
    name: str
    role: AgencyRole
    #: Where it is named, and in which words: ("text", "the AP reports").  The places are dateline, byline,
    #: signature, copyright, text and credit, in this order.
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page says, clean.  Field names follow IPTC ninjs 3."""

    headline: str | None
    #: Paragraphs, one blank line between them; never empty.
    body_text: str
    #: The same paragraphs as sanitised markup.
    body_html: str = ""
    #: The dek or standfirst.
    description_text: str | None = None
    #: As printed, without "By".
    byline: str | None = None
    #: Names of people out of the byline.
    authors: tuple[str, ...] = ()
    #: First publication, and this version.
    firstcreated: datetime | None = None
    versioncreated: datetime | None = None
    date_precision: DatePrecision | None = None
    #: BCP 47.
    language: str | None = None
    #: As in "PYONGYANG, June 24 (AP)"; lifted off the first paragraph, without its dash.
    dateline: str | None = None
    #: The name of the site or paper.
    source: str | None = None
    #: The page's own canonical address, where it names one.
    uri: str | None = None
    #: Licence or terms, as an address or in words.
    usageterms: str | None = None
    #: The lead picture.
    associations: tuple[Image, ...] = ()
    #: The strongest role first.
    agencies: tuple[Agency, ...] = ()
    #: Whether the page says that its text is for subscribers; None when it does not say.
    paywall: bool | None = None
    #: Whether there is more to the text than was found.
    truncated: bool = False
    #: Field name → the witness that was believed, as in {"headline": "json_ld"}.
    provenance: Mapping[str, str] = field(default_factory=dict)


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
