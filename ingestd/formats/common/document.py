"""A body and the first look at it, which all formats share: its first element, or what it is as JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingestd.errors import ParseError
from ingestd.formats.common.sniffing import root_name

# JSON is UTF-8 (RFC 8259, 8.1), with a mark or without.
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*+[{\[]")

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A body, not empty and no longer gzipped."""

    body: bytes
    #: The name of its first element, without prefix and in lower case; None when there is none.
    root: str | None = None
    #: What it is as JSON: an object or a list; None when it is none.
    json: Any = None
    #: Why it is no JSON, although it begins like some.
    broken: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def keys(self) -> JsonObject:
        """What it is as a JSON object; empty when it is none."""
        return self.json if isinstance(self.json, dict) else {}


def document_of(body: bytes) -> Document:
    """Return a body with what the first look at it shows; it never raises."""
    if not _JSON.match(body):
        return Document(body=body, root=root_name(body))
    text = body.decode("utf-8-sig", "replace")
    replaced = "\ufffd" in text and b"\xef\xbf\xbd" not in body
    warnings = ("bytes that are no UTF-8 were replaced",) if replaced else ()
    try:
        return Document(body=body, json=json.loads(text, strict=False), warnings=warnings)
    except (ValueError, RecursionError) as error:
        # A text may begin with a bracket, too.
        return Document(body=body, root=root_name(body), broken=f"no JSON: {error}", warnings=warnings)


def json_object_in(document: Document) -> JsonObject:
    """Return a document as a JSON object; raises ParseError when it is none."""
    if not isinstance(document.json, dict):
        raise ParseError(document.broken or "no JSON object")
    return document.json


def text_member(element: JsonObject, name: str) -> str | None:
    """Return a member that is text and not blank."""
    value = element.get(name)
    return value if isinstance(value, str) and value.strip() else None


def list_member(element: JsonObject, name: str) -> Sequence[Any]:
    """Return a member that is a list; empty when it is none."""
    value = element.get(name)
    return value if isinstance(value, list) else ()
