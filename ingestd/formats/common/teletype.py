"""Shared by ANPA 1312 and IPTC 7901: teletype messages, framed by control characters that gateways may strip."""

import re
from collections.abc import Callable, Iterator

from ingestd.formats.common.document import Document
from ingestd.formats.common.format import Format
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.wire_feed import feed_of, read_entries
from ingestd.model.feed import Feed
from ingestd.model.kill_phrases import find_kill
from ingestd.text import collapse

#: Start of heading, start of text, end of text, end of transmission (ISO 646).
SOH, STX, ETX, EOT = "\x01", "\x02", "\x03", "\x04"

_MESSAGE_BOUNDARY = re.compile(f"{EOT}|(?={SOH})")
_BYLINE = re.compile(r"(?:by|von|par|por|di|av|af|door)\s+\S", re.IGNORECASE)
_DATELINE = re.compile(r"(?P<place>[^\W\d_][\w .,'’/-]{1,60}?)\s*\((?P<source>[^()]{2,30})\)\s*(?:[-–—_]+\s)?")


def teletype_format(name: str, heading: str, read: Callable[[ItemDraft, str], None]) -> Format:
    """Return the format of transmissions whose messages begin with a heading; `read` reads a message into a draft."""
    in_bytes = re.compile(heading.encode())

    def recognises(document: Document) -> bool:
        return document.json is None and in_bytes.match(document.body[:500]) is not None

    def parse(document: Document, _url: str, _content_type: str | None = None) -> Feed:
        entries, warnings = read_entries(name, messages_in(decoded_text(document.body)), read)
        return feed_of(name, entries, warnings)

    return Format(name, recognises, parse)


def decoded_text(body: bytes) -> str:
    """Return a message as text: decoded from UTF-8 if valid, else from cp1252, which most gateways write."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def messages_in(text: str) -> Iterator[str]:
    """Return the messages of a transmission, each starting at its heading."""
    return (message for message in _MESSAGE_BOUNDARY.split(text) if message.strip("\x00\x01\x03\x0c\x16\x7f \t\r\n"))


def with_typographic_punctuation(text: str) -> str:
    """Return text with the teletype substitutes for quotes and dashes (``, '', --) replaced."""
    text = text.replace("``", "“").replace("''", "”")
    return collapse(re.sub(r"(?<=\s)(?:_|--)(?=\s)", "—", text))


def is_byline(line: str) -> bool:
    """Return whether a line of the head begins like a byline."""
    return _BYLINE.match(line) is not None and len(line) < 200


def fill_byline(draft: ItemDraft, line: str) -> None:
    """Fill the byline, without "By"."""
    draft.fill("byline", byline_of(line))


def fill_dateline(draft: ItemDraft, first_paragraph: str) -> None:
    """Fill dateline and place from the first paragraph, which keeps them: "BERLIN (dpa) - ..."."""
    if match := _DATELINE.match(first_paragraph):
        draft.fill_line("dateline", match[0].strip(" -–—_"))
        draft.fill_line("located", match["place"])


def fill_kill_status(draft: ItemDraft, lines: list[str]) -> None:
    """Set the status to "kill" if the head has a mark with this word: these formats have no status field."""
    if "kill" in (find_kill(lines, lines) or "").lower():
        draft.fill("pubstatus_raw", "kill")
