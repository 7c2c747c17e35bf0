"""Build an item field by field, within limits; the first non-empty value of each field is kept."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from hashlib import sha256
from html import unescape
from typing import Any

from ingestd import times
from ingestd.dates.home_zones import home_zones, latest
from ingestd.dates.reading import read_time
from ingestd.dates.stated_time import StatedTime
from ingestd.formats.common import fields, publication_status
from ingestd.formats.common.concepts import mapped_media_topics
from ingestd.formats.common.identity import MAX_GUID
from ingestd.model.feed import Entry
from ingestd.model.item import EdNote, Headline, Item, ItemIdOrigin
from ingestd.text import collapse

#: Values per list of an item: ten times the most seen in real items.
MAX_VALUES = 1_000
#: Longest headline made from an alert's first paragraph, in characters.
_MAX_HEADLINE = 300
#: Characters at the start of a body that are searched for a heading.
_MAX_HEADING_SEARCH = 10_000

#: A time of day within a time as text.
_TIME_OF_DAY = re.compile(r"[T ]\d\d|\d:\d|\d{12}", re.IGNORECASE)
_BY_PREFIX = re.compile(r"(?:by|von|par|por|di|av|af|door)[:\s]+(?=\S)", re.IGNORECASE)
#: Times whose precision an item tells.
_WITH_PRECISION = frozenset(("firstcreated", "versioncreated", "published", "released"))
#: Fields of one line of plain text.
_LINES = frozenset(("headline", "title", "byline", "dateline", "slugline", "located"))
#: Lists from which duplicates are removed.
_UNIQUE_LISTS = frozenset(("subject", "genre", "place", "person", "organisation", "event", "keywords"))


class ItemDraft:
    """An item under construction: the `fill` methods set a field that is still empty, `add` appends to a list."""

    __slots__ = ("embargo", "extra", "has_naive_time", "lists", "values", "warnings")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.lists: defaultdict[str, list[Any]] = defaultdict(list)
        self.extra: dict[str, str] = {}
        self.warnings: list[str] = []
        self.has_naive_time = False
        #: The end of the embargo, if its text has no zone: what a clock shows then.
        self.embargo: StatedTime | None = None

    def fill(self, name: str, value: Any) -> None:
        """Set a field that has no value yet; None and "" are ignored."""
        if value is not None and value != "" and name not in self.values:
            self.values[name] = value

    def fill_line(self, name: str, text: str | None) -> None:
        """Fill a field with one line of plain text."""
        if text and name not in self.values:
            self.fill(name, fields.line_of(text))

    def add(self, name: str, value: Any) -> None:
        """Append to a list; None, and values beyond MAX_VALUES, are ignored."""
        if value is not None and len(self.lists[name]) < MAX_VALUES:
            self.lists[name].append(value)

    def fill_time(self, name: str, text: str | None) -> None:
        """Fill a field with a time; a time without a zone is read as UTC, with a warning."""
        if text and name not in self.values:
            time = self.parse_time(text)
            if time is None and text.strip():
                self.warn(f"{name} is not a time: {fields.line_of(text[:50])}")
            self.fill_stated(name, time)

    def fill_stated(self, name: str, time: StatedTime | None) -> None:
        """Fill a field with a time that was read, and its precision if that is not the minute."""
        if time and name not in self.values:
            self.values[name] = time.when
            self.has_naive_time |= time.precision == "assumed_zone"
            if time.offset and name in _WITH_PRECISION:
                self.fill("utc_offset", time.offset)
            if name in _WITH_PRECISION and time.precision != "minute":
                self.values[f"{name}_precision"] = time.precision

    def fill_embargo(self, text: str | None) -> None:
        """Fill the end of the embargo; without a readable time the item is embargoed until further notice.

        NewsML-G2 allows an empty `embargoed` (DateTimeOrNullPropType): an embargo whose end is not known.  A date
        alone means the end of its day: what a system cut off may have been any time of it.
        """
        if "embargoed" in self.values or self.embargo:
            return
        time = self.parse_time(text) if text else None
        if time is None:
            if text and text.strip():
                self.warn(f"embargoed is not a time: {fields.line_of(text[:50])}")
            self.add("signals", "embargo")
        elif time.precision == "minute":
            self.values["embargoed"] = time.when
        elif time.precision == "day" and not _TIME_OF_DAY.search(text or ""):
            self.embargo = StatedTime(time.when + timedelta(days=1), "day")
        else:
            self.embargo = time

    def parse_time(self, text: str) -> StatedTime | None:
        """Return a time as wires write it (mostly ISO 8601, extended or basic, with or without a zone), or None."""
        return read_time(collapse(text))

    def fill_number(self, name: str, text: str | None) -> None:
        """Fill a field with a whole number; any other value counts as absent."""
        if text and name not in self.values:
            self.fill(name, fields.number_of(text))

    def add_note(self, text: str | None, *, role: str | None = None, public: bool = True) -> None:
        """Add a note to editors."""
        text = fields.description_of(text)
        if text:
            self.add("ednotes", EdNote(text=text, role=fields.line_of(role), public=public))

    def add_extra(self, name: str | None, text: str | None) -> None:
        """Keep a value that has no field of its own, under the format's name for it."""
        name, text = fields.line_of(name), fields.line_of(text)
        if name and text and len(self.extra) < fields.MAX_NAMES:
            self.extra.setdefault(name, text)

    def warn(self, warning: str) -> None:
        """Add a warning, once."""
        if warning not in self.warnings and len(self.warnings) < MAX_VALUES:
            self.warnings.append(warning)

    def fill_body(self, html: str | None, text: str | None) -> None:
        """Fill the body; one longer than MAX_BODY is left out with a warning, not cut."""
        if len(html or "") > fields.MAX_BODY or len(text or "") > fields.MAX_BODY:
            self.warn(f"body of more than {fields.MAX_BODY} characters left out")
            return
        self.fill("body_html", html)
        self.fill("body_text", text)


