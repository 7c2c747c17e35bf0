"""Build XML documents from untrusted text."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from lxml import etree

#: Characters that XML 1.0 does not allow, not even escaped (2.2, Char).
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element: TypeAlias = etree._Element


def legal(text: str) -> str:
    """Return text without the characters that XML does not allow."""
    return _ILLEGAL.sub("", text)


def add(parent: Element, tag: str, text: str | None = None, /, **attributes: str | int | None) -> Element:
    """Append an element; attributes that are None are left out, "_" in their names stands for "-"."""
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return add_with(parent, tag, named, text)


def add_with(parent: Element, tag: str, attributes: Mapping[str, str | int | None], text: str | None = None) -> Element:
    """Append an element whose attributes have names that are no Python names."""
    element: Element = etree.SubElement(parent, tag)
    for name, value in attributes.items():
        if value is not None:
            element.set(name, legal(str(value)))
    if text:
        element.text = legal(text)
    return element


def add_if(parent: Element, tag: str, text: str | None) -> None:
    """Append an element unless its text is empty."""
    if text:
        add(parent, tag, text)


def document(root: Element) -> bytes:
    """Return a document in UTF-8 on one line: line ends in its text are written as character references."""
    # lxml writes those in attributes as references already, so all that are left are text.
    body: bytes = etree.tostring(root, encoding="unicode").encode("utf-8", "replace").replace(b"\n", b"&#10;")
    return b'<?xml version="1.0" encoding="UTF-8"?>' + body


def instant(when: datetime) -> str:
    """Return a time as RFC 3339 writes it, in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
