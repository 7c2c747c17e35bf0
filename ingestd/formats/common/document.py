"""A document before its format is known: its root element, or its JSON value.

Both are computed once and shared by all formats.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingestd.errors import ParseError
from ingestd.formats.common.mended_json import mended_json
from ingestd.model.sniffing import root_name

# JSON is UTF-8 (RFC 8259, 8.1), with or without a byte order mark.
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*+[{\[]")

#: First elements of what failing scripts print as HTML in front of a document, as in "<br /><b>Warning</b>: ...".
_PREAMBLES = frozenset(("br", "b", "p", "div", "font", "pre", "center", "table", "script", "style"))
_ROOTS_BEHIND = frozenset(("rss", "feed", "rdf", "urlset", "sitemapindex"))
_START = re.compile(rb"<\?xml\b[^<>]{0,300}\?>|<(?:rss|feed|rdf:RDF|urlset|sitemapindex)(?=[\s>])", re.IGNORECASE)
_MAX_PREAMBLE = 64 * 2**10

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document body, not empty and decompressed, with its root element or its JSON value."""

    body: bytes
    #: Name of the first element, without prefix and in lower case; None when there is none.
    root: str | None = None
    #: The parsed JSON, an object or a list; None when the body is not JSON.
    json: Any = None
    #: Why parsing failed, when the body begins like JSON; else None.
    json_error: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def members(self) -> JsonObject:
        """Members of the JSON object; empty when the document is not a JSON object."""
        return self.json if isinstance(self.json, dict) else {}


def document_of(body: bytes) -> Document:
    """Return a body with its root element or its JSON value; never raises."""
    if not _JSON.match(body):
        return _markup(body)
    text = body.decode("utf-8-sig", "replace")
    replaced = "\ufffd" in text and b"\xef\xbf\xbd" not in body
    warnings = ("invalid UTF-8 bytes were replaced",) if replaced else ()
    try:
        return Document(body=body, json=json.loads(text, strict=False), warnings=warnings)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ValueError) and (value := mended_json(text)) is not None:
            return Document(
                body=body, json=value, warnings=(*warnings, f"invalid JSON, read as far as possible: {error}")
            )
        # Plain text and markup may begin with a bracket, too.
        return Document(body=body, root=root_name(body), json_error=f"invalid JSON: {error}", warnings=warnings)


def _markup(body: bytes) -> Document:
    root = root_name(body)
    start = _START.search(body, 0, _MAX_PREAMBLE) if root in _PREAMBLES else None
    if start and (inner := root_name(body[start.start() :])) in _ROOTS_BEHIND:
        warnings = ("messages in front of the document were skipped",)
        return Document(body=body[start.start() :], root=inner, warnings=warnings)
    return Document(body=body, root=root)


def json_object_in(document: Document) -> JsonObject:
    """Return a document's JSON object; raises ParseError when it is not one."""
    if not isinstance(document.json, dict):
        raise ParseError(document.json_error or "not a JSON object")
    return document.json


def text_member(element: JsonObject, name: str) -> str | None:
    """Return a member that is text; None when it is blank, absent or of another type."""
    value = element.get(name)
    return value if isinstance(value, str) and value.strip() else None


def list_member(element: JsonObject, name: str) -> Sequence[Any]:
    """Return a member that is a list; empty when it is absent or of another type."""
    value = element.get(name)
    return value if isinstance(value, list) else ()
