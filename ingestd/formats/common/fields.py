"""Normalise field values of untrusted documents: cleaned, validated and within limits."""

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ingestd import urls
from ingestd.model import plain_text
from ingestd.model.language_tags import language_tag
from ingestd.model.markup import text_of
from ingestd.model.typed_url import mended
from ingestd.text import clean, collapse

#: Entries per document: a hundred times what feeds have, a tenth of what would slow down a poll.
MAX_ENTRIES = 10_000
#: Characters of a headline, title or name; a longer one is a body in the wrong field.
MAX_LINE = 2_000
#: Characters of a summary, which in some feeds is the whole article.
MAX_DESCRIPTION = 100_000
#: Characters of content; longer content is dropped, not cut, so that half an article never passes for a whole one.
MAX_BODY = 2_000_000
#: Characters of a URL: the length that RFC 9110, 4.1 recommends to support.
MAX_URL = 8_000
#: Authors, and keywords, per entry.
MAX_NAMES = 100

#: A section that is escaped, in all forms of its markers: also as browsers serialise it, without its first sign, or
#: closed by brackets alone.  One that is not closed ends with the value.
_CDATA_SECTION = re.compile(
    r"<!--\s?\[CDATA\[(?P<comment>(?:[^<\]]++|<(?!!--\s?\[CDATA\[)|\](?!\]\s?-->))*+)\]\]\s?-->"
    r"|(?:<|\A\s*)!\s?\[CDATA\[(?P<section>.*?)(?:\]\]\s?>|\]{1,2}\s*\Z|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*([0-9]{1,15})(?:\.0*)?\s*")
_TABS_AND_LINE_ENDS = str.maketrans("", "", "\t\r\n")
_ESCAPED_AMPERSAND = re.compile(r"&(?:(?:amp|#0{0,5}38|#x0{0,5}26);)+", re.IGNORECASE)
_HOST = re.compile(r"(?P<www>www\.)?(?:[\w-]+\.)+[\w-]+(?=[/?#:]|$)", re.IGNORECASE)
# Schemes that a browser executes or opens locally.
_UNSAFE_SCHEME = re.compile(r"\s*(javascript|vbscript|data|file|blob):", re.IGNORECASE)


def line_of(value: str | None, *, markup: bool = False) -> str | None:
    """Return plain text or markup as one line of plain text, cut at MAX_LINE; None when empty."""
    # The marks of CDATA sections; a value that only ends like one is read the same way.
    if not value or markup or value[-1] == ">" or "[CDATA[" in value or "[cdata[" in value:
        return _text(value, markup=markup, limit=MAX_LINE)
    text = collapse(value)
    return text if 0 < len(text) <= MAX_LINE else text[:MAX_LINE].rstrip() or None


def description_of(value: str | None, *, markup: bool = False) -> str | None:
    """Return a summary in plain text or markup as one line, cut at MAX_DESCRIPTION; None when empty."""
    return _text(value, markup=markup, limit=MAX_DESCRIPTION)


def _text(value: str | None, *, markup: bool, limit: int) -> str | None:
    if not value:
        return None
    value = _without_cdata(value[:MAX_BODY])
    if markup:
        # Most titles have references but no tags, and need no parser.
        value = text_of(value) if "<" in value else html.unescape(value)
        if value.lstrip()[:10].upper().startswith(("<![CDATA[", "![CDATA[")):
            value = _without_cdata(value)  # escaped twice
    return collapse(value)[:limit].rstrip() or None


def _without_cdata(value: str) -> str:
    """Return text or markup without the markers of CDATA sections, which some programs escape."""
    if "[CDATA[" in value or "[cdata[" in value:
        value = _CDATA_SECTION.sub(lambda match: match["section"] or match["comment"] or "", value)
    # A pattern such as `\s*\]\]>` takes quadratic time in white space.
    end = value.rstrip()
    return end.removesuffix("]]>").rstrip() if end.endswith("]]>") else value


def written_value(value: str | None) -> str:
    """Return an identifier, a date or an address as written, without the markers of CDATA sections around it."""
    return _without_cdata(value).strip() if value else ""


def body_of(value: str | None, *, markup: bool = True) -> str | None:
    """Return content as clean markup; None when it is empty or longer than MAX_BODY.

    Plain text is escaped; its paragraphs are those of `plain_text.paragraphs_of`.
    """
    if not value or len(value) > MAX_BODY or not (value := clean(_without_cdata(value)).strip()):
        return None
    return value if markup else plain_text.as_markup(plain_text.paragraphs_of(value))


def _safe_reference(reference: str | None) -> str | None:
    # Browsers ignore tabs and line ends anywhere in a URL (WHATWG URL, 4.4), as in "java\tscript:".
    reference = written_value(clean(reference).translate(_TABS_AND_LINE_ENDS).strip()) if reference else ""
    return None if not reference or len(reference) > MAX_URL or _UNSAFE_SCHEME.match(reference) else reference


def is_plain_url(reference: str) -> bool:
    """Return whether a reference is a URL in the form of nearly all, which resolves to itself."""
    return len(reference) <= MAX_URL and urls.ABSOLUTE.fullmatch(reference) is not None


def page_of(base: str, reference: str | None) -> str | None:
    """Return an absolute http(s) URL; None when the reference does not resolve to one, or is longer than MAX_URL.

    An identifier such as "urn:x:1" is no page.  An ampersand that was escaped twice is one, and "www.paper.example/1"
    is an address without its scheme, as is one that begins with the host of `base`.
    """
    if reference and is_plain_url(reference):
        return reference
    safe = _safe_reference(reference)
    if not safe:
        return None
    if "&" in safe and ";" in safe:
        safe = _ESCAPED_AMPERSAND.sub("&", safe)
    return urls.resolve(base, _with_scheme(base, mended(safe)))


def _with_scheme(base: str, reference: str) -> str:
    host = None if reference.startswith(("http://", "https://", "/")) else _HOST.match(reference)
    if not host:
        return reference
    parts = urlsplit(base)
    is_host = host["www"] or host[0].lower() == (parts.hostname or "").removeprefix("www.")
    return f"{parts.scheme or 'http'}://{reference}" if is_host else reference


def names_of(values: Iterable[str | None]) -> tuple[str, ...]:
    """Return names in their order, without duplicates and empty ones, at most MAX_NAMES."""
    lines = (line_of(value, markup=True) for value in values)
    return tuple(dict.fromkeys(line for line in lines if line))[:MAX_NAMES]


def language_of(value: str | None) -> str | None:
    """Return the language that a value names as a tag (BCP 47), such as "en" for "eng"; None if it names none."""
    return language_tag(value)


def number_of(value: str | None) -> int | None:
    """Return the whole number in a text such as "4" or " 1.0"; None when there is none or it exceeds 15 digits."""
    match = _NUMBER.fullmatch(value[:40]) if value else None
    return int(match[1]) if match else None
