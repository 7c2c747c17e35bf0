"""The first look at a document: which element is its root, and which charset it came with."""

import codecs
import re
from email.message import Message

# Enough for every prologue: the longest in the wild are licences in comments.
_HEAD = 64 * 2**10

# Byte order marks, and "<" where there is none (XML 1.0, appendix F.1); the longer ones first.
_STARTS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)

# Python codecs that no document is in, and that fail in ways of their own.
_NO_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"))

_DECLARED = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"'>]{1,100})[\"']")

# The repetition is possessive: comments without end would take quadratic time and more.
_ROOT = re.compile(
    r"[^<]*+(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>)*+<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)",
    re.DOTALL | re.IGNORECASE,
)


def encoding_of(body: bytes) -> str | None:
    """Return the encoding that the first bytes of a document show; None when it is one of those like ASCII."""
    return next((encoding for start, encoding in _STARTS if body.startswith(start)), None)


def head_text(body: bytes) -> str:
    """Return the start of a document as text good enough to see names in; other characters may be wrong."""
    return body[:_HEAD].decode(encoding_of(body) or "latin-1", "replace")


def root_name(body: bytes) -> str | None:
    """Return the name of a document's first element in lower case without its prefix; None when there is none.

    Text in front of it, as scripts that fail print it, is passed over.
    """
    match = _ROOT.match(head_text(body))
    return match[1].lower() if match else None


def charset_of(content_type: str | None) -> str | None:
    """Return the charset parameter of a Content-Type header; None when it has none that can be decoded."""
    header = Message()
    header["Content-Type"] = content_type or ""
    try:
        return _charset(header.get_content_charset())
    except (LookupError, ValueError):
        return None


def declares_unknown_charset(body: bytes) -> bool:
    """Say whether an XML declaration names an encoding that is none, or that nobody knows."""
    declared = _DECLARED.match(body)
    return declared is not None and _charset(declared[1].decode("latin-1")) is None


def _charset(name: str | None) -> str | None:
    try:
        codec = codecs.lookup(name) if name else None
    except (LookupError, ValueError):
        return None
    return codec.name if codec and codec.name not in _NO_CHARSETS else None
