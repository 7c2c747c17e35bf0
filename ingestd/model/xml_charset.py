"""Give XML documents in valid UTF-8, whatever they declare: one bad byte costs one character, not the document."""

import codecs
import re

from ingestd.model.sniffing import codec_name, declared_charset

#: Codec → the superset that browsers use in its place (WHATWG Encoding, 4.2): publishers mix the two up.
_SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
#: Encodings whose text is ASCII bytes.
IN_ASCII = re.compile(r"iso-?2022|hz|utf-?7", re.IGNORECASE)
_WIDE = re.compile(r"(?:utf|ucs|iso-10646-ucs)[-_]?(?:16|32|2|4)", re.IGNORECASE)
_NAME_IN_DECLARATION = re.compile(rb"(\A\s*(?:\xef\xbb\xbf)*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"'])[^\"'>]{1,100}")
#: A pair of surrogates in UTF-8, which programs that count in UTF-16 write.
_SURROGATES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
#: As Python decodes invalid bytes with "surrogateescape".
_INVALID_BYTES = re.compile("[\udc80-\udcff]+")
#: What Python decodes bytes to that are no character of the code page.
_NO_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
_TAG = re.compile(rb"<[^<>]*>")
#: Bytes of text by which an encoding that nothing declares is detected: more take longer and change little.
_DETECTED = 65_536
#: The least number of such bytes that are not ASCII.
_MIN_DETECTED = 8
#: Encodings of other letters than Latin ones: of those, a detector cannot tell one from the other in a short text.
_DETECTABLE = "cp1252 cp1251 cp1253 cp1255 cp1256 koi8_r cp932 euc_jp cp949 gb18030 big5hkscs".split()


def in_utf8(body: bytes, charset: str | None = None) -> tuple[bytes, tuple[str, ...]]:
    """Return a document of an ASCII-compatible encoding in valid UTF-8, and warnings.

    `charset` is that of the Content-Type header.  Bytes that are valid UTF-8 but for a few are taken for it, whatever
    is declared: no other encoding is so by chance, and many a header has a server's default.  Else the charset of the
    header or of the XML declaration counts if all but a few bytes are valid in it.  The few are replaced.  A document
    in none of these is in windows-1252, or what its letters look like.  One that is ASCII, or of an encoding in ASCII
    bytes (ISO 2022), is unchanged.
    """
    declared = declared_charset(body)
    if body.isascii():
        # A declaration that can be read byte by byte is in no encoding of two or four bytes a character.
        if declared and _WIDE.match(declared):
            return _declared_as_utf8(body), (f"document declared as {declared}, but is UTF-8",)
        return body, ()
    if declared and IN_ASCII.match(declared):
        return body, ()
    try:
        body.decode()
    except UnicodeDecodeError:
        return _converted(body, charset, declared)
    is_other = declared is not None and codec_name(declared) != "utf-8"
    return _declared_as_utf8(body) if is_other else body, ()


def _converted(body: bytes, charset: str | None, declared: str | None) -> tuple[bytes, tuple[str, ...]]:
    body = _SURROGATES.sub(_character_of, body)
    invalid, text = _as_utf8(body)
    damaged = [(invalid, "UTF-8", text)] if _are_few(invalid, text) else []
    for name, stated in {} if damaged else _named(charset, declared).items():
        invalid, text = _as_other(body, name)
        if not invalid:
            return _encoded(text), ()
        if _are_few(invalid, text):
            damaged.append((invalid, stated, text))
    if damaged:
        invalid, stated, text = min(damaged)
        return _encoded(text), (f"bytes that are no {stated} were replaced: {invalid}",) if invalid else ()
    name = _detected(body)
    warning = (
        f"document declared as {declared or charset or 'utf-8'}, but parsed as {name.replace('cp125', 'windows-125')}"
    )
    return _encoded(_as_other(body, name)[1]), (warning,)


def _are_few(invalid: int, text: str) -> bool:
    return invalid * 3 <= sum(not char.isascii() for char in text)


def _named(charset: str | None, declared: str | None) -> dict[str, str]:
    """Return the codecs other than UTF-8 that a document may be in by what is stated, each with its stated name."""
    stated = [charset, None if declared and _WIDE.match(declared) else declared]
    known = [(codec, name) for name in stated if name and (codec := codec_name(name)) and codec != "utf-8"]
    return {_SUPERSETS.get(codec, codec): name for codec, name in known}


def _as_utf8(body: bytes) -> tuple[int, str]:
    """Return the number of invalid bytes, and the text with them replaced.

    Bytes from 0x80 to 0x9F are characters of windows-1252, mostly quotes and dashes; any other is U+FFFD.
    """
    text = body.decode("utf-8", "surrogateescape")
    invalid = sum(map(len, _INVALID_BYTES.findall(text)))
    return invalid, _INVALID_BYTES.sub(_from_bytes, text)


def _from_bytes(match: re.Match[str]) -> str:
    some = bytes(ord(one) - 0xDC00 for one in match[0])
    if max(some) < 0xA0:
        return some.decode("cp1252", "replace")
    return some.decode("utf-8", "replace")  # one U+FFFD for a character that was cut off


def _as_other(body: bytes, codec: str) -> tuple[int, str]:
    text = body.decode(codec, "replace")
    if codec == "cp932":
        text = _NO_CP932.sub("\ufffd", text)
    return text.count("\ufffd"), text


def _detected(body: bytes) -> str:
    text = _TAG.sub(b" ", body)[:_DETECTED]
    if sum(byte > 0x7F for byte in text) < _MIN_DETECTED:
        return "cp1252"
    # Imported when first needed: few documents do.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(text, cp_isolation=_DETECTABLE).best()
    return codecs.lookup(best.encoding).name if best else "cp1252"


def _encoded(text: str) -> bytes:
    # Lone surrogates are in no text.
    return _declared_as_utf8(text.lstrip("\ufeff").encode("utf-8", "replace"))


def _declared_as_utf8(body: bytes) -> bytes:
    return _NAME_IN_DECLARATION.sub(rb"\1utf-8", body, count=1)


def _character_of(match: re.Match[bytes]) -> bytes:
    pair = match[0].decode("utf-8", "surrogatepass")
    return pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()