def item_of(draft: ItemDraft) -> Item:
    """Return the finished item, with its guid, its status, its signals, and the Media Topics of its Subject Codes."""
    values, lists = draft.values, draft.lists
    _fill_latest_embargo(draft)
    for name in _LINES.intersection(values):
        values[name] = _unescaped(values[name])
    lists["headlines"] = [
        one if (text := _unescaped(one.text)) == one.text else replace(one, text=text) for one in lists["headlines"]
    ]
    if draft.has_naive_time:
        draft.warn("times without a zone were read as UTC")
    signals = lists.pop("signals", ())
    notes = [note.text for note in lists.get("ednotes", ())]
    in_prose = publication_status.signals_in([values.get("headline"), values.get("slugline")], notes)
    values["is_correction"] = "correction" in in_prose or publication_status.has_correction_signal(signals)
    values["pubstatus"] = publication_status.pubstatus_of(values.get("pubstatus_raw"), signals)
    if in_prose or signals:
        values["signals"] = tuple(dict.fromkeys((*signals, *in_prose)))
    if dateline := values.get("dateline"):
        values["dateline"] = dateline.rstrip(" -–—_") or dateline
    if not values.get("headline"):
        _fill_headline_from_text(values)
    _move_main_headline_first(lists["headlines"], values.get("headline"))
    for name, some in lists.items():
        values[name] = tuple(dict.fromkeys(some)) if len(some) > 1 and name in _UNIQUE_LISTS else tuple(some)
    if subjects := values.get("subject"):
        values["subject"] = subjects + mapped_media_topics(subjects)
    values["guid"], values["id_origin"] = _guid_and_origin(values)
    return Item(**values, extra=draft.extra, warnings=tuple(draft.warnings))


