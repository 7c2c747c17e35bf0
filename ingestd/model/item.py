"""Wire items, in the terms of IPTC ninjs 3: the same values for every wire format.

All are frozen; sequences are tuples, times are aware and in UTC, a missing value is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ingestd.dates.stated_time import DatePrecision

#: Origin of an item's identifier: "source", as sent; "composed", assembled from several fields, as NewsML 1 provides;
#: "derived", extracted from another field, such as the agency's own numbers; "hash", of the item's content.
ItemIdOrigin = Literal["source", "composed", "derived", "hash"]

#: IPTC NewsCodes `pubstatusg2`.
PubStatus = Literal["usable", "withheld", "canceled"]


#: Names in `formats.FORMATS` of the formats whose items can have embargoes and kills.
WIRE_FORMATS = frozenset(("newsml-g2", "newsml-1", "nitf", "ap-media", "digitalwires", "ninjs", "anpa1312", "iptc7901"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A concept of a vocabulary: a subject, genre, place, person, organisation, event or provider."""

    #: The code within its scheme, such as "20000538".
    code: str | None = None
    #: The scheme as sent: an alias such as "medtop", or a URI.
    scheme: str | None = None
    #: The globally unique identifier; of a Media Topic always "http://cv.iptc.org/newscodes/mediatopic/NNNNNNNN".
    uri: str | None = None
    name: str | None = None
    #: Its relation to the item, or its role; "mapped" if it was mapped from a Subject Code by IPTC's table.
    rel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One of several headlines of an item."""

    text: str
    #: As sent.
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdNote:
    """A note to editors."""

    text: str
    role: str | None = None
    #: False: confidential, such as telephone numbers of reporters; never shown, exported or delivered.
    public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A person or organisation that contributed to the item."""

    name: str
    role: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One form of a picture, a video or a text, such as its thumbnail."""

    href: str
    name: str | None = None
    contenttype: str | None = None
    #: In pixels, as is `height`.
    width: int | None = None
    height: int | None = None
    sizeinbytes: int | None = None
    #: In seconds.
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A picture, a video, a text box or a referenced item that belongs to the item."""

    #: Its name within the item, such as "featureimage".
    name: str | None = None
    guid: str | None = None
    version: str | None = None
    type: str | None = None
    rel: str | None = None
    headline: str | None = None
    #: Plain text.
    caption: str | None = None
    byline: str | None = None
    creditline: str | None = None
    usageterms: str | None = None
    renditions: tuple[Rendition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AltId:
    """Another identifier of the item."""

    value: str
    #: As sent.
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relation to another item (`guid`) or to a page (`href`)."""

    guid: str | None = None
    href: str | None = None
    version: str | None = None
    rel: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The series that the item is a part of."""

    name: str | None = None
    part: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One version of a wire item, as its agency sent it."""

    #: The identifier that all versions share; never empty.
    guid: str
    id_origin: ItemIdOrigin = "source"
    #: As sent: usually a number.
    version: str | None = None
    versioncreated: datetime | None = None
    firstcreated: datetime | None = None
    #: None: to the minute, or there is no such time.
    versioncreated_precision: DatePrecision | None = None
    #: As `versioncreated_precision`.
    firstcreated_precision: DatePrecision | None = None
    #: Offset of these times from UTC as they are written, in minutes east.  None: none is written, or it is 0.
    utc_offset: int | None = None
    #: text, picture, video, audio, graphic, composite, event, or as sent.
    type: str | None = None
    #: Usable if the item does not state it (NewsML-G2 3.3, pubStatus; ninjs, pubstatus).
    pubstatus: PubStatus = "usable"
    #: As sent.  None: the item does not state it.
    pubstatus_raw: str | None = None
    #: Whether a signal, a note or a mark in the headline says that this version corrects an earlier one.
    is_correction: bool = False
    #: As sent, and "writethru", "kill", "embargo" or "correction" if only the text says so; "embargo" also for an
    #: embargo whose time is missing or unreadable.
    signals: tuple[str, ...] = ()
    #: Not to be published before this time; one without a zone is read as the latest time that may be meant.
    embargoed: datetime | None = None
    #: Not to be used after this time.
    expires: datetime | None = None
    #: The main headline as one line of plain text; of an alert without one, its first paragraph.
    headline: str | None = None
    #: All headlines with roles, the main one first.
    headlines: tuple[Headline, ...] = ()
    #: A title for editors; not shown if there is a headline.
    title: str | None = None
    description_text: str | None = None
    #: Paragraphs separated by an empty line.
    body_text: str | None = None
    #: The same as HTML: a few elements if it was made from XML, untrusted markup if it was sent as HTML.
    body_html: str | None = None
    byline: str | None = None
    authors: tuple[Author, ...] = ()
    dateline: str | None = None
    #: The place where it was written.
    located: str | None = None
    slugline: str | None = None
    keywords: tuple[str, ...] = ()
    #: BCP 47.
    language: str | None = None
    #: 1 (most urgent) to 9 (least urgent), as sent.
    urgency: int | None = None
    #: Priority of the transmission, as sent.
    priority: int | None = None
    subject: tuple[Concept, ...] = ()
    genre: tuple[Concept, ...] = ()
    place: tuple[Concept, ...] = ()
    person: tuple[Concept, ...] = ()
    organisation: tuple[Concept, ...] = ()
    event: tuple[Concept, ...] = ()
    provider: Concept | None = None
    source: str | None = None
    creditline: str | None = None
    copyrightholder: str | None = None
    copyrightnotice: str | None = None
    usageterms: str | None = None
    ednotes: tuple[EdNote, ...] = ()
    associations: tuple[Association, ...] = ()
    #: Renditions of the item itself if it is a picture or a video.
    renditions: tuple[Rendition, ...] = ()
    altids: tuple[AltId, ...] = ()
    links: tuple[Link, ...] = ()
    series: Series | None = None
    #: Defects of the item that did not prevent parsing.
    warnings: tuple[str, ...] = ()
    #: Other fields of the format, by their names there.
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
