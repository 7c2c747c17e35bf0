"""Articles: the cleaned content of a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ingestd.dates.stated_time import DatePrecision

#: Role of a news agency in a story: it filed the story, the story cites it, or a picture is credited to it.
AgencyRole = Literal["origin", "cited", "credit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of an article (ninjs `associations`)."""

    href: str
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A news agency named in a story, its role and the evidence."""

    #: The abbreviation it signs with, such as "AP" or "dpa".
    code: str
    #: Its name in English or in its own language.
    name: str
    role: AgencyRole
    #: Pairs of place and words, as in ("text", "the AP reports").  The places are dateline, byline, signature,
    #: copyright, text and credit, in this order.
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The cleaned content of a page; field names follow IPTC ninjs 3."""

    headline: str | None
    #: Paragraphs separated by one blank line; never empty.
    body_text: str
    #: The same paragraphs as sanitised HTML.
    body_html: str = ""
    #: The dek or standfirst.
    description_text: str | None = None
    #: As printed, without "By".
    byline: str | None = None
    #: Names of people in the byline.
    authors: tuple[str, ...] = ()
    #: When the story was first published.
    firstcreated: datetime | None = None
    #: When this version was published.
    versioncreated: datetime | None = None
    date_precision: DatePrecision | None = None
    #: BCP 47.
    language: str | None = None
    #: As in "PYONGYANG, June 24 (AP)", without the dash; removed from the first paragraph.
    dateline: str | None = None
    #: The name of the site or newspaper.
    source: str | None = None
    #: The canonical URL that the page states.
    uri: str | None = None
    #: The licence or terms of use, as a URL or in words.
    usageterms: str | None = None
    #: The lead picture.
    associations: tuple[Image, ...] = ()
    #: The strongest role first.
    agencies: tuple[Agency, ...] = ()
    #: Whether the page states that its text is for subscribers only.  None: it does not state it.
    paywall: bool | None = None
    #: Whether the text continues beyond what was extracted.
    truncated: bool = False
    #: Field name → the witness its value comes from, as in {"headline": "json_ld"}.
    provenance: Mapping[str, str] = field(default_factory=dict)