def _fill_latest_embargo(draft: ItemDraft) -> None:
    """Fill an embargo without a zone with the latest time that may be meant: an embargo must not end early.

    That is the time in UTC, in which systems write, in the zone of the item's other times, or in those of its language.
    """
    if (stated := draft.embargo) is None:
        return
    values, local = draft.values, stated.when.replace(tzinfo=None)
    made = values.get("versioncreated") or values.get("firstcreated")
    zones = home_zones(values.get("language"), offset=values.get("utc_offset"), at=made)
    until = latest(local, (UTC, *zones))
    draft.fill("embargoed", until)
    draft.warn(f"the embargo has no zone: {local.isoformat(' ', 'minutes')} was read as {times.iso(until)}, the latest")


def _unescaped(line: str) -> str:
    """Return a line without character references: some systems escape them twice."""
    return fields.line_of(unescape(line)) or line if "&" in line and ";" in line else line


def _fill_headline_from_text(values: dict[str, Any]) -> None:
    """Set the headline to the heading in the body, else the title, else the first paragraph (alerts have no more)."""
    headline = _heading_in((values.get("body_html") or "")[:_MAX_HEADING_SEARCH]) or values.get("title")
    if not headline and (body := values.get("body_text")):
        headline = body.lstrip().partition("\n")[0]
        if len(headline) > _MAX_HEADLINE:
            headline = headline[:_MAX_HEADLINE].rpartition(" ")[0] + "…"
    if headline:
        values["headline"] = headline


def _heading_in(html: str) -> str | None:
    """Return the text of the first <h1> in HTML."""
    lowered = html.lower()
    start = lowered.find("<h1")
    end = lowered.find("</h1>", start) if start >= 0 else -1
    return fields.line_of(html[start:end], markup=True) if end >= 0 else None


def _move_main_headline_first(headlines: list[Headline], main: str | None) -> None:
    if main and (not headlines or headlines[0].text != main):
        found = next((one for one in headlines if one.text == main), None)
        headlines[:] = [found or Headline(text=main), *(one for one in headlines if one is not found)]


def _guid_and_origin(values: Mapping[str, Any]) -> tuple[str, ItemIdOrigin]:
    guid = collapse(values.get("guid"))
    if guid and len(guid.encode("utf-8", "replace")) <= MAX_GUID:
        return guid, values.get("id_origin", "source")
    body = values.get("body_text") or values.get("body_html")
    hashed = [guid] if guid else [values.get("headline"), body, times.iso(values.get("versioncreated"))]
    # Clean text has no NUL, so different items never join to the same bytes.
    joined = "\x00".join(text or "" for text in hashed)
    return "sha256:" + sha256(joined.encode("utf-8", "replace")).hexdigest(), "hash"


def byline_of(text: str | None) -> str | None:
    """Return a byline as printed, without "By"."""
    line = fields.line_of(text)
    return (_BY_PREFIX.sub("", line, count=1) if line and _BY_PREFIX.match(line) else line) or None


def entry_of(item: Item, link: str | None = None, *, wire: str | None = None) -> Entry:
    """Return an entry for an item, which is then compared, extracted and stored like any other entry.

    `wire` is the wire format that the item came in; None for an item that only describes a page, as in a news sitemap.
    """
    names = tuple(author.name for author in item.authors)
    published = item.firstcreated or item.versioncreated
    precision = item.firstcreated_precision if item.firstcreated else item.versioncreated_precision
    return Entry(
        guid=item.guid,
        id_origin=item.id_origin,
        link=link,
        headline=item.headline,
        published=published,
        updated=item.versioncreated,
        published_precision=(precision or "minute") if published else None,
        updated_precision=(item.versioncreated_precision or "minute") if item.versioncreated else None,
        # The byline is preferred: creators are often a desk or the agency.
        authors=(item.byline,) if item.byline else names,
        description_text=item.description_text,
        body_html=item.body_html,
        language=item.language,
        keywords=item.keywords,
        item=item,
        wire=wire,
    )
