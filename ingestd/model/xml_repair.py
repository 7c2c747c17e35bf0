"""Repair XML before it is parsed: references to entities, stray ampersands and angle brackets, invalid UTF-8.

libxml2 drops an unknown reference and what surrounds it, and feedparser reads the names of entities within URLs.  After
the repair a document has the five entities of XML and character references alone, so every parser reads the same text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.entities import html5

from ingestd.model.sniffing import declared_charset, encoding_of
from ingestd.model.xml_charset import IN_ASCII, in_utf8

#: References that any parser reads right: those of XML itself, and to characters that XML allows (XML 1.0, 2.2).
_RIGHT = (
    r"(?:amp|lt|gt|quot|apos"
    # 32 to 127, 160 to 49999
    r"|\#0{0,9}(?:9|10|13|3[2-9]|[4-9]\d|1[01]\d|12[0-7]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3}|[1-4]\d{4})"
    # 0x20 to 0x7F, 0xA0 to 0xCFFF
    r"|\#x0{0,9}(?:9|[AaDd]|[2-7][\dA-Fa-f]|[A-Fa-f][\dA-Fa-f]|[1-9A-Fa-f][\dA-Fa-f]{2}|[1-9A-Ca-c][\dA-Fa-f]{3}));"
)
_DOCTYPE = re.compile(rb"<!DOCTYPE\b(?P<external>[^\[>]*+)(?:\[(?P<subset>.*?)\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY\s+([A-Za-z_:][\w:.-]{0,99})\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")

#: Markup, or a reference to another entity, in the value of an entity.
_NOT_TEXT = re.compile(r"[<%]|&(?!(?:amp|lt|gt|quot|apos);)[\w:.-]+;")

#: What is not text is left alone; an unclosed comment or CDATA section ends with the document.
_SUSPECT = re.compile(
    (
        r"(?P<kept><!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|<\?(?:.*?\?>|.*))"
        r"|(?P<bracket><(?![A-Za-z_:/!?\x80-\xff]))|(?P<end>\]\]>)"
        r"|&\#x(?P<high>[dD][89abAB][\da-fA-F]{2});&\#x(?P<low>[dD][c-fC-F][\da-fA-F]{2});"
        r"|&\#(?P<high_decimal>5529[6-9]|55[3-9]\d\d|56[0-2]\d\d|563[01]\d);"
        r"&\#(?P<low_decimal>563[2-9]\d|56[4-9]\d\d|57[0-2]\d\d|573[0-3]\d|5734[0-3]);"
        rf"|&(?!{_RIGHT})(?:(?P<name>[A-Za-z_:][\w:.-]{{0,99}});|\#(?P<number>[xX][\da-fA-F]{{1,20}}|\d{{1,20}});)?"
    ).encode(),
    re.DOTALL,
)
# Cheap checks: a document without a match needs no repair.  Each begins with one byte, which is searched for fast.
_OTHER_REFERENCE = re.compile(rf"&(?!{_RIGHT})".encode())
_STRAY_BRACKET = re.compile(rb"<(?![A-Za-z_:/!?\x80-\xff])")

#: Control characters that XML does not allow.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))

#: Bytes in which a DTD begins.
_MAX_PROLOGUE = 64 * 2**10
#: Characters of a declared entity, and of all references to declared entities in a document.
_MAX_VALUE = 1_000
_MAX_EXPANDED = 1_000_000
#: References and stray characters named in a warning.
_MAX_EXAMPLES = 3
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,300}\?>")


@dataclass(slots=True)
class _Repair:
    """Replaces what `_SUSPECT` matches, and keeps what is reported of it."""

    entities: Mapping[str, str]
    #: An external DTD declares more entities than are known here.
    has_dtd: bool
    expanded: int = 0
    undeclared: dict[str, None] = field(default_factory=dict)
    stray: dict[str, None] = field(default_factory=dict)
    invalid: dict[str, None] = field(default_factory=dict)

    def replace(self, match: re.Match[bytes]) -> bytes:
        """Return what a match is replaced by."""
        if match["kept"] is not None:
            return match[0]
        if stray := match["bracket"] or match["end"]:
            self.stray[stray.decode()] = None
            return b"&lt;" if stray == b"<" else b"]]&gt;"
        if match["high"] or match["high_decimal"]:
            return _character(_joined(match)).encode()
        if match["number"] is not None:
            return self._number(match)
        if match["name"] is None:
            self.stray[_context(match)] = None
            return b"&amp;"
        return self._named(match["name"].decode())

    def _number(self, match: re.Match[bytes]) -> bytes:
        text = match["number"].decode().lower()
        number = int(text[1:], 16) if text.startswith("x") else int(text)
        # HTML reads 128 to 159 as windows-1252, and what is no character as U+FFFD (HTML, 13.2.5.80).
        character = unescape(f"&#{number};") or "\ufffd"
        if not _is_xml(character):
            character = "\ufffd"
        if character == "\ufffd" or 128 <= number < 160:
            self.invalid[match[0].decode()] = None
        return _character(character).encode()

    def _named(self, name: str) -> bytes:
        declared = self.entities.get(name)
        if declared is not None and self.expanded + len(declared) <= _MAX_EXPANDED:
            self.expanded += len(declared)
            return declared.encode()
        if declared is None and (characters := html5.get(f"{name};")):
            if not self.has_dtd:
                self.undeclared[f"&{name};"] = None
            return "".join(map(_character, characters)).encode()
        self.stray[f"&{name};"] = None
        return f"&amp;{name};".encode()

    def warnings(self) -> tuple[str, ...]:
        """Return what was repaired; entities that the document or its DTD declares are no fault."""
        found = (
            ("entities that are not declared were read as in HTML", self.undeclared),
            ("characters that are not escaped were read as text", self.stray),
            ("references to characters that XML does not allow were replaced", self.invalid),
        )
        return tuple(f"{what}: {_examples(texts)}" for what, texts in found if texts)


def has_other_references(body: bytes) -> bool:
    """Return whether a document, in any encoding, may have references besides those that all parsers read alike."""
    return b"&" in body and _OTHER_REFERENCE.search(body) is not None


def _may_need_repair(body: bytes) -> bool:
    if has_other_references(body) or _STRAY_BRACKET.search(body) is not None:
        return True
    return body.count(b"]]>") > body.count(b"<![CDATA[")


def repaired(body: bytes, charset: str | None = None) -> tuple[bytes, tuple[str, ...]]:
    """Return an XML document with the entities of XML alone and valid UTF-8, and warnings; unchanged if it is so.

    `charset` is that of the Content-Type header; `xml_charset` says which one counts.

    An entity is what the document's own DTD declares it to be, else what HTML means by its name.  An ampersand that
    begins no such reference is text, and so is "<" before anything that cannot follow it.  Control characters are
    removed.  CDATA sections, comments and processing instructions stay as they are.  Nothing external is loaded; a
    declared entity that contains markup or other entities is not expanded: its reference becomes text.
    """
    warnings: tuple[str, ...] = ()
    encoding = encoding_of(body)
    if encoding not in (None, "utf-8"):
        if not _may_need_repair(body.replace(b"\0", b"")):
            return body, ()
        # Two or four bytes a character: repaired as UTF-8, whose declaration is the default.
        text = _DECLARATION.sub("", body.decode(encoding, "replace").lstrip("\ufeff"), count=1)
        fixed, warnings = _with_readable_references(text.encode("utf-8", "replace"))
        return (fixed, warnings) if warnings else (body, ())
    body, warnings = in_utf8(body, charset)
    if IN_ASCII.match(declared_charset(body) or ""):
        return body, warnings  # the bytes of "&" and "<" may be part of another character
    printable = body.translate(None, _CONTROLS)
    if len(printable) < len(body):
        warnings += (f"control characters were removed: {len(body) - len(printable)}",)
    fixed, more = _with_readable_references(printable)
    return fixed, warnings + more


def _with_readable_references(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    if not _may_need_repair(body):
        return body, ()
    # The first one only: there is no other, and to look for the end of each would take quadratic time.
    start = body[:_MAX_PROLOGUE].upper().find(b"<!DOCTYPE")
    doctype = _DOCTYPE.match(body, start) if start >= 0 else None
    external = doctype["external"].upper() if doctype else b""
    repair = _Repair(
        entities=_declared((doctype["subset"] if doctype else None) or b""),
        has_dtd=b"SYSTEM" in external or b"PUBLIC" in external,
    )
    end = doctype.end() if doctype else 0
    return body[:end] + _SUSPECT.sub(repair.replace, body[end:]), repair.warnings()


def _declared(subset: bytes) -> dict[str, str]:
    """Return the entities that an internal DTD declares as plain text: name → text to be written in XML."""
    found: dict[str, str] = {}
    for name, double, single in _ENTITY.findall(subset):
        # Character references are read when the entity is declared (XML 1.0, 4.4.5), the five entities when it is used.
        value = unescape((double or single).decode("utf-8", "replace"))
        if len(value) <= _MAX_VALUE and not _NOT_TEXT.search(value):
            text = unescape(value)
            # ASCII alone, so that it is right in every encoding.
            found.setdefault(
                name.decode(), "".join(one if one.isascii() and one.isalnum() else _character(one) for one in text)
            )
    return found


def _joined(match: re.Match[bytes]) -> str:
    """Return the character of two references to surrogates, which programs that count in UTF-16 write."""
    if match["high"]:
        high, low = int(match["high"], 16), int(match["low"], 16)
    else:
        high, low = int(match["high_decimal"]), int(match["low_decimal"])
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _character(text: str) -> str:
    """Return text as character references: ASCII, so that they are right in every encoding."""
    return "".join(f"&#{ord(one)};" for one in text)


def _is_xml(text: str) -> bool:
    return all(
        one in "\t\n\r" or "\x20" <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one >= "\U00010000"
        for one in text
    )


def _context(match: re.Match[bytes]) -> str:
    """Return an ampersand with the word behind it."""
    found = re.match(rb"&[\w.-]{0,20}", match.string[match.start() : match.start() + 32])
    return found[0].decode("latin-1") if found else "&"


def _examples(texts: Mapping[str, None]) -> str:
    shown = ", ".join(list(texts)[:_MAX_EXAMPLES])
    return f"{shown} and {len(texts) - _MAX_EXAMPLES} more" if len(texts) > _MAX_EXAMPLES else shown
