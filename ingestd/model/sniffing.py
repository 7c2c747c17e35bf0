"""Detect a document's root element and character encoding from its first bytes and its Content-Type."""

import codecs
import re
from email.message import Message

# Enough for every prologue: the longest ones seen are licences in comments.
_HEAD = 64 * 2**10
# In nearly all documents the root element is among these bytes, which are searched first.
_SHORT_HEAD = 2 * 2**10

# Byte order marks, or an encoded "<" without one (XML 1.0, appendix F.1); the longer ones first.
_ENCODING_BY_START = (
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

# Python codecs that documents are not encoded in; decoding with them raises unusual errors.
_NOT_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"))

_DECLARED_ENCODING = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"'>]{1,100})[\"']")

# The repetition is possessive: unclosed comments would take quadratic time or worse.
_ROOT = re.compile(
    r"[^<]*+(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>)*+<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)",
    re.DOTALL | re.IGNORECASE,
)


def encoding_of(body: bytes) -> str | None:
    """Return the encoding shown by the first bytes; None when they are ASCII-compatible without a mark."""
    if body[:1] not in b"\xff\xfe\xef\0" and b"\0" not in body[1:4]:  # nearly all
        return None
    return next((encoding for start, encoding in _ENCODING_BY_START if body.startswith(start)), None)


def head_text(body: bytes, size: int = _HEAD) -> str:
    """Return the start of a document as text; element names are right, other characters may be wrong."""
    return body[:size].decode(encoding_of(body) or "latin-1", "replace")


def root_name(body: bytes) -> str | None:
    """Return the name of the first element, in lower case and without prefix; None when there is none.

    Text before it, such as warnings printed by a failing script, is skipped.
    """
    short = head_text(body, _SHORT_HEAD)
    match = _ROOT.match(short)
    if match is None or match.end() == len(short):  # it may go on
        match = _ROOT.match(head_text(body))
    return match[1].lower() if match else None


def charset_of(content_type: str | None) -> str | None:
    """Return the charset of a Content-Type header as a codec name; None when absent or unknown."""
    if not content_type or "charset" not in content_type.lower():
        return None
    header = Message()
    header["Content-Type"] = content_type
    try:
        return codec_name(header.get_content_charset())
    except (LookupError, ValueError):
        return None


def declared_charset(body: bytes) -> str | None:
    """Return the encoding that an XML declaration names, as written; None when it names none."""
    declared = _DECLARED_ENCODING.match(body)
    return declared[1].decode("latin-1") if declared else None


def declares_unknown_charset(body: bytes) -> bool:
    """Return whether an XML declaration names an encoding that is unknown or not one of documents."""
    declared = declared_charset(body)
    return declared is not None and codec_name(declared) is None


def codec_name(name: str | None) -> str | None:
    """Return the codec of a charset; None when it is unknown, or not one of documents."""
    try:
        codec = codecs.lookup(name) if name else None
    except (LookupError, ValueError):
        return None
    return codec.name if codec and codec.name not in _NOT_CHARSETS else None
