"""Decode a page's bytes to text: by byte order mark, by declared charset, by detection."""

import codecs
import re

from charset_normalizer import from_bytes

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

#: Bytes at the start of a page that are searched for its charset declaration.  The standard says 1024; tools that
#: save pages push it further down.
_DECLARATION_BYTES = 16_384
#: Bytes of a page that the detector reads: it is slow, and more bytes make it no more accurate.
_DETECTED_BYTES = 65_536

# The encodings that browsers use for these labels (WHATWG Encoding, 4.2): each is a superset of the named one.
_BROWSER_ENCODINGS = {
    "iso-8859-1": "windows-1252", "latin-1": "windows-1252", "latin1": "windows-1252", "ascii": "windows-1252",
    "us-ascii": "windows-1252", "iso-8859-9": "windows-1254", "iso-8859-11": "windows-874", "gb2312": "gb18030",
    "gbk": "gb18030", "x-gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "big5": "big5hkscs", "utf8": "utf-8",
}  # fmt: skip
# The encodings of the same standard that the detector may return.  Without this limit it takes windows-1252 pages for
# DOS code pages.
_DETECTABLE = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 koi8_r koi8_u cp874 cp932 euc_jp "
    "iso2022_jp cp949 gb18030 big5hkscs utf_16_le utf_16_be"
).split()
# Codecs that exist only in Python, and UTF-7, in which plain ASCII can hide markup.
_REFUSED = {"utf-7", "utf7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}


# Bytes that do not occur in text in any ASCII-compatible encoding.  NUL is common in UTF-16, ESC in ISO 2022.
_CONTROL_BYTES = bytes(set(range(1, 32)) - set(b"\t\n\f\r\x1b"))
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
#: Largest share of control bytes in text: compressed data has about 10%, damaged text a few bytes.
_MAX_CONTROLS = 0.02


def is_text(body: bytes) -> bool:
    """Return whether bytes can be the text of a page; images, PDF files and archives cannot."""
    sample = body[:_DETECTED_BYTES]
    if body.startswith(b"%PDF-"):
        return False
    wide = any(body.startswith(mark) for mark, encoding in _BYTE_ORDER_MARKS if encoding != "utf-8")
    return wide or len(sample) - len(sample.translate(None, _CONTROL_BYTES)) <= _MAX_CONTROLS * len(sample)


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return a page's text; never fails.

    Tries in this order: the byte order mark; UTF-8, where the bytes are valid and not plain ASCII, whatever the page
    declares (no other encoding is valid UTF-8 by chance); the charset of the Content-Type header; that of the page's
    meta element; UTF-8 with a few broken bytes; the detector's guess.

    Control characters are removed: the parser would stop at a NUL, and lxml accepts none of the others.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _CONTROL_CHARACTERS.sub("", body[len(mark) :].decode(encoding, "replace"))
    text = _decode_declared(body, content_type)
    # Scanning the bytes is a hundred times as fast as scanning the text.
    has_controls = len(body.translate(None, _CONTROL_BYTES + b"\0\x1b\x7f")) < len(body)
    return _CONTROL_CHARACTERS.sub("", text) if has_controls else text


def _decode_declared(body: bytes, content_type: str | None) -> str:
    declared = _declared_encodings(body, content_type)
    for encoding in declared if body.isascii() else ("utf-8", *declared):
        try:
            return body.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    text = body.decode("utf-8", "replace")
    if text.count("�") <= len(text) // 200:
        return text
    return body.decode(_detected(body), "replace")


def _declared_encodings(body: bytes, content_type: str | None) -> list[str]:
    header = _HEADER_CHARSET.search(content_type or "")
    meta = _META_CHARSET.search(body[:_DECLARATION_BYTES])
    names = [header[1] if header else "", meta[1].decode("ascii", "replace") if meta else ""]
    readable = (_BROWSER_ENCODINGS.get(name.lower(), name.lower()) for name in names if name)
    return [name for name in readable if name not in _REFUSED]


def _detected(body: bytes) -> str:
    best = from_bytes(body[:_DETECTED_BYTES], cp_isolation=_DETECTABLE).best()
    return best.encoding if best else "windows-1252"
