"""What a page says, clean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

#: How exactly a time is known: to the minute, to the minute in a zone that was assumed, or to the day.
DatePrecision = Literal["minute", "assumed_zone", "day"]


#: What a news agency has to do with a story: it filed it, the story quotes it, or a picture is credited to it.
AgencyRole = Literal["origin", "cited", "credit"]


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
