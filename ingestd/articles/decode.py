"""Bytes of a page to text: by mark, by claim, by evidence, in this order."""

import codecs
import re

from charset_normalizer import from_bytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

#: How far into a page its own claim is looked for; the standard says 1024, saved pages push it further.
_CLAIM_BYTES = 16_384
#: How much of a page the detector sees: it is slow, and more does not make it surer.
_DETECTED_BYTES = 65_536

# What browsers read under these labels (WHATWG Encoding, 4.2): each is the larger set.
_READ_AS = {
    "iso-8859-1": "windows-1252", "latin-1": "windows-1252", "latin1": "windows-1252", "ascii": "windows-1252",
    "us-ascii": "windows-1252", "iso-8859-9": "windows-1254", "iso-8859-11": "windows-874", "gb2312": "gb18030",
    "gbk": "gb18030", "x-gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "big5": "big5hkscs", "utf8": "utf-8",
}  # fmt: skip
# Python's own inventions, and UTF-7, with which ASCII text can hide markup.
_NOT_FOR_PAGES = {"utf-7", "utf7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return a page's text; it never fails.

    A byte order mark is believed first.  Then bytes that are UTF-8 and not merely ASCII are UTF-8, whatever
    the page claims: no other encoding looks like it by chance.  Then the charset of the Content-Type header,
    that of the page's own meta element, UTF-8 with a few broken bytes, and what a detector finds.
    NULs are left out: the parser would end there.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _without_nul(body[len(mark) :].decode(encoding, "replace"))
    return _without_nul(_by_claim(body, content_type))


def _without_nul(text: str) -> str:
    return text.replace("\0", "")


def _by_claim(body: bytes, content_type: str | None) -> str:
    claims = _claims(body, content_type)
    for encoding in claims if body.isascii() else ("utf-8", *claims):
        try:
            return body.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    text = body.decode("utf-8", "replace")
    if text.count("�") <= len(text) // 200:
        return text
    return body.decode(_detected(body), "replace")


def _claims(body: bytes, content_type: str | None) -> list[str]:
    header = _HEADER_CHARSET.search(content_type or "")
    meta = _META_CHARSET.search(body[:_CLAIM_BYTES])
    names = [header[1] if header else "", meta[1].decode("ascii", "replace") if meta else ""]
    readable = (_READ_AS.get(name.lower(), name.lower()) for name in names if name)
    return [name for name in readable if name not in _NOT_FOR_PAGES]


def _detected(body: bytes) -> str:
    best = from_bytes(body[:_DETECTED_BYTES]).best()
    return best.encoding if best else "windows-1252"
