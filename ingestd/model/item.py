"""What a wire item says, in the words of IPTC ninjs 3: one value, whichever format it came in.

All are frozen; sequences are tuples, times are aware and in UTC, absent is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

#: Where an item's identity comes from: as sent; put together out of parts that were sent, as NewsML 1 provides;
#: taken out of something else that was sent, such as a wire's own numbers; or a hash of what the item says.
ItemIdOrigin = Literal["source", "composed", "derived", "hash"]

#: IPTC NewsCodes `pubstatusg2`.
PubStatus = Literal["usable", "withheld", "canceled"]


#: The formats whose items have embargoes and kills, by their names in `formats.FORMATS`.
WIRE_FORMATS = frozenset(("newsml-g2", "newsml-1", "nitf", "ap-media", "digitalwires", "ninjs", "anpa1312", "iptc7901"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Something that a vocabulary or a name stands for: a subject, genre, place, person, organisation, provider."""

    #: The code within its scheme, as in "20000538".
    code: str | None = None
    #: The scheme as written: an alias as in "medtop", or a URI.
    scheme: str | None = None
    #: What identifies it everywhere; for Media Topics always "http://cv.iptc.org/newscodes/mediatopic/NNNNNNNN".
    uri: str | None = None
    name: str | None = None
    #: How it relates to the item ("mapped" where it was mapped from a Subject Code by IPTC's table), or its role.
    rel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One of several headlines, with its role as sent."""

    text: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdNote:
    """A note to editors."""

    text: str
    role: str | None = None
    #: False: for the desk alone (telephone numbers of reporters), never to be shown, exported or delivered.
    public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Somebody who made the item."""

    name: str
    role: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One form in which a picture, a video or a text can be had."""

    href: str
    name: str | None = None
    contenttype: str | None = None
    #: Pixels, bytes, and seconds.
    width: int | None = None
    height: int | None = None
    sizeinbytes: int | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Something that goes with the item: a picture, a video, a box, or another item by reference."""

    #: Its name within the item, as in "featureimage".
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
    """Another identifier of the item, with its role as sent."""

    value: str
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
    """The series an item is a part of."""

    name: str | None = None
    part: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One version of a wire item, as its agency sent it."""

    #: The identity that all versions share; never empty.
    guid: str
    id_origin: ItemIdOrigin = "source"
    #: As sent: mostly a number, but not always.
    version: str | None = None
    versioncreated: datetime | None = None
    firstcreated: datetime | None = None
    #: text, picture, video, audio, graphic, composite, event, or as sent.
    type: str | None = None
    #: Absent means usable (NewsML-G2 3.3, pubStatus; ninjs, pubstatus).
    pubstatus: PubStatus = "usable"
    #: As sent; None where it was not.
    pubstatus_raw: str | None = None
    #: Whether a signal, a note or a mark in the headline says that this version corrects one before.
    is_correction: bool = False
    #: As sent, and "writethru", "kill", "embargo", "correction" where only the prose says so; "embargo" also of an
    #: embargo that was sent without a time that can be read.
    signals: tuple[str, ...] = ()
    #: Not to be published before; not to be used after.
    embargoed: datetime | None = None
    expires: datetime | None = None
    #: One line of plain text: the main headline; of an alert without one, its first paragraph.
    headline: str | None = None
    #: All headlines with roles, the main one first.
    headlines: tuple[Headline, ...] = ()
    #: A title for the desk; never shown where there is a headline.
    title: str | None = None
    description_text: str | None = None
    #: Paragraphs, an empty line between them.
    body_text: str | None = None
    #: The same as markup: of few elements where it was made from XML, a stranger's where it was sent as HTML.
    body_html: str | None = None
    byline: str | None = None
    authors: tuple[Author, ...] = ()
    dateline: str | None = None
    #: Where it was written.
    located: str | None = None
    slugline: str | None = None
    keywords: tuple[str, ...] = ()
    #: BCP 47.
    language: str | None = None
    #: 1 (most) to 9 (least), as sent; and the priority of the transmission.
    urgency: int | None = None
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
    #: Of the item itself, where it is a picture or a video.
    renditions: tuple[Rendition, ...] = ()
    altids: tuple[AltId, ...] = ()
    links: tuple[Link, ...] = ()
    series: Series | None = None
    #: What was odd but could be read.
    warnings: tuple[str, ...] = ()
    #: What else was sent, by names of the format's own.
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
