"""ANPA 1312 (American Newspaper Publishers Association, Wire Service Transmission Guidelines, 84-2).

Control characters frame and space a story: SYN SOH service and number, US selector; priority, category, DC1 to DC4 for
the format; keyword, version, date, words; STX text ETX.  Gateways strip them; the parts are then recognised by their
form.
"""

import re
from datetime import UTC, datetime
from html import escape

from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.common.teletype import (
    ETX,
    STX,
    fill_byline,
    fill_dateline,
    fill_kill_status,
    is_byline,
    teletype_format,
    with_typographic_punctuation,
)
from ingestd.model.embargo_phrases import sets_limit
from ingestd.text import collapse

_HEADING = (
    r"[\s\x00\x16\x7f]*\x01?[\x16]*(?P<service>[A-Za-z])(?P<number>\d{3,4})[\x1f \t]?(?P<selector>[\w-]{3,7})"
    r"[ \t]*\r?\n\s?(?P<priority>[A-Za-z])\s(?P<category>[A-Za-z])[\x11-\x14 \t]*(?P<keyword>\S[^\r\n\x02]{0,80}?)"
    r"(?:[ \t]+(?P<date>\d\d-\d\d)(?:[ \t]+(?P<words>\d{2,5}))?[^\r\n\x02]*|(?=[\r\n\x02]))"
)
_TEXT = re.compile(_HEADING)
_FILED = re.compile(r"\^?(?P<source>[A-Z]{2,8})-[A-Z]{2}-(\d\d)-(\d\d)-(\d\d)[ \t]+(\d\d)(\d\d)\s?(?:GMT|UTC|Z)")
# "^" and "<" (upper and lower rail) enclose the lines of the head; "=" ends a centred line.
_HEAD_LINE = re.compile(r"\^?(?P<text>[^<=]*?)\s*[<=]\s*")
_WORD_COUNT = re.compile(r",\s*\d{1,5}$")
_VERSION = re.compile(
    r",?\s*(?P<version>(?P<number>\d+)(?:st|nd|rd|th) (?:Ld|Lead|Add|Sub)\S*|\S*Write?thr[ou]\S*)\s*$",
    re.IGNORECASE,
)
_SPACES = re.compile("[\x1d\x1e\x1f]+")
#: How notes to editors begin in the head, besides embargo limits such as "EMBARGOED UNTIL ...".
_NOTE = re.compile(r"\(?eds[:.]|editors?[:,]|note to editors|attn\b|attention\b", re.IGNORECASE)


def _read_story(draft: ItemDraft, message: str) -> None:
    heading = _TEXT.match(message)
    text = message[heading.end() :] if heading else message
    text = text.partition(STX)[2] if STX in text else text
    story, _, trailer = text.partition(ETX)
    filed = _FILED.search(trailer) or _FILED.search(story[-200:])
    draft.fill("type", "text")
    lines = _lines(story)
    head = _read_head(draft, lines)
    _read_body(draft, lines[len(head) :])
    fill_kill_status(draft, head)
    if filed:
        draft.fill("versioncreated", _filing_time(filed))
        draft.fill("provider", concept_of(None, name=filed["source"]))
    if heading:
        _read_heading(draft, heading)
    _fill_guid(draft, heading)


def _read_heading(draft: ItemDraft, heading: re.Match[str]) -> None:
    category = heading["category"].lower()
    draft.add(
        "subject", concept_of(category, scheme="a1312cat", uri=f"http://cvx.iptc.org/anpa1312-category/{category}")
    )
    for name in ("service", "number", "selector", "priority", "keyword"):
        draft.add_extra(name, heading[name])
    draft.fill_line("slugline", heading["keyword"])


