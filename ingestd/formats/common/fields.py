"""The fields of an entry out of a stranger's values: clean, and within limits."""

import html
import re
from collections.abc import Iterable

from ingestd import urls
from ingestd.model.markup import text_of
from ingestd.text import clean, collapse

#: Entries of one document: a hundred times what feeds have, a tenth of what would burden a poll.
MAX_ENTRIES = 10_000
#: Characters of a headline, of any title and name: beyond it is a body in the wrong place.
MAX_LINE = 2_000
#: Characters of a summary, which in some feeds is the whole article.
MAX_DESCRIPTION = 100_000
#: Characters of content; what is longer is left out, not cut, so that no half article is taken for a whole one.
MAX_BODY = 2_000_000
#: Characters of a URL: what RFC 9110, 4.1 asks everyone to support.
MAX_URL = 8_000
#: Authors and keywords of one entry.
MAX_NAMES = 100

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_BLANK_LINES = re.compile(r"\n\s*\n")
_NUMBER = re.compile(r"\s*([0-9]{1,15})(?:\.0*)?\s*")
_PASSED_OVER = str.maketrans("", "", "\t\r\n")
# Links that a page would run instead of follow.
_ACTIVE = re.compile(r"\s*(javascript|vbscript|data|file|blob):", re.IGNORECASE)


def line_of(value: str | None, *, markup: bool = False) -> str | None:
    """Return plain text or markup as one line of plain text, cut at MAX_LINE; None when it is empty."""
    if not value or markup:
        return _text(value, markup=markup, limit=MAX_LINE)
    text = collapse(value)
    return text if 0 < len(text) <= MAX_LINE else text[:MAX_LINE].rstrip() or None


def description_of(value: str | None, *, markup: bool = False) -> str | None:
    """Return a summary in plain text or markup as one line, cut at MAX_DESCRIPTION; None when it is empty."""
    return _text(value, markup=markup, limit=MAX_DESCRIPTION)


def _text(value: str | None, *, markup: bool, limit: int) -> str | None:
    if not value:
        return None
    value = value[:MAX_BODY]
    if markup:
        # Most titles have references and no tags, which takes no parser.
        value = text_of(value) if "<" in value else html.unescape(value)
    return collapse(value)[:limit].rstrip() or None


def body_of(value: str | None, *, markup: bool = True) -> str | None:
    """Return content as clean markup, plain text in paragraphs; None when it is empty or longer than MAX_BODY."""
    if not value or len(value) > MAX_BODY or not (value := clean(value).strip()):
        return None
    return value if markup else "".join(f"<p>{html.escape(part)}</p>" for part in _BLANK_LINES.split(value))


def link_of(base: str, reference: str | None) -> str | None:
    """Return an absolute URL, or what was written where it is neither relative nor http(s), as in "urn:x:1".

    None when it is empty, longer than MAX_URL, unreadable, as in "http://[::1", or active, as in "javascript:...".
    """
    reference = _reference(reference)
    if not reference:
        return None
    return urls.resolve(base, reference) or (reference if urls.is_readable(reference) else None)


def _reference(reference: str | None) -> str | None:
    # Whoever follows a link passes over tabs and line ends anywhere in it (WHATWG URL, 4.4), as in "java\tscript:".
    reference = clean(reference).translate(_PASSED_OVER).strip() if reference else ""
    return None if not reference or len(reference) > MAX_URL or _ACTIVE.match(reference) else reference


def page_of(base: str, reference: str | None) -> str | None:
    """Return an absolute http(s) URL that can be fetched, or None."""
    return urls.resolve(base, _reference(reference))


def names_of(values: Iterable[str | None]) -> tuple[str, ...]:
    """Return names as they were sent, each once, at most MAX_NAMES; empty ones are left out."""
    lines = (line_of(value, markup=True) for value in values)
    return tuple(dict.fromkeys(line for line in lines if line))[:MAX_NAMES]


def language_of(value: str | None) -> str | None:
    """Return a language tag, well-formed by BCP 47 (RFC 5646, 2.1); None when it is none."""
    tag = collapse(value).replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) and len(tag) <= 35 else None


def number_of(value: str | None) -> int | None:
    """Return a whole number out of text, as in "4" or " 1.0"; None when it is none, or longer than 15 digits."""
    match = _NUMBER.fullmatch(value[:40]) if value else None
    return int(match[1]) if match else None
