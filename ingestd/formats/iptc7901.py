"""IPTC 7901 (The IPTC Recommended Message Format, 5th revision, 1995), as sent by European agencies.

SOH source and number, priority, category, words, options; keywords; STX head lines up to "=", text; ETX time; EOT.
"""

import re
from datetime import UTC, datetime, timedelta

from ingestd.dates.abbreviations import zone_named
from ingestd.dates.grammar import century
from ingestd.dates.names import month_number
from ingestd.formats.common.fields import number_of
from ingestd.formats.common.item_body import paragraphs_as_markup
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.common.teletype import (
    ETX,
    STX,
    fill_byline,
    fill_dateline,
    fill_kill_status,
    is_byline,
    teletype_format,
)
from ingestd.model.embargo_phrases import sets_limit
from ingestd.model.plain_text import paragraphs_of
from ingestd.text import collapse

_HEADING = (
    r"[\s\x00\x16\x7f]*\x01?[\s\x16]*(?P<source>[A-Za-z]{2,4})(?P<number>\d{2,5})[ \t]+(?P<priority>[1-9])[ \t]+"
    r"(?P<category>[A-Za-z]{1,4})[ \t]+(?P<words>\d{1,5})(?P<options>[ \t]+[^\r\n\x02]*)?(?=[\r\n\x02])"
)
_TEXT = re.compile(_HEADING)
_FILED = re.compile(
    r"^[ \t]*(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)(?:[ \t]*(?P<zone>[A-Z]{1,4}))?[ \t]+"
    r"(?P<month>[^\W\d_]{3,9})\.?[ \t]+(?P<year>\d\d(?:\d\d)?)[ \t]*$",
    re.MULTILINE,
)
#: First line of the notes after the text (dpa), and start of the notes that are not for publication.
_NOTES_START = re.compile(r"^#{1,2}[ \t]*\S.*$", re.MULTILINE)
_NOT_PUBLIC = re.compile(
    r"not (?:intended )?for publication|nicht (?:zur|für die) veröffentlichung|pas destinée?s? à (?:la )?publication",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"(?P<number>\d+)(?:st|nd|rd|th)? (?:lead|net|ld|take)\b", re.IGNORECASE)
#: Shortest length, in characters, of a head line that the printer's line width may have broken.
_FULL_LINE = 50


def _read_message(draft: ItemDraft, message: str) -> None:
    message = message.replace("\r\n", "\n").replace("\r", "\n")
    heading = _TEXT.match(message)
    text, _, trailer = message[heading.end() if heading else 0 :].partition(ETX)
    filed = _last_match(_FILED, trailer) or _last_match(_FILED, text)
    draft.fill("type", "text")
    if filed:
        draft.fill("versioncreated", _filing_time(draft, filed))
        if "versioncreated" in draft.values and not filed["zone"]:
            draft.fill("versioncreated_precision", "assumed_zone")
        if filed.string is text:
            text = text[: filed.start()]
    keywords, stx, rest = text.partition(STX)
    if not stx:
        keywords, rest = _split_first_line(text)
    draft.fill_line("slugline", collapse(keywords).strip("/ "))
    _read_text(draft, rest)
    if heading:
        _read_heading(draft, heading)


def _last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text):  # noqa: B007 - only the last match is used
        pass
    return found


def _split_first_line(text: str) -> tuple[str, str]:
    first, _, rest = text.lstrip().partition("\n")
    return first, rest


def _read_heading(draft: ItemDraft, heading: re.Match[str]) -> None:
    """Fill urgency and guid; the guid includes the day, because a source numbers its messages anew each day."""
    draft.fill("urgency", number_of(heading["priority"]))
    for name in ("source", "number", "category", "options"):
        draft.add_extra(name, heading[name])
    created = draft.values.get("versioncreated")
    day = f":{created.date().isoformat()}" if created else ""
    draft.fill_line("guid", f"iptc7901:{heading['source'].lower()}{heading['number']}{day}")
    draft.fill("id_origin", "derived")


def _filing_time(draft: ItemDraft, filed: re.Match[str]) -> datetime | None:
    month, year = month_number(filed["month"]), int(filed["year"])
    zone = zone_named(filed["zone"]) if filed["zone"] else UTC
    draft.has_naive_time |= not filed["zone"]
    if not month or not zone:
        return None
    offset = zone.utcoffset(None) or timedelta(0)
    draft.fill("utc_offset", int(offset.total_seconds()) // 60 or None)
    year = year if year > 99 else century(year)
    try:
        when = datetime(year, month, int(filed["day"]), int(filed["hour"]), int(filed["minute"]), tzinfo=UTC)
    except ValueError:
        return None
    return when - offset


def _read_text(draft: ItemDraft, text: str) -> None:
    """Read head lines, body and notes; the head ends at "=", or at its first line if there is no "="."""
    first, equals, rest = text.partition("=")
    if not equals or len(first) > 600 or "\n\n\n" in first.strip():
        first, rest = _split_first_line(text)
    _read_head(draft, [line for line in map(collapse, first.splitlines()) if line])
    notes = _NOTES_START.search(rest)
    body = rest[: notes.start()] if notes else rest
    paragraphs = _paragraphs(body)
    if paragraphs and is_byline(paragraphs[0]) and len(paragraphs[0]) < _FULL_LINE * 2:
        fill_byline(draft, paragraphs.pop(0))
    draft.fill_body(paragraphs_as_markup(paragraphs), "\n\n".join(paragraphs) or None)
    if paragraphs:
        fill_dateline(draft, paragraphs[0])
    if notes:
        _read_notes(draft, rest[notes.start() :])


def _read_head(draft: ItemDraft, lines: list[str]) -> None:
    """Read headline, byline, version, embargo notes and kill status from the head.

    The headline is the last line that is neither byline nor embargo; if the line before it is full, it is joined.
    """
    heads = [line for line in lines if not is_byline(line) and not sets_limit(line)]
    for line in lines:
        if sets_limit(line):
            draft.add_note(line)
        if is_byline(line):
            fill_byline(draft, line)
        elif (match := _ORDINAL.match(line)) and len(line) < 20:
            draft.fill("version", match["number"])
    if heads:
        headline = heads[-1]
        if len(heads) > 1 and len(heads[-2]) >= _FULL_LINE and heads[-2][-1] not in ".:)=":
            headline = f"{heads[-2]} {headline}"
        draft.fill_line("headline", headline)
    fill_kill_status(draft, lines)
    draft.add_extra("marks", " ".join(line for line in heads[:-1] if len(line) < 60))


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text; a blank or indented line begins a new one, the lines of tables stay lines."""
    paragraphs = paragraphs_of(text, wrapped=True)
    return [paragraph for paragraph in paragraphs if paragraph.strip("*_ \x7f")]


def _read_notes(draft: ItemDraft, text: str) -> None:
    """Add the notes; those after "not for publication" are not public."""
    found = _NOT_PUBLIC.search(text)
    public_text, private_text = (
        (text[: text.rfind("\n", 0, found.start()) + 1], text[found.end() :]) if found else (text, "")
    )
    for notes, public in ((public_text, True), (private_text, False)):
        for paragraph in _paragraphs(notes.replace("\n- ", "\n\n- ").replace("\n#", "\n\n#")):
            if not paragraph.startswith("#"):
                draft.add_note(paragraph.removeprefix("- "), public=public)


FORMAT = teletype_format("iptc7901", _HEADING, _read_message)