def _fill_guid(draft: ItemDraft, heading: re.Match[str] | None) -> None:
    """Derive a story's guid from its keyword and day; its numbers differ between versions."""
    created = draft.values.get("versioncreated")
    slug = draft.values.get("slugline")
    if match := _VERSION.search(slug or ""):
        draft.fill("version", match["number"])
    if slug and heading:
        day = created.date().isoformat() if created else heading["date"] or ""
        draft.fill_line("guid", f"anpa1312:{_VERSION.sub('', slug)}:{day}".rstrip(":"))
        draft.fill("id_origin", "derived")


def _filing_time(filed: re.Match[str]) -> datetime | None:
    month, day, year, hour, minute = (int(number) for number in filed.groups()[1:])
    try:
        return datetime(2000 + year if year < 70 else 1900 + year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _lines(story: str) -> list[str]:
    """Return the lines of a story that are not blank; two head lines in one, as in "*9006< ^SLUG<", are split."""
    # Not splitlines: it treats the separators of table cells (\x1d, \x1e) as line ends.
    lines = (line.rstrip("\r") for line in story.replace("< ^", "<\n^").split("\n"))
    return [line for line in lines if line.strip("\x0c \t")]


def _read_head(draft: ItemDraft, lines: list[str]) -> list[str]:
    """Read slug line, headline, notes and byline from the lines before the text; return these lines."""
    head: list[str] = []
    plain: list[str] = []
    for line in lines:
        match = _HEAD_LINE.fullmatch(line.strip("\r\x0c "))
        if not match or line[0] in " \t\x08" or _FILED.match(line):
            break
        head.append(line)
        text = with_typographic_punctuation(match["text"])
        if not text.startswith("*"):  # a selector number
            plain.append(text)
    if plain:
        draft.fill_line("slugline", _WORD_COUNT.sub("", plain[0]))
    for text in plain[1:]:
        if is_byline(text):
            fill_byline(draft, text)
        elif _NOTE.match(text) or sets_limit(text):
            draft.add_note(text)
        elif "headline" not in draft.values:
            draft.fill_line("headline", text)
    return head


def _read_body(draft: ItemDraft, lines: list[str]) -> None:
    """Fill the body: an indented line begins a paragraph; if no line is indented, each line is a paragraph."""
    html: list[str] = []
    texts: list[str] = []
    indented = any(line[0] in " \t" and not _FILED.match(line.strip()) and line.strip() != "___=" for line in lines)
    for line in lines:
        row = line.startswith("\x08")
        bare = with_typographic_punctuation(_SPACES.sub(" ", line.lstrip("\x08").replace("\x10", " ")))
        centred = _HEAD_LINE.fullmatch(bare)
        if _FILED.match(bare) or not bare.strip("_=^ —"):
            continue
        if row:
            cells = [collapse(cell.replace("\x10", " ")) for cell in _SPACES.split(line.lstrip("\x08"))]
            html.append(f"<tr>{''.join(f'<td>{escape(cell, quote=False)}</td>' for cell in cells if cell)}</tr>")
            texts.append(bare)
        elif centred and line[0] not in " \t":
            if is_byline(centred["text"]):
                fill_byline(draft, centred["text"])
            html.append(f"<h2>{escape(centred['text'], quote=False)}</h2>")
            texts.append(centred["text"])
        elif indented and line[0] not in " \t" and texts and not bare.startswith("^"):
            texts[-1] = f"{texts[-1]} {bare}"
            html[-1] = f"{html[-1].removesuffix('</p>')} {escape(bare, quote=False)}</p>"
        else:
            texts.append(bare.lstrip("^"))
            html.append(f"<p>{escape(texts[-1], quote=False)}</p>")
    draft.fill_body(_with_tables(html) or None, "\n\n".join(texts) or None)
    if texts:
        fill_dateline(draft, texts[0])


def _with_tables(html: list[str]) -> str:
    """Return blocks joined, with consecutive rows wrapped in one table."""
    return re.sub(r"((?:<tr>.*?</tr>)+)", r"<table>\1</table>", "".join(html))


FORMAT = teletype_format("anpa1312", _HEADING, _read_story)
