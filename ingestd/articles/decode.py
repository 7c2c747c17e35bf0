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
# Those of the same standard that a detector may find; a page in a code page of DOS is a page in windows-1252.
_DETECTABLE = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859_2 koi8_r koi8_u cp874 cp932 euc_jp "
    "iso2022_jp cp949 gb18030 big5hkscs utf_16_le utf_16_be"
).split()
# Python's own inventions, and UTF-7, with which ASCII text can hide markup.
_NOT_FOR_PAGES = {"utf-7", "utf7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}


# Bytes that no text has in any encoding that has ASCII in it; NUL is common in UTF-16, ESC in ISO 2022.
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\f\r\x1b"))
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
#: Compressed data has a tenth of them; text that was damaged has a few.
_MOST_CONTROLS = 0.02


def is_text(body: bytes) -> bool:
    """Say whether bytes can be a page at all; images, PDF and archives are not."""
    sample = body[:_DETECTED_BYTES]
    if body.startswith(b"%PDF-"):
        return False
    wide = any(body.startswith(mark) for mark, encoding in _MARKS if encoding != "utf-8")
    return wide or len(sample) - len(sample.translate(None, _CONTROLS)) <= _MOST_CONTROLS * len(sample)


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return a page's text; it never fails.

    A byte order mark is believed first.  Then bytes that are UTF-8 and not merely ASCII are UTF-8, whatever
    the page claims: no other encoding looks like it by chance.  Then the charset of the Content-Type header,
    that of the page's own meta element, UTF-8 with a few broken bytes, and what a detector finds.
    Control characters are left out: at a NUL the parser would end, and no tree of XML takes the others.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _NO_TEXT.sub("", body[len(mark) :].decode(encoding, "replace"))
    text = _by_claim(body, content_type)
    # To look at the bytes takes a hundredth of the time.
    has_controls = len(body.translate(None, _CONTROLS + b"\0\x1b\x7f")) < len(body)
    return _NO_TEXT.sub("", text) if has_controls else text


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
    best = from_bytes(body[:_DETECTED_BYTES], cp_isolation=_DETECTABLE).best()
    return best.encoding if best else "windows-1252"
